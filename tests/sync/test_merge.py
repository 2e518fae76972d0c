import difflib
from itertools import permutations

import pytest

from coachsync import contentline
from coachsync.sync.merge import Merged, merge
from coachsync.sync.sameness import same
from histories import (
    ALARM,
    ATTENDEE,
    PARIS,
    Edit,
    Kind,
    append,
    appointment,
    insert,
    override,
    put,
    remove_override,
    swap,
    together,
)

CUSTOM = Kind("Cabinet")
JADE = ATTENDEE.format(name="jade", partstat="ACCEPTED")
SERIES = appointment(
    "RRULE:FREQ=WEEKLY;COUNT=10",
    CUSTOM.at("EXDATE", 29),
    "STATUS:CONFIRMED",
    "LOCATION:Lyon",
    "CATEGORIES:coaching,paid",
    "ORGANIZER:mailto:me@example.org",
    JADE,
    "COMMENT:first",
    ALARM.format(minutes="15"),
    kind=CUSTOM,
    overrides=[override(8, "STATUS:CONFIRMED", kind=CUSTOM), override(15, kind=CUSTOM)],
)

TITLE = put("SUMMARY", "SUMMARY:Paul")
PLACE = put("LOCATION", "LOCATION:Paris")
CANCEL = put("STATUS", "STATUS:CANCELLED")
MOVE = put("DTSTART", CUSTOM.at("DTSTART", 1, 9))
LONGER = put("DTEND", CUSTOM.at("DTEND", 1, 12))
RULE = swap("COUNT=10", "COUNT=12")
ZONE = swap("TZOFFSETTO:+0200", "TZOFFSETTO:+0300")
EXCLUDE = append(CUSTOM.at("EXDATE", 22))
INCLUDE = append(CUSTOM.at("RDATE", 23))
MOVE_DATE = insert(override(22, kind=CUSTOM))
MOVE_OTHER_DATE = insert(override(5, kind=CUSTOM))
MOVE_ON = insert(override(22, kind=CUSTOM).replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;"))
MOVE_DATE_IN_UTC = insert(
    override(22, kind=CUSTOM).replace(CUSTOM.at("RECURRENCE-ID", 22), "RECURRENCE-ID:20261022T080000Z")
)
DATE_TITLE = put("SUMMARY", "SUMMARY:Ines", of=2)
DATE_MOVED = put("DTSTART", CUSTOM.at("DTSTART", 15, 17), of=2)
DATE_CANCELLED = put("STATUS", "STATUS:CANCELLED", of=2)
DATE_RESET = remove_override
ALARM_MOVED = swap("TRIGGER:-PT15M", "TRIGGER:-PT30M")
ALARM_AN_HOUR = ALARM.format(minutes="60")
ALARM_GONE = swap(ALARM.format(minutes="15"), "")
ALARM_MORE = swap("END:VEVENT", ALARM.format(minutes="5") + "END:VEVENT")
DECLINED = swap("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED")
PAUL = append(ATTENDEE.format(name="paul", partstat="NEEDS-ACTION"))


def changed_lines(theirs: str, merged: str | None) -> tuple[list[str], list[str]]:
    """The physical lines that went and that came."""
    assert merged is not None
    compared = list(difflib.Differ(charjunk=None).compare(lines_of(theirs), lines_of(merged)))
    return [line[2:] for line in compared if line[0] == "-"], [line[2:] for line in compared if line[0] == "+"]


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True)


INDEPENDENT = {
    "title": TITLE, "place": PLACE, "time": together([MOVE, LONGER]), "alarm": ALARM_MORE, "other alarm": ALARM_MOVED,
    "answer": DECLINED, "guest": PAUL, "category": append("CATEGORIES:urgent"), "other": swap("coaching,paid", "paid"),
    "class": put("CLASS", "CLASS:PRIVATE"), "free": put("TRANSP", "TRANSP:TRANSPARENT"), "note": append("X-NOTE:1"),
    "comment": append("COMMENT:second"), "link": append("ATTACH:https://example.org/a"), "method": swap(
        "VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH"), "description": put("DESCRIPTION", "DESCRIPTION:a\\nb"),
}  # fmt: skip


