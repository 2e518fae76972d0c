"""What came in and what went out, in a line each."""

from __future__ import annotations

from collections.abc import Collection

from coachsync.app.outcome import Outcome, Published, Pulled, Pushed
from coachsync.phrases import say


def pulled_line(name: str, pulled: Pulled, *, dry_run: bool = False) -> str:
    """What came in from a calendar."""
    counts = {"added": pulled.added, "changed": pulled.changed, "removed": pulled.removed}
    if not any(counts.values()):
        line = say("calendar {name}: nothing new", name=name)
    elif dry_run:
        line = say("calendar {name}: {added} would be added, {changed} changed, {removed} removed", name=name, **counts)
    else:
        line = say("calendar {name}: {added} added, {changed} changed, {removed} removed", name=name, **counts)
    return say("{line}, {number} kept until you decide", line=line, number=pulled.held) if pulled.held else line


def pushed_line(name: str, pushed: Pushed, *, dry_run: bool = False) -> str:
    """What went out to a calendar; "" when nothing did and nothing waits."""
    counts = {"added": pushed.added, "changed": pushed.changed, "removed": pushed.removed}
    if any(counts.values()) and dry_run:
        return say(
            "calendar {name}, from here: {added} would be added, {changed} changed, {removed} removed",
            name=name,
            **counts,
        )
    if any(counts.values()):
        return say(
            "calendar {name}, from here: {added} added, {changed} changed, {removed} removed", name=name, **counts
        )
    if pushed.waiting and not dry_run:
        return say("calendar {name}, from here: nothing sent, {number} waiting", name=name, number=pushed.waiting)
    return ""


def published_line(name: str, outcome: Outcome, calendars: Collection[str], *, dry_run: bool = False) -> str:
    """What went out to a share, which is made from these calendars."""
    share = outcome.shares[name]
    line = _published(name, share, _unread(outcome, calendars), dry_run=dry_run)
    return say("{line}, {number} kept until you decide", line=line, number=share.held_back) if share.held_back else line


def _published(name: str, share: Published, unread: str, *, dry_run: bool) -> str:
    counts = {"created": share.created, "deleted": share.deleted}
    if not any(counts.values()) and unread:
        return say("share {name}: left as it is, because {calendars} could not be read", name=name, calendars=unread)
    if not any(counts.values()):
        return say("share {name}: nothing new", name=name)
    if dry_run:
        return say("share {name}: {created} would be added, {deleted} removed", name=name, **counts)
    return say("share {name}: {created} added, {deleted} removed", name=name, **counts)


def _unread(outcome: Outcome, calendars: Collection[str]) -> str:
    """Those of the calendars that could not be read."""
    failed = {where for where, _ in outcome.failures}
    return ", ".join(calendar for calendar in calendars if f"calendars.{calendar}" in failed)
