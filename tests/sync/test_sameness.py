import warnings

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.sync.sameness import same
from histories import (
    ALARM,
    ATTENDEE,
    PARIS,
    Edit,
    Kind,
    append,
    appointment,
    bases,
    edits,
    override,
    put,
    remove_override,
    rewritings,
    swap,
    together,
)

CUSTOM = Kind("Cabinet")
SERIES = appointment("RRULE:FREQ=WEEKLY;BYDAY=TH,MO;COUNT=10", "EXDATE;TZID=Cabinet:20261015T100000", kind=CUSTOM)


def with_line(line: str) -> str:
    return appointment(line)


@settings(max_examples=60)
@given(bases(), rewritings())
def test_an_object_that_is_only_written_differently_is_the_same(base: tuple[str, Kind], rewritten: Edit) -> None:
    assert same(base[0], rewritten(base[0]))


@settings(max_examples=40)
@given(bases())
def test_what_radicale_and_xandikos_make_of_an_object_is_the_same(base: tuple[str, Kind]) -> None:
    text, _ = base
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        radicale = vobject.readOne(text).serialize()
    xandikos = icalendar.Calendar.from_ical(text).to_ical()
    assert same(text, contentline.decode(radicale.encode()))
    assert same(text, contentline.decode(xandikos))