@pytest.mark.parametrize(("here", "there"), list(permutations(INDEPENDENT, 2)))
def test_p04_edits_of_different_things_are_merged(here: str, there: str) -> None:
    ours, theirs = INDEPENDENT[here](SERIES), INDEPENDENT[there](SERIES)
    merged = merge(SERIES, ours, theirs)
    assert merged == Merged(merged.text)
    assert merged.text is not None
    assert same(merged.text, INDEPENDENT[here](theirs))
    assert not same(merged.text, ours)
    assert not same(merged.text, theirs)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (EXCLUDE, MOVE_OTHER_DATE),
        (EXCLUDE, DATE_TITLE),
        (EXCLUDE, INCLUDE),
        (MOVE_DATE, MOVE_OTHER_DATE),
        (MOVE_DATE, DATE_RESET),
        (MOVE_DATE, TITLE),
        (DATE_TITLE, DATE_MOVED),
        (DATE_CANCELLED, DATE_TITLE),
        (CANCEL, TITLE),
        (CANCEL, EXCLUDE),
        (CANCEL, DATE_CANCELLED),
        (CANCEL, DATE_TITLE),
        (CANCEL, ALARM_GONE),
        (MOVE, TITLE),
        (RULE, together([RULE, TITLE])),
        (together([MOVE, MOVE_DATE]), MOVE),  # both moved the series, so the date exists
        (ALARM_GONE, ALARM_MORE),
        (ZONE, TITLE),
    ],
)
def test_edits_of_different_dates_and_things_of_a_series_are_merged(here: Edit, there: Edit) -> None:
    for one, other in ((here, there), (there, here)):
        merged = merge(SERIES, one(SERIES), other(SERIES))
        assert not merged.clashes
        assert merged.text is not None
        assert same(merged.text, one(other(SERIES))) or same(merged.text, other(one(SERIES)))


@pytest.mark.parametrize(
    ("here", "there", "codes"),
    [
        (TITLE, put("SUMMARY", "SUMMARY:Ines"), ("SUMMARY",)),
        (TITLE, put("SUMMARY"), ("SUMMARY",)),
        (together([TITLE, PLACE]), together([put("SUMMARY"), put("LOCATION")]), ("LOCATION", "SUMMARY")),
        (PLACE, put("GEO", "GEO:1;2"), ("LOCATION",)),
        (put("DESCRIPTION", "DESCRIPTION:a"), append("X-ALT-DESC;FMTTYPE=text/html:b"), ("DESCRIPTION",)),
        (append("X-NOTE:1"), append("X-NOTE:2"), ("other",)),
        (append("PETITS MOTS POUR JADE: 10 h"), append("PETITS MOTS POUR JADE: 11 h"), ("other",)),
        (MOVE, LONGER, ("times",)),
        (MOVE, RULE, ("times",)),
        (RULE, swap("COUNT=10", "COUNT=11"), ("times",)),
        (DATE_MOVED, put("DTEND", CUSTOM.at("DTEND", 15, 20), of=2), ("times",)),
        (MOVE, EXCLUDE, ("series",)),
        (LONGER, INCLUDE, ("series",)),
        (RULE, MOVE_DATE, ("series",)),
        (MOVE, DATE_TITLE, ("series",)),
        (MOVE, DATE_RESET, ("series",)),
        (MOVE_ON, MOVE_OTHER_DATE, ("series",)),
        (MOVE_ON, MOVE_DATE, ("override", "series")),
        (MOVE_ON, EXCLUDE, ("series",)),
        (EXCLUDE, MOVE_DATE, ("series",)),
        (EXCLUDE, MOVE_DATE_IN_UTC, ("series",)),
        (INCLUDE, insert(override(23, kind=CUSTOM)), ("series",)),
        (MOVE_DATE, insert(override(22, kind=CUSTOM, hour=17)), ("override",)),
        (MOVE_DATE, MOVE_DATE_IN_UTC, ("override",)),
        (DATE_RESET, DATE_TITLE, ("override",)),
        (CANCEL, together([MOVE, LONGER]), ("cancelled",)),
        (CANCEL, MOVE_DATE, ("cancelled",)),
        (CANCEL, DATE_MOVED, ("cancelled",)),
        (CANCEL, INCLUDE, ("cancelled",)),
        (CANCEL, put("EXDATE"), ("cancelled",)),
        (CANCEL, put("STATUS", "STATUS:TENTATIVE"), ("STATUS",)),
        (DATE_CANCELLED, DATE_MOVED, ("cancelled",)),
        (DECLINED, swap("PARTSTAT=ACCEPTED", "PARTSTAT=TENTATIVE"), ("ATTENDEE",)),
        (DECLINED, put("ATTENDEE"), ("ATTENDEE",)),
        (put("ORGANIZER"), PAUL, ("ORGANIZER",)),
        (ZONE, swap("TZOFFSETTO:+0200", "TZOFFSETTO:+0400"), ("VTIMEZONE",)),
        (ZONE, MOVE, ("VTIMEZONE",)),
        (ZONE, MOVE_DATE, ("VTIMEZONE",)),
        (swap("UID:5f0c", "UID:77aa"), TITLE, ("UID",)),
    ],
)
def test_p04_edits_that_cannot_both_stand_clash(here: Edit, there: Edit, codes: tuple[str, ...]) -> None:
    ours, theirs = here(SERIES), there(SERIES)
    assert SERIES not in (ours, theirs)
    assert merge(SERIES, ours, theirs) == Merged(None, codes)
    assert merge(SERIES, theirs, ours) == Merged(None, codes)


