"""What is due: for each calendar, account and share of one configuration, when it is looked at again. Does no work."""

from __future__ import annotations

import math
from collections.abc import Callable, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from coachsync.app.daemon import pace
from coachsync.app.daemon.moment import Moment
from coachsync.app.daemon.pace import NEVER, Pace
from coachsync.config import CalDavTarget, Config
from coachsync.errors import Barred, CoachsyncError, Refused, Temporary
from coachsync.redaction import schedule
from coachsync.redaction.profiles import Publish

Held = Set[tuple[bytes, bool]]  # by its tag, what a target serves or may serve, and whether it surely does
Draw = Callable[[], float]  # a random number from 0 to 1

CHECK_EVERY = 86_400.0  # seconds between two looks at a share from outside, when nothing was published in between
_CREDENTIAL_EVERY = (60.0, 3600.0)  # seconds between two looks whether a refused credential was replaced
_WHOLE_ACCOUNT = frozenset(
    {"host-unknown", "certificate-not-trusted", "tls-failed", "timeout", "no-connection"}
    | {"too-many-requests", "server-unavailable", "calendars-elsewhere", "secret-command-slow"}
    | {"login-forbidden"}
)


@dataclass(frozen=True, slots=True)
class ShareBook:
    """What is known of one share in this process.

    `stale`: its calendars may hold something that it does not serve yet. `owed`: its schedule let it be written from
    old copies alone, for a calendar could not be read. `edge` of its schedule, and local `day`, at which it was last
    brought up to date. `writing` and `checking` say when each is tried. `looked` is what its target held, by its
    journal, when it was last looked at from outside, and `partly` that it may hold something though writing it failed.
    `as_of` is up to when it
    shows what its calendars held (seconds since 1970), and `fresh` when, in seconds awake, that last moved on.
    """

    stale: bool = True
    owed: bool = False
    edge: datetime | None = None
    day: date | None = None
    writing: Pace = NEVER
    checking: Pace = NEVER
    looked: Held | None = None
    partly: bool = False
    as_of: int | None = None
    fresh: float | None = None


