"""What this machine keeps opens the vault where a coach wants that: that is no act of theirs, and nobody else's way."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import oskeyring, slotsecrets
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault import machines
from coachsync.app.vault.trusting import name_of
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, Misconfigured, NotInitialised, Temporary, WrongKey
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import By
from keyrings import Keyring
from vault_house import COACH, PASSPHRASE, VaultHouse

SECRET = bytes(range(32))
CREDENTIAL = f"coachsync-vault-{COACH}"


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    return keyrings.keyring(tmp_path, monkeypatch)


@pytest.fixture
def credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, SECRET)


def add(house: VaultHouse, by: By) -> None:
    with house.session() as session:
        machines.add(session.vault, session.coach, COACH, by)


def remove(house: VaultHouse, by: By) -> list[str]:
    with house.session() as session:
        return [problem.code for problem in machines.remove(session.vault, session.coach, by)]


def unlock(house: VaultHouse, by: By) -> Person:
    with house.open() as vault:
        coach = house.coach(vault)
        return machines.unlock(vault, coach, name_of(vault.trust, coach), by)


def refused(house: VaultHouse, by: By) -> CoachsyncError:
    with pytest.raises(CoachsyncError) as caught:
        unlock(house, by)
    return caught.value


def kinds(house: VaultHouse) -> list[By]:
    with house.open() as vault:
        return list(machines.kinds_of(vault.files, house.coach(vault)))


def said(house: VaultHouse) -> list[tuple[object, object]]:
    with house.open() as vault:
        events = [entry.event for entry in vault.store.entries()]
    return [(event["e"], event["kind"]) for event in events if "slot" in event["e"]]


def slot(house: VaultHouse, by: By) -> Path:
    (file,) = (house.vault_folder / "slots").glob(f"*.{by}.json")
    return file


def test_a_keyring_opens_what_it_was_let_in_to_until_it_is_removed(vault_house: VaultHouse, keyring: Keyring) -> None:
    assert isinstance(refused(vault_house, By.KEYRING), NotInitialised)
    add(vault_house, By.KEYRING)
    ((entry, kept),) = keyring.entries.items()
    with vault_house.session() as session:
        me = session.coach
    assert entry == f"coachsync vault:{me.actor.fingerprint.hex()}"
    assert unlock(vault_house, By.KEYRING).seed == me.seed
    assert kinds(vault_house) == [By.PASSPHRASE, By.RECOVERY, By.KEYRING]
    assert kept.encode() not in b"".join(vault_house.files().values())
    assert verify(vault_house.config, vault_house.now).findings == []
    assert remove(vault_house, By.KEYRING) == [] == remove(vault_house, By.KEYRING)
    assert (keyring.entries, kinds(vault_house)) == ({}, [By.PASSPHRASE, By.RECOVERY])
    assert said(vault_house) == [("slot", "keyring"), ("unslot", "keyring")]
    assert isinstance(refused(vault_house, By.KEYRING), NotInitialised)


def test_the_bytes_of_a_keyslot_that_is_removed_are_overwritten(
    vault_house: VaultHouse, keyring: Keyring, tmp_path: Path
) -> None:
    add(vault_house, By.KEYRING)
    os.link(slot(vault_house, By.KEYRING), tmp_path / "witness")
    remove(vault_house, By.KEYRING)
    assert not any((tmp_path / "witness").read_bytes())


def test_added_again_the_one_before_opens_nothing(vault_house: VaultHouse, keyring: Keyring, tmp_path: Path) -> None:
    add(vault_house, By.KEYRING)
    older = shutil.copy(slot(vault_house, By.KEYRING), tmp_path / "older")
    add(vault_house, By.KEYRING)
    assert unlock(vault_house, By.KEYRING)
    shutil.copy(older, slot(vault_house, By.KEYRING))
    error = refused(vault_house, By.KEYRING)
    assert (error.code, type(error)) == ("wrong-keyslot-secret", WrongKey)


def test_a_credential_opens_it_for_a_process_that_is_handed_it(
    vault_house: VaultHouse, credential: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(vault_house, By.CREDENTIAL)
    with vault_house.session() as session:
        assert unlock(vault_house, By.CREDENTIAL).seed == session.coach.seed
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, SECRET[::-1])
    assert refused(vault_house, By.CREDENTIAL).code == "wrong-keyslot-secret"
    keyrings.credential(tmp_path, monkeypatch, CREDENTIAL, SECRET + b"\n")
    assert refused(vault_house, By.CREDENTIAL).code == "credential-no-secret"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert refused(vault_house, By.CREDENTIAL).code == "credential-not-given"
    assert remove(vault_house, By.CREDENTIAL) == []
    assert said(vault_house) == [("slot", "credential"), ("unslot", "credential")]


def test_without_a_credential_none_is_added(vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(CoachsyncError) as caught:
        add(vault_house, By.CREDENTIAL)
    assert (caught.value.code, said(vault_house)) == ("credential-not-given", [])


def test_what_a_coach_knows_or_has_on_paper_always_opens(vault_house: VaultHouse) -> None:
    for by in (By.PASSPHRASE, By.RECOVERY):
        with pytest.raises(ValueError, match=by):
            remove(vault_house, by)
    assert kinds(vault_house) == [By.PASSPHRASE, By.RECOVERY]


def test_a_keyring_that_keeps_things_in_a_plain_file_is_none(
    vault_house: VaultHouse, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of what the package keyrings.alt brings along, and `keyring` takes where there is no other."""
    monkeypatch.setattr(oskeyring, "backend", lambda: "keyrings.alt.file.PlaintextKeyring")
    with pytest.raises(Misconfigured) as caught:
        add(vault_house, By.KEYRING)
    assert (caught.value.code, keyring.entries, said(vault_house)) == ("keyring-plain", {}, [])


