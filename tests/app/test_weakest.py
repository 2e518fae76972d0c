"""Which secret is kept worst, and what a coach is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import keyrings
from coachsync import config
from coachsync.adapters import credentials, keyfile, keyplaces, oskeyring
from coachsync.adapters.keyplaces import CREDENTIAL, Note, Place
from coachsync.adapters.keystore import load_device_key
from coachsync.app.secrecy import keyring_here, links
from coachsync.app.weakest import Link, Strength, Weakest
from coachsync.app.weakest import weakest as weakest_of
from coachsync.vault.rows import new_device_key
from configurations import GOOD

KEY = "practice.state"
CLOUD = "accounts.cloud.password"
MAIL = """\
[notify]
mail = "me@practice.example"
[notify.smtp]
host = "mail.example"
username = "me"
password = { command = ["pass", "show", "mail"] }
"""


def weakest(links: list[Link], *, keyring: bool = False) -> Weakest:
    return weakest_of(links, keyring=keyring)


def device(strength: Strength) -> Link:
    return Link(KEY, strength, key=True)


@pytest.mark.parametrize("strength", Strength)
def test_the_worst_link_is_named_whatever_the_others_are(strength: Strength) -> None:
    better = [Link("accounts.other.password", other) for other in Strength if other > strength]
    found = weakest([device(Strength.LOGIN), *better, Link(CLOUD, strength)])
    assert found.strength is strength
    assert CLOUD in found.message
    assert ("the device key" in found.message) is (strength is Strength.LOGIN)
    assert "accounts.other.password" not in found.message
    assert found.hint


def test_links_that_are_equally_weak_are_all_named_and_the_first_is_the_place() -> None:
    found = weakest([device(Strength.FILE), Link(CLOUD, Strength.FILE), Link("accounts.a.password", Strength.LOGIN)])
    assert found.where == KEY
    assert "the device key, the password accounts.cloud.password." in found.message
    assert "accounts.a" not in found.message


@pytest.mark.parametrize(
    ("worst", "told", "untold"),
    [
        ([device(Strength.FILE)], "read your appointments", "sign in"),
        ([Link(CLOUD, Strength.FILE)], "sign in as you", "read your appointments"),
        ([device(Strength.FILE), Link(CLOUD, Strength.FILE)], "read your appointments and sign in as you", "-"),
    ],
)
def test_what_a_thief_gets_is_what_the_secret_opens(worst: list[Link], told: str, untold: str) -> None:
    message = weakest([*worst, Link("accounts.good.password", Strength.LOGIN)]).message
    assert told in message
    assert untold not in message


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        (Strength.OPEN, ["every user of this computer can"]),
        (Strength.FILE, ["A thief", "a backup", "closed to other users of this computer"]),
        (Strength.MACHINE, ["A thief", "a backup", "closed to other users of this computer", "no security chip"]),
        (Strength.PROGRAM, ["cannot see how well"]),
        (Strength.LOGIN, ["neither a thief", "nor a backup", "while you are signed in"]),
        (Strength.CHIP, ["neither the disk alone nor a backup", "administrators", "a thief"]),
    ],
)
def test_the_thief_the_backup_and_the_other_user_are_spoken_of(strength: Strength, words: list[str]) -> None:
    message = weakest([device(strength)]).message
    assert [word for word in words if word not in message] == []
    assert len(message) < 300


@pytest.mark.parametrize("strength", Strength)
def test_the_keyring_is_recommended_where_there_is_one_and_nothing_better_is_used(strength: Strength) -> None:
    assert "--to keyring" not in weakest([device(strength)]).hint
    assert ("--to keyring" in weakest([device(strength)], keyring=True).hint) is (strength is Strength.FILE)


# --- what there is on this machine ----------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a chip, a keyring and credentials; its folder."""
    keyrings.no_keyring(monkeypatch)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(credentials, "_CHIPS", tmp_path / "tpm")
    return tmp_path


def found(folder: Path, password: str = '{ file = "cloud.password" }') -> dict[str, Strength]:
    path = folder / "coachsync.toml"
    path.write_text(GOOD.replace('{ file = "cloud.password" }', password))
    return {link.where: link.strength for link in links(config.load(path))}


