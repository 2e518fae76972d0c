"""Attaching files: whole or not at all, whenever it dies and wherever the disk is full, and never in clear."""

from __future__ import annotations

import io
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from attached_files import CONTENT, FILE, NAME, attach_to, contents, files, named, read, write
from coachsync.adapters.bodyfiles import BodyFiles
from coachsync.app.vault import shelving, sorting
from coachsync.app.vault.attached import attached, understood
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, Locked, Temporary, UsageError
from coachsync.vault import contents as sealing
from coachsync.vault.bodies import Attachment
from coachsync.vault.envelope import Kind
from smalldisk import SmallDisk, mounted_on
from stepping import before_each, counted, killed_at, no_room
from vault_house import CLIENT, COACH, OTHER, PASSPHRASE, VaultHouse, copied

CHOSEN = bytes(range(16))


class Stream(io.RawIOBase):
    """So many megabytes that are nowhere whole, and cannot be read twice."""

    def __init__(self, megabytes: int) -> None:
        self.left = megabytes << 20

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        length = min(len(buffer), self.left)
        buffer[:length] = bytes(length)
        self.left -= length
        return length


class Changing(io.BytesIO):
    """What somebody writes to meanwhile: it is another one whenever it is read again."""

    def seek(self, offset: int, whence: int = 0) -> int:
        self.getbuffer()[0] ^= 1
        return super().seek(offset, whence)


class Growing(io.BytesIO):
    def seek(self, offset: int, whence: int = 0) -> int:
        super().seek(0, 2)
        self.write(b"more")
        return super().seek(offset, whence)


def in_clear(house: VaultHouse) -> list[Path]:
    words = (NAME.encode(), b"Zoubrowka", CONTENT[:64])
    return [file for file, content in house.files().items() if any(word in content for word in words)]


# --- what comes back --------------------------------------------------------------------------------------------------


def test_p07_the_daemon_attaches_and_the_coach_alone_reads(vault_house: VaultHouse) -> None:
    note = write(vault_house)
    written = attach_to(vault_house, to=note.record)
    assert files(vault_house) == named(written)
    assert contents(vault_house) == {written.record: CONTENT}
    with vault_house.session() as session:
        body = understood(session.record(written.record)).body
        assert (body.file.name, body.file.media, body.file.to) == (NAME, "application/pdf", note.record)
        assert (body.size, body.client) == (len(CONTENT), "")
        shelves = {session.vault.history.records[one.record, 1].shelf for one in (note, written)}
        assert len(shelves) == 1  # its notes' retention is its own
    assert in_clear(vault_house) == []
    assert not verify(vault_house.config, vault_house.now).findings


@pytest.mark.parametrize("content", [b"", b"x", bytes(4096), bytes(16384)], ids=len)
def test_a_file_of_any_length_comes_back(vault_house: VaultHouse, content: bytes) -> None:
    assert list(contents_of(vault_house, content)) == [content]


def contents_of(house: VaultHouse, content: bytes) -> Iterator[bytes]:
    attach_to(house, content)
    yield from contents(house).values()


def test_a_large_file_is_never_in_memory(vault_house: VaultHouse) -> None:
    """The limit of a whole command is measured in the tests of the command line."""
    tracemalloc.start()
    try:
        written = attach_to(vault_house, Stream(24))  # type: ignore[arg-type]
        with vault_house.session() as session:
            one = session.record(written.record)
            assert understood(one).body.size == 24 << 20
            tracemalloc.reset_peak()
            assert sum(map(len, sealed_content(session, written.record))) == 24 << 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def sealed_content(session: object, record: bytes) -> Iterator[bytes]:
    from coachsync.app.vault.attached import content
    from coachsync.app.vault.reading import Session

    assert isinstance(session, Session)
    yield from content(session, session.record(record))


def test_the_size_of_a_file_is_told_in_steps_alone(vault_house: VaultHouse) -> None:
    attach_to(vault_house, bytes(100_000))
    attach_to(vault_house, bytes(101_000))
    with vault_house.open() as vault:
        assert len({one.file.size for one in vault.history.records.values() if one.file}) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [Changing(CONTENT), Growing(CONTENT)], ids=["changes", "grows"])
def test_a_file_that_changes_while_it_is_read_is_not_stored(vault_house: VaultHouse, source: io.BytesIO) -> None:
    with pytest.raises(Temporary) as refused:
        attach_to(vault_house, source)
    assert refused.value.code == "file-changed"
    assert (files(vault_house), contents(vault_house)) == (set(), {})


def test_a_file_that_fails_while_it_is_read_is_not_stored(vault_house: VaultHouse) -> None:
    class Failing(Stream):
        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    with pytest.raises(CoachsyncError) as refused:
        attach_to(vault_house, Failing(1))  # type: ignore[arg-type]
    assert refused.value.code == "file-not-read"
    assert files(vault_house) == set()


