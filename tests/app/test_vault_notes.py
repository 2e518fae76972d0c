"""Notes in a vault: written with nothing unlocked, listed without being opened, found by words, and gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import folding
from coachsync.app.vault import erasing, naming, notes, shelving, writing
from coachsync.app.vault.reading import Session
from coachsync.errors import Altered, CoachsyncError, UsageError, WrongKey
from coachsync.vault.bodies import Agreement, Note, packed
from coachsync.vault.envelope import Kind
from vault_house import CLIENT, OTHER, VaultHouse

CANARY = "Zoubrowka-Éléphant"


@pytest.fixture
def house(tmp_path: Path) -> VaultHouse:
    house = VaultHouse(tmp_path)
    house.make()
    return house


def note(house: VaultHouse, text: str, client: str = CLIENT) -> bytes:
    """The daemon's note, an hour after the one before."""
    house.now += timedelta(hours=1)
    with house.open() as vault:
        return notes.add(vault, house.daemon(vault), house.coach(vault), client, Note(text), house.now).record


def texts(session: Session, client: str | None = None) -> list[str]:
    gathered = notes.everything(session, Kind.NOTE, client)
    assert gathered.failures == []
    return [one.body.text for one in gathered.found if isinstance(one.body, Note)]


def test_p07_a_note_is_written_with_nothing_unlocked_and_its_writer_cannot_read_it(house: VaultHouse) -> None:
    record = note(house, CANARY)
    with house.open() as vault:
        daemon = house.daemon(vault)
        with pytest.raises((WrongKey, AttributeError)):
            notes.show(Session(vault, daemon), record)  # type: ignore[arg-type]
        assert vault.history.records[record, 1].writer == daemon.actor.fingerprint
    with house.session() as session:
        assert notes.show(session, record).body == Note(CANARY)


def test_no_word_of_a_note_is_in_any_file(house: VaultHouse) -> None:
    record = note(house, CANARY)
    with house.session() as session:
        notes.amend(session, record, f"{CANARY} again", house.now)
        assert [
            hit.id for hit in notes.search(notes.comparable(notes.everything(session, Kind.NOTE).found), "zoubrowka")
        ]
    words = [CANARY.encode(), CANARY.encode("utf-16-le"), b"zoubrowka", b"Zoubrowka"]
    assert [path for path, content in house.files().items() if any(word in content for word in words)] == []
    assert b"Zoubrowka" not in " ".join(str(path) for path in house.files()).encode()


def test_notes_are_listed_the_latest_first_of_one_client_or_of_all(house: VaultHouse) -> None:
    first, second, third = note(house, "one"), note(house, "two", OTHER), note(house, "three")
    with house.session() as session:
        listed = notes.listed(session, Kind.NOTE).found
        assert [(one.record, one.client, one.version) for one in listed] == [
            (third, CLIENT, 1), (second, OTHER, 1), (first, CLIENT, 1),
        ]  # fmt: skip
        assert [one.written_at for one in listed] == [house.now - timedelta(hours=back) for back in range(3)]
        assert [one.record for one in notes.listed(session, Kind.NOTE, OTHER).found] == [second]
        assert notes.listed(session, Kind.AGREEMENT).found == []
        assert texts(session) == ["three", "two", "one"]
        assert texts(session, OTHER) == ["two"]


def test_a_list_opens_nothing(house: VaultHouse) -> None:
    record = note(house, "one")
    with house.session() as session:
        for shelf in session.vault.history.shelves:
            for generation, who in list(session.vault.files.grants(shelf)):
                session.vault.files.shred_grant(shelf, generation, who)
        gathered = notes.listed(session, Kind.NOTE)
        assert ([one.record for one in gathered.found], gathered.failures) == ([record], [])
        assert [problem.code for problem in notes.everything(session, Kind.NOTE).failures] == ["no-grant"]


def test_an_amended_note_keeps_its_versions_and_its_appointment(house: VaultHouse) -> None:
    record = note(house, "one")
    written = house.now
    house.now += timedelta(days=1)
    with house.session() as session:
        assert notes.amend(session, record, "one", house.now) is None
        assert notes.amend(session, record, "two", house.now) == notes.Written(
            record, 2, session.vault.history.records[record, 2].digest
        )
        assert [notes.show(session, record, version).body for version in (1, 2)] == [Note("one"), Note("two")]
        [listed] = notes.listed(session, Kind.NOTE).found
        assert (listed.version, listed.written_at, listed.changed_at) == (2, written, house.now)
        assert texts(session) == ["two"]
    with house.session() as session:
        notes.amend(session, record, "three", house.now)
        assert notes.show(session, record).version == 3


