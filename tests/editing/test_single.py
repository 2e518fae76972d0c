"""An event that takes place once: moved, cancelled, deleted; every byte that need not change stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from coachsync.editing.target import Edited
from coachsync.errors import NotEditable
from edits import ALL, DAY, HOUR, PARIS, STAMP, cancelled, deleted, document, event, moved, one, paris
from eventfiles import differing

ZONED = ("DTSTART;TZID=Europe/Paris:20261201T100000", "DTEND;TZID=Europe/Paris:20261201T110000")


def changes(text: str, start: object, duration: timedelta | None = None) -> tuple[list[str], list[str]]:
    edited = moved(text, ALL, start, duration)
    assert edited.new is None
    assert edited.text is not None
    return differing(text, edited.text)


@pytest.mark.parametrize(
    ("before", "start", "after"),
    [
        (
            ZONED,
            paris(12, 2, 15),
            ("DTSTART;TZID=Europe/Paris:20261202T150000", "DTEND;TZID=Europe/Paris:20261202T160000"),
        ),
        (
            ("DTSTART;TZID=America/New_York:20261201T100000", "DTEND;TZID=America/New_York:20261201T110000"),
            paris(12, 2, 15),
            ("DTSTART;TZID=America/New_York:20261202T090000", "DTEND;TZID=America/New_York:20261202T100000"),
        ),
        (
            ("DTSTART;TZID=America/New_York:20261201T100000", "DTEND;TZID=Europe/Paris:20261201T170000"),
            paris(12, 2, 15),
            ("DTSTART;TZID=America/New_York:20261202T090000", "DTEND;TZID=Europe/Paris:20261202T160000"),
        ),
        (
            ("DTSTART:20261201T100000Z", "DTEND:20261201T110000Z"),
            paris(7, 2, 15),
            ("DTSTART:20260702T130000Z", "DTEND:20260702T140000Z"),
        ),
        (
            ("DTSTART:20261201T100000", "DTEND:20261201T110000"),
            datetime(2026, 12, 2, 14, tzinfo=UTC),
            ("DTSTART:20261202T150000", "DTEND:20261202T160000"),
        ),
        (
            ("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261204"),
            date(2026, 12, 31),
            ("DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270103"),
        ),
    ],
    ids=["zoned", "elsewhere", "two zones", "UTC", "floating", "days"],
)  # fmt: skip
def test_it_keeps_its_form_its_zone_and_its_length(before, start, after):
    text = document(event("SUMMARY:Séance", *before, 'X-A;B="c:d":e'))
    assert changes(text, start) == (list(before), list(after))


@pytest.mark.parametrize("length", ["DURATION:PT1H", "DURATION:P1DT30M", None])
def test_without_an_end_only_the_start_changes(length):
    text = document(event(ZONED[0], *filter(None, [length])))
    assert changes(text, paris(12, 2)) == ([ZONED[0]], ["DTSTART;TZID=Europe/Paris:20261202T100000"])


def test_the_length_is_kept_as_time_that_passes_when_the_clock_changes():
    night = ("DTSTART;TZID=Europe/Paris:20261201T230000", "DTEND;TZID=Europe/Paris:20261202T050000")
    before, after = changes(document(event(*night)), paris(10, 24, 23))
    assert before == list(night)
    assert after == ["DTSTART;TZID=Europe/Paris:20261024T230000", "DTEND;TZID=Europe/Paris:20261025T040000"]


@pytest.mark.parametrize(
    ("given", "duration", "after"),
    [
        (ZONED, 2 * HOUR, ["DTEND;TZID=Europe/Paris:20261201T120000"]),
        ((ZONED[0], "DURATION:PT1H"), 1.5 * HOUR, ["DURATION:PT1H30M"]),
        ((ZONED[0], "DURATION:PT60M"), HOUR, []),
        ((ZONED[0],), HOUR, ["DTEND;TZID=Europe/Paris:20261201T110000"]),
        (("DTSTART;VALUE=DATE:20261201",), 2 * DAY, ["DTEND;VALUE=DATE:20261203"]),
        (("DTSTART;VALUE=DATE:20261201",), DAY, []),
        (("DTSTART;VALUE=DATE:20261201", "DURATION:P1D"), 3 * DAY, ["DURATION:P3D"]),
        ((ZONED[0], "DURATION:PT1H"), timedelta(seconds=86461), ["DURATION:PT24H1M1S"]),
    ],
)  # fmt: skip
def test_a_new_length_goes_where_the_old_one_stood(given, duration, after):
    start = paris(12, 1) if "T1" in given[0] else date(2026, 12, 1)
    assert changes(document(event(*given)), start, duration)[1] == after


def test_a_new_end_stands_beside_the_start_and_before_the_alarms():
    text = document(event("dtstart;tzid=Europe/Paris:20261201T100000", "SUMMARY:x", "BEGIN:VALARM", "END:VALARM"))
    lines = moved(text, ALL, paris(12, 1), HOUR).text.split("\r\n")
    assert lines[5] == "DTEND;tzid=Europe/Paris:20261201T110000"
    assert lines[4:5] + lines[6:] == text.split("\r\n")[4:]


@pytest.mark.parametrize("line_break", ["\r\n", "\n"])
def test_folds_blanks_and_line_breaks_stay_where_nothing_changes(line_break):
    text = document(
        event(
            "DESCRIPTION:Zo\n\té\n  fold\n  ed",
            'dtst\n art;TZID=\n "Europe/Paris":20261201T100000 ',
            "DTEND;TZID=Europe/Paris;X-Y=z:20261201T110000",
        )
    ).replace("\r\n", line_break)
    after = moved(text, ALL, paris(12, 1, 11)).text
    gone, come = differing(text, after)
    assert gone == ['dtstart;TZID="Europe/Paris":20261201T100000 ', "DTEND;TZID=Europe/Paris;X-Y=z:20261201T110000"]
    assert come == ['dtstart;TZID="Europe/Paris":20261201T110000 ', "DTEND;TZID=Europe/Paris;X-Y=z:20261201T120000"]
    assert ("\r\n" in after) == (line_break == "\r\n")
    assert after.count("\n") == text.count("\n") - 2


KEPT = ("DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z", "SEQUENCE:4", "CREATED:20260101T000000Z")
REVISED = [f"DTSTAMP:{STAMP}", f"LAST-MODIFIED:{STAMP}", "SEQUENCE:5"]


def test_what_says_when_it_was_changed_is_brought_up_to_date_and_nothing_is_put_in():
    gone, come = changes(document(event(*KEPT, ZONED[0])), paris(12, 2))
    assert (gone[:-1], come[:-1]) == (list(KEPT[:3]), REVISED)
    assert len(changes(document(event(ZONED[0])), paris(12, 2))[1]) == 1


@pytest.mark.parametrize("person", ["ATTENDEE:mailto:a@example.org", "ORGANIZER:mailto:b@example.org"])
def test_where_people_are_invited_the_version_is_counted_from_the_first_change(person):
    assert changes(document(event(person, ZONED[0])), paris(12, 2))[1] == [
        "DTSTART;TZID=Europe/Paris:20261202T100000",
        "SEQUENCE:1",
    ]


def test_a_sequence_that_is_no_number_stays():
    assert "SEQUENCE:x" in moved(document(event("SEQUENCE:x", ZONED[0])), ALL, paris(12, 2)).text


@pytest.mark.parametrize("target", [ALL, one(None), one(paris(12, 1))])
def test_a_move_to_where_it_is_changes_nothing(target):
    text = document(event(*KEPT, *ZONED))
    assert moved(text, target, paris(12, 1), HOUR).text == text


@pytest.mark.parametrize(("status", "gone"), [(["STATUS:CONFIRMED"], ["STATUS:CONFIRMED"]), ([], [])])
def test_cancelled_it_says_so_and_stays(status, gone):
    text = document(event(*ZONED, *status, "SEQUENCE:0", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"))
    after = cancelled(text, ALL).text
    went, came = differing(text, after)
    assert went == [*gone, "SEQUENCE:0"]
    assert sorted(came) == ["SEQUENCE:1", "STATUS:CANCELLED"]
    assert after.index("STATUS:CANCELLED") < after.index("VALARM")
    assert cancelled(after, ALL).text == after


def test_what_is_cancelled_in_other_letters_is_left_as_it_is():
    text = document(event(*ZONED, "status:Cancelled "))
    assert cancelled(text, ALL).text == text


def test_deleted_it_is_gone():
    assert deleted(document(event(*ZONED)), ALL) == Edited(None)
    assert deleted(document(event(*ZONED)), one(paris(12, 1))) == Edited(None)
    assert deleted("no calendar at all", ALL) == Edited(None)


@pytest.mark.parametrize(
    ("text", "start", "code"),
    [
        (document(event("DTSTART;VALUE=DATE:20261201")), paris(12, 2), "all-day"),
        (document(event(*ZONED)), date(2026, 12, 2), "needs-time"),
        (document(event("DTSTART;TZID=Nowhere:20261201T100000")), paris(12, 2), "unknown-zone"),
        (document(event(ZONED[0], "DTEND;TZID=Nowhere:20261201T100000")), paris(12, 2), "unknown-zone"),
        (document(event(ZONED[0], "DTEND;TZID=Europe/Paris:20261201T090000")), paris(12, 2), "bad-time"),
        (document(event(ZONED[0], "DTEND;VALUE=DATE:20261203")), paris(12, 2), "bad-time"),
        (document(event("DTSTART:20261301T100000Z")), paris(12, 2), "bad-time"),
        (document(event("DTSTART:tomorrow")), paris(12, 2), "bad-time"),
        (document(event(ZONED[0], "DURATION:-PT1H")), paris(12, 2), "bad-time"),
        (document(event("SUMMARY:x")), paris(12, 2), "damaged"),
        (document(event(*ZONED, ZONED[0])), paris(12, 2), "damaged"),
        (document(event(*ZONED, ZONED[1])), paris(12, 2), "damaged"),
        (document(event(*ZONED), event(*ZONED)), paris(12, 2), "damaged"),
        (document(), paris(12, 2), "damaged"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", paris(12, 2), "damaged"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(text, start, code):
    with pytest.raises(NotEditable) as refused:
        moved(text, ALL, start)
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize("duration", [-HOUR, timedelta(hours=30), timedelta(0)])
def test_no_event_of_whole_days_lasts_a_part_of_one(duration):
    with pytest.raises(NotEditable, match="last that long"):
        moved(document(event("DTSTART;VALUE=DATE:20261201")), ALL, date(2026, 12, 2), duration)


def test_another_occurrence_than_its_own_is_not_there():
    with pytest.raises(NotEditable) as refused:
        cancelled(document(event(*ZONED)), one(paris(12, 8)))
    assert refused.value.code == "no-such-occurrence"
    with pytest.raises(NotEditable):
        cancelled(document(event(*ZONED)), one(date(2026, 12, 1)))


def test_the_end_of_the_calendar_is_refused():
    text = document(event("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20270101"))
    with pytest.raises(NotEditable):
        moved(text, ALL, date(9999, 12, 30))


def test_an_occurrence_whose_series_is_elsewhere_is_moved_alone():
    lone = event("RECURRENCE-ID;TZID=Europe/Paris:20261201T100000", *ZONED)
    text = document(lone)
    edited = moved(text, one(paris(12, 1)), datetime(2026, 12, 1, 11, tzinfo=PARIS))
    assert differing(text, edited.text) == (
        list(ZONED),
        ["DTSTART;TZID=Europe/Paris:20261201T110000", "DTEND;TZID=Europe/Paris:20261201T120000"],
    )
