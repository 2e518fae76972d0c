"""Importing: what lies in the inbox, and files that are named."""

from __future__ import annotations

import time
from pathlib import Path

from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems, tell_table
from coachsync.app.inbox.giving import CHANGING, Given, give
from coachsync.app.inbox.receiving import Received, desk_of, receive, survey
from coachsync.app.inbox.watch import Watch
from coachsync.app.inbox.wording import now, problems
from coachsync.app.language import language
from coachsync.app.printable import printable
from coachsync.app.recording import record_look
from coachsync.app.vault.naming import names
from coachsync.app.wiring import Wiring
from coachsync.config.values import Inbox
from coachsync.errors import NotInitialised, Problem, Temporary, UsageError
from coachsync.inbox.names import readable
from coachsync.inbox.settling import SETTLED
from coachsync.phrases import say, say_count

_PARTLY = 3


# --- the inbox -------------------------------------------------------------------------------------------------------


def work_through(options: Options, coach: str | None) -> int:
    """The inbox, once: the exit code. Two looks, between which nothing may change; and more while there is more."""
    watch, imported, begun = Watch(), 0, time.monotonic()
    received = _look(options, coach, watch, begun)
    if received.until - begun <= SETTLED + 1 and received.failure is None:
        if not options.json:
            seconds = int(SETTLED)
            tell(say_count("A moment: {number} second.", "A moment: {number} seconds.", seconds), err=True)
        time.sleep(max(0.0, min(received.until - time.monotonic(), SETTLED + 1)))
        received = _look(options, coach, watch, time.monotonic())
    imported = received.imported
    while received.more and received.failure is None:
        received = _look(options, coach, watch, time.monotonic())
        imported += received.imported
    if received.failure is not None and not imported:
        raise received.failure
    return _told(options, received, imported)


def _look(options: Options, coach: str | None, watch: Watch, at: float) -> Received:
    with opened(options, "note import") as wiring:
        settings = _settings(wiring)
        received = receive(wiring, Inbox(settings.folder, coach or settings.coach), watch, at)
        record_look(wiring, language(wiring.config.practice.language).say, received)
        return received


def _told(options: Options, received: Received, imported: int) -> int:
    found = (*problems(why for _, why in received.told), *filter(None, [received.trouble]))
    waiting = len(received.waiting)
    if options.json:
        documents = [as_document(one) for one in found]
        tell_json({"imported": imported, "waiting": waiting, "problems": documents})
    else:
        tell(
            say_count("{number} file is in the vault now.", "{number} files are in the vault now.", imported)
            if imported
            else say("There was nothing to import.")
        )
        if waiting:
            tell(
                say_count(
                    "{number} file waits: coachsync note import --list",
                    "{number} files wait: coachsync note import --list",
                    waiting,
                )
            )
        tell_problems(found)
    return _PARTLY if found else 0


def show(options: Options) -> int:
    """What waits in the inbox, and why. For the coach's own terminal: names are shown."""
    with opened(options, "note import") as wiring:
        waiting = survey(wiring, _settings(wiring))
    shown = [(readable(one.path), why) for one, why in waiting]
    if options.json:
        tell_json({"files": [{"name": name, "code": why} for name, why in shown]})
    elif shown:
        soon = say("is imported soon")
        rows = [(printable(name), soon if why is None else now(why)) for name, why in shown]
        tell_table((say("file"), say("what is with it")), rows)
    else:
        tell(say("There is nothing."), err=True)
    return 0


def _settings(wiring: Wiring) -> Inbox:
    if wiring.config.inbox is None:
        raise NotInitialised(
            "no-inbox",
            say("There is no inbox."),
            say("Add a section [inbox] with folder to the configuration, or name files: coachsync note import FILE..."),
        )
    return wiring.config.inbox


# --- files that are named --------------------------------------------------------------------------------------------


def take(options: Options, files: tuple[Path, ...], code: str | None, coach: str | None, *, remove: bool) -> int:
    """Import these files: the exit code. One that cannot be imported stops no other."""
    typed = None if code is None else typed_name(code)
    given: list[Given] = []
    wrong: list[Problem] = []
    with opened(options, "note import") as wiring:
        client = None if code is None else meant(wiring, code, typed).code
        whose = coach or (wiring.config.inbox.coach if wiring.config.inbox else None)
        with desk_of(wiring, whose, "--coach") as desk:
            for file in files:
                try:
                    given.append(give(desk, file, client, removing=remove))
                except (UsageError, Temporary) as problem:
                    if isinstance(problem, Temporary) and problem.code not in CHANGING:
                        raise
                    wrong.append(problem.problem("FILE"))
            ids = names(desk.vault.history, desk.coach)
    if options.json:
        documents = [
            {"id": ids[one.record], "client": one.client or None, "new": one.new, "removed": one.removed}
            for one in given
        ]
        tell_json({"imported": documents, "problems": [as_document(one) for one in wrong]})
    else:
        for one in given:
            tell(_said(ids[one.record], one.client, new=one.new))
        if any(not one.removed for one in given):
            tell(say("The files still hold everything for everybody to read: delete them."), err=True)
        tell_problems(wrong)
    return _PARTLY if wrong else 0


def _said(name: str, client: str | None, *, new: bool) -> str:
    if not new:
        return say("{id} is in the vault already.", id=name)
    if client:
        return say("{id} is in the vault, about {client}.", id=name, client=client)
    return say("{id} is in the vault, unsorted. To say whose it is: coachsync note sort {id} CODE", id=name)
