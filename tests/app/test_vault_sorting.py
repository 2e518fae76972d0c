"""What was written while no spare shelf was left: on the shelf of the unsorted, and on its client's after the coach's
next session. Nothing is refused, lost, or left behind there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import formatlog
import formatreader
from coachsync.app.vault import erasing, erasing_client, naming, notes, shelving, sorting, writing
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import CLASSES
from coachsync.app.vault.writing import Written
from coachsync.errors import Altered, CoachsyncError, Temporary, UsageError
from coachsync.vault.bodies import Agreement, Body, Disclosure, Note
from coachsync.vault.envelope import Kind
from coachsync.vault.shelves import UNSORTED
from stepping import before_each, counted, killed_at, no_room, numbers
from vault_house import CLIENT, OTHER, VaultHouse
from vault_traces import found, put_back, secrets_of

SPARES = 5
HERS = "another horse battery"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelving, "SPARES", SPARES)


@pytest.fixture
def full(tmp_path: Path) -> VaultHouse:
    """A vault whose spares, but for the last ones, are other clients'."""
    return crowded(tmp_path)


def crowded(folder: Path) -> VaultHouse:
    house = VaultHouse(folder)
    house.make()
    for number in range(SPARES - len({*CLASSES.values()})):
        write(house, Note(f"of client {number}"), f"C-{number:06d}")
    return house


def write(house: VaultHouse, body: Body, client: str = CLIENT, name: str = "anna") -> Written:
    """By the daemon, with nothing unlocked."""
    with house.open() as vault:
        return notes.add(vault, house.daemon(vault), house.coach(vault, name), client, body, house.now)


def unsorted(session: Session) -> list[bytes]:
    """The records that lie there, of this coach."""
    shelves = erasing.shelves_of(session, UNSORTED)
    return [record for (record, _), one in session.vault.history.records.items() if one.shelf in shelves]


def texts(session: Session, client: str) -> list[str]:
    """The notes of a client, each of which opens."""
    shown = notes.everything(session, Kind.NOTE, client)
    assert shown.failures == []
    return sorted(one.body.text for one in shown.found if isinstance(one.body, Note))


def test_a_practice_of_any_size_can_write_every_kind_until_the_coach_is_back(full: VaultHouse) -> None:
    today = full.now.date()
    for client in (CLIENT, OTHER, "C-AAAAAA", "C-BBBBBB"):
        for body in (Note(client), Agreement(client, today), Disclosure("consent", "x", client, today)):
            write(full, body, client)
    with full.session() as session:
        assert len(unsorted(session)) == 12
        shown = [notes.everything(session, kind, OTHER) for kind in (Kind.NOTE, Kind.AGREEMENT, Kind.DISCLOSURE)]
        assert [len(one.found) for one in shown] == [1, 1, 1]


def test_the_coachs_session_sorts(full: VaultHouse) -> None:
    written = [write(full, Note("one")), write(full, Note("two")), write(full, Note("three"), OTHER)]
    with full.session() as session:
        notes.amend(session, written[0].record, "one, amended", full.now)
        sorting.settle(session)
        history = session.vault.history
        assert (session.vault.problems, unsorted(session)) == ([], [])
        assert (texts(session, CLIENT), texts(session, OTHER)) == (["one, amended", "two"], ["three"])
        assert notes.show(session, written[0].record, 1).body == Note("one")
        shelf = history.shelf_of(session.fingerprint, CLIENT, "notes")
        assert {one.shelf for (record, _), one in history.records.items() if record == written[1].record} == {shelf}
        head = history.head
        sorting.sort(session)
        assert session.vault.history.head == head  # twice is once
    write(full, Note("four"))
    with full.session() as session:
        assert unsorted(session) == []  # the client has a shelf now


