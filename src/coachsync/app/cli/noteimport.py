"""`coachsync note import`: work through the inbox once, or import the files that are named; and `note sort`, for what
nobody could tell whose it is."""

from __future__ import annotations

import time
from pathlib import Path

import click

from coachsync.app.cli.client import meant, typed_name
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.keeping import of_a_coach
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems, tell_table
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.inbox.giving import Given, give
from coachsync.app.inbox.receiving import Received, desk_of, receive, survey
from coachsync.app.inbox.watch import Watch
from coachsync.app.inbox.wording import now, problems
from coachsync.app.language import language
from coachsync.app.printable import printable
from coachsync.app.recording import record_look
from coachsync.app.vault import sorting
from coachsync.app.vault.naming import names, unsorted_of
from coachsync.app.wiring import Wiring
from coachsync.config.values import Inbox
from coachsync.errors import NotInitialised, Problem, UsageError
from coachsync.inbox.names import readable
from coachsync.inbox.settling import SETTLED
from coachsync.phrases import say, say_count

_PARTLY = 3


@click.command(
    "import",
    help=say(
        "Seal what was dropped into the inbox, and remove it there; or seal the files that are named. Whose each is, "
        "its folder, its front matter, its addresses or the code in its name say."
    ),
)
@click.argument("files", nargs=-1, metavar=say("[FILE...]"), type=click.Path(path_type=Path))
@click.option("--client", "code", metavar=say("CODE"), help=say("Whose the files are: a code, or - to be asked."))
@click.option("--remove", is_flag=True, help=say("Overwrite and remove the named files once they are sealed."))
@click.option("--list", "listing", is_flag=True, help=say("Only show what waits in the inbox, by name, and why."))
@of_a_coach
@everywhere
@click.pass_obj
def import_files(
    options: Options, files: tuple[Path, ...], code: str | None, remove: bool, listing: bool, coach: str | None
) -> int:
    """Nothing need be unlocked for it."""
    if not files and (code is not None or remove):
        raise UsageError(
            "files-missing", say("No file is named."), say("Name the files: coachsync note import FILE...")
        )
    if files and listing:
        raise UsageError("list-of-inbox", say("--list is about the inbox."), say("Leave the files away."))
    if listing:
        return _list(options)
    return _files(options, files, code, coach, remove=remove) if files else _inbox(options, coach)


@click.command("sort", help=say("Say whose an unsorted record is: it goes to that client's records."))
@click.argument("name", metavar=say("ID"))
@click.argument("code", metavar=say("CODE"))
@for_a_coach
@everywhere
@click.pass_obj
def sort(options: Options, name: str, code: str, coach: str | None, passphrase_file: Path | None) -> None:
    """In the coach's session alone: it is opened, and sealed anew."""
    typed = typed_name(code)
    with unlocked(options, "note sort", coach, passphrase_file) as (wiring, session):
        client = meant(wiring, code, typed).code
        record = unsorted_of(session.vault.history, session.fingerprint, name)
        sorting.give(session, record, client)
        session.vault.problems[:] = [one for one in session.vault.problems if record.hex() not in str(one.where)]
    if options.json:
        tell_json({"client": client})
    else:
        tell(say("It is with the records of {client} now.", client=client))


# --- the inbox -------------------------------------------------------------------------------------------------------


def _inbox(options: Options, coach: str | None) -> int:
    """Two looks, between which nothing may change; and further ones while there is more."""
    watch, imported = Watch(), 0
    received = _look(options, coach, watch)
    if received.waiting and received.failure is None:
        if not options.json:
            seconds = int(SETTLED)
            tell(say_count("A moment: {number} second.", "A moment: {number} seconds.", seconds), err=True)
        time.sleep(max(0.0, min(received.until - time.monotonic(), SETTLED + 1)))
        received = _look(options, coach, watch)
    imported = received.imported
    while received.more and received.failure is None:
        received = _look(options, coach, watch)
        imported += received.imported
    if received.failure is not None and not imported:
        raise received.failure
    return _told(options, received, imported)


def _look(options: Options, coach: str | None, watch: Watch) -> Received:
    with opened(options, "note import") as wiring:
        settings = _settings(wiring)
        received = receive(wiring, Inbox(settings.folder, coach or settings.coach), watch, time.monotonic())
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


def _list(options: Options) -> int:
    """For the coach's own terminal: names are shown."""
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


def _files(options: Options, files: tuple[Path, ...], code: str | None, coach: str | None, *, remove: bool) -> int:
    """One that cannot be imported stops no other."""
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
                except UsageError as problem:
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
