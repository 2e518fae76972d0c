from datetime import UTC, date, datetime, timedelta

import pytest

from coachsync.adapters.database import Copies
from coachsync.adapters.ical.reader import Reader
from coachsync.app.agenda import agenda, catch_up, unreadable
from coachsync.app.reading import horizon, occurrences, read, short_id
from coachsync.errors import NotInitialised
from coachsync.model import Window
from events import event
from practice_house import SOURCE, House

WEEK = Window(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))


@pytest.fixture
def read_texts(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every text that is really read from now on."""
    seen: list[bytes] = []
    real = Reader.read

    def counting(self: Reader, texts, *rest):  # type: ignore[no-untyped-def]
        texts = list(texts)
        seen.extend(text for _, text in texts)
        return real(self, texts, *rest)

    monkeypatch.setattr(Reader, "read", counting)
    return seen


def test_only_what_changed_is_read_again(house: House, read_texts: list[bytes]) -> None:
    house.sessions(5)
    house.sync()
    assert len(read_texts) == 5
    read_texts.clear()
    house.sync()
    assert read_texts == []
    house.put("e2", event("uid-2", house.now + timedelta(hours=3)))
    house.sync()
    assert len(read_texts) == 1


def test_everything_is_read_again_when_the_zone_changes_or_a_month_has_passed(
    house: House, read_texts: list[bytes]
) -> None:
    house.sessions(3)
    house.sync()
    house.text = house.text.replace("Europe/Paris", "America/Montreal")
    house.sync()
    assert len(read_texts) == 6
    house.now += timedelta(days=31)
    house.sync()
    assert len(read_texts) == 9


def test_a_calendar_that_feeds_no_share_is_read_when_somebody_looks(house: House, read_texts: list[bytes]) -> None:
    house.text = house.text.partition("[shares")[0]
    house.sessions(3)
    house.sync()
    assert read_texts == []
    with house.wiring() as wiring:
        assert catch_up(wiring) == ()
        assert len(agenda(wiring, WEEK)) == 3
    assert len(read_texts) == 3


def test_the_horizon_moves_once_a_month_and_covers_every_window(house: House) -> None:
    with house.wiring() as wiring:
        frames = {horizon(wiring, date(2026, 3, day)) for day in range(1, 32)}
        (frame,) = frames
        assert frame.start <= datetime(2026, 1, 1, tzinfo=UTC)
        assert frame.end >= datetime(2027, 4, 30, tzinfo=UTC)
        assert horizon(wiring, date(2026, 4, 1)) not in frames


def test_the_agenda_shows_titles_and_how_an_appointment_stands(house: House) -> None:
    house.put("a", event("uid-a", house.now, title="Anne\\, suite \x1b[2J"))
    house.put("b", event("uid-b", house.now + timedelta(hours=2), title="Paul", extra="STATUS:CANCELLED\r\n"))
    house.sync()
    with house.wiring() as wiring:
        lines = agenda(wiring, WEEK)
        assert [(line.title, line.stand) for line in lines] == [
            ("Anne, suite [2J", "busy"),
            ("Paul", "cancelled"),
        ]
        assert [line.id for line in lines] == [short_id(wiring, "uid-a"), short_id(wiring, "uid-b")]
        assert {len(line.id) for line in lines} == {5}


def test_the_agenda_shows_the_title_of_the_override(house: House) -> None:
    weekly = event("uid-s", house.now, title="Série", extra="RRULE:FREQ=DAILY;COUNT=3\r\n")
    second = house.now + timedelta(days=1)
    moved = event(
        "uid-s", second + timedelta(hours=1), title="Déplacée", extra=f"RECURRENCE-ID:{second:%Y%m%dT%H%M%SZ}\r\n"
    )
    override = moved[moved.index(b"BEGIN:VEVENT") : moved.index(b"END:VCALENDAR")]
    house.put("s", weekly.replace(b"END:VCALENDAR", override + b"END:VCALENDAR"))
    house.sync()
    with house.wiring() as wiring:
        assert [line.title for line in agenda(wiring, WEEK)] == ["Série", "Déplacée", "Série"]


def test_the_agenda_needs_no_network_and_a_first_sync(house: House) -> None:
    house.sessions(1)
    with house.wiring() as wiring, pytest.raises(NotInitialised):
        agenda(wiring, WEEK)
    house.sync()
    house.server.requests.clear()
    with house.wiring() as wiring:
        assert len(agenda(wiring, WEEK)) == 1
    assert not house.server.requests


def test_what_cannot_be_read_is_listed_with_its_title_for_the_coach(house: House) -> None:
    house.put("bad", event("uid-bad", house.now, title="Cassée").replace(b"DTSTART", b"X-START"))
    house.sync()
    with house.wiring() as wiring:
        (found,) = unreadable(wiring)
        assert (found.title, found.code, found.id) == ("Cassée", "no-start", short_id(wiring, "uid-bad"))


def test_an_event_that_is_mended_is_no_longer_quarantined(house: House) -> None:
    house.put("bad", event("uid-bad", house.now).replace(b"DTSTART", b"X-START"))
    assert house.sync().quarantined == 1
    house.put("bad", event("uid-bad", house.now))
    outcome = house.sync()
    assert (outcome.quarantined, outcome.exit_code(), len(house.served())) == (0, 0, 1)


def test_p02_what_was_reported_is_not_reported_again_when_it_is_read_again(
    house: House, read_texts: list[bytes]
) -> None:
    house.sessions(3)
    house.put("bad", event("uid-bad", house.now).replace(b"DTSTART", b"X-START"))
    assert [problem.code for problem in house.sync().problems()] == ["event-no-start"]
    read_texts.clear()
    house.text = house.text.replace("Europe/Paris", "Europe/Rome")
    outcome = house.sync()
    assert (outcome.problems(), outcome.quarantined, len(read_texts)) == ((), 1, 4)


@pytest.mark.parametrize(("name", "uid"), [("bad", "UID:anna@example.com\r\n"), ("anna", "")])
def test_p12_an_event_that_cannot_be_read_is_reported_under_its_short_id(house: House, name: str, uid: str) -> None:
    body = event("x", house.now).replace(b"UID:x\r\n", uid.encode())
    house.put(name, body.replace(b"DTSTART", b"X-START"))
    (problem,) = house.sync().problems()
    assert problem.where.startswith("calendars.coaching/")
    assert "anna" not in repr(problem)


def test_the_day_of_a_share_ends_at_midnight_in_the_zone_of_the_practice(house: House) -> None:
    house.sessions(3)
    house.sync()
    assert len(house.served()) == 3
    house.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past midnight in Paris
    house.sync()
    assert house.starts() == ["20260303T090000Z", "20260304T090000Z"]


def test_held_rows_can_be_left_out(house: House) -> None:
    house.sessions(4)
    house.sync()
    with house.wiring() as wiring:
        rows = [copy.row for copy in Copies(wiring.database, "coaching").all()]
        assert len(occurrences(wiring, "coaching", frozenset(rows[:3]))) == 1
        assert read(wiring, "coaching").quarantined == 0


def test_the_short_id_depends_on_the_state_and_not_on_the_text(house: House) -> None:
    house.put("a", event("uid-a", house.now, title="One"), SOURCE)
    with house.wiring() as wiring:
        assert short_id(wiring, "uid-a") == short_id(wiring, "uid-a") != short_id(wiring, "uid-b")