def test_a_keyring_that_is_shut_or_emptied_says_so(vault_house: VaultHouse, keyring: Keyring) -> None:
    add(vault_house, By.KEYRING)
    keyring.fault("locked")
    assert isinstance(refused(vault_house, By.KEYRING), Temporary)
    assert remove(vault_house, By.KEYRING) == ["keyring-locked"]  # it opens nothing any more
    keyring.fault("")
    assert kinds(vault_house) == [By.PASSPHRASE, By.RECOVERY]
    assert remove(vault_house, By.KEYRING) == []
    assert keyring.entries == {}
    add(vault_house, By.KEYRING)
    keyring.file.unlink()
    assert refused(vault_house, By.KEYRING).code == "keyring-without-secret"
    keyring.put(f"vault:{slot(vault_house, By.KEYRING).name.partition('.')[0]}", "no hex")
    assert refused(vault_house, By.KEYRING).code == "wrong-keyslot-secret"


def test_killed_between_keyring_and_keyslot_the_passphrase_opens_and_it_can_be_added(
    vault_house: VaultHouse, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(VaultFiles, "put_slot", killed)
        with pytest.raises(Killed):
            add(vault_house, By.KEYRING)
    assert (len(keyring.entries), kinds(vault_house)) == (1, [By.PASSPHRASE, By.RECOVERY])
    add(vault_house, By.KEYRING)
    assert unlock(vault_house, By.KEYRING)
    assert len(keyring.entries) == 1


def test_it_makes_nobody_forget_that_passphrases_were_guessed(vault_house: VaultHouse, keyring: Keyring) -> None:
    add(vault_house, By.KEYRING)
    for _ in range(3):
        with pytest.raises(WrongKey), vault_house.session(passphrase="a guess"):
            pass
    unlock(vault_house, By.KEYRING)
    with pytest.raises(Temporary), vault_house.session():
        pass
    vault_house.now += timedelta(minutes=2)
    with vault_house.session(passphrase=PASSPHRASE):
        pass


def test_an_altered_keyslot_is_found_and_one_that_is_not_there_is_none_too_few(
    vault_house: VaultHouse, keyring: Keyring
) -> None:
    add(vault_house, By.KEYRING)
    file = slot(vault_house, By.KEYRING)
    file.write_bytes(file.read_bytes()[:-1])
    (found,) = verify(vault_house.config, vault_house.now).findings
    assert (found.code, "keyslot add" in found.hint) == ("keyslot-damaged", True)
    file.unlink()
    assert verify(vault_house.config, vault_house.now).findings == []


def test_each_coach_has_a_secret_of_their_own(vault_house: VaultHouse, keyring: Keyring) -> None:
    assert slotsecrets.credential_name("bea") == "coachsync-vault-bea"
    other = bytes(16)
    slotsecrets.into_keyring(other, SECRET)
    add(vault_house, By.KEYRING)
    assert slotsecrets.from_keyring(other) == SECRET
    slotsecrets.out_of_keyring(other)
    assert unlock(vault_house, By.KEYRING)
