"""Which shares are older than they may be, and which could not be looked at from outside for too long."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from coachsync.app.alarms import Kind
from coachsync.app.daemon.books import Books
from coachsync.app.daemon.moment import Moment
from coachsync.app.status import Status
from coachsync.app.telling import Memory
from coachsync.config import Config
from coachsync.redaction.profiles import Publish

_SCHEDULE = {Publish.NOW: timedelta(0), Publish.HOURLY: timedelta(hours=1), Publish.DAILY: timedelta(days=1)}
_MARGIN = timedelta(hours=1)
_TRYING = 900.0  # seconds awake and without success before age counts: after sleep everything is old for a moment
_CHECKED = timedelta(days=2)
_IN_VAIN = 3  # looks in a row


def stale(known: Status, books: Books, moment: Moment, told: Collection[str] = ()) -> tuple[str, ...]:
    """The shares that are too old although it was tried for a while to bring them up to date; one of which that was
    `told` stays until it is not too old any more."""
    return tuple(
        name
        for name in books.config.shares
        if _is_old(known.share(name).as_of, moment, longest_age(books.config, name))
        and (name in told or books.in_vain(name, moment) > _TRYING)
    )


def unchecked(known: Status, books: Books, moment: Moment, told: Collection[str] = ()) -> tuple[str, ...]:
    """The shares that nobody could look at from outside for days, although it was tried."""
    return tuple(
        name
        for name in books.config.shares
        if known.share(name).as_of is not None
        and _is_old(known.share(name).verified, moment, _CHECKED)
        and (name in told or books.checks_in_vain(name) >= _IN_VAIN)
    )


def told_of(memories: Mapping[str, Memory], kind: Kind) -> frozenset[str]:
    """The shares about which an alarm of this kind was told and not yet cleared."""
    start = f"{kind}/shares."
    told = {key for memory in memories.values() for key in memory.told}
    return frozenset(key.removeprefix(start) for key in told if key.startswith(start))


def longest_age(config: Config, share: str) -> timedelta:
    """How old a share may become while everything is in order: its schedule, two looks at its calendars, an hour."""
    settings = config.shares[share]
    looks = max(config.calendars[name].interval for name in settings.calendars)
    return _SCHEDULE[settings.profile.publish] + 2 * looks + _MARGIN


def _is_old(then: int | None, moment: Moment, allowed: timedelta) -> bool:
    return then is None or moment.wall.timestamp() - then > allowed.total_seconds()