@pytest.mark.parametrize(
    ("here", "there", "both"),
    [
        (
            ALARM_MOVED,
            swap("-PT15M", "-PT60M"),
            together([ALARM_MOVED, swap("END:VEVENT", ALARM_AN_HOUR + "END:VEVENT")]),
        ),
        (ALARM_MOVED, ALARM_GONE, ALARM_MOVED),
        (put("COMMENT", "COMMENT:a"), put("COMMENT", "COMMENT:b"), put("COMMENT", "COMMENT:a", "COMMENT:b")),
        (put("CATEGORIES", "CATEGORIES:a,paid"), put("CATEGORIES"), put("CATEGORIES", "CATEGORIES:a")),
    ],
)
def test_what_both_replaced_in_a_set_stands_twice_rather_than_not_at_all(here: Edit, there: Edit, both: Edit) -> None:
    text = merge(SERIES, here(SERIES), there(SERIES)).text
    assert text is not None
    assert same(text, both(SERIES))


def test_a_reason_never_holds_a_piece_of_a_text() -> None:
    ours, theirs = (SERIES.replace("SUMMARY:Jade", f"SUMMARY:Jade\r\nMARGUERITE{end}") for end in (":a", ":b"))
    assert merge(SERIES, ours, theirs) == Merged(None, ("other",))


@pytest.mark.parametrize("damage", [swap("END:VALARM\r\n", ""), swap("END:VCALENDAR\r\n", ""), lambda text: ""])
def test_a_text_that_cannot_be_taken_apart_clashes_unless_the_other_side_left_it_alone(damage: Edit) -> None:
    damaged, edited = damage(SERIES), TITLE(SERIES)
    assert merge(SERIES, edited, damaged) == Merged(None, ("unreadable",))
    assert merge(SERIES, damaged, edited) == Merged(None, ("unreadable",))
    assert merge(damaged, edited, SERIES) == Merged(None, ("unreadable",))
    assert merge(SERIES, SERIES, damaged) == merge(damaged, damaged, damaged) == Merged(damaged)
    assert merge(damaged, edited, damaged) == merge(damaged, damaged, edited) == Merged(edited)


# ------------------------------------------------------------------------------------------------ where lines stand