def test_a_word_is_found_whatever_its_case_and_accents(house: VaultHouse) -> None:
    record = note(house, "Rien.\nElle parle de l'ÉLÉPHANT \u202eblanc.\nun elephant\u0301 encore")
    note(house, "Personne.")
    with house.session() as session:
        found = notes.comparable(notes.everything(session, Kind.NOTE).found)
        [hit] = notes.search(found, " elephant  BLANC")
        assert hit.lines == ("Elle parle de l'ÉLÉPHANT \u202eblanc.",)
        assert [len(hit.lines) for hit in notes.search(found, "éléphant")] == [2]
        assert session.vault.history.latest(record) == 1
        assert list(notes.search(found, "giraffe")) == []
        with pytest.raises(UsageError):
            list(notes.search(found, "\u0301"))


@given(st.text(st.characters() | st.sampled_from("aE\u0301\u0323ßŒ\n\t\x1b\u2028 \u00a0")))
def test_a_note_is_folded_as_everything_is_and_line_by_line(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    assert notes.folded(text) == folding.plain(text)
    assert notes.folded(text).count("\n") == text.count("\n")


def test_an_older_version_is_not_searched(house: VaultHouse) -> None:
    record = note(house, "giraffe")
    with house.session() as session:
        notes.amend(session, record, "elephant", house.now)
        found = notes.comparable(notes.everything(session, Kind.NOTE).found)
        assert list(notes.search(found, "giraffe")) == []


def test_what_lies_unsorted_says_whom_it_is_about(house: VaultHouse) -> None:
    with house.open() as vault:
        daemon, coach = house.daemon(vault), house.coach(vault)
        for number in range(shelving.SPARES):
            shelving.shelf_for(vault, daemon, coach, f"C-{number:06d}", "notes")
    record, other = note(house, "mine"), note(house, "other's", OTHER)
    with house.session() as session:
        assert session.vault.history.shelf_of(session.fingerprint, CLIENT, "notes") is None
        assert [(one.record, one.client) for one in notes.listed(session, Kind.NOTE).found] == [
            (other, OTHER), (record, CLIENT),
        ]  # fmt: skip
        assert texts(session, CLIENT) == ["mine"]
        assert [one.record for one in notes.listed(session, Kind.NOTE, OTHER).found] == [other]
        notes.amend(session, record, "still mine", house.now)
        assert notes.show(session, record).client == CLIENT


def test_coaches_see_their_own_notes_alone(house: VaultHouse) -> None:
    house.make("bea", "other passphrase of hers")
    record = note(house, "anna's")
    with house.session("bea", "other passphrase of hers") as session:
        assert notes.listed(session, Kind.NOTE).found == texts(session) == []
        with pytest.raises(UsageError):
            naming.named(session.vault.history, session.fingerprint, record.hex(), Kind.NOTE)
        with pytest.raises(CoachsyncError):
            notes.show(session, record)


# --- what somebody has tampered with is reported, and the rest is shown ---------------------------------------------


def test_a_record_that_is_missing_is_reported_and_the_others_are_shown(house: VaultHouse) -> None:
    gone, kept = note(house, "gone"), note(house, "kept")
    with house.session() as session:
        session.vault.store.delete_records([gone])
        for gathered in (notes.listed(session, Kind.NOTE), notes.everything(session, Kind.NOTE)):
            assert [one.record for one in gathered.found if isinstance(one, notes.Listed)] in ([kept], [])
            assert len(gathered.found) == 1
            assert [problem.code for problem in gathered.failures] == ["record-missing"]


def test_records_that_were_exchanged_are_reported(house: VaultHouse) -> None:
    one, other = note(house, "one"), note(house, "other", OTHER)
    with house.session() as session:
        store = session.vault.store
        rows = {record: store.record(record, 1) for record in (one, other)}
        places = {place.record: place for place in store.places()}
        with store.transaction() as connection:
            for record, taken in ((one, other), (other, one)):
                text = "update records set sealed = ? where record = ?"
                connection.exec_driver_sql(text, (rows[taken], places[record].record))
        for gathered in (notes.listed(session, Kind.NOTE), notes.everything(session, Kind.NOTE)):
            assert [problem.code for problem in gathered.failures] == ["record-moved"] * 2
            assert gathered.found == []


def test_a_row_that_the_log_does_not_know_is_reported(house: VaultHouse) -> None:
    record = note(house, "one")
    with house.session() as session:
        with session.vault.store.transaction() as connection:
            connection.exec_driver_sql(
                "insert into records select ?, 1, shelf, generation, sealed from records where record = ?",
                (bytes(16), record),
            )
        for gathered in (notes.listed(session, Kind.NOTE), notes.everything(session, Kind.NOTE)):
            assert [problem.code for problem in gathered.failures] == ["record-unknown"]
            assert len(gathered.found) == 1


def test_a_body_that_is_none_is_reported(house: VaultHouse) -> None:
    house.add(b'{"text": 1}')
    kept = note(house, "kept")
    with house.session() as session:
        gathered = notes.everything(session, Kind.NOTE)
        assert [problem.code for problem in gathered.failures] == ["body-damaged"]
        assert texts_of(gathered) == ["kept"]
        assert len(notes.listed(session, Kind.NOTE).found) == 2
        assert naming.named(session.vault.history, session.fingerprint, kept.hex()[:6], Kind.NOTE) == kept


def texts_of(gathered: notes.Gathered[notes.Shown]) -> list[str]:
    return [one.body.text for one in gathered.found if isinstance(one.body, Note)]


@pytest.mark.parametrize("time", [(1 << 63) - 1, 1 << 60, int(datetime(9999, 12, 31, 23, tzinfo=UTC).timestamp())])
def test_a_time_that_no_calendar_has_is_reported(house: VaultHouse, time: int) -> None:
    with house.open() as vault:
        daemon, coach = house.daemon(vault), house.coach(vault)
        key = shelving.shelf_for(vault, daemon, coach, CLIENT, "notes")
        fields = (Kind.NOTE, vault.id, key.shelf, key.generation, bytes(15) + b"1", 1, time)
        writing.store(vault, daemon, key, writing.Header(*fields, daemon.actor.fingerprint), packed(Note("x")))
    with house.session() as session:
        for gathered in (notes.listed(session, Kind.NOTE), notes.everything(session, Kind.NOTE)):
            assert [problem.code for problem in gathered.failures] == ["body-damaged"]


# --- ids, and erasing -----------------------------------------------------------------------------------------------


def test_ids_are_as_long_as_it_takes(house: VaultHouse) -> None:
    with house.open() as vault:
        daemon, coach = house.daemon(vault), house.coach(vault)
        key = shelving.shelf_for(vault, daemon, coach, CLIENT, "notes")
        ids = [bytes.fromhex(begun.ljust(32, "0")) for begun in ("abcdef01", "abcdef02", "1234")]
        for record in ids:
            fields = (Kind.NOTE, vault.id, key.shelf, key.generation, record, 1, 0, daemon.actor.fingerprint)
            writing.store(vault, daemon, key, writing.Header(*fields), packed(Note("x")))
        history = vault.history
        assert naming.names(history, coach) == dict(zip(ids, ["abcdef01", "abcdef02", "123400"], strict=True))
        for record, name in naming.names(history, coach).items():
            assert naming.named(history, coach, f" {name.upper()} ", Kind.NOTE) == record
        assert naming.named(history, coach, "1", Kind.NOTE) == ids[2]
        for typed, code in {
            "abcdef0": "which-record",
            "ff": "no-such-record",
            "": "no-such-record",
            "x": "no-such-record",
        }.items():
            with pytest.raises(UsageError) as refused:
                naming.named(history, coach, typed, Kind.NOTE)
            assert refused.value.code == code
        with pytest.raises(UsageError):
            naming.named(history, coach, "1234", Kind.AGREEMENT)


def test_an_erased_note_is_in_no_list_and_the_others_are(house: VaultHouse) -> None:
    gone, kept = note(house, "gone"), note(house, "kept")
    with house.session() as session:
        notes.amend(session, kept, "kept still", house.now)
        assert erasing.erase_records(session, [gone])[0].done
        assert texts(session) == ["kept still"]
        assert [one.record for one in notes.listed(session, Kind.NOTE).found] == [kept]
    with house.session() as session:
        assert texts(session) == ["kept still"]
        assert notes.amend(session, kept, "and on", house.now) is not None


def test_an_agreement_is_not_amended_as_a_note(house: VaultHouse) -> None:
    agreement = Agreement("ours", house.now.date())
    record = house.add(packed(agreement), kind=Kind.AGREEMENT).record
    with house.session() as session:
        assert notes.amend(session, record, "other", house.now) is None
        assert notes.show(session, record).body == agreement
    mistaken = house.add(packed(agreement)).record
    with house.session() as session, pytest.raises(Altered):
        notes.show(session, mistaken)
