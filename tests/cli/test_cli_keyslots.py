"""`coachsync vault keyslot`, and `vault unlock` by what this machine keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import keyrings
from cli_vault import CANARY, VaultDesk
from coachsync import config
from coachsync.app.cli import unlocked
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.vault.keyslots import By
from keyrings import Keyring

SECRET = bytes(range(32))


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    return keyrings.keyring(tmp_path, monkeypatch)


@pytest.fixture
def locked_again(vaulted: VaultDesk) -> Iterator[VaultDesk]:
    yield vaulted
    vaulted.desk.run("vault", "lock")


def how(vaulted: VaultDesk) -> By | None:
    settings = config.load(vaulted.desk.file)
    return unlocked.how(settings, coach_of(trusted(settings), None))


def kinds(vaulted: VaultDesk) -> list[str]:
    return [one["kind"] for one in vaulted.desk.json("vault", "keyslot", "list").document["keyslots"]]


def test_a_keyring_unlocks_when_it_is_asked_to_and_not_before(locked_again: VaultDesk, keyring: Keyring) -> None:
    vaulted = locked_again
    assert kinds(vaulted) == ["passphrase", "recovery"]
    assert vaulted.document("vault", "keyslot", "add", "keyring") == {"added": "keyring"}
    assert kinds(vaulted) == ["passphrase", "recovery", "keyring"]
    vaulted.note(CANARY)
    for words in (("vault", "unlock"), ("note", "list")):
        assert vaulted.given("", *words).code == 11  # nobody is there to ask for the passphrase
    document = vaulted.given("", "--json", "vault", "unlock", "--keyring").document
    assert (document["unlocked"], document["by"], how(vaulted)) == (True, "keyring", By.KEYRING)
    assert len(vaulted.given("", "--json", "note", "list").document["notes"]) == 1
    assert not By.KEYRING.is_deliberate
    assert vaulted.document("vault", "unlock")["by"] == how(vaulted) == By.PASSPHRASE
    assert [one["by"] for one in vaulted.desk.json("status").document["vault"]["unlocked"]] == ["passphrase"]
    assert how(vaulted) is By.PASSPHRASE  # nobody who asks changes it
    (secret,) = keyring.entries.values()
    assert vaulted.leaks(secret, CANARY) == [keyring.file]


def test_removed_it_opens_nothing(vaulted: VaultDesk, keyring: Keyring) -> None:
    vaulted.unlocked("vault", "keyslot", "add", "keyring")
    assert vaulted.document("vault", "keyslot", "remove", "keyring") == {"removed": "keyring", "problems": []}
    told = vaulted.unlocked("vault", "keyslot", "remove", "keyring")
    assert (told.code, "does not open in this way any more" in told.out) == (0, True)
    _, error = vaulted.desk.refused("vault", "unlock", "--keyring")
    assert (error["code"], "keyslot add keyring" in error["hint"]) == ("no-machine-keyslot", True)
    log = vaulted.desk.run("log", "show").out
    assert log.index("let the keyring of a desktop open the vault") < log.index("let the keyring open nothing any more")
    assert "--keyring" not in vaulted.desk.run("vault", "keyslot", "list").out


def test_a_keyring_that_keeps_the_secret_all_the_same_is_told(vaulted: VaultDesk, keyring: Keyring) -> None:
    vaulted.unlocked("vault", "keyslot", "add", "keyring")
    keyring.fault("keeps")
    result = vaulted.unlocked("--json", "vault", "keyslot", "remove", "keyring")
    assert (result.code, result.codes, kinds(vaulted)) == (3, ["keyring-failed"], ["passphrase", "recovery"])


def test_an_unlocked_vault_asks_for_the_passphrase_before_it_lets_a_machine_in(
    locked_again: VaultDesk, keyring: Keyring
) -> None:
    vaulted = locked_again
    assert vaulted.unlocked("vault", "unlock").code == 0
    assert vaulted.given("", "vault", "keyslot", "add", "keyring").code == 11
    wrong = ("--passphrase-file", str(vaulted.passphrase("another one that is wrong")))
    assert vaulted.given("", "vault", "keyslot", "add", "keyring", *wrong).code == 12
    assert (kinds(vaulted), keyring.entries) == (["passphrase", "recovery"], {})


def test_a_credential_is_made_by_the_administrator_and_then_unlocks(
    locked_again: VaultDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vaulted = locked_again
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    result = vaulted.unlocked("--json", "vault", "keyslot", "add", "credential")
    steps = "\n".join(step["what"] for step in result.document["steps"])
    assert (result.code, result.document["added"], kinds(vaulted)) == (3, None, ["passphrase", "recovery"])
    for words in (
        "head -c 32 /dev/urandom | systemd-creds encrypt --name=coachsync-vault-anna -",
        "LoadCredentialEncrypted=coachsync-vault-anna:/etc/credstore.encrypted/coachsync-vault-anna",
        "vault keyslot add credential --coach anna",
        "vault unlock --credential --coach anna",
        "vault lock --coach anna",
    ):
        assert words in steps
    told = vaulted.unlocked("vault", "keyslot", "add", "credential")
    assert (told.code, "Nothing was changed yet" in told.out) == (3, True)
    keyrings.credential(tmp_path, monkeypatch, "coachsync-vault-anna", SECRET)
    told = vaulted.unlocked("vault", "keyslot", "add", "credential")
    assert (told.code, "coachsync vault unlock --credential" in told.out) == (0, True)
    assert vaulted.given("", "--json", "vault", "unlock", "--credential").document["by"] == "credential"
    assert how(vaulted) is By.CREDENTIAL


@pytest.mark.parametrize(
    "words",
    [
        ("--keyring", "--credential"),
        ("--keyring", "--accept-restored"),
        ("--credential", "--passphrase-file", "somewhere"),
    ],
)
def test_there_is_one_way_in_at_a_time(vaulted: VaultDesk, words: tuple[str, ...]) -> None:
    result, error = vaulted.desk.refused("vault", "unlock", *words)
    assert (result.code, error["code"]) == (2, "one-way-in")


def test_only_what_a_machine_keeps_is_added_and_removed(vaulted: VaultDesk) -> None:
    for what in ("add", "remove"):
        for kind in ("passphrase", "recovery", "card"):
            assert vaulted.unlocked("vault", "keyslot", what, kind).code == 2