def test_p09_the_erasure_of_a_client_reaches_what_was_unsorted(full: VaultHouse) -> None:
    mine, other = write(full, Note("mine")), write(full, Note("another's"), OTHER)
    secrets = secrets_of(full, mine)
    with full.session() as session:
        sorting.sort(session)
        assert not found(full, secrets)  # the key that opened it among the unsorted is gone, and its bytes are
        moved = secrets_of_session(full, session, mine)
        assert found(full, moved)
        erased = erasing.erase_shelves(session, "client", CLIENT, erasing.shelves_of(session, CLIENT))
        assert (erased.done, erased.stone.records) == (True, (mine.record,))
        assert not found(full, secrets + moved)
        assert session.record(other.record).body == b'{"text": "another\'s"}'


def secrets_of_session(house: VaultHouse, session: Session, written: Written) -> list[bytes]:
    """The sealed bytes of a record as they are now, while the vault is open."""
    sealed = session.vault.store.record(written.record, 1)
    assert sealed is not None
    return [sealed[200:]]


def test_the_format_knows_what_was_sorted(full: VaultHouse) -> None:
    """By the reader that was written from FORMAT.md alone."""
    write(full, Note("one"))
    with full.session() as session:
        sorting.sort(session)
        parts = ("number", "previous", "actor", "said", "signature")
        entries = [formatreader.Entry(*(getattr(one, name) for name in parts)) for one in session.vault.store.entries()]
    formatlog.check_log(formatreader.read_trust(full.config.trust.read_text()), entries)


# --- what cannot be sorted --------------------------------------------------------------------------------------------


def test_p04_beside_a_record_that_is_lost_nothing_is_moved_and_nobody_is_erased(full: VaultHouse) -> None:
    lost, kept = write(full, Note("lost")), write(full, Note("kept"), OTHER)
    with full.session() as session:
        session.vault.store.delete_records([lost.record])
        sorting.settle(session)
        assert [problem.code for problem in session.vault.problems] == ["record-missing"]
        assert set(unsorted(session)) == {lost.record, kept.record}
        assert notes.show(session, kept.record).body == Note("kept", client=OTHER)
        with pytest.raises(Altered, match="missing") as caught:
            erasing_client.erase(None, session, OTHER)  # type: ignore[arg-type]
        assert lost.record.hex() in caught.value.where
        assert session.vault.history.tombstones == {}


def test_whatever_cannot_be_opened_there_is_erased_by_its_id_and_the_rest_is_sorted(full: VaultHouse) -> None:
    """Garbage that a daemon in other hands has sealed, of a kind that no command erases."""
    kept = write(full, Disclosure("consent", "x", "kept", full.now.date()))
    with full.open() as vault:
        daemon, coach = full.daemon(vault), full.coach(vault)
        garbage = [writing.add(vault, daemon, coach, CLIENT, Kind.DISCLOSURE, b"x", full.now).record for _ in range(2)]
        with vault.store.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE records SET sealed = zeroblob(2000) WHERE record IN (?, ?)", tuple(garbage)
            )
    with full.session() as session:
        sorting.settle(session)
        assert [problem.code for problem in session.vault.problems] == ["no-record"]
        ids = [
            naming.named(session.vault.history, session.fingerprint, one.hex(), Kind.NOTE, unsorted=True)
            for one in garbage
        ]
        with pytest.raises(Altered):
            erasing.erase_records(session, [ids[0]])[0]  # the other one would be lost
        assert all(erased.done for erased in erasing.erase_records(session, ids))
        sorting.sort(session)
        assert unsorted(session) == []
        assert notes.show(session, kept.record).client == CLIENT
        with pytest.raises(UsageError):  # once it is a client's, it is no note
            naming.named(session.vault.history, session.fingerprint, kept.record.hex(), Kind.NOTE, unsorted=True)


@pytest.mark.parametrize("body", [b"not ours", b'{"text":"x","client":"Anna Martin"}', b'{"text":"x"}'])
def test_what_does_not_say_whom_it_is_about_stays(full: VaultHouse, body: bytes) -> None:
    sorted_too = write(full, Note("sorted"))
    with full.open() as vault:
        strange = writing.add(vault, full.daemon(vault), full.coach(vault), CLIENT, Kind.NOTE, body, full.now)
    with full.session() as session:
        sorting.settle(session)
        [told] = session.vault.problems
        assert (told.code, told.message[:1]) == ("unsorted-of-nobody", "1")
        assert unsorted(session) == [strange.record]
        assert session.record(strange.record).body == body
        assert notes.show(session, sorted_too.record).body == Note("sorted")
        head = session.vault.history.head
        sorting.sort(session)
        assert session.vault.history.head == head


