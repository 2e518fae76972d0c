"""What options take that say when, how long and how often."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import click

from coachsync.app.appointments import whens
from coachsync.app.cli.tongue import spoken
from coachsync.editing.adding import Every
from coachsync.phrases import say

_UNITS = {
    "day": Every.DAY, "days": Every.DAY, "jour": Every.DAY, "jours": Every.DAY,
    "week": Every.WEEK, "weeks": Every.WEEK, "semaine": Every.WEEK, "semaines": Every.WEEK,
    "month": Every.MONTH, "months": Every.MONTH, "mois": Every.MONTH,
    "year": Every.YEAR, "years": Every.YEAR, "an": Every.YEAR, "ans": Every.YEAR,
}  # fmt: skip
_FEWEST, _MOST = 2, 999  # times in all
_EVERY = re.compile(r"(?:([1-9]\d?) )?([a-z]+)", re.ASCII)


class When(click.ParamType[date | datetime]):
    """A day, or a day with a time; with `day_only`, a day."""

    name = "when"

    def __init__(self, *, day_only: bool = False) -> None:
        self._day_only = day_only

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        """A date, or a datetime with or without an offset."""
        try:
            found = whens.when(value)
        except ValueError:
            found = None
        if found is None or (self._day_only and isinstance(found, datetime)):
            self.fail(spoken(self._complaint(value)), param, ctx)
        return found

    def _complaint(self, value: str) -> str:
        if self._day_only:
            return say("“{day}” is no day of the form YYYY-MM-DD.", day=value)
        return say("“{text}” is no day such as 2026-12-01, nor a time such as “2026-12-01 14:00”.", text=value)


class Lasting(click.ParamType[timedelta]):
    """How long something takes."""

    name = "lasting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """A length of time."""
        try:
            return whens.length(value)
        except ValueError:
            self.fail(spoken(say("“{text}” is no length such as 1h, 1h30, 45min or PT1H30M.", text=value)), param, ctx)


class Often(click.ParamType[tuple[Every, int]]):
    """How often something repeats."""

    name = "often"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Every, int]:
        """The unit, and how many of them lie between two dates."""
        found = _EVERY.fullmatch(" ".join(value.lower().split()))
        if found is None or found[2] not in _UNITS:
            self.fail(
                spoken(say("“{text}” is nothing like day, week, 2 weeks, month or year.", text=value)), param, ctx
            )
        return _UNITS[found[2]], int(found[1] or 1)


class Times(click.ParamType[int]):
    """How many times something takes place in all."""

    name = "times"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if not (value.isdecimal() and _FEWEST <= int(value[:4]) <= _MOST):
            self.fail(
                spoken(say("a series takes place from {least} to {most} times.", least=_FEWEST, most=_MOST)), param, ctx
            )
        return int(value)
