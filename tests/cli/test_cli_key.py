"""`coachsync key`: where secrets are, and moving the key of a state that is in use."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import keyrings
from cli_desk import Desk
from coachsync.adapters import lock, sharing
from coachsync.adapters.keyplaces import CREDENTIAL
from keyrings import Keyring

NOTHING_NEW = {"created": 0, "deleted": 0, "held_back": 0}


@pytest.fixture(autouse=True)
def _no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    return keyrings.keyring(tmp_path, monkeypatch)


def key(desk: Desk) -> Path:
    return desk.state / "keys" / "device.key"


def checked(desk: Desk, code: str) -> dict[str, Any]:
    """The one line of `check` with this code."""
    (found,) = [line for line in desk.json("check").document["checks"] if line["code"] == code]
    return dict(found)


def test_show_says_where_everything_is_before_there_is_anything(practice: Desk) -> None:
    assert practice.json("key", "show").document == {
        "device_key": None,
        "copies": [],
        "passwords": {"accounts.cloud.password": "file"},
    }
    assert not practice.state.exists()


def test_show_says_where_everything_is_and_opens_nothing(synced: Desk, keyring: Keyring) -> None:
    keyring.fault("broken")
    synced.password = '{ keyring = "cloud" }'
    result = synced.run("key", "show")
    assert (result.code, result.err) == (0, "")
    assert result.out == "practice.state\tfile\naccounts.cloud.password\tkeyring\n"


def test_p12_neither_show_nor_move_says_a_key(synced: Desk, keyring: Keyring) -> None:
    secret = key(synced).read_bytes()
    said = ""
    for words in (["show"], ["move", "--to", "credential"], ["move", "--to", "keyring"], ["show"]):
        result = synced.run("key", *words)
        said += result.out + result.err
    assert secret.hex() not in said
    assert secret not in said.encode("utf-8", "surrogateescape")


def test_the_key_goes_to_the_keyring_and_back_and_nothing_is_published_anew(synced: Desk, keyring: Keyring) -> None:
    secret = key(synced).read_bytes()
    result = synced.run("key", "move", "--to", "keyring")
    assert (result.code, result.err) == (0, "")
    assert "keyring" in result.out
    assert not key(synced).exists()
    assert list(keyring.entries.values()) == [secret.hex()]
    assert synced.json("key", "show").document["device_key"] == "keyring"
    assert synced.json("sync").document["shares"]["office"] == NOTHING_NEW
    assert synced.json("key", "move", "--to", "file").document == {"device_key": "file", "problems": []}
    assert key(synced).read_bytes() == secret
    assert keyring.entries == {}
    assert synced.json("sync").document["shares"]["office"] == NOTHING_NEW


def test_p04_a_locked_keyring_ends_with_75_and_changes_nothing(synced: Desk, keyring: Keyring) -> None:
    assert synced.run("key", "move", "--to", "keyring").code == 0
    keyring.fault("locked")
    state, server = synced.fingerprint(), synced.storage.everything()
    for words in (["sync"], ["agenda"], ["share", "publish", "office"], ["key", "move", "--to", "file"]):
        result = synced.json(*words)
        assert (result.code, result.error["code"], result.error["where"]) == (75, "keyring-locked", "practice.state")
    assert synced.fingerprint() == state
    assert synced.storage.everything() == server
    keyring.fault("")
    assert synced.json("sync").document["shares"]["office"] == NOTHING_NEW


def test_a_machine_without_a_keyring_says_so(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.no_keyring(monkeypatch)
    _, error = synced.refused("key", "move", "--to", "keyring")
    assert (error["code"], error["where"]) == ("keyring-none", "practice.state")
    assert synced.run("sync").code == 0


def test_a_copy_that_stays_is_partly_done(synced: Desk, keyring: Keyring) -> None:
    synced.run("key", "move", "--to", "keyring")
    keyring.fault("keeps")
    result = synced.run("key", "move", "--to", "file")
    assert result.code == 3
    assert "keyring-failed" in result.err
    assert "may also be in the keyring" in synced.run("key", "show").out
    assert "key move --to keyring" in checked(synced, "device-key-twice")["hint"]


def test_there_is_nothing_to_move_before_the_first_sync(practice: Desk) -> None:
    _, error = practice.refused("key", "move", "--to", "keyring")
    assert error["code"] == "no-device-key"
    assert practice.json("key", "move", "--to", "file").code == 10


def test_a_state_in_use_is_not_moved(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "time", SimpleNamespace(sleep=lambda _: None))
    with lock.hold(synced.state, "run"):
        result = synced.json("key", "move", "--to", "keyring")
    assert (result.code, result.error["code"]) == (75, "state-in-use")
    assert key(synced).exists()


def test_another_user_does_not_write_into_the_state(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    result = synced.json("key", "move", "--to", "keyring")
    assert (result.code, result.error["code"]) == (1, "state-of-another-user")


def test_whom_the_state_is_shared_with_moves_the_key_where_both_find_it(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing.share_state(synced.state, os.geteuid(), os.getegid())
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    result = synced.json("key", "move", "--to", "keyring")
    assert (result.code, result.error["code"]) == (1, "keyring-of-one-user")
    assert synced.json("key", "move", "--to", "file").code == 0
    assert key(synced).stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("words", [["move"], ["move", "--to", "cellar"], ["steal"]])
def test_a_place_that_there_is_not_is_a_wrong_command_line(synced: Desk, words: list[str]) -> None:
    assert synced.json("key", *words).code == 2


# --- a credential ---------------------------------------------------------------------------------------------------


def steps(desk: Desk) -> list[str]:
    """What the administrator is told to do; nothing is changed by saying it."""
    before = desk.fingerprint()
    result = desk.json("key", "move", "--to", "credential")
    assert result.code == 3
    assert desk.fingerprint() == before
    assert all(step["why"] for step in result.document["steps"])
    plain = desk.run("key", "move", "--to", "credential")
    found = [step["what"] for step in result.document["steps"]]
    assert [line for what in found for line in what.splitlines() if f"    {line}\n" not in plain.out] == []
    return found


def test_the_administrator_is_told_what_to_do(synced: Desk) -> None:
    found = steps(synced)
    sealed = f"/etc/credstore.encrypted/{CREDENTIAL}"
    assert shlex.split(found[1]) == [
        "systemd-creds", "encrypt", f"--name={CREDENTIAL}", str(key(synced)), sealed,
    ]  # fmt: skip
    assert found[2] == f"[Service]\nLoadCredentialEncrypted={CREDENTIAL}:{sealed}"
    again = shlex.split(found[-1])
    assert again[-6:] == ["--config", str(synced.file), "key", "move", "--to", "credential"]
    assert f"LoadCredentialEncrypted={CREDENTIAL}:{sealed}" in again


def test_what_the_administrator_is_told_works(synced: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands as they are printed, with another folder in the place of /etc; systemd's part is to hand over."""
    if shutil.which("systemd-creds") is None:
        pytest.skip("needs systemd-creds")
    store = tmp_path / "store"
    environment = os.environ | {"SYSTEMD_CREDENTIAL_SECRET": str(tmp_path / "host.secret")}
    secret = key(synced).read_bytes()
    for command in steps(synced)[:2]:
        words = [word.replace("/etc/credstore.encrypted", str(store)) for word in shlex.split(command)]
        if words[0] == "systemd-creds":
            words.insert(2, "--with-key=host")
        if subprocess.run(words, env=environment, capture_output=True, check=False).returncode:
            pytest.skip("needs a systemd-creds that may seal here")
    opened = subprocess.run(
        ["systemd-creds", "decrypt", f"--name={CREDENTIAL}", str(store / CREDENTIAL), "-"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    assert opened.stdout == secret
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, opened.stdout)
    assert synced.run("key", "move", "--to", "credential").code == 0
    assert not key(synced).exists()
    assert synced.json("sync").document["shares"]["office"] == NOTHING_NEW
    result = synced.json("key", "move", "--to", "file")
    assert result.code == 3
    assert result.codes == ["credential-still-given"]
    assert key(synced).read_bytes() == secret


def test_the_line_for_the_unit_is_one_that_systemd_reads(synced: Desk, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    unit = tmp_path / "trial.service"
    for line, complaint in ((steps(synced)[2], False), ("[Service]\nLoadCredentialEncripted=a:/b", True)):
        unit.write_text(f"{line}\nExecStart=/bin/true\n")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        assert ("LoadCredential" in done.stderr) is complaint


def test_a_credential_cannot_be_made_of_a_key_in_the_keyring(synced: Desk, keyring: Keyring) -> None:
    synced.run("key", "move", "--to", "keyring")
    _, error = synced.refused("key", "move", "--to", "credential")
    assert error["code"] == "device-key-not-in-file"
    assert "--to file" in error["hint"]


def test_p04_a_state_whose_credential_is_not_given_says_how(
    synced: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = key(synced).read_bytes()
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, secret)
    assert synced.run("key", "move", "--to", "credential").code == 0
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    error = synced.json("sync").error
    assert (error["code"], error["where"]) == ("device-key-missing", "practice.state")
    assert "systemd-run" in error["hint"]
    key(synced).write_bytes(secret)  # as the administrator brings it back: systemd-creds decrypt
    key(synced).chmod(0o600)
    assert synced.run("key", "move", "--to", "file").code == 0
    assert synced.json("sync").document["shares"]["office"] == NOTHING_NEW


# --- passwords, and what check says ---------------------------------------------------------------------------------


def test_a_sync_takes_its_password_from_the_keyring(practice: Desk, keyring: Keyring) -> None:
    practice.password = '{ keyring = "cloud" }'
    result = practice.json("sync")
    assert result.code == 78
    assert result.codes[0] == "keyring-entry-missing"
    assert "keyring set coachsync cloud" in result.hint("keyring-entry-missing")
    keyring.put("cloud", practice.storage.password)
    assert practice.json("sync").document["shares"]["office"]["created"] == 5


def test_a_sync_takes_its_password_from_a_credential(
    practice: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.password = '{ credential = "cloud" }'
    assert practice.json("sync").codes[0] == "credential-not-given"
    keyrings.credential(tmp_path, monkeypatch, "cloud", practice.storage.password.encode())
    assert practice.json("sync").document["shares"]["office"]["created"] == 5


def test_check_names_the_weakest_link_in_one_line(synced: Desk, keyring: Keyring) -> None:
    told = [line for line in synced.json("check").document["checks"] if line["code"].startswith("weakest-link")]
    (line,) = told
    assert (line["code"], line["where"], line["grade"]) == ("weakest-link-file", "practice.state", "note")
    assert "the device key, the password accounts.cloud.password" in line["message"]
    synced.run("key", "move", "--to", "keyring")
    line = checked(synced, "weakest-link-file")
    assert line["where"] == "accounts.cloud.password"
    assert "device key" not in line["message"]


def test_check_ends_with_what_is_merely_worth_knowing(practice: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.no_keyring(monkeypatch)
    grades = [check["grade"] for check in practice.json("check").document["checks"]]
    assert grades == sorted(grades, key=lambda grade: grade == "note")
    assert {"ok", "note"} <= set(grades)
    marks = [line.split()[0] for line in practice.run("check").out.splitlines() if not line.startswith(" ")]
    assert marks == ["note" if grade == "note" else "ok" for grade in grades]
    line = checked(practice, "weakest-link-file")
    assert "keyring" not in line["hint"]  # there is none here


def test_check_fails_where_others_can_read_a_password(synced: Desk) -> None:
    (synced.folder / "cloud.password").chmod(0o644)
    assert synced.run("check").code == 5
    line = checked(synced, "weakest-link-open")
    assert (line["where"], line["grade"]) == ("accounts.cloud.password", "failed")
    assert re.search("chmod 600", line["hint"])


def test_a_key_that_is_there_already_is_said_to_be(synced: Desk) -> None:
    assert "was already in the file keys/device.key" in synced.run("key", "move", "--to", "file").out


def test_the_key_is_rotated_and_everything_goes_on(synced: Desk) -> None:
    desk = synced
    assert desk.run("sync").code == 0
    before, agenda = (desk.state / "keys" / "device.key").read_bytes(), desk.json("agenda").document
    result = desk.run("key", "rotate")
    assert result.code == 0
    assert result.out.startswith("There is another device key")
    assert (desk.state / "keys" / "device.key").read_bytes() != before
    assert desk.json("key", "rotate").document == {"rotated": ["device_key"]}
    events = [{name: value for name, value in one.items() if name != "id"} for one in agenda]
    again = desk.json("agenda").document
    assert [{name: value for name, value in one.items() if name != "id"} for one in again] == events
    assert desk.run("sync").code == 0
