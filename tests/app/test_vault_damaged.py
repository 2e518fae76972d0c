"""What is missing or damaged beside the vault's records: nothing is lost by going on, and nobody is locked out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.adapters.shredding import shred
from coachsync.app.vault import counting, erasing, making, trusting
from coachsync.app.vault.verifying import verify
from coachsync.errors import Altered, CoachsyncError
from vault_damage import Damaged, check_told, codes, look, person
from vault_house import CLIENT, VaultHouse


def test_p04_nothing_is_sealed_to_a_key_that_nobody_could_open(vault_house: VaultHouse) -> None:
    first = vault_house.add(b"first")
    with vault_house.open() as vault:
        shelf = vault.history.records[first.record, 1].shelf
        kept = vault.files.grant_file(shelf, 1, vault_house.coach(vault))
    grant = kept.read_bytes()
    other = next(file for file in kept.parent.parent.glob("*/*") if file != kept).read_bytes()
    for content, code in ((None, "grant-missing"), (os.urandom(4096), "grant-replaced"), (other, "grant-replaced")):
        kept.unlink() if content is None else kept.write_bytes(content)
        before = vault_house.files()
        with pytest.raises(Altered) as refused:
            vault_house.add(b"second")
        assert refused.value.code == code
        assert vault_house.files().keys() == before.keys()
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(grant)
    second = vault_house.add(b"second")
    with vault_house.session() as session:
        assert [session.record(one.record).body for one in (first, second)] == [b"first", b"second"]


@pytest.mark.parametrize("content", [b"", b"garbage" * 16])
def test_a_damaged_key_of_the_daemon_is_made_anew_for_it_only_signs(vault_house: VaultHouse, content: bytes) -> None:
    first = vault_house.add(b"first")
    (vault_house.vault_folder / "daemon.key").write_bytes(content)
    with vault_house.session() as session:
        making.settle(session.vault, session.coach, vault_house.device)
        assert session.record(first.record).body == b"first"
    second = vault_house.add(b"second")
    with vault_house.session() as session:
        assert session.record(second.record).body == b"second"


def test_p09_without_trust_nobody_is_told_that_there_was_no_vault(vault_house: VaultHouse) -> None:
    vault_house.add(b"first")
    trust = vault_house.config.trust
    content = trust.read_bytes()
    trust.unlink()
    for ask in (counting.has_vault, trusting.trusted):
        with pytest.raises(Altered) as refused:
            ask(vault_house.config)
        assert refused.value.code == "trust-missing"
        assert "coachsync vault recovery --use" in refused.value.hint
    assert codes(verify(vault_house.config, vault_house.now).findings) == {"trust-missing"}
    trust.write_bytes(content)
    assert counting.has_vault(vault_house.config)


def test_a_practice_without_a_vault_has_none(tmp_path: Path) -> None:
    assert not counting.has_vault(VaultHouse(tmp_path).config)


def test_no_coach_is_let_into_a_vault_that_is_missing(vault_house: VaultHouse) -> None:
    before = vault_house.config.trust.read_bytes()
    (vault_house.vault_folder / "vault.db").unlink()
    with pytest.raises(Altered) as refused:
        vault_house.make("bob")
    assert refused.value.code == "vault-missing"
    assert vault_house.config.trust.read_bytes() == before
    assert not (vault_house.vault_folder / "vault.db").exists()


def test_p09_a_damaged_note_can_be_erased_and_then_its_neighbours(vault_house: VaultHouse) -> None:
    damaged, other, kept = (vault_house.add(one) for one in (b"damaged", b"other", b"kept"))
    with vault_house.open() as vault, vault.store.transaction() as connection:
        sealed = bytearray(vault.store.record(damaged.record, 1) or b"")
        sealed[-1] ^= 1
        connection.exec_driver_sql("UPDATE records SET sealed = ? WHERE record = ?", (bytes(sealed), damaged.record))
    with vault_house.session() as session:
        with pytest.raises(Altered):
            erasing.erase_records(session, [other.record])[0]
        assert erasing.erase_records(session, [damaged.record])[0].done
        assert erasing.erase_records(session, [other.record])[0].done
        shelf = erasing.shelves_of(session, CLIENT)
        assert [one.body for one in session.shelf(shelf[0]) if not isinstance(one, CoachsyncError)] == [b"kept"]
        assert session.record(kept.record).body == b"kept"


@pytest.mark.parametrize("generation", [2, (1 << 32) - 1])
def test_a_row_that_the_log_does_not_know_keeps_no_note_from_being_erased(damaged: Damaged, generation: int) -> None:
    """Nor the next version of one that there is, which nobody has written."""
    shelf, row = damaged.shelf(damaged.first), "insert into records values (?, ?, ?, ?, randomblob(2000))"
    damaged.sql(row, bytes(16), 1, shelf, generation)
    damaged.sql(row, damaged.first, 3, shelf, generation)
    with damaged.house.session() as session:
        assert erasing.erase_records(session, [damaged.second])[0].done
        assert [session.record(damaged.first, version).body for version in (1, 2)] == [b"one", b"one, amended"]
        told = [one for one in session.shelf(shelf) if isinstance(one, CoachsyncError)]
    left = [] if generation == 2 else ["no-record"] * 2  # the others went with their generation
    assert [one.code for one in told] == left


def test_a_record_that_was_moved_keeps_its_neighbours_from_being_erased(damaged: Damaged) -> None:
    """The log knows it: it would be lost with the key of a shelf that is not its own."""
    move = "update records set shelf=?, generation=2 where record=?"
    damaged.sql(move, damaged.shelf(damaged.first), damaged.other)
    with damaged.house.session() as session, pytest.raises(Altered) as refused:
        erasing.erase_records(session, [damaged.second])[0]
    assert refused.value.code == "record-moved"


def test_a_link_is_removed_and_what_it_points_to_stays(tmp_path: Path) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / "link"
    theirs.write_bytes(b"theirs")
    link.symlink_to(theirs)
    shred(link)
    assert (theirs.read_bytes(), link.is_symlink()) == (b"theirs", False)


# --- a database of which the disk has lost a page ---------------------------------------------------------------------


def test_a_page_of_the_log_that_is_lost_is_a_finding_and_what_comes_before_it_counts(damaged: Damaged) -> None:
    damaged.spoil("log")
    with pytest.raises(Altered, match="it is damaged") as refused, damaged.house.open():
        pass
    assert (refused.value.code, "backup" in refused.value.hint) == ("state-unusable", True)
    found = look(damaged)
    assert codes(found.findings) == {"state-unusable", "log-not-read"}
    assert found.entries > 10
    (place,) = {str(one.where) for one in found.findings}
    assert place == f"log entry {found.entries + 1}"
    check_told(found)


@pytest.mark.parametrize(("table", "also"), [("records", "shelf-key-unknown"), ("shelves", "no-record")])
def test_a_page_of_a_table_that_is_lost_hides_nothing_else(damaged: Damaged, table: str, also: str) -> None:
    anna = person(damaged)
    damaged.sql("insert into shelves values (randomblob(16), 1, zeroblob(16), zeroblob(1216), zeroblob(64))")
    damaged.sql("insert into records values (randomblob(16), 1, randomblob(16), 1, randomblob(2000))")
    damaged.slot("recovery").unlink()
    damaged.spoil(table)
    found = look(damaged, anna)
    assert codes(found.findings) == {"state-unusable", "keyslot-missing", also}
    check_told(found)


def test_a_text_that_is_none_is_an_entry_that_was_changed(damaged: Damaged) -> None:
    """SQLite takes any bytes for a text, and Python does not."""
    damaged.sql("update log set said=cast(x'ff80ff' as text) where number=5")
    with pytest.raises(Altered) as refused, damaged.house.open():
        pass
    assert refused.value.code == "log-broken"
    assert codes(look(damaged).findings) == {"log-broken", "log-not-read"}


def test_what_is_owed_to_a_damaged_database_is_told_as_such(damaged: Damaged) -> None:
    damaged.spoil("records")
    (damaged.house.vault_folder / "forgetting").touch(mode=0o600)
    with pytest.raises(Altered, match="it is damaged"), damaged.house.open():
        pass