@settings(max_examples=60)
@given(st.data())
def test_the_order_of_the_two_never_matters(data: st.DataObject) -> None:
    base, kind = data.draw(bases())
    other = data.draw(edits(kind))(base)
    assert same(base, other) == same(other, base)
    assert same(base, base)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "CLASS:PUBLIC"),
        ("", "TRANSP:OPAQUE"),
        ("", "PRIORITY:0"),
        ("", "SEQUENCE:0"),
        ("", "DESCRIPTION:"),
        ("", "X-RADICALE-NAME:x"),
        ("", "X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO"),
        ("", "CREATED:20260101T000000Z"),
        ("", "LAST-MODIFIED:20260101T000000Z"),
        ("", "X-MOZ-LASTACK:20260101T000000Z"),
        ("LOCATION:Lyon", "location:Lyon"),
        ("LOCATION:Lyon  ", "LOCATION:Lyon"),
        ("LOCATION:a\\, b\\nc", "LOCATION:a, b\\Nc"),
        ('LOCATION;LANGUAGE=fr;ALTREP="x":a', "LOCATION;altrep=x;language=fr:a"),
        ("RECURRENCE-ID;VALUE=DATE-TIME:20261001T100000Z", "RECURRENCE-ID:20261001T100000Z"),
        ("RRULE:FREQ=WEEKLY;BYDAY=TH,MO;INTERVAL=1;WKST=MO", "RRULE:BYDAY=MO,+TH;FREQ=WEEKLY"),
        ("ATTENDEE;RSVP=FALSE;CN=A;ROLE=REQ-PARTICIPANT:MAILTO:A@Example.org", "ATTENDEE;CN=A:mailto:a@example.org"),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@example.org", 'ATTENDEE;SCHEDULE-STATUS="1.1":mailto:a@example.org'),
        ("CATEGORIES:a,b", "CATEGORIES:b\r\nCATEGORIES:a"),
        ("EXDATE:20261001T100000Z,20261002T100000Z", "EXDATE:20261002T100000Z\r\nEXDATE:20261001T100000Z"),
        ("GEO:48.85;2.35", "GEO:48.850000\\;2.350000"),
        ("STATUS:CONFIRMED", "STATUS:confirmed"),
        ("DURATION:PT90M", "DURATION:PT1H30M"),
        ("DURATION:P1W", "DURATION:+P7D"),
    ],
)
def test_what_servers_rewrite_is_the_same(one: str, other: str) -> None:
    bare = appointment()
    first, second = (bare.replace("SUMMARY", line + "\r\nSUMMARY") if line else bare for line in (one, other))
    assert same(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LOCATION:Lyon", "LOCATION:lyon"),
        ("LOCATION:a\\nb", "LOCATION:a b"),
        ("CLASS:PUBLIC", "CLASS:public"),  # Nextcloud takes it for PRIVATE
        ("STATUS:CONFIRMED", "STATUS:CANCELLED"),
        ("DURATION:PT24H", "DURATION:P1D"),  # not on the day the clocks change
        ("DURATION:PT15M", "DURATION:-PT15M"),
        ("RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
        ("EXDATE:20261001T100000Z", "EXDATE:20261001T100000"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org", "ATTENDEE:mailto:a@example.org"),
        ("ATTENDEE:mailto:a@example.org", "ATTENDEE:mailto:b@example.org"),
        ("CATEGORIES:a,b", "CATEGORIES:a\\,b"),
        ("CATEGORIES:a,b", "CATEGORIES:a"),
        ("SEQUENCE:1", "SEQUENCE:2"),
        ("GEO:48.85;2.35", "GEO:48.86;2.35"),
        ("X-NOTE:1", "X-NOTE:2"),
        ("not a content line", "another"),
        ("DESCRIPTION:a\r\nsecond\r\nthird", "DESCRIPTION:a\r\nthird\r\nsecond"),  # line breaks that nobody escaped
        ("COMMENT:x\r\nX-NOTE:1\r\nX-NOTE:2", "X-NOTE:2\r\nX-NOTE:1\r\nCOMMENT:x"),
        ("PRIORITY:" + "1" * 5000, "PRIORITY:" + "1" * 5001),
        ("DURATION:PT" + "1" * 5000 + "S", "DURATION:PT" + "1" * 5001 + "S"),
    ],
)
def test_what_a_person_changes_is_a_difference(one: str, other: str) -> None:
    first, second = (appointment().replace("SUMMARY", line + "\r\nSUMMARY") for line in (one, other))
    assert not same(first, second)
    assert same(first, first.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    "edit",
    [
        put("SUMMARY", "SUMMARY:Paul"),
        put("DTSTART", "DTSTART;TZID=Cabinet:20261001T110000"),
        put("DTSTART", "DTSTART;TZID=Europe/Paris:20261001T100000"),
        put("RRULE", "RRULE:FREQ=WEEKLY;BYDAY=TH,MO;COUNT=11"),
        append("EXDATE;TZID=Cabinet:20261022T100000"),
        swap("END:VCALENDAR", override(8, kind=CUSTOM) + "END:VCALENDAR"),
        swap("END:VEVENT", ALARM.format(minutes="5") + "END:VEVENT"),
        swap("VERSION:2.0", "VERSION:2.0\r\nMETHOD:CANCEL"),
        swap("TZOFFSETTO:+0200", "TZOFFSETTO:+0300"),
        swap("BYMONTH=10;BYDAY=-1SU", "BYMONTH=9;BYDAY=-1SU"),
        swap(PARIS.format(tzid="Cabinet"), ""),
    ],
)
def test_every_edit_of_a_series_is_a_difference(edit: Edit) -> None:
    assert edit(SERIES) != SERIES
    assert not same(SERIES, edit(SERIES))


@pytest.mark.parametrize(
    "edit",
    [
        swap("TZNAME:CEST", "TZNAME:Summer"),
        swap("TZOFFSETTO:+0200", "TZOFFSETTO:+020000"),
        swap("TZID:Cabinet", "TZID:Cabinet\r\nX-LIC-LOCATION:Europe/Paris\r\nLAST-MODIFIED:20260101T000000Z"),
        swap("BYMONTH=3;BYDAY=-1SU", "BYDAY=-1SU;BYMONTH=3;INTERVAL=1"),
        swap("BEGIN:VTIMEZONE", PARIS.format(tzid="Unused") + "BEGIN:VTIMEZONE"),
    ],
)
def test_a_zone_that_is_only_written_differently_is_the_same(edit: Edit) -> None:
    assert edit(SERIES) != SERIES
    assert same(SERIES, edit(SERIES))


def test_what_an_object_says_about_a_zone_that_everybody_knows_does_not_matter() -> None:
    known = appointment()
    assert same(known, known.replace("TZOFFSETTO:+0200", "TZOFFSETTO:+0300"))
    assert same(known, known.replace(PARIS.format(tzid="Europe/Paris"), ""))


def test_an_alarm_that_was_dismissed_is_the_same_and_another_alarm_is_not() -> None:
    alarm = ALARM.format(minutes="15")
    with_alarm = appointment(alarm)
    assert same(with_alarm, with_alarm.replace("TRIGGER", "ACKNOWLEDGED:20261001T000000Z\r\nTRIGGER"))
    assert same(with_alarm, with_alarm.replace("-PT15M", "-PT0H15M").replace("TRIGGER:", "TRIGGER;VALUE=DURATION:"))
    assert not same(with_alarm, appointment(ALARM.format(minutes="10")))


@pytest.mark.parametrize(
    "unclear",
    [
        "",
        "no calendar",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n",
        appointment() + appointment(),
        appointment() + "SUMMARY:outside\r\n",
        appointment().replace("END:VCALENDAR", override(8) + override(8, "LOCATION:x") + "END:VCALENDAR"),
    ],
)
def test_a_text_that_cannot_be_taken_apart_is_the_same_as_itself_only(unclear: str) -> None:
    assert same(unclear, unclear)
    assert not same(unclear, unclear + "\r\n")
    assert not same(unclear, appointment())


def test_blank_lines_and_a_byte_order_mark_around_an_object_are_no_difference() -> None:
    assert same(appointment(), "\ufeff" + appointment() + "\r\n \r\n")


def test_the_overrides_of_a_series_may_come_in_any_order() -> None:
    one, other = override(8), override(15, "LOCATION:Lyon")
    assert same(appointment(overrides=[one, other]), appointment(overrides=[other, one]))
    assert not same(appointment(overrides=[one, other]), remove_override(appointment(overrides=[one, other])))


def test_an_attendee_is_known_by_address_and_compared_by_everything() -> None:
    jade = ATTENDEE.format(name="jade", partstat="ACCEPTED")
    assert not same(with_line(jade), with_line(jade.replace("CN=Jade", "CN=Paul")))
    assert same(with_line(jade), together([swap("mailto", "MAILTO"), swap("jade@", "Jade@")])(with_line(jade)))