def test_what_a_colleague_has_not_sorted_may_be_about_anybody(full: VaultHouse) -> None:
    full.make("bea", HERS)
    with full.session() as session:
        assert not erasing_client.of_a_colleague(session, CLIENT)
    for number in range(SPARES - len({*CLASSES.values()})):
        write(full, Note("x"), f"C-{number:06d}", "bea")
    write(full, Note("hers"), CLIENT, "bea")
    with full.session() as session:
        assert erasing_client.of_a_colleague(session, OTHER)
    with full.session("bea", HERS) as session:
        assert not erasing_client.of_a_colleague(session, OTHER)
        sorting.sort(session)
    with full.session() as session:
        assert [erasing_client.of_a_colleague(session, one) for one in (CLIENT, OTHER)] == [True, False]


# --- cut short, and older copies --------------------------------------------------------------------------------------


@pytest.mark.every_step
def test_p13_whenever_it_dies_everything_is_there_and_sorted_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    first = crowded(tmp_path / "first")
    one, two = write(first, Note("one")), write(first, Note("two"), OTHER)
    secrets = secrets_of(first, one, two)

    def work(there: VaultHouse) -> None:
        with there.session() as session:
            sorting.sort(session)

    for number in numbers(6):
        again = VaultHouse.__new__(VaultHouse)
        again.folder, again.now = tmp_path / str(number), first.now
        shutil.copytree(first.folder, again.folder)
        came = killed_at(number, lambda there=again: work(there))
        with again.session() as session:
            assert (texts(session, CLIENT), texts(session, OTHER)) == (["one"], ["two"])
            erasing.settle(session)
            sorting.settle(session)
            assert (session.vault.problems, unsorted(session)) == ([], [])
            assert (texts(session, CLIENT), texts(session, OTHER)) == (["one"], ["two"])
        assert not found(again, secrets)
        shutil.rmtree(again.folder)
        if not came:
            break
    assert number > 8


def test_p04_a_full_disk_at_any_step_loses_nothing(full: VaultHouse) -> None:
    write(full, Note("one"))
    failed = 0
    for number in range(60):
        try:
            with before_each(counted(number, no_room)), full.session() as session:
                sorting.sort(session)
        except Temporary:
            failed += 1
        with full.session() as session:
            assert texts(session, CLIENT) == ["one"]
            if not unsorted(session):
                break
    assert failed
    assert unsorted(session) == []


def test_p04_an_older_copy_from_before_is_sorted_again(full: VaultHouse) -> None:
    """Its only copies of these notes are the unsorted ones: what today's ledger says must not take them along."""
    write(full, Note("one"))

    def sort(session: Session) -> erasing.Erased:
        sorting.sort(session)
        return erasing.Erased(next(iter(session.vault.history.tombstones.values())), done=True)

    put_back(full, sort)
    with full.session() as session:
        assert texts(session, CLIENT) == ["one"]
        erasing.settle(session)
        sorting.settle(session)
        assert (session.vault.problems, unsorted(session), texts(session, CLIENT)) == ([], [], ["one"])
        assert not session.vault.history.owed(session.fingerprint)


def test_a_shelf_that_cannot_be_made_is_told_and_nothing_moves(
    full: VaultHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(full, Note("one"))

    def refused(*_: object) -> None:
        raise CoachsyncError("refused", "", "")  # type: ignore[arg-type]

    monkeypatch.setattr(sorting, "mint", refused)
    with full.session() as session:
        sorting.settle(session)
        assert [problem.code for problem in session.vault.problems] == ["refused"]
        assert unsorted(session) == [written.record]