def test_whoever_ends_it_while_it_is_read_leaves_nothing(vault_house: VaultHouse) -> None:
    class Ended(Stream):
        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            if self.left < 1 << 20:
                raise KeyboardInterrupt
            return super().readinto(buffer)

    with vault_house.open() as vault:
        coach, daemon = vault_house.coach(vault), vault_house.daemon(vault)
        with pytest.raises(KeyboardInterrupt):
            attach(vault, daemon, coach, CLIENT, Ended(2), FILE, vault_house.now)  # type: ignore[arg-type]
        assert files(vault_house) == set()  # and not only once the vault is opened again


def test_a_file_without_end_is_refused(vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LONGEST", 1 << 20)
    with pytest.raises(UsageError) as refused:
        attach_to(vault_house, Stream(1 << 20))  # type: ignore[arg-type]
    assert (refused.value.code, files(vault_house)) == ("file-too-long", set())


def test_a_file_that_is_too_long_is_refused_before_any_of_it_is_written(
    vault_house: VaultHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would fill of the disk, others need."""
    large = tmp_path / "large"
    with large.open("wb") as sparse:
        sparse.truncate(sealing.LONGEST + 1)
    monkeypatch.setattr(BodyFiles, "write", lambda *_: pytest.fail("it is written"))
    with large.open("rb") as source, pytest.raises(UsageError) as refused:
        attach_to(vault_house, source)
    assert refused.value.code == "file-too-long"


def test_an_id_that_the_caller_has_chosen_is_taken_once(vault_house: VaultHouse) -> None:
    """So that a run that was cut short can tell whether it has stored it."""
    assert attach_to(vault_house, record=CHOSEN).record == CHOSEN
    with pytest.raises(UsageError) as refused:
        attach_to(vault_house, b"another", record=CHOSEN)
    assert refused.value.code == "record-there"
    assert contents(vault_house) == {CHOSEN: CONTENT}


def test_what_it_belongs_to_must_be_a_note_of_the_client(vault_house: VaultHouse) -> None:
    note, other = write(vault_house), attach_to(vault_house)
    vault_house.make("bea", "bea's own passphrase")
    for to, client, coach, code in (
        (note.record, OTHER, COACH, "note-of-another-client"), (CHOSEN, CLIENT, COACH, "no-such-record"),
        (other.record, CLIENT, COACH, "no-such-record"), (note.record, CLIENT, "bea", "no-such-record"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as refused:
            attach_to(vault_house, client=client, to=to, name=coach)
        assert refused.value.code == code
    assert files(vault_house) == named(other)


def test_a_disk_that_gives_back_other_bytes_is_noticed(
    vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what is read again from it."""
    pieces = BodyFiles.pieces
    monkeypatch.setattr(BodyFiles, "pieces", lambda self, place: map(bytes.swapcase, pieces(self, place)))
    with pytest.raises(CoachsyncError) as refused:
        attach_to(vault_house)
    monkeypatch.undo()
    assert refused.value.code == "file-not-kept"
    assert (files(vault_house), contents(vault_house)) == (set(), {})


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o2770, 0o660)])
def test_it_is_as_private_as_its_folder(vault_house: VaultHouse, folder: int, file: int) -> None:
    """A coach and the service may share a state."""
    (vault_house.vault_folder / "files").chmod(folder)
    attach_to(vault_house)
    [path] = (vault_house.vault_folder / "files").iterdir()
    assert path.stat().st_mode & 0o7777 == file


# --- unsorted ---------------------------------------------------------------------------------------------------------


def test_where_no_shelf_is_left_it_is_sorted_later_and_its_file_stays_as_it_is(
    vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelving, "_FOR_UNSORTED", 20)  # the spares are all for that
    written = attach_to(vault_house)
    file = vault_house.vault_folder / "files" / f"{written.record.hex()}.1"
    before = file.read_bytes()
    with vault_house.session() as session:
        assert understood(session.record(written.record)).body.client == CLIENT
        sorting.sort(session)
        shelf = session.vault.history.shelves[session.vault.history.records[written.record, 1].shelf]
        assert (shelf.client, understood(session.record(written.record)).body.client) == (CLIENT, "")
        assert read(session, written.record) == CONTENT
    assert file.read_bytes() == before
    assert not verify(vault_house.config, vault_house.now).findings