@dataclass(slots=True)
class Books:
    """What is due, and what follows from what was done."""

    config: Config
    draw: Draw
    calendars: dict[str, Pace] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)  # calendars of which the last look brought everything
    accounts: dict[str, Pace] = field(default_factory=dict)
    shares: dict[str, ShareBook] = field(default_factory=dict)
    barred: dict[str, float] = field(default_factory=dict)  # accounts whose credential was refused, and until when

    # --- what is due -----------------------------------------------------------------------------------------------

    def due_calendars(self, boot: float) -> list[str]:
        """The calendars to look at now, the longest due first."""
        due = {name: self._calendar_due(name) for name in self.config.calendars}
        return sorted((name for name in due if due[name] <= boot), key=lambda name: due[name])

    def due_shares(self, moment: Moment) -> list[str]:
        """The shares to write now."""
        return [name for name in self.config.shares if self._is_share_due(name, moment)]

    def due_checks(self, boot: float) -> list[str]:
        """The shares to look at from outside now."""
        return [name for name in self.config.shares if self._check_time(name) <= boot]

    def eyes(self, share: str) -> str | None:
        """The account that a share is looked at with from outside: its audience's, else its own; None for a file."""
        settings = self.config.shares[share]
        return settings.audience or (settings.to.account if isinstance(settings.to, CalDavTarget) else None)

    def is_held(self, account: str, boot: float) -> bool:
        """Whether an account is left alone for now."""
        return self._account_time(account) > boot

    def next(self, moment: Moment) -> float:
        """Seconds until something is due."""
        times = [self._calendar_due(name) for name in self.config.calendars]
        times += [self.share_time(name, moment) for name in self.config.shares]
        times += [self._check_time(name) for name in self.config.shares]
        return max(0.0, min(times, default=CHECK_EVERY + moment.boot) - moment.boot)

    def calendar_time(self, name: str) -> float:
        """When a calendar is looked at next, in seconds since boot."""
        return self._calendar_due(name)

    def share_time(self, name: str, moment: Moment) -> float:
        """When a share is written next, in seconds since boot, as far as can be known now."""
        book, publish = self._share(name), self.config.shares[name].profile.publish
        if self._wants(name, moment):
            return max(book.writing.due, self._account_due(name))
        ahead = (schedule.next_edge(moment.wall, self._zone, publish) - moment.wall).total_seconds()
        return max(book.writing.due, moment.boot + ahead)

    def owes(self, name: str) -> bool:
        """Whether a share is to be written as soon as its calendars can be read."""
        return self._share(name).owed

    def in_vain(self, name: str, moment: Moment) -> float:
        """For how many seconds awake a share could not be brought up to date."""
        fresh = self._share(name).fresh
        return 0.0 if fresh is None else moment.awake - fresh

    # --- what follows ----------------------------------------------------------------------------------------------

    def begun(self, moment: Moment) -> None:
        """What was not known until now was not tried in vain before."""
        for name in self.config.shares:
            if self._share(name).fresh is None:
                self.shares[name] = replace(self._share(name), fresh=moment.awake)

    def published_before(self, name: str, at: int, *, owed: bool) -> None:
        """A share was last up to date at this time (seconds since 1970), before this process began."""
        then = datetime.fromtimestamp(at, UTC)
        publish = self.config.shares[name].profile.publish
        self.shares[name] = replace(
            self._share(name),
            owed=owed,
            edge=schedule.edge(then, self._zone, publish),
            day=then.astimezone(self._zone).date(),
        )

    def checked_before(self, name: str, boot: float, age: float) -> None:
        """A share was looked at from outside `age` seconds ago; a time to come is a clock that was set back."""
        if 0 <= age < CHECK_EVERY:
            self.shares[name] = replace(self._share(name), checking=Pace(boot + CHECK_EVERY - age))

    def looked_at(self, name: str, *, whole: bool) -> None:
        """It was tried to take in a calendar; `whole` when what is here is now all that its server says."""
        (self.whole.add if whole else self.whole.discard)(name)

    def taken_in(self, name: str, boot: float, *, changed: bool) -> None:
        """A calendar was looked at, and so its account answers."""
        calendar = self.config.calendars[name]
        self.barred.pop(calendar.account, None)
        if self.accounts.pop(calendar.account, None):  # it answers again: the others need not wait longer
            self._hurry_calendars(calendar.account, boot)
        self.calendars[name] = pace.regular(boot, calendar.interval.total_seconds(), self.draw())
        if changed:
            self.disturbed(name)

    def disturbed(self, calendar: str | None = None) -> None:
        """What is here of a calendar (of all when None) may be newer than what its shares serve."""
        for name, share in self.config.shares.items():
            if calendar is None or calendar in share.calendars:
                self.shares[name] = replace(self._share(name), stale=True)

    def wanted(self, name: str, boot: float) -> None:
        """Something of a person's waits to be sent to a calendar: it is due now."""
        self.calendars[name] = pace.hurried(self.calendars.get(name, NEVER), boot)

    def failed(self, name: str, boot: float, failure: CoachsyncError) -> None:
        """A calendar could not be looked at; when that is all of its account's trouble, the account waits too.

        Something may have come in before it failed, which its shares do not serve yet.
        """
        self.disturbed(name)
        self._account_failed(self.config.calendars[name].account, boot, failure)
        self.calendars[name] = self._later(self.calendars.get(name, NEVER), boot, failure)

    def written(self, name: str, moment: Moment, as_of: int | None, *, changed: bool) -> None:
        """A share serves what is here; what was changed in it is looked at from outside next."""
        self.confirmed(name, moment, as_of)
        book, publish = self._share(name), self.config.shares[name].profile.publish
        self.shares[name] = replace(
            book,
            stale=False,
            owed=publish is not Publish.NOW and self._is_behind(name, moment.boot),
            edge=schedule.edge(moment.wall, self._zone, publish),
            day=moment.wall.astimezone(self._zone).date(),
            writing=NEVER,
            checking=Pace(moment.boot) if changed else book.checking,
        )

    def is_current(self, name: str, moment: Moment) -> bool:
        """Whether nothing waits to be written into a share."""
        book = self._share(name)
        done = book.edge is not None and not (book.stale or book.owed or book.writing.failures)
        return done and not self._wants(name, moment)

    def confirmed(self, name: str, moment: Moment, as_of: int | None) -> None:
        """A share shows what its calendars held at `as_of`."""
        book = self._share(name)
        moved = as_of is not None and as_of != book.as_of
        self.shares[name] = replace(book, as_of=as_of, fresh=moment.awake if moved else book.fresh)

    def unwritten(self, name: str, boot: float, failure: CoachsyncError, held: Held) -> None:
        """A share could not be written. What went out before that, so that its target may hold something that nobody
        has looked at, is looked at from outside next."""
        target = self.config.shares[name].to
        if isinstance(target, CalDavTarget):
            self._account_failed(target.account, boot, failure)
        book = self._share(name)
        checking = Pace(boot) if held and held != book.looked else book.checking
        writing = self._later(book.writing, boot, failure)
        self.shares[name] = replace(book, writing=writing, checking=checking, partly=bool(held))

    def checked(
        self,
        name: str,
        boot: float,
        failure: CoachsyncError | None = None,
        *,
        held: Held = frozenset(),
        blind: bool = True,
    ) -> None:
        """A share was looked at from outside, or could not be in every way: `blind` when the account could not."""
        account = self.eyes(name)
        if failure is not None and blind and account is not None:
            self._account_failed(account, boot, failure)
        book = self._share(name)
        again = self._later(book.checking, boot, failure) if failure else pace.regular(boot, CHECK_EVERY, self.draw())
        self.shares[name] = replace(book, checking=again, looked=held)

    def check_now(self, name: str, boot: float) -> None:
        """A share is looked at from outside now."""
        self.shares[name] = replace(self._share(name), checking=Pace(boot))

    def unanswered(self, name: str, boot: float, failure: CoachsyncError) -> None:
        """A share leaks, and what that asks for could not be done: it is tried again soon."""
        book = self._share(name)
        writing, checking = (self._later(pace, boot, failure) for pace in (book.writing, book.checking))
        self.shares[name] = replace(book, stale=True, owed=True, writing=writing, checking=checking)

    def hold_refused(self, account: str, boot: float, *, quickly: bool = True) -> None:
        """An account's credential was refused: it is looked at again, soon where that costs nothing; its server is not
        asked."""
        often, seldom = _CREDENTIAL_EVERY
        self.barred[account] = boot + (often if quickly else seldom)

    def pardoned(self) -> None:
        """A person has asked: what was refused may be tried once more."""
        self.barred.clear()

    def checks_in_vain(self, name: str) -> int:
        """How often in a row a share could not be looked at from outside."""
        return self._share(name).checking.failures

    def hurry(self, boot: float) -> None:
        """Everything is due, as after sleep: only what a server has asked for still counts."""
        self.accounts = {name: pace.hurried(one, boot) for name, one in self.accounts.items()}
        self.calendars = {name: pace.hurried(one, boot) for name, one in self.calendars.items()}
        self.shares = {
            name: replace(book, writing=pace.hurried(book.writing, boot)) for name, book in self.shares.items()
        }

    # --- inside ----------------------------------------------------------------------------------------------------

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.practice.timezone)

    def _share(self, name: str) -> ShareBook:
        return self.shares.get(name, ShareBook())

    def _calendar_due(self, name: str) -> float:
        return max(self.calendars.get(name, NEVER).due, self._account_time(self.config.calendars[name].account))

    def _check_time(self, share: str) -> float:
        """When a share is looked at from outside, in seconds since boot; never, before anything was published."""
        book = self._share(share)
        if book.edge is None and not book.partly:
            return math.inf
        account = self.eyes(share)
        return max(book.checking.due, self._account_time(account) if account else 0.0)

    def _account_time(self, account: str) -> float:
        """When an account may be asked again, in seconds since boot."""
        return max(self.accounts.get(account, NEVER).due, self.barred.get(account, 0.0))

    def _account_due(self, share: str) -> float:
        target = self.config.shares[share].to
        return self._account_time(target.account) if isinstance(target, CalDavTarget) else 0.0

    def _is_share_due(self, name: str, moment: Moment) -> bool:
        ready = max(self._share(name).writing.due, self._account_due(name)) <= moment.boot
        return ready and self._wants(name, moment)

    def _wants(self, name: str, moment: Moment) -> bool:
        """Whether the share may be written: for "now", whenever there may be something to write; else at the edges of
        its schedule, and when one of them is owed, once what was missing there has come in."""
        book, publish = self._share(name), self.config.shares[name].profile.publish
        if publish is Publish.NOW:
            return book.stale or book.day != moment.wall.astimezone(self._zone).date()
        made_up_for = book.owed and not self._is_behind(name, moment.boot)
        return made_up_for or book.edge != schedule.edge(moment.wall, self._zone, publish)

    def _is_behind(self, share: str, boot: float) -> bool:
        """Whether what is here of a calendar of the share is older than it should be: its last look failed, or none
        was possible when it was due."""
        names = self.config.shares[share].calendars
        return any(name not in self.whole or self.calendars.get(name, NEVER).due <= boot for name in names)

    def _account_failed(self, account: str, boot: float, failure: CoachsyncError) -> None:
        """Leave the account alone when what failed is all of its calendars' trouble."""
        if isinstance(failure, Refused) and not isinstance(failure, Barred):
            self.hold_refused(account, boot)
        elif failure.code in _WHOLE_ACCOUNT:
            self.accounts[account] = self._later(self.accounts.get(account, NEVER), boot, failure)

    def _hurry_calendars(self, account: str, boot: float) -> None:
        for name, calendar in self.config.calendars.items():
            if calendar.account == account and name in self.calendars:
                self.calendars[name] = pace.hurried(self.calendars[name], boot)

    def _later(self, before: Pace, boot: float, failure: CoachsyncError) -> Pace:
        wait = failure.retry_after if isinstance(failure, Temporary) else None
        return pace.failed(before, boot, self.draw(), wait)
