"""`coachsync status`: from the file that every run leaves. Neither the network nor the database is loaded for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from coachsync.adapters import lock
from coachsync.adapters.membership import refuse_planted, refuse_shut
from coachsync.app import status as kept
from coachsync.app.backup import remembering
from coachsync.app.backup.remembering import Memory
from coachsync.app.cli import vaultstatus
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.output import instant, tell_json
from coachsync.app.cli.tongue import spoken
from coachsync.app.cli.vaultstatus import VaultView
from coachsync.app.outcome import FINDINGS
from coachsync.app.status import CalendarStatus, Found, ShareStatus, Status, Trouble
from coachsync.config.glance import Glance, glance, state_folder
from coachsync.config.locating import locate
from coachsync.errors import CoachsyncError, Misconfigured, NotInitialised
from coachsync.phrases import say, say_count

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class _View:
    """Everything that is shown: the status of what is configured, at a time (seconds since 1970)."""

    known: Status
    named: Glance
    now: int
    running: bool
    memory: Memory
    vault: VaultView | None


@click.command("status", help=COMMANDS["status"][1])
@everywhere
@click.pass_obj
def command(options: Options) -> int:
    """Show the status as it was left, for people or as JSON."""
    view = _view(options.config, int(datetime.now(UTC).timestamp()))
    if options.json:
        tell_json(_document(view))
    else:
        for line in _lines(view):
            click.echo(spoken(line))
    return FINDINGS if _needs_somebody(view) else 0


def _view(option: str | None, now: int) -> _View:
    named, folder = _named(option)
    if named.state is None:
        raise Misconfigured(
            "configuration",
            say("The configuration cannot be read."),
            say("Run: coachsync check"),
        )
    refuse_shut(named.state)
    refuse_planted(named.state)
    known = kept.load(named.state)
    running = lock.is_held(named.state, lock.DAEMON)
    vault = vaultstatus.view(folder, named.state) if folder else None
    if not (running or known.calendars or known.shares or known.inbox or known.dropped or vault):
        raise NotInitialised("never-synced", say("Nothing has been synced yet."), say("Run: coachsync sync"))
    # A file with a mistake in it names fewer than the one that is in force.
    calendars = tuple(dict.fromkeys((*named.calendars, *(known.calendars if known.configuration else ()))))
    shares = tuple(dict.fromkeys((*named.shares, *(known.shares if known.configuration else ()))))
    memory = remembering.recall(named.state)
    return _View(known, replace(named, calendars=calendars, shares=shares), now, running, memory, vault)


def _named(option: str | None) -> tuple[Glance, Path | None]:
    """What the configuration names, and its folder; without one, what a daemon that still works keeps in the usual
    place."""
    try:
        file = locate(option, os.environ)
        return glance(file), file.absolute().parent
    except CoachsyncError:
        usual = state_folder(None, Path())
        if not lock.is_held(usual, lock.DAEMON):
            raise
        known = kept.load(usual)
        return Glance(state=usual, calendars=tuple(known.calendars), shares=tuple(known.shares)), None


def _needs_somebody(view: _View) -> bool:
    """Whether something waits for a person, and will not pass by itself."""
    known = view.known
    waiting = any(_waits(known.calendar(name)) for name in view.named.calendars)
    found = any(known.share(name).findings or known.share(name).has_fallen for name in view.named.shares)
    broken = known.configuration or known.left_behind or known.opening or known.inbox or known.state or known.channels
    damaged = view.named.backup and (view.memory.drill_findings or view.memory.findings)
    return bool(waiting or found or known.exposed or known.refused or broken or damaged)


def _waits(calendar: CalendarStatus) -> bool:
    return bool(calendar.waiting or calendar.conflicts or calendar.withheld or calendar.rejected)


# --- for people ----------------------------------------------------------------------------------------------------


def _lines(view: _View) -> Iterator[str]:
    if view.running:
        yield say("coachsync is working in the background.")
    else:
        yield say("coachsync is not working in the background. To start it: coachsync service install")
    for problem in view.known.configuration:
        yield say("The configuration was changed and cannot be used as it is; the earlier one stays in force.")
        yield from _trouble(problem)
    yield from _trouble(view.known.state)
    for problem in view.known.opening:
        yield from _trouble(problem)
    if view.known.dropped:
        yield say_count("{number} file waits in the inbox.", "{number} files wait in the inbox.", view.known.dropped)
    for problem in view.known.inbox:
        yield from _trouble(problem)
    for name in view.named.calendars:
        yield from _calendar(name, view.known.calendar(name), view)
    for name in view.named.shares:
        yield from _share(name, view.known.share(name), view)
    yield from _found(view.known.exposed)
    if view.named.backup:
        yield from _backup(view.memory, view.now)
    for problem in (*view.known.left_behind, *view.known.channels):
        yield from _trouble(problem)
    yield from vaultstatus.lines(view.vault, _ahead)


def _calendar(name: str, calendar: CalendarStatus, view: _View) -> Iterator[str]:
    if calendar.succeeded is None:
        yield say("Calendar {name}: never read.", name=name)
    elif calendar.tried is not None and calendar.tried > calendar.succeeded:
        yield say(
            "Calendar {name}: could not be read; last read {ago}.", name=name, ago=_ago(view.now - calendar.succeeded)
        )
    else:
        yield say("Calendar {name}: read {ago}.", name=name, ago=_ago(view.now - calendar.succeeded))
    if view.running and calendar.due is not None:
        yield say("  Next time {ahead}.", ahead=_ahead(calendar.due - view.now))
    if calendar.unreadable:
        yield say_count(
            "  {number} appointment cannot be read: coachsync agenda --unreadable",
            "  {number} appointments cannot be read: coachsync agenda --unreadable",
            calendar.unreadable,
        )
    if calendar.unsent:
        yield say_count(
            "  {number} change of yours is not in the calendar yet.",
            "  {number} changes of yours are not in the calendar yet.",
            calendar.unsent,
        )
    for trouble in calendar.troubles():
        yield from _trouble(trouble)


def _share(name: str, share: ShareStatus, view: _View) -> Iterator[str]:
    if share.gone:
        yield say(
            "Share {name}: taken away; nobody sees anything of it. To bring it back: coachsync share publish {name}",
            name=name,
        )
        yield from _found(share.findings)
        yield from _trouble(share.trouble)
        return
    if share.as_of is None:
        yield say("Share {name}: never published.", name=name)
    else:
        pattern = _behind if share.trouble or share.held_back else _current
        yield pattern(name, _ago(view.now - share.as_of))
    if view.running and share.due is not None:
        yield say("  Next time {ahead}.", ahead=_ahead(share.due - view.now))
    if share.verified is not None and not share.findings:
        yield say("  Checked from outside {ago}: nothing but these times.", ago=_ago(view.now - share.verified))
    yield from _found(share.findings)
    yield from _trouble(share.unseen)
    yield from _trouble(share.trouble)


def _backup(memory: Memory, now: int) -> Iterator[str]:
    if memory.made is None:
        yield say("Backup: never made.")
    else:
        yield say("Backup: made {ago}.", ago=_ago(now - memory.made))
    if memory.mirrored is not None:
        yield say("  Mirror of the keys: up to date {ago}.", ago=_ago(now - memory.mirrored))
        if memory.behind is not None:
            yield say("  It lacks what was written or erased since: connect its disk, and run: coachsync backup create")
    if memory.due is not None:
        yield say(
            "  Notes or names that were sealed anew are in no backup yet: connect its disk, and run: "
            "coachsync backup create"
        )
    if memory.findings:
        yield say_count(
            "  The last look through them had {number} finding: coachsync backup create, then coachsync backup verify",
            "  The last look through them had {number} findings: coachsync backup create, then coachsync backup verify",
            memory.findings,
        )
    if memory.drilled is None:
        yield say("  Nobody has tried to open a backup yet: coachsync backup verify --drill")
    elif memory.drill_findings:
        yield say_count(
            "  Drill {ago}: {number} finding.",
            "  Drill {ago}: {number} findings.",
            memory.drill_findings,
            ago=_ago(now - memory.drilled),
        )
    else:
        yield say("  Drill {ago}: all of it opens.", ago=_ago(now - memory.drilled))


def _current(name: str, ago: str) -> str:
    return say("Share {name}: up to date; your calendar was read {ago}.", name=name, ago=ago)


def _behind(name: str, ago: str) -> str:
    return say("Share {name}: as your calendar was {ago}.", name=name, ago=ago)


def _found(findings: tuple[Found, ...]) -> Iterator[str]:
    for found in findings:
        yield say("  Found: {where}: {detail} [{code}]", where=found.where, detail=found.detail, code=found.code)


def _trouble(trouble: Trouble | None) -> Iterator[str]:
    if trouble is None:
        return
    yield f"  {trouble.where}: {trouble.message} [{trouble.code}]"
    if trouble.hint:
        yield f"    {trouble.hint}"


def _ago(seconds: int) -> str:
    if seconds < _MINUTE:  # also what a clock that was set back makes of it
        return say("just now")
    if seconds < _HOUR:
        return say_count("{number} minute ago", "{number} minutes ago", seconds // _MINUTE)
    if seconds < 2 * _DAY:
        return say_count("{number} hour ago", "{number} hours ago", seconds // _HOUR)
    return say_count("{number} day ago", "{number} days ago", seconds // _DAY)


def _ahead(seconds: int) -> str:
    if seconds < _MINUTE:
        return say("in less than a minute")
    if seconds < 2 * _HOUR:
        return say_count("in {number} minute", "in {number} minutes", seconds // _MINUTE)
    return say_count("in {number} hour", "in {number} hours", seconds // _HOUR)


# --- for machines --------------------------------------------------------------------------------------------------


def _document(view: _View) -> dict[str, Any]:
    known = view.known
    return {
        "running": view.running,
        "calendars": {name: _of_calendar(known.calendar(name), view) for name in view.named.calendars},
        "shares": {name: _of_share(known.share(name), view) for name in view.named.shares},
        "findings": [_of_found(found) for found in known.exposed],
        "refused": sorted(known.refused),
        "configuration": [_of_trouble(problem) for problem in known.configuration],
        "left_behind": [_of_trouble(problem) for problem in known.left_behind],
        "opening": [_of_trouble(problem) for problem in known.opening],
        "inbox": {"waiting": known.dropped, "problems": [_of_trouble(problem) for problem in known.inbox]},
        "state": _of_trouble(known.state),
        "backup": _of_backup(view.memory) if view.named.backup else None,
        "alarms": [_of_trouble(problem) for problem in known.channels],
        "vault": vaultstatus.document(view.vault, view.now),
    }


def _of_calendar(calendar: CalendarStatus, view: _View) -> dict[str, Any]:
    return {
        "last_success": _when(calendar.succeeded),
        "last_try": _when(calendar.tried),
        "next": _when(calendar.due) if view.running else None,
        "waiting": calendar.waiting,
        "unreadable": calendar.unreadable,
        "unsent": calendar.unsent,
        "conflicts": calendar.conflicts,
        "withheld": calendar.withheld,
        "rejected": calendar.rejected,
        "problem": _of_trouble(calendar.trouble),
        "further": [_of_trouble(trouble) for trouble in calendar.more],
    }


def _of_share(share: ShareStatus, view: _View) -> dict[str, Any]:
    return {
        "as_of": _when(share.as_of),
        "age": None if share.as_of is None else max(0, view.now - share.as_of),
        "last_try": _when(share.tried),
        "next": _when(share.due) if view.running else None,
        "held_back": share.held_back,
        "verified": _when(share.verified),
        "findings": [_of_found(found) for found in share.findings],
        "unseen": _of_trouble(share.unseen),
        "problem": _of_trouble(share.trouble),
    }


def _of_backup(memory: Memory) -> dict[str, Any]:
    return {
        "made": _when(memory.made),
        "number": memory.number or None,
        "due": _when(memory.due),
        "mirrored": _when(memory.mirrored),
        "mirror_behind": _when(memory.behind),
        "findings": memory.findings,
        "drilled": _when(memory.drilled),
        "drill_findings": None if memory.drilled is None else memory.drill_findings,
    }


def _of_found(found: Found) -> dict[str, str]:
    return {"code": found.code, "where": found.where, "detail": found.detail}


def _of_trouble(trouble: Trouble | None) -> dict[str, str] | None:
    if trouble is None:
        return None
    return {"code": trouble.code, "where": trouble.where, "message": trouble.message, "hint": trouble.hint}


def _when(seconds: int | None) -> str | None:
    return None if seconds is None else instant(datetime.fromtimestamp(seconds, UTC))