def chip(folder: Path) -> None:
    (folder / "tpm" / "tpm0").mkdir(parents=True)


def test_files_are_files(machine: Path) -> None:
    load_device_key(machine / "state", create=True)
    assert found(machine) == {KEY: Strength.FILE, CLOUD: Strength.FILE}


@pytest.mark.parametrize(("mode", "strength"), [(0o600, Strength.FILE), (0o604, Strength.OPEN), (0o640, Strength.OPEN)])
def test_a_password_file_that_others_can_read_is_open(machine: Path, mode: int, strength: Strength) -> None:
    load_device_key(machine / "state", create=True)
    (machine / "cloud.password").write_text("x")
    (machine / "cloud.password").chmod(mode)
    assert found(machine)[CLOUD] is strength


def test_a_password_file_of_the_group_that_shares_the_state_is_not_open(machine: Path) -> None:
    (machine / "state").mkdir()
    (machine / "state").chmod(0o2770)
    load_device_key(machine / "state", create=True)
    (machine / "cloud.password").write_text("x")
    (machine / "cloud.password").chmod(0o640)
    assert found(machine)[CLOUD] is Strength.FILE
    (machine / "state").chmod(0o2700)
    assert found(machine)[CLOUD] is Strength.OPEN


def test_what_a_command_does_is_not_known(machine: Path) -> None:
    assert found(machine, '{ command = ["pass", "show", "cloud"] }')[CLOUD] is Strength.PROGRAM


def test_a_credential_is_as_good_as_the_chip_of_the_machine(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.credential(machine, monkeypatch, CREDENTIAL, new_device_key().secret)
    (machine / "state").mkdir()
    load_device_key(machine / "state", create=True)
    assert found(machine, '{ credential = "cloud" }') == {KEY: Strength.MACHINE, CLOUD: Strength.MACHINE}
    chip(machine)
    assert found(machine, '{ credential = "cloud" }') == {KEY: Strength.CHIP, CLOUD: Strength.CHIP}


def test_a_keyring_opens_with_the_login_unless_a_plug_in_stands_behind_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(machine, '{ keyring = "cloud" }')[CLOUD] is Strength.PROGRAM  # there is none: nothing can be said
    keyrings.keyring(machine, monkeypatch)
    assert found(machine, '{ keyring = "cloud" }')[CLOUD] is Strength.PROGRAM
    monkeypatch.setattr(oskeyring, "backend", lambda _timeout: "keyring.backends.SecretService.Keyring")
    assert found(machine, '{ keyring = "cloud" }')[CLOUD] is Strength.LOGIN


def test_a_keyring_is_here_when_it_opens_with_the_login(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not keyring_here()
    keyrings.keyring(machine, monkeypatch)
    assert not keyring_here()
    monkeypatch.setattr(oskeyring, "backend", lambda _timeout: "keyring.backends.kwallet.DBusKeyring")
    assert keyring_here()


def test_asking_whether_a_keyring_is_here_opens_none_and_waits_for_none(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = keyrings.keyring(machine, monkeypatch)
    shut.fault("locked")
    assert oskeyring.backend().endswith("FileKeyring")
    monkeypatch.setattr("coachsync.app.secrecy._SHORT", 0.01)
    assert not keyring_here()


def test_a_key_is_kept_as_badly_as_its_worst_copy(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip(machine)
    key = new_device_key()
    keyrings.credential(machine, monkeypatch, CREDENTIAL, key.secret)
    (machine / "state").mkdir()
    keyplaces.write_note(machine / "state", Note(Place.CREDENTIAL, key.name))
    assert found(machine)[KEY] is Strength.CHIP
    keyfile.write(machine / "state", key.secret)
    assert found(machine)[KEY] is Strength.FILE


def test_the_password_of_the_mail_server_is_a_link_too(machine: Path) -> None:
    path = machine / "coachsync.toml"
    path.write_text(GOOD + MAIL)
    assert {link.where: link.strength for link in links(config.load(path))}["notify.smtp.password"] is Strength.PROGRAM


def test_an_account_without_a_password_is_no_link(machine: Path) -> None:
    path = machine / "coachsync.toml"
    path.write_text(GOOD.replace('password = { file = "cloud.password" }\n', ""))
    assert [link.where for link in links(config.load(path))] == [KEY]
