"""Erasing what is attached: with its note, its shelf or its client, for good, whenever the process dies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import formatcertificates
import formatreader
from attached_files import CONTENT, attach_to, contents, files, named, read, write
from coachsync.adapters import shredding
from coachsync.app.vault import certificates, erasing, shelving, sorting
from coachsync.app.vault.erasing import Erased
from coachsync.app.vault.reading import Session
from coachsync.app.vault.verifying import verify
from coachsync.app.vault.writing import Written
from coachsync.errors import CoachsyncError, UsageError
from coachsync.vault.envelope import Kind
from stepping import killed_at
from vault_house import CLIENT, OTHER, VaultHouse, copied
from vault_traces import put_back


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves are enough."""
    monkeypatch.setattr(shelving, "SPARES", 5)
    monkeypatch.setattr(shelving, "_LEAST", 1)


@pytest.fixture
def note(vault_house: VaultHouse) -> Written:
    return write(vault_house)


@pytest.fixture
def attached(vault_house: VaultHouse, note: Written) -> list[Written]:
    """Two files of the note."""
    return [attach_to(vault_house, CONTENT, to=note.record), attach_to(vault_house, b"second", to=note.record)]


@pytest.fixture
def kept(vault_house: VaultHouse, attached: list[Written]) -> Written:
    """A file of the same client and of no note."""
    return attach_to(vault_house, b"kept")


def erase_client(session: Session) -> Erased:
    return erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))


def test_p09_what_is_attached_to_a_note_goes_with_it_and_nothing_else(
    vault_house: VaultHouse, note: Written, attached: list[Written], kept: Written
) -> None:
    with vault_house.session() as session:
        (erased,) = erasing.erase_records(session, [note.record])
        assert set(erased.stone.records) == {note.record, *(one.record for one in attached)}
        assert erased.done
        assert read(session, kept.record) == b"kept"  # sealed anew to another key; its file is as it was
    assert files(vault_house) == named(kept)
    assert contents(vault_house) == {kept.record: b"kept"}
    assert not verify(vault_house.config, vault_house.now).findings


def test_p09_one_of_them_goes_alone(vault_house: VaultHouse, note: Written, attached: list[Written]) -> None:
    with vault_house.session() as session:
        erasing.erase_records(session, [attached[0].record])
        assert session.record(note.record)
    assert contents(vault_house) == {attached[1].record: b"second"}


