"""What waits for the coach's word on whose it is, what follows from that word, and what is surely a client's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.adapters.database.clients import NOBODY
from coachsync.app.agenda import catch_up
from coachsync.app.clients.deciding import decide, meant
from coachsync.app.clients.undecided import Undecided, coming, undecided
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError
from events import event
from practice_house import OTHER, House

MARIE = Client("C-MARE00", ("Marie Dupont",), ("marie@dupont.example",))
PETIT = Client("C-PET1T0", ("Marie Petit",), ("petit@x.example", "office@x.example"), aliases=("MP",))
OMER = Client("C-0MER00", ("Ömer Şahin",), ("office@x.example",), aliases=("Phénix",))
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=4\r\n"


@pytest.fixture
def practice(house: House) -> House:
    with house.wiring() as wiring:
        for client in (MARIE, PETIT, OMER):
            wiring.clients.save(client)
    return house


def put(house: House, name: str, title: str, days: float = 1, extra: str = "") -> None:
    house.put(name, event(f"uid-{name}", house.now + timedelta(days=days), title=title, extra=extra))


def invitation(*addresses: str, answer: str = "ACCEPTED") -> str:
    """The lines of an event that a client invites the coach to."""
    people = "".join(f"ATTENDEE:mailto:{address}\r\n" for address in addresses[1:])
    return f"ORGANIZER:mailto:{addresses[0]}\r\nATTENDEE;PARTSTAT={answer}:mailto:alice@calendar.example\r\n{people}"


def listed(house: House, calendar: str | None = None, *, nobody_known: bool = False) -> list[Undecided]:
    """From what is stored: whoever asks a server has broken a promise."""
    with house.apart() as wiring:
        catch_up(wiring)
        return undecided(wiring, calendar, nobody_known=nobody_known)


def titles(house: House, *, nobody_known: bool = False) -> list[str]:
    return [one.title for one in listed(house, nobody_known=nobody_known)]


def say_whose(house: House, name: str, client: str | None, calendar: str | None = None) -> bool:
    with house.apart() as wiring:
        return decide(wiring, meant(wiring, name, calendar), client)


def ahead(house: House, client: Client) -> int | None:
    with house.apart() as wiring:
        return coming(wiring, client.code)


def test_only_what_is_not_sure_is_listed_with_everybody_it_could_be(practice: House) -> None:
    for name, title, extra in (
        ("address", "Coaching", invitation("marie@dupont.example")),
        ("title", "Séance Marie Dupont", ""),
        ("alias", "Phénix 3/10", ""),
        ("first-name", "Coaching Marie", ""),
        ("shared-address", "Bilan", invitation("office@x.example")),
        ("two-invited", "Trio", invitation("stranger@x.example", "marie@dupont.example", "petit@x.example")),
        ("contradiction", "MP", invitation("marie@dupont.example")),
        ("dentist", "Dentiste", ""),
    ):
        put(practice, name, title, extra=extra)
    practice.sync()
    found = {one.title: set(one.candidates) for one in listed(practice)}
    assert found == {
        "Coaching Marie": {MARIE.code, PETIT.code},
        "Bilan": {PETIT.code, OMER.code},
        "Trio": {MARIE.code, PETIT.code},
        "MP": {MARIE.code, PETIT.code},
    }
    everything = {one.title: one.candidates for one in listed(practice, nobody_known=True)}
    assert everything.keys() - found.keys() == {"Dentiste"}
    assert everything["Dentiste"] == ()


def test_what_does_not_take_place_or_is_far_away_is_not_listed(practice: House) -> None:
    put(practice, "cancelled", "Marie cancelled", extra="STATUS:CANCELLED\r\n")
    put(practice, "declined", "Marie declined", extra=invitation("stranger@x.example", answer="DECLINED"))
    put(practice, "asked", "Marie asked", extra=invitation("stranger@x.example", answer="NEEDS-ACTION"))
    put(practice, "accepted", "Marie accepted", 2, extra=invitation("stranger@x.example"))
    put(practice, "free", "Marie free", 3, extra="TRANSP:TRANSPARENT\r\n")
    for title, days in (("before", -36.5), ("just before", -34), ("far", 363), ("further", 367)):
        put(practice, title.replace(" ", "-"), f"Marie {title}", days)
    practice.sync()
    assert titles(practice) == ["Marie just before", "Marie accepted", "Marie free", "Marie far"]


def test_a_series_is_one_line_with_its_next_date(practice: House) -> None:
    put(practice, "series", "Marie", -8, WEEKLY)
    put(practice, "over", "Marie, over", -30, "RRULE:FREQ=DAILY;COUNT=3\r\n")
    practice.sync()
    series, over = sorted(listed(practice), key=lambda one: one.title)
    assert series.start == practice.now + timedelta(days=6)
    assert over.start == practice.now - timedelta(days=28)
    assert say_whose(practice, series.id, MARIE.code)
    assert titles(practice) == ["Marie, over"]
    assert ahead(practice, MARIE) == 2  # of four, two are over


def test_a_series_of_which_some_dates_are_not_sure_is_listed_with_the_first_of_them(practice: House) -> None:
    whole = event("uid-s", practice.now + timedelta(days=1), title="Marie Dupont", extra=WEEKLY)
    others = b""
    for days, title, date in ((9, "Trio Marie", "20260310"), (16, "Appel Sahin", "20260317")):
        name = f"RECURRENCE-ID:{date}T080000Z\r\n"
        moved = event("uid-s", practice.now + timedelta(days=days), title=title, extra=name)
        others += moved[moved.index(b"BEGIN:VEVENT") : moved.index(b"END:VCALENDAR")]
    practice.put("s", whole.replace(b"END:VCALENDAR", others + b"END:VCALENDAR"))
    practice.sync()
    (one,) = listed(practice)
    assert (one.title, one.start) == ("Trio Marie", practice.now + timedelta(days=9))
    assert set(one.candidates) == {MARIE.code, PETIT.code, OMER.code}
    assert ahead(practice, MARIE) == 2
    say_whose(practice, one.id, PETIT.code)
    assert listed(practice) == []
    assert (ahead(practice, MARIE), ahead(practice, PETIT)) == (0, 4)


def test_p13_the_coachs_word_is_kept_once_and_can_be_taken_back(practice: House) -> None:
    put(practice, "one", "Marie")
    practice.sync()
    (one,) = listed(practice)
    for client, left in ((MARIE.code, []), (NOBODY, []), (None, ["Marie"])):
        assert say_whose(practice, one.id.lower(), client)
        assert titles(practice) == titles(practice, nobody_known=True) == left
        before = (practice.state / "coachsync.db").read_bytes()
        assert not say_whose(practice, "uid-one", client)
        assert (practice.state / "coachsync.db").read_bytes() == before


def test_the_word_is_about_one_calendar_and_which_must_be_clear(two_calendars: House) -> None:
    with two_calendars.wiring() as wiring:
        wiring.clients.save(MARIE)
    for url in (OTHER, None):
        body = event("uid-both", two_calendars.now, title="Marie")
        two_calendars.put("both", body, url) if url else two_calendars.put("both", body)
    two_calendars.sync()
    one, other = listed(two_calendars)
    assert (one.id, {one.calendar, other.calendar}) == (other.id, {"coaching", "other"})
    with pytest.raises(CoachsyncError) as caught:
        say_whose(two_calendars, one.id, MARIE.code)
    assert caught.value.code == "which-calendar"
    assert say_whose(two_calendars, one.id, MARIE.code, "other")
    assert [left.calendar for left in listed(two_calendars)] == ["coaching"]
    assert listed(two_calendars, "other") == []


def test_what_a_calendar_has_twice_is_decided_together(practice: House) -> None:
    for name in ("a", "b"):
        practice.put(name, event("uid-same", practice.now, title="Marie"))
    practice.sync()
    assert len(listed(practice)) == 2
    assert say_whose(practice, "uid-same", MARIE.code)
    assert listed(practice) == []


def test_what_the_coach_has_deleted_or_keeps_out_of_all_shares_is_not_asked_about(practice: House) -> None:
    put(practice, "gone", "Marie gone")
    put(practice, "private", "Marie private", 2, "CATEGORIES:Family\r\n")
    put(practice, "left", "Marie left", 3, "CATEGORIES:Coaching\r\n")
    practice.sync()
    assert len(listed(practice)) == 3
    practice.text = practice.text.replace('name = "Coaching"', 'name = "Coaching"\ncategories = ["coaching"]')
    assert titles(practice) == ["Marie left"]
    practice.text = practice.text.replace('\ncategories = ["coaching"]', "")
    practice.want("gone", None)
    assert titles(practice) == ["Marie private", "Marie left"]


def test_appointments_are_counted_that_are_surely_of_the_client(practice: House) -> None:
    assert ahead(practice, MARIE) is None  # nothing is known yet
    put(practice, "series", "Marie Dupont", 1, WEEKLY)
    put(practice, "past", "Marie Dupont", -1)
    put(practice, "open", "Marie", 1)
    put(practice, "cancelled", "Marie Dupont", 1, "STATUS:CANCELLED\r\n")
    practice.sync()
    assert (ahead(practice, MARIE), ahead(practice, OMER)) == (4, 0)


def test_a_calendar_that_nobody_has_read_leaves_the_number_open(two_calendars: House) -> None:
    two_calendars.put("x", event("uid-x", two_calendars.now + timedelta(days=1), title="Marie Dupont"), OTHER)
    with two_calendars.wiring() as wiring:
        wiring.clients.save(MARIE)
    two_calendars.sync()  # no share is made from it
    assert ahead(two_calendars, MARIE) is None
    listed(two_calendars)
    assert ahead(two_calendars, MARIE) == 1
