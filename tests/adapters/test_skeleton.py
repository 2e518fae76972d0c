"""What is decided before any parser of times is asked: stands, damage, bounds; and that no text goes further."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.adapters.ical import expansion, skeleton
from coachsync.model import Reading, Stand
from icaltext import AT, CLIENT, COACH, PARIS, SERIES, YEAR, document, read, times, vtimezone

# ---------------------------------------------------------------------------------------------------------- stands


@pytest.mark.parametrize(
    ("lines", "stand"),
    [
        ("", Stand.BUSY),
        ("STATUS:TENTATIVE TRANSP:OPAQUE", Stand.BUSY),
        ("TRANSP:transparent", Stand.FREE),
        ("STATUS:Cancelled TRANSP:TRANSPARENT", Stand.CANCELLED),
        (f"{CLIENT} ATTENDEE;PARTSTAT=ACCEPTED:mailto:camille@example.org", Stand.BUSY),
        (f"{CLIENT} ATTENDEE;PARTSTAT=ACCEPTED:mailto:camille@example.org TRANSP:TRANSPARENT", Stand.FREE),
        (f"{CLIENT} ATTENDEE:mailto:camille@example.org", Stand.UNANSWERED),
        (f"{CLIENT} ATTENDEE;PARTSTAT=NEEDS-ACTION:MAILTO:Camille@Example.ORG", Stand.UNANSWERED),
        (f"{CLIENT} ATTENDEE;PARTSTAT=TENTATIVE:mailto:camille%40example.org", Stand.UNANSWERED),
        (f"{CLIENT} ATTENDEE;PARTSTAT=DECLINED:mailto:c.coach@example.com TRANSP:TRANSPARENT", Stand.UNANSWERED),
        (f"{CLIENT} ATTENDEE;EMAIL=camille@example.org:urn:uuid:1", Stand.UNANSWERED),
        (f"{CLIENT} ATTENDEE:mailto:camille@example.org STATUS:CANCELLED", Stand.CANCELLED),
        (f"{CLIENT} ATTENDEE:mailto:somebody@example.org", Stand.BUSY),
        ("ORGANIZER:mailto:camille@example.org ATTENDEE:mailto:camille@example.org", Stand.BUSY),
        ("ORGANIZER:mailto:camille@example.org ATTENDEE;PARTSTAT=DECLINED:mailto:client@example.net", Stand.BUSY),
        (
            f"{CLIENT} ATTENDEE:mailto:camille@example.org ATTENDEE;PARTSTAT=accepted:mailto:c.coach@example.com",
            Stand.BUSY,  # answered under the other address
        ),
    ],
)
def test_how_an_event_stands(lines, stand):
    (occurrence,) = read(f"{AT} {lines}".strip()).occurrences
    assert occurrence.stand is stand


def test_an_override_is_judged_by_its_own_people_and_without_any_by_those_of_the_master():
    invited = f"{SERIES} {CLIENT} ATTENDEE:mailto:camille@example.org"
    name = f"RECURRENCE-ID{PARIS}:202501{{0}}T100000 DTSTART{PARIS}:202501{{0}}T100000 DURATION:PT1H"
    accepted = name.format(13) + f" {CLIENT} ATTENDEE;PARTSTAT=ACCEPTED:mailto:camille@example.org"
    silent, free = name.format(20), name.format(27) + " TRANSP:TRANSPARENT"
    stands = [one.stand for one in read(invited, accepted, silent, free).occurrences]
    assert stands == [Stand.UNANSWERED, Stand.BUSY, Stand.UNANSWERED, Stand.UNANSWERED]
    declined = name.format(13) + f" {CLIENT} ATTENDEE;PARTSTAT=DECLINED:mailto:camille@example.org"
    assert [one.stand for one in read(SERIES, declined).occurrences][:2] == [Stand.BUSY, Stand.UNANSWERED]


# --------------------------------------------------------------------------------------------------------- objects


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not-a-calendar"),
        (b"<html>not found</html>", "not-a-calendar"),
        (b"\x00\xff\xfe" * 1000, "not-a-calendar"),
        (b"BEGIN:VEVENT\nDTSTART:20250101\nEND:VEVENT\n", "not-a-calendar"),
        (document(AT)[:-20], "not-a-calendar"),
        (document(AT).replace(b"END:VEVENT", b"END:VTODO"), "not-a-calendar"),
        (document(AT, AT).replace(b"UID:1", b"UID:2", 1), "two-uids"),
        (document(AT).replace(b"UID:1", b"UID:1\r\nUID:2", 1), "two-uids"),
        (document(AT).replace(b"VERSION:2.0", b"CALSCALE:HEBREW"), "other-calendar-scale"),
        (document(AT).replace(b"UID:1", b"A:1\n" * skeleton.MOST_LINES + b"UID:1"), "too-many-lines"),
        (document(AT.replace("20250110T", "20250110T\x00")), "bad-time"),
        (document(AT.replace("PT1H", "PT1H\udcff")), "bad-time"),
        (document(AT + " RRULE:FREQ=DAILY;COUNT=\x07"), "bad-rule"),
        (document(AT + " STATUS:CANC\x00ELLED"), "bad-time"),
    ],
)
def test_an_object_that_cannot_be_read_has_a_code(body, code):
    assert expansion.read(body, YEAR, "Europe/Paris", COACH) == Reading((), code)


@pytest.mark.parametrize(
    "body",
    [
        b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nDTSTART:20250101\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n",
    ],
)
def test_an_object_without_events_takes_no_time(body):
    assert expansion.read(body, YEAR, "Europe/Paris", COACH) == Reading()


def test_an_object_with_nothing_in_it_is_told():
    found = expansion.read(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", YEAR, "Europe/Paris", COACH)
    assert found == Reading(code="no-event")


@pytest.mark.parametrize(
    "damage",
    [b"SUMMARY:a\x00b", b"SUMMARY:a\x07", b"SUMMARY:a\rb", b"SUMMARY:a\x7f", b"SUMMARY:\xff", b"SUMM\xffARY:x"],
)
def test_damaged_text_is_reported_and_the_times_are_read(damage):
    body = document(AT).replace(b"UID:1", b"UID:1\r\n" + damage)
    reading = expansion.read(body, YEAR, "Europe/Paris", COACH)
    assert (times(reading), reading.code) == (["01-10 10:00/11:00"], "damaged-text")


@pytest.mark.parametrize(
    "text", ["SUMMARY:a\tb", "SUMMARY:a\u0085b", "SUMMARY:a\u2028b", "SUMMARY:é\u202e🦉", "SUMMARY:"]
)
def test_unusual_text_is_no_damage(text):
    body = document(AT).replace(b"UID:1", b"UID:1\r\n" + text.encode())
    assert expansion.read(body, YEAR, "Europe/Paris", COACH).code is None


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_fold_inside_a_utf8_sequence_is_no_damage(cut):
    line = "SUMMARY:é🦉".encode()
    body = document(AT).replace(b"UID:1", b"UID:1\r\n" + line[:cut] + b"\r\n " + line[cut:])
    reading = expansion.read(body, YEAR, "Europe/Paris", COACH)
    assert (times(reading), reading.code) == (["01-10 10:00/11:00"], None)


def test_names_and_values_may_be_folded_anywhere():
    body = document(SERIES, f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000")
    folded = b"".join(
        b"\r\n ".join(line[at : at + 3] for at in range(0, len(line), 3)) + b"\r\n" for line in body.split(b"\r\n")[:-1]
    )
    whole = expansion.read(body, YEAR, "Europe/Paris", COACH)
    assert len(whole.occurrences) == 4
    assert expansion.read(folded, YEAR, "Europe/Paris", COACH) == whole


def test_an_event_of_ten_mebibytes_is_read():
    body = document(AT).replace(b"UID:1", b"UID:1\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:" + b"QUFB\r\n " * (10 << 18))
    started = time.process_time()
    assert times(expansion.read(body, YEAR, "Europe/Paris", COACH)) == ["01-10 10:00/11:00"]
    assert time.process_time() - started < 10


def test_an_event_without_uid_is_read():
    assert times(expansion.read(document(AT).replace(b"UID:1\r\n", b""), YEAR, "Europe/Paris", COACH)) == [
        "01-10 10:00/11:00"
    ]


ALARM = "BEGIN:VALARM TRIGGER:-PT5M DURATION:PT99H DTSTART:broken STATUS:CANCELLED END:VALARM"


def test_an_alarm_says_nothing_about_the_event():
    reading = read(f"{AT} {ALARM}")
    assert [(times(reading), one.stand) for one in reading.occurrences] == [(["01-10 10:00/11:00"], Stand.BUSY)]


# -------------------------------------------------------------------------------------------------------- skeleton


def test_p12_no_text_of_an_event_is_in_its_skeleton():
    people = (
        "ORGANIZER;CN=Canary1:mailto:canary2@example.org ATTENDEE;CN=Canary3;X-CANARY4=Canary5:mailto:canary6@x.org"
    )
    text = "SUMMARY:Canary7 LOCATION:Canary8 X-CANARY9:Canary10 CATEGORIES:Canary11 COMMENT:Canary12"
    moved = f"RECURRENCE-ID;X-CANARY16=Canary17{PARIS}:20250113T100000 DTSTART;TZID=Canary18:20250114T150000"
    zone = vtimezone("Canary18").replace("TZOFFSETTO", "TZNAME:Canary19\nCOMMENT:Canary20\nTZOFFSETTO", 1)
    body = document(f"{SERIES} {people} {text} {ALARM} DESCRIPTION:Canary21", moved, zones=zone)
    found = skeleton.skeleton(body.replace(b"UID:1", b"UID:Canary22"), COACH)
    assert len(found.events) == 2
    assert "canary" not in repr(found).lower()
    assert len(expansion.expand(found, YEAR, "Europe/Paris").occurrences) == 4


def test_a_skeleton_survives_its_journey():
    body = document(f"{SERIES} {CLIENT} ATTENDEE:mailto:camille@example.org", zones=vtimezone("Custom"))
    found = skeleton.skeleton(body.replace(b"Europe/Paris", b"Custom"), COACH)
    assert found.zones
    assert skeleton.Skeleton.load(found.dump()) == found


NAMES = ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "TZID", "TZOFFSETTO"]
PARAMS = [
    "",
    "",
    ";TZID=Europe/Paris",
    ";TZID=Custom",
    ";TZID=Nowhere",
    ";VALUE=DATE",
    ";VALUE=PERIOD",
    ";RANGE=THISANDFUTURE",
]
MOMENTS = [
    "20250101",
    "20250110T100000",
    "20250330T013000Z",
    "00010101T000000",
    "99991231T235959Z",
    "20250110T100000Z/P1D",
]
MOMENTS += ["-1", "x", "", "P1D", "PT1H", "20250110/20250111", "20251026T023000"]
PARTS = [
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "FREQ=MONTHLY",
    "FREQ=YEARLY",
    "COUNT=5",
    "UNTIL=20250201",
    "UNTIL=99991231T235959Z",
]
PARTS += [
    "BYDAY=1MO,53SU,-53FR",
    "BYMONTH=2",
    "BYHOUR=3",
    "BYSETPOS=-1",
    "INTERVAL=7",
    "WKST=SU",
    "BYWEEKNO=53",
    "BYMONTHDAY=1",
]
VALUES = st.one_of(
    st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=3).map(",".join),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True).map(";".join),
)
LINES = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(PARAMS), VALUES).map(lambda one: f"{one[0]}{one[1]}:{one[2]}"),
    st.tuples(st.sampled_from(["RRULE:FREQ=DAILY;", "RRULE:FREQ=YEARLY;", "RDATE:", "EXDATE:"]), VALUES).map("".join),
    st.sampled_from(["END:VEVENT BEGIN:VEVENT", "BEGIN:VALARM", "END:VEVENT", "RECURRENCE-ID:20250110T100000Z"]),
)


@given(st.sampled_from(MOMENTS[:3]), st.lists(LINES, max_size=6), st.booleans())
def test_whatever_an_object_states_reading_it_raises_nothing(start, lines, custom):
    zone = vtimezone("Custom") if custom else ""
    body = document(" ".join([f"DTSTART:{start}", *lines]), zones=zone)
    reading = expansion.read(body, YEAR, "Europe/Paris", COACH)
    assert all(YEAR.touches(one.start, one.end) or one.start == one.end for one in reading.occurrences)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_bytes_are_put_in_reading_it_raises_nothing(junk, at):
    body = document(SERIES)
    expansion.read(body[:at] + junk + body[at:], YEAR, "Europe/Paris", COACH)
