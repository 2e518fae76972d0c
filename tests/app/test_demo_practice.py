"""The invented practice: the same every time, valid, of every kind that a share must survive, taken by real servers."""

from __future__ import annotations

import http.client
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from accounts import Account
from coachsync import contentline
from coachsync.app.demo import people, practice, wording
from coachsync.app.demo.practice import Event, changed, shown_monday
from coachsync.app.demo.server import RadicaleServer

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 22)
# A year by steps that meet every weekday, with both changes of the clock in France and in Montreal
DAYS = [date(2026, 2, 27) + timedelta(days=step) for step in range(0, 365, 39)]


@dataclass(frozen=True, order=True)
class Seen:
    """What an independent reader sees of one occurrence, in UTC."""

    start: datetime
    end: datetime
    title: str
    busy: bool
    timed: bool


def seen(texts: Iterable[bytes], start: date, days: int) -> list[Seen]:
    """The occurrences of these objects between two local midnights, floating times read in Paris."""
    found = []
    for text in texts:
        calendar = icalendar.Calendar.from_ical(text)
        for event in recurring_ical_events.of(calendar).between(start, start + timedelta(days=days)):
            cancelled = event.get("STATUS") == "CANCELLED"
            mine = event.get("ATTENDEE", [])
            answers = [who.params.get("PARTSTAT") for who in (mine if isinstance(mine, list) else [mine])]
            busy = (
                not cancelled and event.get("TRANSP") != "TRANSPARENT" and not {"NEEDS-ACTION", "DECLINED"} & {*answers}
            )
            timed = isinstance(event.start, datetime)
            found.append(Seen(_utc(event.start), _utc(event.end), str(event["SUMMARY"]), busy, timed))
    return sorted(found)


def _utc(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).astimezone(UTC)


def texts(today: date) -> list[bytes]:
    return [event.text for event in practice.practice(today)]


def vevents(events: Iterable[Event]) -> list[contentline.Component]:
    return [
        vevent
        for event in events
        for vcalendar in contentline.components(contentline.parse(event.text.decode()))
        for vevent in vcalendar.children
        if vevent.name == "VEVENT"
    ]


def names(component: contentline.Component) -> list[str]:
    return [line.name for line in component.lines]


# ------------------------------------------------------------------------------------------------------- the whole


def test_the_same_day_gives_the_same_bytes_and_another_day_others() -> None:
    assert practice.practice(TODAY) == practice.practice(TODAY)
    assert practice.practice(TODAY) == practice.practice(TODAY - timedelta(days=3))  # the same week is shown
    assert practice.practice(TODAY) != practice.practice(TODAY + timedelta(days=7))


def test_every_object_has_a_name_and_a_uid_of_its_own() -> None:
    events = practice.practice(TODAY)
    uids = [{line.value for line in event.lines if line.name == "UID"} for event in vevents(events)]
    assert all(len(found) == 1 for found in uids)
    assert len({event.name for event in events}) == len(events) >= 30
    assert len(frozenset().union(*uids)) == len(events)


@pytest.mark.parametrize("today", DAYS[::4])
def test_it_reaches_a_month_back_and_two_ahead(today: date) -> None:
    found = seen(texts(today), today - timedelta(days=60), 150)
    assert found[0].start.date() <= today - timedelta(days=28)
    assert found[-1].start.date() >= today + timedelta(days=60)


@pytest.mark.parametrize("today", DAYS)
def test_the_shown_week_is_ahead_and_has_two_to_four_sessions_on_working_days(today: date) -> None:
    monday = shown_monday(today)
    assert monday.weekday() == 0
    assert timedelta() <= monday - today < timedelta(days=7)
    for when in (texts(today), _after(today)):
        per_day = Counter(_local(one.start) for one in seen(when, monday, 5) if one.busy and one.timed)
        assert [per_day[monday + timedelta(days=offset)] in {2, 3, 4} for offset in range(5)] == [True] * 5


@pytest.mark.parametrize("today", DAYS)
def test_nobody_is_in_two_places_at_once(today: date) -> None:
    busy = [one for one in seen(_after(today), today - timedelta(days=40), 110) if one.busy]
    overlaps = [(one.title, other.title) for one, other in pairwise(busy) if other.start < one.end]
    assert overlaps == []


def _after(today: date) -> list[bytes]:
    return list(({event.name: event.text for event in practice.practice(today)} | _replaced(today)).values())


def _replaced(today: date) -> dict[str, bytes]:
    return {change.event.name: change.event.text for change in changed(today)}


