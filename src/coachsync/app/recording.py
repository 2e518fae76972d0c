"""What a run leaves in the status: how each calendar and share that it tried stands now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from coachsync.adapters.database import Copies, Edits, Shares
from coachsync.app import status
from coachsync.app.fallen import is_gone
from coachsync.app.inbox.wording import problems
from coachsync.app.outcome import (
    CONFLICT,
    Outcome,
    Published,
    Pulled,
    Pushed,
    held_problem,
    waiting_problems,
)
from coachsync.app.status import Found, Status, Trouble
from coachsync.app.unconfigured import left_behind
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, Config
from coachsync.errors import Barred, CoachsyncError, Problem, Refused
from coachsync.model import Finding

if TYPE_CHECKING:
    from coachsync.app.inbox.receiving import Received
    from coachsync.app.verify import Verification  # what it loads, a run that verifies nothing does without

Say = Callable[[str], str]  # puts a sentence into the configured language


def record(wiring: Wiring, say: Say, outcome: Outcome | None = None, checked: Verification | None = None) -> None:
    """Keep in the state folder what a person's command did; a folder without room for it is no reason to fail."""
    state = wiring.config.practice.state
    known = of_configured(status.load(state), wiring.config)
    if outcome is not None:
        known = after_run(known, wiring, outcome, say)
    if checked is not None:
        known = after_check(known, wiring, checked, say)
    with suppress(CoachsyncError):
        status.save(state, of_configured(known, wiring.config))


def record_look(wiring: Wiring, say: Say, received: Received) -> None:
    """Keep what a person's look at the inbox has found."""
    state = wiring.config.practice.state
    with suppress(CoachsyncError):
        status.save(state, after_look(of_configured(status.load(state), wiring.config), received, say))


def record_changes(wiring: Wiring) -> None:
    """Keep at once how many of the coach's changes their servers do not have yet."""
    state = wiring.config.practice.state
    known = of_configured(status.load(state), wiring.config)
    for name in wiring.config.calendars:
        edits, before = Edits(wiring.database, name).all(), known.calendar(name)
        conflicts, withheld = sum(bool(edit.clashes) for edit in edits), min(before.withheld, len(edits))
        if (before.unsent, before.conflicts) == (len(edits), conflicts):
            continue
        known = known.with_calendar(name, unsent=len(edits), conflicts=conflicts, withheld=withheld)
        known = known.with_troubles(name, [one for one in before.troubles() if conflicts or one.code != CONFLICT])
    left = {problem.where for problem in left_behind(wiring)}
    known = replace(known, left_behind=tuple(one for one in known.left_behind if one.where in left))
    with suppress(CoachsyncError):
        status.save(state, known)


def of_configured(known: Status, config: Config) -> Status:
    """The status without calendars, shares and accounts that are no longer configured."""
    return replace(
        known,
        calendars={name: value for name, value in known.calendars.items() if name in config.calendars},
        shares={name: value for name, value in known.shares.items() if name in config.shares},
        refused={name: value for name, value in known.refused.items() if name in config.accounts},
        exposed=tuple(found for found in known.exposed if _key(found.where) in config.calendars),
        inbox=known.inbox if config.inbox else (),
        dropped=known.dropped if config.inbox else 0,
    )


def after_run(known: Status, wiring: Wiring, outcome: Outcome, say: Say) -> Status:
    """The status after calendars were taken in and shares published."""
    tried = {*outcome.calendars, *outcome.pushed, *(_key(at) for at, _ in outcome.failures if _is_calendar(at))}
    for name in tried:
        known = known.with_troubles(name, [])
    for name, pulled in outcome.calendars.items():
        known = _calendar(known, wiring, name, pulled, say)
    for name, pushed in outcome.pushed.items():
        known = _sent(known, name, pushed, say)
    for name, published in outcome.shares.items():
        known = _share(known, wiring, name, published, say)
    for where, failure in outcome.failures:
        known = _failed(known, wiring, where, failure, say)
    for name, number in outcome.undecided.items():
        known = _told_too(known, name, waiting_problems(name, Pushed(conflicts=number)), say)
    return replace(known, left_behind=tuple(trouble(one, say) for one in left_behind(wiring)))


def after_check(known: Status, wiring: Wiring, checked: Verification, say: Say) -> Status:
    """The status after shares, and the calendars they are made from, were looked at from outside."""
    now = _now(wiring)
    failed = dict(checked.failures)
    for name in checked.shares:
        failure = checked.failure(name)
        found = _found((finding for share, finding in checked.findings if share == name), say)
        if failure is None:
            known = known.with_share(name, verified=now, findings=found, unseen=None)
            continue
        if name not in checked.seen:  # what was found before may be there still
            found = tuple(dict.fromkeys((*known.share(name).findings, *found)))
            known = _refused(known, wiring, eyes_of(wiring.config, name), failure)
        known = known.with_share(name, findings=found, unseen=trouble(failure.problem(f"shares.{name}"), say))
    looked = {f"calendars.{name}" for name in checked.calendars} - failed.keys()
    stay = tuple(found for found in known.exposed if found.where not in looked)
    new = _found((finding for share, finding in checked.findings if not share), say)
    return replace(known, exposed=stay + new)


