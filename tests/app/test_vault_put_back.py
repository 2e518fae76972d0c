"""An older copy of the vault is laid over the newer one, whose grants stay where they are: whatever is done then, the
right copy can be put back later, and what it holds opens."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coachsync.app.vault import erasing, making, shelving
from coachsync.app.vault.reading import Session
from coachsync.app.vault.verifying import verify
from coachsync.app.vault.writing import Written
from coachsync.errors import Altered, CoachsyncError, Locked
from coachsync.vault.keys import Person
from vault_damage import codes
from vault_house import CLIENT, OTHER, VaultHouse
from vault_traces import put_back


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves are enough."""
    monkeypatch.setattr(shelving, "SPARES", 6)
    monkeypatch.setattr(shelving, "_LEAST", 1)


def kept_aside(house: VaultHouse, name: str, *without: str) -> Path:
    """A copy of the vault's folder, or of a part of it."""
    return Path(shutil.copytree(house.vault_folder, house.folder / name, ignore=shutil.ignore_patterns(*without)))


def lay(house: VaultHouse, copy: Path) -> None:
    """Put a copy over what is there."""
    shutil.copytree(copy, house.vault_folder, dirs_exist_ok=True)


def bodies(house: VaultHouse) -> set[bytes]:
    """Of all that is stored for the client, each of which opens, in a session that has settled what it owes."""
    with house.session() as session:
        erasing.settle(session)
        read = [one for shelf in erasing.shelves_of(session, CLIENT) for one in session.shelf(shelf)]
        assert not [one for one in read if isinstance(one, CoachsyncError)]
        return {one.body for one in read if not isinstance(one, CoachsyncError)}


def erase_client(session: Session) -> erasing.Erased:
    return erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))


@pytest.fixture
def copies(vault_house: VaultHouse) -> tuple[Path, Path, Written]:
    """An older copy and a newer database of a vault: there a note was erased, so that those beside it have another key,
    and another one was written since. The older copy lies over it; the note that is erased next."""
    vault_house.add(b"kept")
    gone = vault_house.add(b"gone")
    also = vault_house.add(b"also")
    older = kept_aside(vault_house, "older")
    with vault_house.session() as session:
        assert erasing.erase_records(session, [gone.record])[0].done
    vault_house.add(b"newer")
    newer = kept_aside(vault_house, "newer", "keys")
    lay(vault_house, older)
    return older, newer, also


def test_p04_the_newer_copy_opens_after_all_that_was_done_with_the_older_one(
    vault_house: VaultHouse, copies: tuple[Path, Path, Written]
) -> None:
    _, newer, also = copies
    vault_house.add(b"older")
    with vault_house.session() as session:
        (shelf,) = erasing.shelves_of(session, CLIENT)
        theirs = session.vault.files.grant_file(shelf, 2, session.fingerprint)
        grant = theirs.read_bytes()
    assert bodies(vault_house) == {b"kept", b"also", b"older"}  # what the ledger erases had to be sealed anew
    with vault_house.session() as session:
        assert session.vault.history.made[shelf] == {1, 3}
        assert erasing.erase_records(session, [also.record])[0].done
        assert session.vault.history.made[shelf] == {1, 3, 4}
        assert [one for one, _ in session.vault.files.grants(shelf)] == [2, 4]
    assert theirs.read_bytes() == grant
    looked = verify(vault_house.config, vault_house.now)
    assert (looked.findings, codes(looked.notes)) == ([], {"grant-orphan"})
    lay(vault_house, newer)
    assert bodies(vault_house) == {b"kept", b"newer"}  # what was erased meanwhile is not there either
    with vault_house.session() as session:
        assert session.vault.history.owed(session.fingerprint) == {}
        assert [one for one, _ in session.vault.files.grants(shelf)] == [4, 5]
    assert not theirs.exists()  # it would open what was erased


def test_p09_a_client_that_is_erased_in_the_older_copy_is_gone_in_the_newer_one_too(
    vault_house: VaultHouse, copies: tuple[Path, Path, Written]
) -> None:
    _, newer, _ = copies
    with vault_house.session() as session:
        (shelf,) = erasing.shelves_of(session, CLIENT)
        assert erase_client(session).done
        assert not session.vault.files.grant_file(shelf, 2, session.fingerprint).parent.exists()
    assert not verify(vault_house.config, vault_house.now).findings
    lay(vault_house, newer)
    assert bodies(vault_house) == set()
    vault_house.add(b"anew")
    assert bodies(vault_house) == {b"anew"}


