"""A rule is moved where every occurrence moves by the same; anything else is refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from coachsync.editing.rules import Rule, Shift
from coachsync.errors import NotEditable

TUESDAY = datetime(2026, 12, 1, 10)  # noqa: DTZ001 - plain


def shifted(rule: str, days: int = 0, start: datetime = TUESDAY, **time: int) -> str:
    found = Rule(rule)
    found.shift(Shift(start, start + timedelta(days=days, **time)), start, lambda until: f"{until}!")
    return str(found)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=TU,TH",
        "FREQ=MONTHLY;BYDAY=1TU",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=1TU;BYSETPOS=1",
        "freq=weekly;byday=tu",
        "FREQ=WEEKLY;WKST=SU;",
    ],
)
def test_another_time_of_the_same_day_changes_no_rule(rule):
    assert shifted(rule, hours=3) == rule
    assert shifted(f"{rule};UNTIL=1", hours=3) == f"{rule};UNTIL=1!"


@pytest.mark.parametrize("part", ["BYHOUR=9,17", "BYMINUTE=0,30", "BYSECOND=0"])
def test_a_rule_with_times_of_its_own_moves_by_whole_days_only(part):
    assert shifted(f"FREQ=DAILY;{part}", days=1) == f"FREQ=DAILY;{part}"
    with pytest.raises(NotEditable, match="does not fit"):
        shifted(f"FREQ=DAILY;{part}", hours=1)


@pytest.mark.parametrize(
    ("rule", "days", "after"),
    [
        ("FREQ=DAILY;INTERVAL=3", 1, "FREQ=DAILY;INTERVAL=3"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", 1, "FREQ=DAILY;BYDAY=TU,WE,TH,FR,SA"),
        ("FREQ=WEEKLY;INTERVAL=2", 3, "FREQ=WEEKLY;INTERVAL=2"),
        ("FREQ=WEEKLY;BYDAY=TU", 1, "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ=WEEKLY;BYDAY=TU", -2, "FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,SU", 1, "FREQ=WEEKLY;INTERVAL=1;BYDAY=WE,MO"),
        ("freq=weekly;byday=tu;wkst=mo", 1, "freq=weekly;byday=WE;wkst=mo"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", 7, "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", 1, "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", -8, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU", 5, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", 14, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ("FREQ=MONTHLY", 5, "FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", 5, "FREQ=MONTHLY;BYMONTHDAY=6"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", 13, "FREQ=MONTHLY;BYMONTHDAY=14,28"),
        ("FREQ=YEARLY", 40, "FREQ=YEARLY"),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1", 2, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=3"),
        ("FREQ=YEARLY;BYMONTH=12", 2, "FREQ=YEARLY;BYMONTH=12"),
    ],
)
def test_another_day_moves_what_names_the_day(rule, days, after):
    assert shifted(rule, days) == after


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", 1),  # one of them into the next week, the other not
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=XX", 1),
        ("FREQ=WEEKLY;BYDAY=TU,SU;BYSETPOS=1", 1),
        ("FREQ=WEEKLY;BYDAY=TU;BYMONTH=12", 1),
        ("FREQ=WEEKLY;BYDAY=1TU", 1),
        ("FREQ=DAILY;BYMONTH=12", 1),
        ("FREQ=DAILY;BYMONTHDAY=1", 1),
        ("FREQ=MONTHLY;BYDAY=1TU", 1),
        ("FREQ=MONTHLY;BYDAY=1TU", 7),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", 1),
        ("FREQ=MONTHLY;BYMONTHDAY=1,31", 1),
        ("FREQ=MONTHLY", 28),  # the 29th is not in every month
        ("FREQ=MONTHLY", -1),
        ("FREQ=MONTHLY;BYSETPOS=1", 1),
        ("FREQ=YEARLY;BYYEARDAY=335", 1),
        ("FREQ=YEARLY;BYWEEKNO=49", 1),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1TU", 1),
        ("FREQ=YEARLY", 90),  # beyond the end of February it is another day in a leap year
        ("FREQ=HOURLY", 1),
        ("FREQ=SOMETIMES", 1),
    ],
)
def test_a_rule_that_would_mean_other_days_is_refused(rule, days):
    with pytest.raises(NotEditable) as refused:
        shifted(rule, days)
    assert refused.value.code == "rule-not-movable"


@pytest.mark.parametrize("day", [29, 30, 31])
def test_days_that_not_every_month_has_are_not_moved(day):
    for rule in ("FREQ=MONTHLY", f"FREQ=MONTHLY;BYMONTHDAY={day}"):
        with pytest.raises(NotEditable):
            shifted(rule, -5, datetime(2026, 12, day, 10))  # noqa: DTZ001 - plain
    assert shifted("FREQ=YEARLY", -5, datetime(2026, 12, day, 10)) == "FREQ=YEARLY"  # noqa: DTZ001 - plain
    with pytest.raises(NotEditable):
        shifted("FREQ=YEARLY", 1, datetime(2028, 2, 29, 10))  # noqa: DTZ001 - plain


def test_a_part_takes_the_place_of_another_and_the_rest_stays():
    for before, after in [
        ("FREQ=DAILY;COUNT=3;WKST=MO", "FREQ=DAILY;UNTIL=1;WKST=MO"),
        ("FREQ=DAILY;Until=3 ;WKST=MO", "FREQ=DAILY;Until=1 ;WKST=MO"),
        ("FREQ=DAILY", "FREQ=DAILY;UNTIL=1"),
        ("FREQ=DAILY;", "FREQ=DAILY;UNTIL=1;"),
    ]:
        rule = Rule(before)
        rule.put("UNTIL", "1", instead="COUNT")
        assert str(rule) == after
