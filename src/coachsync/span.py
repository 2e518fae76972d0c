"""Durations as the configuration writes them (ISO 8601): calendar months stay months until they meet a day."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_FORM = re.compile(
    r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)
_CENTURY = 100  # years: nothing that is configured lasts longer, and every date in use stays inside the calendar


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time that is never negative: calendar months, days and seconds, kept apart."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if min(self.months, self.days, self.seconds) < 0:
            raise ValueError("a duration cannot be negative")
        if self.months > 12 * _CENTURY or self.days + self.seconds // 86_400 > 366 * _CENTURY:
            raise ValueError("a duration cannot be longer than a century")

    def after(self, day: date) -> date:
        """The day that lies this span after `day`: months first (end of month clamped), then days.

        Raises ValueError when the span holds a time of day, or leaves the calendar.
        """
        return self._moved(day, 1)

    def before(self, day: date) -> date:
        """The day that lies this span before `day`; raises as `after` does."""
        return self._moved(day, -1)

    def elapsed(self) -> timedelta:
        """The same length in elapsed time, a day being 24 hours. Raises ValueError for months: they have no length."""
        if self.months:
            raise ValueError("months and years have no fixed length: write days, hours or minutes")
        return timedelta(days=self.days, seconds=self.seconds)

    def _moved(self, day: date, sign: int) -> date:
        if self.seconds:
            raise ValueError("hours, minutes and seconds have no place here: write days, weeks, months or years")
        try:
            year, month = divmod(day.year * 12 + day.month - 1 + sign * self.months, 12)
            last = monthrange(year, month + 1)[1]
            return day.replace(year=year, month=month + 1, day=min(day.day, last)) + sign * timedelta(days=self.days)
        except (OverflowError, ValueError) as error:
            raise ValueError("the duration reaches beyond the calendar") from error


def parse(text: str) -> Span:
    """Read an ISO 8601 duration PnYnMnWnDTnHnMnS: whole numbers, at least one part. Raises ValueError otherwise."""
    found = _FORM.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise ValueError("not an ISO 8601 duration such as P6M, P35D or PT15M")
    years, months, weeks, days, _, hours, minutes, seconds = (
        int(part) if part and part.isdigit() else 0 for part in found.groups()
    )
    return Span(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