def test_a_key_of_the_newer_copy_below_the_last_one_goes_with_the_client(
    vault_house: VaultHouse, copies: tuple[Path, Path, Written]
) -> None:
    assert bodies(vault_house)  # and another generation has come above it
    with vault_house.session() as session:
        (shelf,) = erasing.shelves_of(session, CLIENT)
        assert [one for one, _ in session.vault.files.grants(shelf)] == [2, 3]
        assert erase_client(session).done
        assert list(session.vault.files.grants(shelf)) == []


# --- a copy from before another coach came ----------------------------------------------------------------------------

HERS = "four chairs and a table"


@pytest.fixture
def before_bea(vault_house: VaultHouse) -> VaultHouse:
    """Bea has come into the vault, and a copy from before that lies over it."""
    vault_house.add(b"annas")
    older = kept_aside(vault_house, "older")
    vault_house.make("bea", HERS)
    lay(vault_house, older)
    return vault_house


def test_p09_an_older_copy_without_a_coach_locks_no_other_one_out(before_bea: VaultHouse) -> None:
    with before_bea.session() as session:
        (problem,) = session.vault.problems
        assert (problem.code, problem.where) == ("coach-unknown", "trust.toml: coaches.bea")
    before_bea.add(b"more")
    assert bodies(before_bea) == {b"annas", b"more"}
    with pytest.raises(Locked):
        before_bea.add(b"beas", name="bea")


def test_a_coach_whom_an_older_copy_does_not_know_comes_back_by_unlocking(before_bea: VaultHouse) -> None:
    with before_bea.session("bea", HERS) as session:
        making.settle(session.vault, session.coach, before_bea.device)
        assert session.vault.history.spares(session.fingerprint)
    note = before_bea.add(b"beas", name="bea")
    with before_bea.session("bea", HERS) as session:
        assert session.record(note.record).body == b"beas"
        assert session.vault.problems == []


def test_whom_trust_toml_does_not_name_comes_into_no_vault(before_bea: VaultHouse) -> None:
    stranger = Person(bytes(range(32)))
    with before_bea.open() as vault:
        with pytest.raises(Altered):
            making.settle(vault, stranger, before_bea.device)
        assert stranger.actor.fingerprint not in vault.history.coaches | vault.store.actors()


def test_what_a_coach_has_said_whom_the_vault_does_not_know_does_not_count(vault_house: VaultHouse) -> None:
    """Her row is gone, and what she has signed is not: that is no older copy."""
    bea = vault_house.make("bea", HERS).coach.actor.fingerprint
    with vault_house.open() as vault, vault.store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM actors WHERE fingerprint = ?", (bea,))
    with pytest.raises(Altered) as refused, vault_house.open():
        pass
    assert refused.value.code == "log-of-nobody"


def test_a_vault_that_knows_none_of_the_coaches_opens_for_nobody(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault, vault.store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM actors WHERE role = 1")
    with pytest.raises(Altered) as refused, vault_house.open():
        pass
    assert refused.value.code == "coach-unknown"


# --- log and ledger tell the same after a coach's session -------------------------------------------------------------


def test_a_session_tells_the_log_what_only_the_ledger_knew(vault_house: VaultHouse) -> None:
    written = vault_house.add(b"gone")
    put_back(vault_house, erased_whole)
    with vault_house.session() as session:
        erasing.settle(session)
        assert session.vault.problems == []
    assert not verify(vault_house.config, vault_house.now).findings
    (vault_house.state / "erasures.ledger").unlink()  # the log alone says it now
    with vault_house.open() as vault:
        assert written.record in vault.history.erased


def test_p09_a_ledger_that_was_lost_is_written_again_from_the_log(vault_house: VaultHouse) -> None:
    """Also what another branch of the log had erased."""
    vault_house.add(b"gone")
    put_back(vault_house, erased_whole)
    vault_house.add(b"later", client=OTHER)
    with vault_house.session() as session:
        assert erasing.erase_shelves(session, "client", OTHER, erasing.shelves_of(session, OTHER)).done
    ledger = vault_house.state / "erasures.ledger"
    lines = ledger.read_bytes().splitlines()
    ledger.write_bytes(b"")
    assert codes(verify(vault_house.config, vault_house.now).findings) == {"ledger-short"}
    with vault_house.session() as session:
        erasing.settle(session)
        assert session.vault.problems == []
    assert sorted(ledger.read_bytes().splitlines()) == sorted(lines)
    assert not verify(vault_house.config, vault_house.now).findings


def erased_whole(session: Session) -> erasing.Erased:
    return erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))