def after_look(known: Status, received: Received, say: Say) -> Status:
    """The status after a look at the inbox."""
    told = problems(why for _, why in received.told)
    stopped = () if received.trouble is None else (received.trouble,)
    return replace(known, inbox=tuple(trouble(one, say) for one in (*stopped, *told)), dropped=len(received.waiting))


def as_of(wiring: Wiring, share: str) -> int | None:
    """Up to when what is here of a share's calendars is what their servers said; None while one was never read."""
    times = [read_at(wiring, name) for name in wiring.config.shares[share].calendars]
    known = [time for time in times if time is not None]
    return min(known) if len(known) == len(times) else None


def read_at(wiring: Wiring, calendar: str) -> int | None:
    """When what is here of a calendar was last all that its server said (seconds since 1970)."""
    endpoint = Copies(wiring.database, calendar).endpoint()
    return endpoint.synced_at if endpoint else None


def account_of(config: Config, where: str) -> str | None:
    """The account that a calendar or a share ("calendars.NAME", "shares.NAME") needs; None for a file, and for a share
    that is not configured any more."""
    section, _, name = where.partition(".")
    if section == "calendars":
        return config.calendars[name].account
    target = config.shares[name].to if name in config.shares else None
    return target.account if isinstance(target, CalDavTarget) else None


def eyes_of(config: Config, share: str) -> str | None:
    """The account that a share is looked at with from outside: its audience's, else its own; None for a file."""
    return config.shares[share].audience or account_of(config, f"shares.{share}")


def trouble(problem: Problem, say: Say) -> Trouble:
    """A problem as it is kept: without what is for the coach's own terminal alone."""
    return Trouble(problem.code, problem.where, say(problem.message), say(problem.hint))


def _calendar(known: Status, wiring: Wiring, name: str, pulled: Pulled, say: Say) -> Status:
    problems = ((held_problem(name, pulled),) if pulled.held else ()) + pulled.problems
    known = known.pardoned(wiring.config.calendars[name].account).with_calendar(
        name,
        tried=_now(wiring),
        succeeded=read_at(wiring, name),
        waiting=pulled.held,
        unreadable=pulled.quarantined,
    )
    return _told_too(known, name, problems, say)


def _sent(known: Status, name: str, pushed: Pushed, say: Say) -> Status:
    known = _told_too(known, name, waiting_problems(name, pushed) + pushed.problems, say)
    return known.with_calendar(
        name, unsent=pushed.waiting, conflicts=pushed.conflicts, withheld=pushed.held, rejected=pushed.rejected
    )


def _told_too(known: Status, name: str, problems: Iterable[Problem], say: Say) -> Status:
    """The status with further problems of a calendar."""
    return known.with_troubles(name, [*known.calendar(name).troubles(), *(trouble(one, say) for one in problems)])


def _share(known: Status, wiring: Wiring, name: str, published: Published, say: Say) -> Status:
    account = account_of(wiring.config, f"shares.{name}")
    known = known.pardoned(account) if account is not None and (published.created or published.deleted) else known
    return known.with_share(
        name,
        tried=_now(wiring),
        as_of=as_of(wiring, name) if name in wiring.config.shares else None,
        held_back=published.held_back,
        trouble=trouble(published.problems[0], say) if published.problems else None,
        owed=False,
        gone=is_gone(Shares(wiring.database, name).share()),
    )


def _failed(known: Status, wiring: Wiring, where: str, failure: CoachsyncError, say: Say) -> Status:
    section, _, name = where.partition(".")
    what = trouble(failure.problem(where), say)
    known = _refused(known, wiring, account_of(wiring.config, where), failure)
    if section == "calendars":
        return known.with_calendar(name, tried=_now(wiring)).with_troubles(
            name, [what, *known.calendar(name).troubles()]
        )
    return known.with_share(name, tried=_now(wiring), trouble=what)


def _refused(known: Status, wiring: Wiring, account: str | None, failure: CoachsyncError) -> Status:
    """The status with a refusal of this account's credential, when that is what failed."""
    if not isinstance(failure, Refused) or isinstance(failure, Barred) or account is None:
        return known
    try:
        return replace(known, refused={**known.refused, account: wiring.fingerprint(account)})
    except CoachsyncError:  # the password cannot be had any more: that is told the next time
        return known


def _found(findings: Iterable[Finding], say: Say) -> tuple[Found, ...]:
    return tuple(Found(finding.code, finding.where, say(finding.detail)) for finding in findings)


def _is_calendar(where: str) -> bool:
    return where.startswith("calendars.")


def _key(where: str) -> str:
    return where.partition(".")[2]


def _now(wiring: Wiring) -> int:
    return int(wiring.now.timestamp())
