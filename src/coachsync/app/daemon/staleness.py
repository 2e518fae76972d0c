"""Which shares are older than they may be."""

from __future__ import annotations

from datetime import timedelta

from coachsync.app.daemon.books import Books
from coachsync.app.daemon.moment import Moment
from coachsync.app.status import Status
from coachsync.config import Config
from coachsync.redaction.profiles import Publish

_SCHEDULE = {Publish.NOW: timedelta(0), Publish.HOURLY: timedelta(hours=1), Publish.DAILY: timedelta(days=1)}
_MARGIN = timedelta(hours=1)
_TRYING = 900.0  # seconds awake and without success before age counts: after sleep everything is old for a moment


def stale(known: Status, books: Books, moment: Moment) -> tuple[str, ...]:
    """The shares that are too old although it was tried for a while to bring them up to date."""
    return tuple(
        name
        for name in books.config.shares
        if _is_old(known.share(name).as_of, moment, longest_age(books.config, name))
        and books.in_vain(name, moment) > _TRYING
    )


def longest_age(config: Config, share: str) -> timedelta:
    """How old a share may become while everything is in order: its schedule, two looks at its calendars, an hour."""
    settings = config.shares[share]
    looks = max(config.calendars[name].interval for name in settings.calendars)
    return _SCHEDULE[settings.profile.publish] + 2 * looks + _MARGIN


def _is_old(as_of: int | None, moment: Moment, allowed: timedelta) -> bool:
    return as_of is None or moment.wall.timestamp() - as_of > allowed.total_seconds()
