"""A series: one occurrence, this one and those that follow, all of it. What is written, line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from coachsync.editing.target import Edited, Scope, Target
from coachsync.errors import NotEditable
from edits import (
    ALL,
    HOUR,
    NEW_UID,
    STAMP,
    cancelled,
    deleted,
    document,
    event,
    following,
    moved,
    one,
    paris,
)
from eventfiles import differing

P = ";TZID=Europe/Paris:"
MASTER = (
    "DTSTAMP:20260101T000000Z",
    "CREATED:20260101T000000Z",
    "SEQUENCE:2",
    f"DTSTART{P}20261201T100000",
    f"DTEND{P}20261201T110000",
    "RRULE:FREQ=WEEKLY;COUNT=5",
    f"EXDATE{P}20261215T100000",
    "SUMMARY:Séance",
    "X-KEPT;A=b:c",
    "BEGIN:VALARM",
    "TRIGGER:-PT15M",
    "END:VALARM",
)
BY_HAND = (
    "DTSTAMP:20260101T000000Z",
    f"RECURRENCE-ID{P}20261222T100000",
    f"DTSTART{P}20261223T160000",
    f"DTEND{P}20261223T170000",
)
SERIES = document(event(*MASTER), event(*BY_HAND))
OVERRIDE = [
    "BEGIN:VEVENT",
    "UID:1",
    f"DTSTAMP:{STAMP}",
    "CREATED:20260101T000000Z",
    "SEQUENCE:3",
    f"RECURRENCE-ID{P}20261208T100000",
    f"DTSTART{P}20261209T140000",
    f"DTEND{P}20261209T150000",
    "SUMMARY:Séance",
    "X-KEPT;A=b:c",
    "BEGIN:VALARM",
    "TRIGGER:-PT15M",
    "END:VALARM",
    "END:VEVENT",
]


def refused(edit, *given, **options) -> str:
    with pytest.raises(NotEditable) as error:
        edit(*given, **options)
    assert error.value.hint
    return error.value.code


# ------------------------------------------------------------------------------------------------------------- one


def test_one_that_moves_becomes_an_override_after_the_master():
    after = moved(SERIES, one(paris(12, 8)), paris(12, 9, 14)).text
    assert after.replace("\r\n".join([*OVERRIDE, ""]), "") == SERIES
    assert after.index("X-KEPT") < after.index("RECURRENCE-ID;TZID=Europe/Paris:20261208") < after.index("20261222")


def test_one_that_has_an_override_moves_in_place():
    gone, come = differing(SERIES, moved(SERIES, one(paris(12, 22)), paris(12, 24, 9)).text)
    assert gone == [BY_HAND[0], *BY_HAND[2:]]
    assert come == [f"DTSTAMP:{STAMP}", f"DTSTART{P}20261224T090000", f"DTEND{P}20261224T100000"]


def test_one_that_is_longer_than_the_others_is_an_override_too():
    after = moved(SERIES, one(paris(12, 8)), paris(12, 8), 2 * HOUR).text
    assert f"RECURRENCE-ID{P}20261208T100000\r\nDTSTART{P}20261208T100000\r\nDTEND{P}20261208T120000" in after
    assert moved(SERIES, one(paris(12, 8)), paris(12, 8), HOUR).text == SERIES


@pytest.mark.parametrize(
    ("start", "original", "named"),
    [
        ("DTSTART:20261201T090000Z", paris(12, 8), "RECURRENCE-ID:20261208T090000Z"),
        ("DTSTART:20261201T100000", paris(12, 8), "RECURRENCE-ID:20261208T100000"),
        ("DTSTART;VALUE=DATE:20261201", date(2026, 12, 8), "RECURRENCE-ID;VALUE=DATE:20261208"),
        ('dtstart;tzid="UTC":20261201T090000 ', paris(12, 8), 'RECURRENCE-ID;tzid="UTC":20261208T090000'),
    ],
)  # fmt: skip
def test_an_occurrence_is_named_in_the_form_of_the_start(start, original, named):
    text = document(event(start, "RRULE:FREQ=WEEKLY"))
    assert named in cancelled(text, one(original)).text.split("\r\n")
    assert named.replace("RECURRENCE-ID", "EXDATE") in deleted(text, one(original)).text.split("\r\n")


def test_one_that_was_added_with_a_length_of_its_own_keeps_it():
    text = document(event(*MASTER[3:5], f"RDATE;VALUE=PERIOD{P}20261203T100000/PT3H,20261204T100000/20261204T120000"))
    assert f"DTEND{P}20261205T130000" in moved(text, one(paris(12, 3)), paris(12, 5)).text
    assert f"DTEND{P}20261205T120000" in moved(text, one(paris(12, 4)), paris(12, 5)).text
    assert f"DTEND{P}20261204T120000" in cancelled(text, one(paris(12, 4))).text


def test_one_that_is_cancelled_is_an_override_that_says_so():
    after = cancelled(SERIES, one(paris(12, 8))).text
    assert f"DTSTART{P}20261208T100000\r\nDTEND{P}20261208T110000" in after
    assert differing(SERIES, after)[1].count("STATUS:CANCELLED") == 1
    assert cancelled(after, one(paris(12, 8))).text == after
    of_all = document(event(*MASTER, "STATUS:CANCELLED"))
    assert cancelled(of_all, one(paris(12, 8))).text == of_all


def test_one_that_is_deleted_is_left_out_on_a_line_of_its_own():
    gone, come = differing(SERIES, deleted(SERIES, one(paris(12, 8))).text)
    assert gone == [MASTER[0], MASTER[2]]
    assert come == [f"DTSTAMP:{STAMP}", "SEQUENCE:3", f"EXDATE{P}20261208T100000"]
    after = deleted(SERIES, one(paris(12, 22))).text
    assert "RECURRENCE-ID" not in after
    assert f"{MASTER[6]}\r\nEXDATE{P}20261222T100000\r\n" in after


def test_an_invitation_to_single_occurrences_loses_the_one_that_is_deleted():
    text = document(event(*BY_HAND), event(f"RECURRENCE-ID{P}20261229T100000", f"DTSTART{P}20261229T100000"))
    assert "20261222" not in deleted(text, one(paris(12, 22))).text
    assert refused(moved, text, ALL, paris(12, 30)) == "no-series"
    assert refused(moved, text, one(paris(12, 15)), paris(12, 30)) == "no-such-occurrence"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (one(None), "which-occurrence"),
        (following(None), "which-occurrence"),
        (one(paris(12, 15)), "no-such-occurrence"),
        (one(date(2026, 12, 8)), "no-such-occurrence"),
    ],
)
def test_an_occurrence_that_is_not_there_is_refused(target, code):
    assert refused(moved, SERIES, target, paris(12, 9)) == code
    assert refused(cancelled, SERIES, target) == code
    assert refused(deleted, SERIES, target) == code


def test_a_day_left_out_leaves_out_what_starts_on_it():
    text = document(event(*MASTER[3:6], "EXDATE;VALUE=DATE:20261208"))
    assert refused(cancelled, text, one(paris(12, 8))) == "no-such-occurrence"
    assert cancelled(text, one(paris(12, 15))).text


# ------------------------------------------------------------------------------------------------------------- all


@pytest.mark.parametrize("target", [ALL, Target(Scope.ALL, paris(12, 8))])
def test_all_move_by_as_much_local_time(target):
    text = document(event(*MASTER[3:7], f"RDATE{P}20261204T100000"))
    start = paris(12, 1, 11, 30) if target.original is None else paris(12, 8, 11, 30)
    gone, come = differing(text, moved(text, target, start).text)
    assert come == [
        line.replace("T10", "T1130").replace("T11", "T1230").replace("T113030", "T113000") for line in ()
    ] + [
        f"DTSTART{P}20261201T113000",
        f"DTEND{P}20261201T123000",
        f"EXDATE{P}20261215T113000",
        f"RDATE{P}20261204T113000",
    ]
    assert len(gone) == 4


def test_an_override_moves_along_unless_it_was_moved_by_hand():
    regular = event(f"RECURRENCE-ID{P}20261208T100000", f"DTSTART{P}20261208T100000", f"DTEND{P}20261208T103000")
    text = document(event(*MASTER[3:6]), event(*BY_HAND[1:]), regular)
    lines = moved(text, ALL, paris(12, 2, 11), 2 * HOUR).text.split("\r\n")
    assert lines[9:13] == ["UID:1", f"RECURRENCE-ID{P}20261223T110000", *BY_HAND[2:]]
    assert lines[16:19] == [
        f"RECURRENCE-ID{P}20261209T110000",
        f"DTSTART{P}20261209T110000",
        f"DTEND{P}20261209T113000",  # it had a length of its own
    ]


def test_one_moved_by_hand_that_is_the_one_meant_goes_where_it_is_put():
    after = moved(SERIES, Target(Scope.ALL, paris(12, 22)), paris(12, 22, 16)).text
    assert f"RECURRENCE-ID{P}20261222T160000\r\nDTSTART{P}20261222T160000\r\nDTEND{P}20261222T170000" in after
    assert f"DTSTART{P}20261201T160000" in after


def test_an_override_in_utc_stays_in_utc():
    override = event("RECURRENCE-ID:20261208T090000Z", "DTSTART:20261208T090000Z", "DTEND:20261208T100000Z")
    text = document(event(*MASTER[3:6]), override)
    come = differing(text, moved(text, ALL, paris(12, 1, 11)).text)[1]
    assert come[2:] == ["RECURRENCE-ID:20261208T100000Z", "DTSTART:20261208T100000Z", "DTEND:20261208T110000Z"]


def test_across_a_change_of_the_clock_it_is_the_clock_that_counts():
    text = document(event(f"DTSTART{P}20261020T100000", "RRULE:FREQ=WEEKLY;UNTIL=20261103T090000Z"))
    after = moved(text, Target(Scope.ALL, paris(11, 3)), paris(11, 3, 9)).text
    assert f"DTSTART{P}20261020T090000" in after
    assert "UNTIL=20261103T080000Z" in after


def test_an_hour_that_the_clock_skips_is_the_same_time_by_either_name():
    override = event(f"RECURRENCE-ID{P}20260329T030000", f"DTSTART{P}20260329T020000", "SUMMARY:before the change")
    text = document(event(f"DTSTART{P}20260328T030000", "RRULE:FREQ=DAILY"), override)
    assert f"DTSTART{P}20260329T040000" in moved(text, ALL, paris(3, 28, 4)).text


@pytest.mark.parametrize(
    ("start", "until", "new", "moved_until"),
    [
        (f"DTSTART{P}20261201T100000", "20261231T225959Z", paris(12, 1, 11), "20261231T235959Z"),
        (f"DTSTART{P}20261201T100000", "20261231T235959", paris(12, 2, 10), "20270101T235959"),
        (f"DTSTART{P}20261201T100000", "20261231", paris(12, 1, 11), "20261231"),
        (f"DTSTART{P}20261201T233000", "20261231", paris(12, 2, 0, 30), "20270101"),
        ("DTSTART;VALUE=DATE:20261201", "20261231", date(2026, 12, 2), "20270101"),
        ("DTSTART;VALUE=DATE:20261201", "20261231T000000Z", date(2026, 12, 2), "20270101T000000Z"),
    ],
)
def test_the_end_of_a_series_moves_along_in_its_form(start, until, new, moved_until):
    text = document(event(start, f"RRULE:FREQ=DAILY;UNTIL={until} ;WKST=MO"))
    assert f"RRULE:FREQ=DAILY;UNTIL={moved_until} ;WKST=MO" in moved(text, ALL, new).text


def test_dates_of_a_series_of_days_that_are_written_as_times_move_by_days():
    text = document(event("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY", "EXDATE:20261203T000000"))
    assert "EXDATE:20261204T000000" in moved(text, ALL, date(2026, 12, 2)).text


def test_all_that_is_cancelled_is_cancelled_in_every_part():
    after = cancelled(SERIES, ALL).text
    assert after.count("STATUS:CANCELLED") == 2
    assert deleted(SERIES, ALL) == Edited(None)


def test_a_series_that_is_longer_keeps_its_times():
    assert differing(SERIES, moved(SERIES, ALL, paris(12, 1), 2 * HOUR).text)[1][2:] == [f"DTEND{P}20261201T120000"]


# ------------------------------------------------------------------------------------------------------- following


def test_a_split_ends_the_one_and_begins_the_other():
    edited = moved(SERIES, following(paris(12, 22)), paris(12, 23, 9), before=3)
    gone, come = differing(SERIES, edited.text)
    assert come == [f"DTSTAMP:{STAMP}", "SEQUENCE:3", "RRULE:FREQ=WEEKLY;UNTIL=20261222T085959Z"]
    assert gone[3:] == ["BEGIN:VEVENT", "UID:1", *BY_HAND, "END:VEVENT"]
    assert edited.new == document(
        event(
            f"DTSTAMP:{STAMP}",
            f"CREATED:{STAMP}",
            "SEQUENCE:0",
            f"DTSTART{P}20261223T090000",
            f"DTEND{P}20261223T100000",
            "RRULE:FREQ=WEEKLY;COUNT=2",
            *MASTER[7:],
            uid=NEW_UID,
        ),
        event(
            f"DTSTAMP:{STAMP}",
            f"RECURRENCE-ID{P}20261223T090000",
            f"DTSTART{P}20261223T090000",
            f"DTEND{P}20261223T100000",
            uid=NEW_UID,
        ),
    )


def test_each_half_has_the_dates_of_its_time():
    dates = (f"RDATE{P}20261204T100000,20261218T100000", f"RDATE{P}20261219T100000", f"EXDATE{P}20261208T100000")
    text = document(event(*MASTER[3:6], *dates))
    edited = cancelled(text, following(paris(12, 15)), before=2)
    assert f"RDATE{P}20261204T100000\r\n" in edited.text
    assert "20261219" not in edited.text
    assert f"RDATE{P}20261218T100000\r\nRDATE{P}20261219T100000" in edited.new
    assert "EXDATE" not in edited.new
    assert edited.new.count("STATUS:CANCELLED") == 1
    assert "STATUS" not in edited.text


@pytest.mark.parametrize(
    ("start", "original", "until"),
    [
        ("DTSTART:20261201T090000Z", paris(12, 8), "20261208T085959Z"),
        ("DTSTART:20261201T100000", paris(12, 8), "20261208T095959"),
        ("DTSTART;VALUE=DATE:20261201", date(2026, 12, 8), "20261207"),
    ],
)
def test_the_first_half_ends_before_the_second_in_the_form_of_the_start(start, original, until):
    for rule in ("FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=9", "FREQ=WEEKLY;UNTIL=20270101"):
        text = document(event(start, f"RRULE:{rule};WKST=SU"))
        after = deleted(text, following(original), before=1).text
        assert f";UNTIL={until}" in after
        assert after.count("=") - start.count("=") == 3
        assert "COUNT" not in after


def test_from_the_first_on_is_all_of_it():
    for before, first in ((0, paris(12, 1)), (0, paris(12, 8)), (None, paris(12, 1))):
        assert deleted(SERIES, following(first), before=before) == Edited(None)
        assert moved(SERIES, following(first), first + HOUR, before=before) == moved(
            SERIES, Target(Scope.ALL, first), first + HOUR
        )


def test_a_split_that_moves_nothing_is_none():
    assert moved(SERIES, following(paris(12, 22)), paris(12, 22), before=3).new is not None  # one was moved by hand
    assert moved(SERIES, following(paris(12, 29)), paris(12, 29), before=4) == Edited(SERIES)


@pytest.mark.parametrize("person", ["ATTENDEE:mailto:a@example.org", "ORGANIZER;CN=B:mailto:b@example.org"])
def test_people_who_are_invited_are_never_copied_to_another_object(person):
    for place in (event(*MASTER[:8], person), event(*MASTER[:10], person, *MASTER[10:])):
        text = document(place)
        assert refused(moved, text, following(paris(12, 22)), paris(12, 23), before=3) == "split-with-attendees"
        assert refused(cancelled, text, following(paris(12, 22)), before=3) == "split-with-attendees"
        assert "UNTIL" in deleted(text, following(paris(12, 22)), before=3).text


def test_a_split_where_the_rule_does_not_give_the_occurrence_is_refused():
    assert refused(moved, SERIES, following(paris(12, 22)), paris(12, 23)) == "not-of-the-rule"
    assert refused(moved, SERIES, following(paris(12, 22)), paris(12, 23), before=5) == "damaged"


@pytest.mark.parametrize("until", ["20261208T090000Z", "20261208T100000", "20261208"])
def test_a_rule_that_has_ended_before_the_cut_is_not_made_longer(until):
    rule = f"RRULE:FREQ=WEEKLY;UNTIL={until}"
    text = document(event(*MASTER[3:5], rule, f"RDATE{P}20261212T100000,20261214T100000"))
    assert differing(text, deleted(text, following(paris(12, 14))).text)[1] == [f"RDATE{P}20261212T100000"]
    counted = text.replace(f"UNTIL={until}", "COUNT=2")
    assert refused(deleted, counted, following(paris(12, 14))) == "not-of-the-rule"


@pytest.mark.parametrize("broken", ["EXRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY"])
def test_several_rules_are_refused(broken):
    text = document(event(*MASTER[3:6], broken))
    assert refused(moved, text, ALL, paris(12, 2)) == "damaged"
    assert refused(deleted, text, following(paris(12, 8)), before=1) == "damaged"


def test_a_change_from_one_on_by_another_program_is_left_to_that():
    onwards = event(f"RECURRENCE-ID;RANGE=THISANDFUTURE{P}20261208T100000", f"DTSTART{P}20261208T110000")
    text = document(event(*MASTER[3:6]), onwards)
    assert refused(moved, text, one(paris(12, 8)), paris(12, 9)) == "this-and-future"
    assert deleted(text, ALL) == Edited(None)


def test_the_practice_may_be_elsewhere():
    text = document(event("DTSTART;TZID=America/New_York:20261027T090000", "RRULE:FREQ=WEEKLY"))
    after = moved(text, Target(Scope.ALL, datetime(2026, 10, 27, 13, tzinfo=UTC)), paris(10, 27, 15)).text
    assert "DTSTART;TZID=America/New_York:20261027T100000" in after  # four hours apart in that week


def test_a_zone_that_nobody_knows_is_refused_wherever_it_stands():
    for broken in ("EXDATE;TZID=Nowhere:20261208T100000", "RDATE;TZID=Nowhere:20261208T100000"):
        assert refused(moved, document(event(*MASTER[3:6], broken)), ALL, paris(12, 2)) == "unknown-zone"
    assert refused(moved, document(event(*MASTER[3:6], "EXDATE:soon")), ALL, paris(12, 2)) == "bad-time"
    assert refused(moved, document(event(*MASTER[3:5], "RRULE:FREQ=DAILY;UNTIL=soon")), ALL, paris(12, 2)) == "bad-time"


def test_the_second_half_lasts_as_long_as_it_is_told():
    edited = moved(SERIES, following(paris(12, 8)), paris(12, 8), timedelta(minutes=90), before=1)
    assert f"DTEND{P}20261208T113000" in edited.new
    assert f"EXDATE{P}20261215T100000" in edited.new