def test_p09_a_file_is_overwritten_before_it_is_unlinked_and_before_it_is_said(
    vault_house: VaultHouse, kept: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one piece that is smaller than the file."""
    monkeypatch.setattr(shredding, "_PIECE", 1000)
    with (vault_house.vault_folder / "files" / f"{kept.record.hex()}.1").open("rb") as held:
        size = os.fstat(held.fileno()).st_size
        with vault_house.session() as session:
            entries = session.vault.history.head.count
            erase_client(session)
            assert [one.event["e"] for one in session.vault.store.entries(entries)] == ["erase", "erased"]
        assert held.read() == bytes(size)


def test_p09_the_certificate_counts_files(
    vault_house: VaultHouse, note: Written, attached: list[Written], kept: Written
) -> None:
    other = attach_to(vault_house, b"another's", client=OTHER)
    attach_to(vault_house, b"last")  # right before the tombstone
    with vault_house.session() as session:
        text = certificates.issue(session, erase_client(session).stone, vault_house.now, [])
        again = certificates.issue(session, next(iter(session.vault.history.tombstones.values())), vault_house.now, [])
    for one in (text, again):
        assert b'"files": 4' in one
        assert b'"records": 5' in one
        formatcertificates.check_certificate(formatreader.read_trust(vault_house.config.trust.read_text()), one)
    assert files(vault_house) == named(other)


def test_p09_whenever_it_dies_the_next_opening_ends_it(
    vault_house: VaultHouse, note: Written, attached: list[Written], kept: Written,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    def erase(house: VaultHouse) -> None:
        with house.session() as session:
            erasing.erase_records(session, [note.record])

    before = write(vault_house, "gone before")
    with vault_house.session() as session:
        erasing.erase_records(session, [before.record])
    outcomes, whole = set(), contents(vault_house)
    for number in range(0, 60, 4):
        again = copied(vault_house, tmp_path_factory.mktemp("again"))
        came = killed_at(number, lambda house=again: erase(house))  # type: ignore[misc]
        with again.open() as vault:
            gone = note.record in vault.history.erased
            assert "erased-came-back" not in [one.code for one in vault.problems]  # nobody has put anything back
        found = contents(again)
        assert found == ({kept.record: b"kept"} if gone else whole)
        assert files(again) == {f"{record.hex()}.1" for record in found}
        outcomes.add(gone)
        shutil.rmtree(again.folder)
        if not came:
            break
    assert outcomes == {True, False}


def test_p09_an_older_copy_that_brings_it_back_is_swept(
    vault_house: VaultHouse, note: Written, attached: list[Written], kept: Written
) -> None:
    told = put_back(vault_house, lambda session: erasing.erase_records(session, [note.record])[0])
    assert told == ["erased-came-back"]
    assert contents(vault_house) == {kept.record: b"kept"}
    assert files(vault_house) == named(kept)


def test_p09_a_file_alone_that_comes_back_is_named_swept_and_told(
    vault_house: VaultHouse, note: Written, attached: list[Written]
) -> None:
    """Somebody has put the folder files/ back by itself."""
    copy = {path: path.read_bytes() for path in (vault_house.vault_folder / "files").iterdir()}
    with vault_house.session() as session:
        erasing.erase_records(session, [note.record])
    for path, content in copy.items():
        path.write_bytes(content)
        path.chmod(0o600)
    looked = verify(vault_house.config, vault_house.now)
    assert [one.code for one in looked.findings] == ["erased-here", "erased-here"]
    with vault_house.open() as vault:
        assert [one.code for one in vault.problems] == ["erased-came-back"]
    assert files(vault_house) == set()


def test_p09_what_went_with_its_shelf_in_another_branch_goes_too(vault_house: VaultHouse, note: Written) -> None:
    """An older copy is gone on with, in which something was attached since: the tombstone does not name that."""
    copy = vault_house.folder / "copy"
    shutil.copytree(vault_house.vault_folder, copy)
    with vault_house.session() as session:
        assert erase_client(session).done
    ledger = (vault_house.state / "erasures.ledger").read_bytes()
    (vault_house.state / "erasures.ledger").unlink()
    shutil.rmtree(vault_house.vault_folder)
    copy.rename(vault_house.vault_folder)
    later = attach_to(vault_house)
    assert files(vault_house) == named(later)
    (vault_house.state / "erasures.ledger").write_bytes(ledger)
    with vault_house.open() as vault:
        assert later.record in vault.history.erased
        assert [one.code for one in vault.problems] == ["erased-came-back"]
    assert files(vault_house) == set()


def test_a_damaged_attachment_keeps_its_note_and_is_erased_by_its_id(
    vault_house: VaultHouse, note: Written, attached: list[Written]
) -> None:
    """Which note it belongs to, nobody can tell then."""
    with vault_house.open() as vault, vault.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE records SET sealed = zeroblob(2000) WHERE record = ?", (attached[0].record,))
    with vault_house.session() as session:
        with pytest.raises(CoachsyncError):
            erasing.erase_records(session, [note.record])
        erasing.erase_records(session, [note.record, attached[0].record])
        assert not session.vault.history.records
    assert files(vault_house) == set()


def test_a_file_whose_content_is_lost_can_be_erased(vault_house: VaultHouse, attached: list[Written]) -> None:
    (vault_house.vault_folder / "files" / f"{attached[0].record.hex()}.1").unlink()
    with vault_house.session() as session:
        assert erasing.erase_records(session, [attached[0].record])[0].done
        kinds = [one.kind for one in session.vault.history.records.values()]
    assert sorted(kinds) == [Kind.NOTE, Kind.ATTACHMENT]
    assert not verify(vault_house.config, vault_house.now).findings


def test_a_link_in_its_place_is_not_followed(vault_house: VaultHouse, kept: Written, tmp_path: Path) -> None:
    outside, file = tmp_path / "outside", vault_house.vault_folder / "files" / f"{kept.record.hex()}.1"
    outside.write_bytes(b"another's")
    file.unlink()
    file.symlink_to(outside)
    assert "file-missing" in {one.code for one in verify(vault_house.config, vault_house.now).findings}
    with vault_house.session() as session:
        assert erase_client(session).done
    assert (outside.read_bytes(), files(vault_house)) == (b"another's", set())


def test_of_what_is_erased_no_damage_is_told(vault_house: VaultHouse, attached: list[Written]) -> None:
    """An older copy was put back, and nobody has opened it yet: that it is here is what is wrong."""
    copy = vault_house.folder / "copy"
    shutil.copytree(vault_house.vault_folder, copy)
    with vault_house.session() as session:
        assert erase_client(session).done
    shutil.rmtree(vault_house.vault_folder)
    copy.rename(vault_house.vault_folder)
    file, _ = sorted((vault_house.vault_folder / "files").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    assert {one.code for one in verify(vault_house.config, vault_house.now).findings} == {"erased-here"}


# --- two coaches, and what was unsorted ------------------------------------------------------------------------------

HERS = "bea's own passphrase"


def of_bea(house: VaultHouse, record: bytes) -> bytes:
    with house.session("bea", HERS) as session:
        return read(session, record)


def test_p09_what_a_colleague_has_attached_stays_when_an_older_copy_brings_both_back(
    vault_house: VaultHouse, note: Written, attached: list[Written]
) -> None:
    vault_house.make("bea", HERS)
    hers = attach_to(vault_house, b"hers", name="bea")
    assert put_back(vault_house, erase_client) == ["erased-came-back"]
    assert (files(vault_house), contents(vault_house)) == (named(hers), {})
    assert of_bea(vault_house, hers.record) == b"hers"
    assert not verify(vault_house.config, vault_house.now).findings


def test_p09_no_coach_erases_what_a_colleague_has_attached(vault_house: VaultHouse, attached: list[Written]) -> None:
    vault_house.make("bea", HERS)
    with vault_house.session("bea", HERS) as session, pytest.raises(UsageError) as refused:
        erasing.erase_records(session, [attached[0].record])
    assert refused.value.code == "no-such-record"
    with vault_house.session("bea", HERS) as session:
        with pytest.raises(CoachsyncError):
            read(session, attached[0].record)
        assert erase_client(session).stone.records == ()
    assert files(vault_house) == named(*attached)
    assert set(contents(vault_house).values()) == {CONTENT, b"second"}


def test_what_was_sorted_since_opens_in_an_older_copy_and_is_sorted_again(
    vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is the same in both, and its key was destroyed in neither."""
    monkeypatch.setattr(shelving, "_FOR_UNSORTED", 20)
    written = attach_to(vault_house)
    copy = vault_house.folder / "copy"
    shutil.copytree(vault_house.vault_folder, copy)
    with vault_house.session() as session:
        sorting.sort(session)
    (vault_house.vault_folder / "head").replace(copy / "head")
    shutil.rmtree(vault_house.vault_folder)
    copy.rename(vault_house.vault_folder)
    (vault_house.vault_folder / "head").unlink()
    with vault_house.session() as session:
        assert read(session, written.record) == CONTENT
        sorting.sort(session)
        erasing.settle(session)
        assert read(session, written.record) == CONTENT
        shelf = session.vault.history.records[written.record, 1].shelf
        assert session.vault.history.shelves[shelf].client == CLIENT
    assert files(vault_house) == named(written)
    assert not verify(vault_house.config, vault_house.now).findings
