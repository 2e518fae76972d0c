import re
from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import Temporary
from coachsync.model import Principal
from events import event
from practice_house import SOURCE, House


def lines(body: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in body.decode().strip().split("\r\n"))


def identities(house: House) -> set[tuple[str, str]]:
    return {(href, lines(body)["UID"]) for href, body in house.served().items()}


def test_p01_a_share_serves_times_and_a_label_and_nothing_else(house: House) -> None:
    house.put("e", event("uid-marguerite", house.now, title="Marguerite", extra="LOCATION:Lyon\r\nX-A;B=c:d\r\n"))
    house.sync()
    (body,) = house.served().values()
    assert re.fullmatch(
        rb"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//coachsync//share//EN\r\nCALSCALE:GREGORIAN\r\nBEGIN:VEVENT\r\n"
        rb"UID:[0-9a-f-]{36}\r\nDTSTAMP:19700101T000000Z\r\nDTSTART:20260302T080000Z\r\nDTEND:20260302T090000Z\r\n"
        rb"SUMMARY:S\xc3\xa9ance\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        body,
    )


def test_moving_one_session_of_a_series_changes_one_slot_and_leaves_no_trace(house: House) -> None:
    weekly = "RRULE:FREQ=WEEKLY;COUNT=10\r\n"
    house.put("series", event("uid-series", house.now, extra=weekly))
    house.sync()
    before, starts = identities(house), house.starts()
    third = house.now + timedelta(weeks=2)
    moved = event("uid-series", third + timedelta(hours=3), extra=f"RECURRENCE-ID:{third:%Y%m%dT%H%M%SZ}\r\n")
    override = moved.split(b"BEGIN:VEVENT")[1].split(b"END:VEVENT")[0]
    series = event("uid-series", house.now, extra=weekly)
    house.put("series", series.replace(b"END:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT" + override + b"END:VEVENT", 1))
    outcome = house.sync()
    assert (outcome.shares["office"].created, outcome.shares["office"].deleted) == (1, 1)
    after = identities(house)
    (gone,), (come,) = before - after, after - before
    assert len(before & after) == 9
    assert set(gone).isdisjoint(come)
    assert set(starts) - set(house.starts()) == {f"{third:%Y%m%dT%H%M%SZ}"}


def test_a_cancelled_slot_that_comes_back_never_meets_its_old_identity(house: House) -> None:
    house.sessions(1)
    house.sync()
    (old,) = identities(house)
    house.delete("e0")
    house.sync()
    assert house.served() == {}
    house.sessions(1)
    house.sync()
    (new,) = identities(house)
    assert set(old).isdisjoint(new)


def test_writes_go_out_in_random_order(house: House) -> None:
    house.sessions(30)
    house.sync()
    made = list(house.served().values())  # in the order of their creation
    assert [lines(body)["DTSTART"] for body in made] != house.starts()


def test_a_window_that_slides_drops_yesterday_without_asking(house: House) -> None:
    house.sessions(60)
    house.sync()
    before = identities(house)
    house.now += timedelta(days=40)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.shares["office"].deleted) == (0, 40)
    assert identities(house) < before


def test_a_changed_label_is_published_on_every_slot_and_is_no_mass_deletion(house: House) -> None:
    house.sessions(30)
    house.sync()
    starts = house.starts()
    house.text += 'label = "Occupée"\n'
    outcome = house.sync()
    assert (outcome.exit_code(), house.starts()) == (0, starts)
    assert {lines(body)["SUMMARY"] for body in house.served().values()} == {"Occupée"}
    assert house.verify() == ()


def test_p13_a_run_cut_short_leaves_no_duplicate(house: House) -> None:
    house.sessions(10)
    house.server.fail("create", Temporary("timeout", "Late."))
    for _ in range(3):
        house.server.fail("etag", Temporary("timeout", "Late."))
    assert house.sync().exit_code() == 3
    outcome = house.sync()
    while outcome.exit_code():
        outcome = house.sync()
    assert len(house.served()) == 10
    assert house.starts() == sorted(set(house.starts()))
    with house.wiring() as wiring:
        assert all(entry.live for entry in Shares(wiring.database, "office").entries())