def _local(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()


# -------------------------------------------------------------------------------------------------------- the text


ALL = [*practice.practice(TODAY), *(change.event for change in changed(TODAY))]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_the_text_is_folded_ends_its_lines_with_crlf_and_is_parsed_back(event: Event) -> None:
    assert event.text.endswith(b"END:VCALENDAR\r\n")
    physical = event.text.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in physical)
    lines = contentline.parse(event.text.decode())
    assert all(line.name for line in lines)
    assert not icalendar.Calendar.from_ical(event.text).errors


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_every_zone_that_is_used_is_defined_and_no_other(event: Event) -> None:
    (vcalendar,) = contentline.components(contentline.parse(event.text.decode()))
    defined = [line.value for zone in vcalendar.children if zone.name == "VTIMEZONE" for line in zone.lines[:1]]
    used = {
        value
        for child in vcalendar.children
        for line in child.lines
        for name, values in line.params
        if name == "TZID"
        for value in values
    }
    assert sorted(defined) == sorted(used)


@pytest.mark.parametrize("vevent", vevents(ALL), ids=lambda vevent: vevent.lines[0].value)
def test_an_event_has_each_single_property_once_and_its_alarms_last(vevent: contentline.Component) -> None:
    counted = Counter(names(vevent))
    for name in ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE"):
        assert counted[name] == 1
    assert counted["DTEND"] + counted["DURATION"] == 1
    for name in ("DESCRIPTION", "LOCATION", "URL", "ORGANIZER", "RRULE", "RECURRENCE-ID", "STATUS", "TRANSP", "COLOR"):
        assert counted[name] <= 1
    assert not ("RECURRENCE-ID" in counted and "RRULE" in counted)


def test_alarms_stand_after_the_properties_of_their_event() -> None:
    for event in ALL:
        text = contentline.unfold(event.text.decode())
        for after in re.findall(r"END:VALARM\r?\n(\S+)", text):
            assert after in {"BEGIN:VALARM", "END:VEVENT"}


def test_overrides_have_the_type_and_zone_of_their_series() -> None:
    for event in ALL:
        mine = vevents([event])
        (start,) = (line for line in mine[0].lines if line.name == "DTSTART")
        for line in (line for vevent in mine for line in vevent.lines):
            if line.name in {"RECURRENCE-ID", "EXDATE", "RDATE"}:
                assert line.params == start.params
                assert line.value.endswith("Z") == start.value.endswith("Z")