def test_without_any_place_nothing_is_read_or_written(vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    source = io.BytesIO(CONTENT)
    with vault_house.open() as vault:
        for number, shelf in enumerate(vault.history.spares(vault_house.coach(vault))):
            shelving.assign(vault, vault_house.daemon(vault), shelf, f"C-{number:06}", "notes")
    with pytest.raises(Locked):
        attach_to(vault_house, source)
    assert (source.tell(), files(vault_house)) == (0, set())


# --- when it dies -----------------------------------------------------------------------------------------------------


def test_p04_whenever_it_dies_it_is_stored_whole_or_not_at_all(
    vault_house: VaultHouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    attach_to(vault_house, b"there before")
    outcomes = set()
    for number in range(40):
        again = copied(vault_house, tmp_path_factory.mktemp("again"))
        came = killed_at(number, lambda house=again: attach_to(house, record=CHOSEN))  # type: ignore[misc]
        unnamed = any(name.startswith(".") for name in files(again))
        looked = verify(again.config, again.now)
        assert not looked.findings
        assert {one.code for one in looked.notes} <= {"file-unfinished"}
        found = contents(again)
        assert sorted(found.values()) in ([b"there before"], sorted([b"there before", CONTENT]))
        assert files(again) == {f"{record.hex()}.1" for record in found}
        stored = CHOSEN in found
        assert bool(looked.notes) is (unnamed and not stored)
        outcomes.add((stored, unnamed))
        assert in_clear(again) == []
        shutil.rmtree(again.folder)
        if not came:
            break
    assert stored
    assert outcomes == {(False, True), (True, True), (True, False)}
    assert number > 5


def test_p04_a_full_disk_at_any_step_stores_nothing_and_leaves_nothing(vault_house: VaultHouse) -> None:
    failed = 0
    for number in range(40):
        try:
            with before_each(counted(number, no_room)):
                attach_to(vault_house, record=CHOSEN)
        except Temporary:
            failed += 1
        found = contents(vault_house)
        assert files(vault_house) == {f"{record.hex()}.1" for record in found}
        assert not verify(vault_house.config, vault_house.now).findings
        if found:
            break
    assert found == {CHOSEN: CONTENT}
    assert failed >= 3


def test_p04_what_is_left_half_done_beside_a_file_takes_nothing_from_it(vault_house: VaultHouse) -> None:
    """A file that was put back from a backup may have its name already."""
    written = attach_to(vault_house)
    scratch = vault_house.vault_folder / "files" / f".coachsync-{written.record.hex()}.1"
    scratch.write_bytes(b"half of it")
    assert contents(vault_house) == {written.record: CONTENT}
    assert files(vault_house) == named(written)


@pytest.fixture
def small(vault_house: VaultHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VaultHouse, SmallDisk]]:
    """The vault on a disk of a few megabytes."""
    with mounted_on(tmp_path_factory.mktemp("disk"), "6m") as disk:
        (disk.folder / "practice").mkdir()
        yield copied(vault_house, disk.folder / "practice"), disk


def test_p04_a_file_that_has_no_room_leaves_none_of_its_bytes_and_the_vault_goes_on(
    small: tuple[VaultHouse, SmallDisk],
) -> None:
    house, disk = small
    with pytest.raises(Temporary) as refused:
        attach_to(house, Stream(16))  # type: ignore[arg-type]
    assert refused.value.code == "disk-full"
    assert files(house) == set()
    disk.fill()
    with pytest.raises(CoachsyncError):
        attach_to(house)
    disk.free()
    written = attach_to(house)
    assert contents(house) == {written.record: CONTENT}


# --- an older copy of the vault ---------------------------------------------------------------------------------------


def test_p04_a_file_of_a_newer_copy_is_named_and_never_destroyed(vault_house: VaultHouse) -> None:
    first = attach_to(vault_house, b"first")
    kept = {name: (vault_house.vault_folder / name).read_bytes() for name in ("vault.db", "head")}
    second = attach_to(vault_house, b"second")
    newer = {name: (vault_house.vault_folder / name).read_bytes() for name in ("vault.db", "head")}
    put(vault_house, kept)
    assert contents(vault_house) == {first.record: b"first"}
    attach_to(vault_house, b"third")
    looked = verify(vault_house.config, vault_house.now)
    assert [one.code for one in looked.notes] == ["file-orphan"]
    assert not looked.findings
    assert f"record {second.record.hex()}, version 1" in looked.notes[0].where
    with pytest.raises(UsageError) as refused:  # nor written over
        attach_to(vault_house, b"fourth", record=second.record)
    assert refused.value.code == "record-there"
    put(vault_house, newer)
    assert contents(vault_house) == {first.record: b"first", second.record: b"second"}


def put(house: VaultHouse, files: dict[str, bytes]) -> None:
    """The database alone is put back."""
    for name in ("vault.db-wal", "vault.db-shm"):
        (house.vault_folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (house.vault_folder / name).write_bytes(content)


def test_every_session_knows_the_kind(vault_house: VaultHouse) -> None:
    write(vault_house)
    written = attach_to(vault_house)
    with vault_house.session(passphrase=PASSPHRASE) as session:
        (one,) = attached(session, CLIENT)
        assert not isinstance(one, CoachsyncError)
        assert (one.record, isinstance(one.body, Attachment)) == (written.record, True)
        assert list(attached(session, OTHER)) == []
        assert session.vault.history.records[written.record, 1].kind is Kind.ATTACHMENT
