"""Which backups stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

LAST, DAILY, WEEKLY, MONTHLY = 3, 7, 4, 12


def staying(made: Mapping[int, int]) -> set[int]:
    """Of these backups (their times, in seconds since 1970, by number): the last three, and the newest of each of the
    last seven days that have one, of four weeks and of twelve months. Days without a backup take nothing away, whatever
    a clock said."""
    kept = set(sorted(made)[-LAST:])
    for number, period in ((DAILY, _day), (WEEKLY, _week), (MONTHLY, _month)):
        newest: dict[object, int] = {}
        for one in sorted(made, reverse=True):
            newest.setdefault(period(datetime.fromtimestamp(made[one], UTC)), one)
        kept |= set(sorted(newest.values(), reverse=True)[:number])
    return kept


def _day(moment: datetime) -> object:
    return moment.date()


def _week(moment: datetime) -> object:
    return moment.isocalendar()[:2]


def _month(moment: datetime) -> object:
    return moment.year, moment.month