@pytest.mark.parametrize("today", DAYS[::4])
def test_a_series_with_an_end_ends_with_the_session_that_its_rule_names(today: date) -> None:
    checked = 0
    for event in practice.practice(today):
        rule = next((line.value for line in vevents([event])[0].lines if line.name == "RRULE"), "")
        if until := re.search(r"UNTIL=(\d{8}T\d{6})(Z?)", rule):
            end = datetime.strptime(until[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC if until[2] else PARIS)
            assert seen([event.text], today, 100)[-1].start == end.astimezone(UTC)
            checked += 1
    assert checked >= 8


# ------------------------------------------------------------------------------------------- kinds of what is there

KINDS: dict[str, Callable[[contentline.Component], bool]] = {
    "weekly": lambda event: _has(event, "RRULE", "FREQ=WEEKLY;UNTIL="),
    "fortnightly": lambda event: _has(event, "RRULE", "INTERVAL=2"),
    "counted": lambda event: _has(event, "RRULE", "COUNT="),
    "without end": lambda event: _has(event, "RRULE", "") and not _has(event, "RRULE", "COUNT=|UNTIL="),
    "until in utc": lambda event: _has(event, "RRULE", r"UNTIL=\d{8}T\d{6}Z"),
    "until floating": lambda event: _has(event, "RRULE", r"UNTIL=\d{8}T\d{6}(?!Z)"),
    "dropped session": lambda event: "EXDATE" in names(event),
    "extra session": lambda event: "RDATE" in names(event),
    "moved session": lambda event: "RECURRENCE-ID" in names(event) and _has(event, "STATUS", "CONFIRMED"),
    "cancelled session": lambda event: "RECURRENCE-ID" in names(event) and _has(event, "STATUS", "CANCELLED"),
    "all day": lambda event: _has(event, "DTSTART", r"^\d{8}$") and _has(event, "TRANSP", "OPAQUE"),
    "transparent reminder": lambda event: _has(event, "DTSTART", "T") and _has(event, "TRANSP", "TRANSPARENT"),
    "transparent day": lambda event: _has(event, "DTSTART", r"^\d{8}$") and _has(event, "TRANSP", "TRANSPARENT"),
    "over several days": lambda event: _span(event) > timedelta(days=1) and _has(event, "DTSTART", "T"),
    "several whole days": lambda event: _span(event) == timedelta(days=7),
    "length instead of end": lambda event: "DURATION" in names(event),
    "in utc": lambda event: _has(event, "DTSTART", "Z$"),
    "floating": lambda event: _has(event, "DTSTART", r"T\d{6}$") and not _params(event, "DTSTART"),
    "in Montreal": lambda event: _params(event, "DTSTART").get("TZID") == ("America/Montreal",),
    "customized zone": lambda event: _params(event, "DTSTART").get("TZID") == ("Customized Time Zone",),
    "unanswered invitation": lambda event: _params(event, "ATTENDEE").get("PARTSTAT") == ("NEEDS-ACTION",),
    "declined invitation": lambda event: _params(event, "ATTENDEE").get("PARTSTAT") == ("DECLINED",),
    "supervision": lambda event: _has(event, "SUMMARY", "Supervision"),
    "sponsor at the table": lambda event: _has(event, "SUMMARY", "Tripartite"),
    "discovery": lambda event: _has(event, "SUMMARY", "Découverte"),
    "notes with a phone": lambda event: _has(event, "DESCRIPTION", r"06 39 98"),
    "passcode in the notes": lambda event: _has(event, "DESCRIPTION", r"[Cc]ode secret : \d{6}"),
    "passcode in a link": lambda event: _has(event, "URL", r"\?pwd="),
    "attendee with parameters": lambda event: {"CN", "EMAIL", "X-NUM-GUESTS"} <= {*_params(event, "ATTENDEE")},
    "file inside": lambda event: _params(event, "ATTACH").get("ENCODING") == ("BASE64",),
    "file behind a link": lambda event: _has(event, "ATTACH", "^https://"),
    "alarm": lambda event: _alarm(event, "DISPLAY"),
    "alarm by mail": lambda event: _alarm(event, "EMAIL"),
}
PROPERTIES = [
    *("CATEGORIES", "COLOR", "CLASS", "LOCATION", "GEO", "CONTACT", "COMMENT", "CONFERENCE", "PRIORITY", "ORGANIZER"),
    *("X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-CDO-BUSYSTATUS"),
    *("X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MOZ-LASTACK", "X-BOOKING-REFERENCE"),
]


def _has(event: contentline.Component, name: str, pattern: str) -> bool:
    return any(line.name == name and re.search(pattern, line.value) for line in event.lines)


def _params(event: contentline.Component, name: str) -> dict[str, tuple[str, ...]]:
    return next((dict(line.params) for line in event.lines if line.name == name), {})


def _alarm(event: contentline.Component, action: str) -> bool:
    return any(_has(alarm, "ACTION", action) for alarm in event.children)


def _span(event: contentline.Component) -> timedelta:
    value = {line.name: line.value for line in event.lines}
    if "DTEND" not in value:
        return timedelta()
    return _moment(value["DTEND"]) - _moment(value["DTSTART"])


def _moment(value: str) -> datetime:
    return datetime.strptime(value.rstrip("Z").ljust(15, "0").replace("T", "0"), "%Y%m%d0%H%M%S")  # noqa: DTZ007 - a length


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there(kind: str) -> None:
    assert any(KINDS[kind](event) for event in vevents(practice.practice(TODAY)))


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_that_can_tell_something_is_there(name: str) -> None:
    assert any(name in names(event) for event in vevents(practice.practice(TODAY)))


def test_the_shown_week_has_a_moved_a_cancelled_an_unanswered_and_a_transparent_entry() -> None:
    monday = shown_monday(TODAY)
    idle = {one.title for one in seen(texts(TODAY), monday, 7) if not one.busy}
    assert idle == {
        "Antoine Roussel, codir",  # cancelled
        "Comité RH Coriandre ?",  # not answered
        "Relancer facture Coriandre",  # a reminder
        "Anniversaire de Maëlle Q.",  # a day that takes no time
    }
    moved = [one for one in seen(texts(TODAY), monday, 7) if one.title == "Yannick Le Goff"]
    assert [_local(one.start) for one in moved] == [monday + timedelta(days=4)]  # his day is Wednesday


@pytest.mark.parametrize(
    ("monday", "hour"),
    [(date(2026, 3, 2), 16), (date(2026, 3, 9), 15), (date(2026, 3, 30), 16), (date(2026, 10, 26), 15)],
)
def test_the_session_with_montreal_follows_its_own_clock(monday: date, hour: int) -> None:
    (claire,) = [one for one in seen(texts(monday), monday, 7) if one.title.startswith("Claire")]
    assert claire.start.astimezone(PARIS).hour == hour


def test_the_customized_zone_behaves_like_paris() -> None:
    for monday in (date(2026, 7, 6), date(2026, 12, 7)):
        (team,) = [one for one in seen(texts(monday), monday, 7) if one.title.startswith("Équipe")]
        assert team.start.astimezone(PARIS).time() == time(10, 30)


# ---------------------------------------------------------------------------------------------------------- people


def test_all_addresses_and_telephones_are_of_nobody() -> None:
    persons = [person for person in vars(people).values() if isinstance(person, people.Person)]
    assert sum("+" not in person.phone and person.note != "" for person in persons) >= 12
    for text in texts(TODAY):
        plain = contentline.unfold(text.decode())
        for address in re.findall(r"[\w.+-]+@([\w.-]+\w)", plain):
            assert address == "google.com" or re.fullmatch(r"(\w+\.)*example\.(org|com)", address)
        for host in re.findall(r"https?://([\w.-]+)", plain):
            assert re.fullmatch(r"(\w+\.)*example\.(org|com)", host)
        for phone in re.findall(r"(?<!\d)0\d(?: \d\d){4}(?!\d)", plain):
            assert phone.startswith(("01 99 00", "06 39 98"))  # ARCEP: for audiovisual works
        for phone in re.findall(r"tel:(\+\d+)", plain):
            assert phone.startswith(("+33199", "+33639"))


# ------------------------------------------------------------------------------------------------------ the change


@pytest.mark.parametrize("today", DAYS[::3])
def test_the_change_moves_one_session_cancels_one_and_adds_one(today: date) -> None:
    monday = shown_monday(today)
    before = {one for one in seen(texts(today), today - timedelta(days=40), 120) if one.busy}
    after = {one for one in seen(_after(today), today - timedelta(days=40), 120) if one.busy}
    moved, cancelled, added = changed(today)
    assert [moved.kind, cancelled.kind, added.kind] == ["moved", "cancelled", "added"]
    assert {one.start for one in before - after} == {_paris(moved.before), _paris(cancelled.before)}
    assert {one.start for one in after - before} == {_paris(moved.after), _paris(added.after)}
    assert cancelled.after is None
    assert added.before is None
    week = {monday + timedelta(days=offset) for offset in range(5)}
    assert {_local(one.start) for one in before ^ after} <= week


def test_the_change_is_of_objects_that_are_there_and_one_that_is_not() -> None:
    there = {event.name: event.text for event in practice.practice(TODAY)}
    moved, cancelled, added = (change.event for change in changed(TODAY))
    assert {moved.name, cancelled.name} <= {*there}
    assert added.name not in there
    assert there[moved.name] != moved.text
    assert there[cancelled.name] != cancelled.text


def _paris(local: datetime | None) -> datetime:
    assert local is not None
    return local.replace(tzinfo=PARIS).astimezone(UTC)


# -------------------------------------------------------------------------------------------------------- wording


def test_a_time_is_written_in_its_zone_in_utc_or_floating() -> None:
    moment = datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001 - a wall clock
    assert wording.instant("DTSTART", moment, "Europe/Paris") == "DTSTART;TZID=Europe/Paris:20261123T093000"
    assert wording.instant("DTSTART", moment, "UTC") == "DTSTART:20261123T093000Z"
    assert wording.instant("DTSTART", moment, None) == "DTSTART:20261123T093000"


# ---------------------------------------------------------------------------------------------------- real servers


def request(url: str, method: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, parts.path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def served_equals_sent(read: Callable[[Event], bytes], events: Iterable[Event]) -> None:
    monday = shown_monday(TODAY)
    for event in events:
        start = monday - timedelta(days=40)
        assert seen([read(event)], start, 110) == seen([event.text], start, 110)


def _get(server: RadicaleServer, event: Event) -> bytes:
    login = b64encode(f"{server.username}:{server.password}".encode()).decode()
    url = f"{server.collection('coaching')}{quote(event.name)}"
    return request(url, "GET", headers={"Authorization": f"Basic {login}"})[1]


@pytest.mark.servers
def test_radicale_takes_every_object_and_reads_it_alike(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    server.fill((), "coaching", "Coaching")
    with server:
        for event in ALL:
            server.put(event, "coaching")
        last = {event.name: event for event in ALL}.values()
        served_equals_sent(lambda event: _get(server, event), last)


@pytest.mark.servers
def test_radicale_reads_a_filled_folder_alike(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path)
    server.fill(practice.practice(TODAY), "coaching", "Coaching")
    with server:
        served_equals_sent(lambda event: _get(server, event), practice.practice(TODAY))


@pytest.mark.servers
def test_xandikos_takes_every_object_and_reads_it_alike(xandikos: Account) -> None:
    calendar = xandikos.new_calendar()
    assert request(calendar, "MKCALENDAR")[0] == 201
    for event in ALL:
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        assert request(f"{calendar}{quote(event.name)}", "PUT", event.text, headers)[0] in {201, 204}
    last = {event.name: event for event in ALL}.values()
    served_equals_sent(lambda event: request(f"{calendar}{quote(event.name)}", "GET")[1], last)