def test_a_dry_run_changes_neither_server_nor_state(house: House) -> None:
    house.sessions(4)
    outcome = house.sync(dry_run=True)
    assert (outcome.calendars["coaching"].added, outcome.shares["office"].created) == (4, 4)
    assert not {"create", "remove", "make"} & set(house.server.requests)
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]
    real = house.sync()
    assert (real.calendars["coaching"].added, real.shares["office"].created) == (4, 4)


def test_an_object_that_somebody_edited_goes_with_its_slot_and_is_reported(house: House) -> None:
    house.sessions(1)
    house.sync()
    ((href, body),) = house.served().items()
    edited = body.replace("Séance".encode(), b"Marguerite")
    house.server.store(house.share_url(), href, edited)
    house.delete("e0")
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["share-object-edited"]
    assert house.served() == {}
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [edited]


def test_p02_an_unreadable_event_publishes_nothing_and_stops_nothing(house: House) -> None:
    house.sessions(2)
    house.put("bad", event("uid-bad", house.now).replace(b"DTSTART", b"X-START"))
    outcome = house.sync()
    (problem,) = outcome.problems()
    assert (problem.code, outcome.exit_code(), outcome.quarantined) == ("event-no-start", 3, 1)
    assert "Marguerite" not in str(problem)
    assert len(house.served()) == 2
    again = house.sync()
    assert (again.exit_code(), again.quarantined) == (0, 1)  # reported once


def test_p05_a_server_that_garbles_everything_does_not_make_the_coach_look_free(house: House) -> None:
    house.sessions(20)
    house.sync()
    for href in house.server.objects(SOURCE):
        house.server.store(SOURCE, href, b"(null)")
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["mass-unreadable"]
    assert (outcome.exit_code(), len(house.served())) == (5, 20)
    assert house.sync().exit_code() == 5
    accepted = house.sync("coaching")
    assert (accepted.quarantined, house.served()) == (20, {})


def test_a_share_waits_for_a_calendar_that_was_never_read(house: House) -> None:
    house.text = house.text.replace('from = ["coaching"]', 'from = ["coaching", "second"]')
    house.text += '[calendars.second]\naccount = "cloud"\nname = "Second"\n'
    house.sessions(2)
    outcome = house.sync()
    assert {problem.code for problem in outcome.problems()} == {"calendar-not-found"}  # once, not for the share
    assert outcome.shares == {}
    house.server.add("https://calendar.example/alice/second/", "Second", "alice")
    house.put("s", event("uid-s", house.now + timedelta(hours=6)), "https://calendar.example/alice/second/")
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 3


@pytest.mark.parametrize("told", [True, False])
def test_an_unanswered_invitation_is_not_published(house: House, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not told:  # by the user name, where the server tells no address
        silent = Principal(
            "https://calendar.example/alice/", ("https://calendar.example/alice/",), frozenset({"/alice/"})
        )
        monkeypatch.setattr(MemoryCalendars, "whoami", lambda _: silent)
    invitation = "ORGANIZER:mailto:x@y.example\r\nATTENDEE;PARTSTAT={}:mailto:alice@calendar.example\r\n"
    house.put("open", event("uid-a", house.now, extra=invitation.format("NEEDS-ACTION")))
    house.put("taken", event("uid-b", house.now + timedelta(hours=3), extra=invitation.format("ACCEPTED")))
    house.sync()
    assert house.starts() == ["20260302T110000Z"]


def test_p05_objects_that_lose_their_event_do_not_make_the_coach_look_free(house: House) -> None:
    house.sessions(20)
    house.sync()
    for href in house.server.objects(SOURCE):
        house.server.store(SOURCE, href, b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")
    assert (house.sync().exit_code(), len(house.served())) == (5, 20)
    for number in range(90):  # however much comes in beside them
        house.put(f"new{number}", event(f"uid-new{number}", house.now + timedelta(days=number, hours=6)))
    assert (house.sync().exit_code(), len(house.served())) == (5, 110)
    house.sessions(20)
    assert (house.sync().exit_code(), len(house.served())) == (0, 110)