@pytest.mark.parametrize(
    ("here", "gone", "come"),
    [
        (TITLE, ["SUMMARY:Paul, then\n", "  Ines\n"], ["SUMMARY:Paul\n"]),
        (put("TRANSP", "TRANSP:TRANSPARENT"), [], ["TRANSP:TRANSPARENT\n"]),
        (append("CATEGORIES:urgent"), [], ["CATEGORIES:urgent\n"]),
        (swap("coaching,paid", "paid"), ["CATEGORIES:coaching,paid,late\n"], ["CATEGORIES:paid,late\n"]),
        (swap("CATEGORIES:coaching,paid", "CATEGORIES:new,coaching,paid"), [], ["CATEGORIES:new\n"]),
        (put("CATEGORIES"), ["CATEGORIES:coaching,paid,late\n"], ["CATEGORIES:late\n"]),
        (PAUL, [], ["ATTENDEE;CN=Jade;PARTSTAT=NEEDS-ACTION:mailto:paul@example.org\n"]),
        (put("SEQUENCE", "SEQUENCE:2"), [], ["SEQUENCE:2\n"]),
        (put("DTSTAMP", "DTSTAMP:20270101T000000Z"), ["DTSTAMP:20260901T080000Z\n"], ["DTSTAMP:20270101T000000Z\n"]),
        (put("DTSTAMP", "DTSTAMP:20200101T000000Z"), [], []),
        (put("CLASS", "CLASS:PRIVATE"), ["CLASS:PUBLIC\n"], ["CLASS:PRIVATE\n"]),
        (put("DESCRIPTION", "DESCRIPTION:"), [], []),
        (remove_override, lines_of(override(15, kind=CUSTOM).replace("\r\n", "\n")), []),
    ],
)
def test_only_the_lines_that_we_changed_are_put_into_their_text(here: Edit, gone: list[str], come: list[str]) -> None:
    base = put("SUMMARY", "SUMMARY:Paul\\, then Ines")(SERIES)
    remarks = ATTENDEE.replace(";CN", ';SCHEDULE-STATUS="1.1";CN').format(name="jade", partstat="ACCEPTED")
    theirs = together([
        swap(JADE, remarks),
        swap("LOCATION:Lyon", "X-SOGO-X:1\r\nCLASS:PUBLIC\r\nlocation:Bron"),
        swap("SUMMARY:Paul\\, then Ines", "SUMMARY:Paul, then\r\n  Ines"),
        swap("coaching,paid", "coaching,paid,late"),
        swap("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\n"),
    ])(base)  # fmt: skip
    assert changed_lines(theirs, merge(base, here(base), theirs).text) == (gone, come)


def test_what_comes_new_stands_beside_its_like() -> None:
    both = together([PAUL, append("EXDATE;TZID=Cabinet:20261022T100000"), ALARM_MORE])
    theirs = PLACE(SERIES)
    text = merge(SERIES, both(SERIES), theirs).text
    assert text is not None
    names = [line.name for line in contentline.parse(text)]
    assert names.count("ATTENDEE") == names.count("EXDATE") == 2
    assert names.index("ATTENDEE") + 1 == len(names) - 1 - names[::-1].index("ATTENDEE")
    assert text.index("TRIGGER:-PT15M") < text.index("TRIGGER:-PT5M") < text.index("END:VEVENT")
    assert text.index("COMMENT") < text.index("BEGIN:VALARM")


def test_an_override_is_taken_whole_and_comes_last() -> None:
    text = merge(SERIES, MOVE_DATE(SERIES), TITLE(SERIES)).text
    assert text == MOVE_DATE(TITLE(SERIES))


def test_a_line_that_holds_a_stray_carriage_return_is_never_folded_anew() -> None:
    base = SERIES.replace("coaching,paid", "coaching,pa\rid")
    theirs = TITLE(base)
    assert merge(base, put("CATEGORIES")(base), theirs).text == put("CATEGORIES")(theirs)
    assert merge(base, append("CATEGORIES:x")(base.replace("\r", "").replace("\n", "\r\n")), theirs).clashes == ()


def test_a_stray_carriage_return_in_a_parameter_of_dates_does_no_harm() -> None:
    base = swap("COMMENT", 'RDATE;X-A="a\rb":20261020T080000Z,20261021T080000Z\r\nCOMMENT')(SERIES)
    ours = base.replace("20261021T080000Z", "20261021T080000Z,20261022T080000Z")
    theirs = base.replace("20261020T080000Z,", "")
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge(base, one, other)
        assert merged.text is None or "20261022T080000Z" in merged.text


def test_what_line_breaks_tore_apart_is_taken_in_its_order() -> None:
    base = swap("COMMENT", "DESCRIPTION:first\r\nsecond\r\nthird\r\nCOMMENT")(SERIES)
    ours = base.replace("second\r\nthird", "third\r\nsecond\r\nfourth")
    assert merge(base, ours, TITLE(base)).text == TITLE(ours)


# ----------------------------------------------------------------------------------------------------------- zones


def test_a_line_of_ours_brings_the_definition_of_its_zone_along() -> None:
    elsewhere = Kind("Maison")
    ours = together([
        put("DTSTART", elsewhere.at("DTSTART", 1)),
        swap("BEGIN:VTIMEZONE", PARIS.format(tzid="Maison") + "BEGIN:VTIMEZONE"),
    ])(SERIES)  # fmt: skip
    text = merge(SERIES, ours, TITLE(SERIES)).text
    assert text is not None
    assert text == TITLE(ours)
    assert merge(SERIES, TITLE(SERIES), ours).text == text


