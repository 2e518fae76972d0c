"""What the coach must hear of, as the status shows it after a pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from coachsync.app.alarms import Alarm, Kind, alarm
from coachsync.app.daemon.books import Books
from coachsync.app.daemon.moment import Moment
from coachsync.app.status import Found, Status
from coachsync.config import Config
from coachsync.phrases import say
from coachsync.redaction.profiles import Publish

_SCHEDULE = {Publish.NOW: timedelta(0), Publish.HOURLY: timedelta(hours=1), Publish.DAILY: timedelta(days=1)}
_MARGIN = timedelta(hours=1)
_TRYING = 900.0  # seconds awake and without success before age counts: after sleep everything is old for a moment


def conditions(known: Status, books: Books, moment: Moment) -> tuple[Alarm, ...]:
    """Everything that stands now. A share counts as too old once it was tried in vain for a while."""
    return (*_refused(known), *_held(known), *_findings(known), *_stale(known, books, moment))


def longest_age(config: Config, share: str) -> timedelta:
    """How old a share may become while everything is in order: its schedule, two looks at its calendars, an hour."""
    settings = config.shares[share]
    looks = max(config.calendars[name].interval for name in settings.calendars)
    return _SCHEDULE[settings.profile.publish] + 2 * looks + _MARGIN


def _refused(known: Status) -> Iterator[Alarm]:
    for name in known.refused:
        yield alarm(
            Kind.REFUSED,
            f"accounts.{name}",
            "login-refused",
            say("The server does not accept the password of this account; it is not asked again until that changes."),
            say("Make a new app password, store it where the configuration says, and run: coachsync check"),
        )


def _held(known: Status) -> Iterator[Alarm]:
    for name, calendar in known.calendars.items():
        if calendar.waiting and calendar.trouble is not None:
            trouble = calendar.trouble
            yield alarm(Kind.HELD, f"calendars.{name}", trouble.code, trouble.message, trouble.hint)


def _findings(known: Status) -> Iterator[Alarm]:
    for name, share in known.shares.items():
        yield from (_finding(found, f"shares.{name}") for found in share.findings)
    yield from (_finding(found, found.where) for found in known.exposed)


def _finding(found: Found, where: str) -> Alarm:
    hint = say("See: coachsync status. To look again: coachsync share verify")
    return alarm(Kind.FINDING, where, found.code, found.detail, hint)


def _stale(known: Status, books: Books, moment: Moment) -> Iterator[Alarm]:
    for name in books.config.shares:
        as_of = known.share(name).as_of
        allowed = longest_age(books.config, name).total_seconds()
        old = as_of is None or moment.wall.timestamp() - as_of > allowed
        if old and books.in_vain(name, moment) > _TRYING:
            trouble = known.share(name).trouble
            yield alarm(
                Kind.STALE,
                f"shares.{name}",
                trouble.code if trouble else "share-too-old",
                say("This share does not show the latest changes: it could not be brought up to date in time."),
                say("See: coachsync status"),
            )