def test_a_zone_that_is_written_with_escaped_commas_is_brought_along_too() -> None:
    """Exchange names zones so; a parameter says the same name without backslashes."""
    elsewhere = PARIS.format(tzid="(UTC+01:00) Amsterdam\\, Paris")
    ours = together([
        put("DTSTART", 'DTSTART;TZID="(UTC+01:00) Amsterdam, Paris":20261001T100000'),
        swap("BEGIN:VTIMEZONE", elsewhere + "BEGIN:VTIMEZONE"),
    ])(SERIES)  # fmt: skip
    text = merge(SERIES, ours, TITLE(SERIES)).text
    assert text == TITLE(ours)
    assert not same(ours, ours.replace(elsewhere, elsewhere.replace("TZOFFSETTO:+0100", "TZOFFSETTO:+0500")))


def test_another_first_definition_of_a_zone_that_is_defined_twice_is_a_difference() -> None:
    twice = swap("BEGIN:VTIMEZONE", PARIS.format(tzid="Cabinet") + "BEGIN:VTIMEZONE")(SERIES)
    other = twice.replace("TZOFFSETTO:+0100", "TZOFFSETTO:+0500", 1)
    assert other != twice
    assert not same(twice, other)


def test_a_zone_is_brought_once_and_not_where_it_is_defined_already() -> None:
    ours = MOVE_DATE(SERIES)
    text = merge(SERIES, ours, TITLE(SERIES)).text
    assert text is not None
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_another_definition_of_a_zone_replaces_theirs() -> None:
    assert merge(SERIES, ZONE(SERIES), TITLE(SERIES)).text == ZONE(TITLE(SERIES))
    assert merge(SERIES, TITLE(SERIES), ZONE(SERIES)).text == TITLE(ZONE(SERIES))


def test_a_zone_that_their_text_defines_otherwise_and_does_not_use_is_a_clash() -> None:
    stale = PARIS.format(tzid="Maison").replace("+0200", "+0500")
    ours = together(
        [append("RDATE;TZID=Maison:20261023T100000"), swap("BEGIN:VT", PARIS.format(tzid="Maison") + "BEGIN:VT")]
    )
    theirs = together([TITLE, swap("BEGIN:VT", stale + "BEGIN:VT")])
    assert merge(SERIES, ours(SERIES), theirs(SERIES)).clashes == ("VTIMEZONE",)


def test_a_zone_that_everybody_knows_never_clashes() -> None:
    known = SERIES.replace("Cabinet", "Europe/Paris")
    ours, theirs = (known.replace("TZOFFSETTO:+0200", f"TZOFFSETTO:+0{hours}00") for hours in (3, 4))
    assert merge(known, TITLE(ours), theirs).text == TITLE(theirs)


@pytest.mark.parametrize(
    ("ours", "theirs", "stands"), [(3, 2, 3), (2, 3, 3), (0, 2, 2), (2, 0, 2), (1, 1, 1), (1, 0, 1), (0, 1, 1)]
)
def test_the_greater_sequence_stands(ours: int, theirs: int, stands: int) -> None:
    base = appointment("SEQUENCE:1")
    here, there = (base.replace("SEQUENCE:1", f"SEQUENCE:{number}") for number in (ours, theirs))
    text = merge(base, TITLE(here), PLACE(there)).text
    assert text == TITLE(PLACE(base.replace("SEQUENCE:1", f"SEQUENCE:{stands}")))


def test_numbers_too_long_to_be_read_do_no_harm() -> None:
    base = appointment("SEQUENCE:" + "1" * 5000)
    here, there = TITLE(base.replace("1" * 5000, "2" * 5000)), PLACE(base)
    assert merge(base, here, there).text == PLACE(here)
    assert merge(base, there, here).text == PLACE(here)


def test_an_object_of_overrides_only_is_merged_as_well() -> None:
    base = appointment(overrides=[override(8), override(15)])
    start, end = base.index("BEGIN:VEVENT"), base.index("END:VEVENT") + len("END:VEVENT\r\n")
    base = base[:start] + base[end:]
    ours, theirs = base.replace("SUMMARY:Jade", "SUMMARY:Paul", 1), base.replace("T140000", "T170000")
    assert merge(base, ours, theirs).text == theirs.replace("SUMMARY:Jade", "SUMMARY:Paul", 1)
