"""`coachsync note`. A note is never an argument, and a word that is looked for need not be one: `-` asks for it."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coachsync.app.cli.asking import Declined, agreed, typed
from coachsync.app.cli.coaches import for_a_coach, of_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.filegiven import from_a_file
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.notefiles import attach, open_one
from coachsync.app.cli.noteimport import import_files, sort
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.whens import When
from coachsync.app.printable import printable, printable_text
from coachsync.errors import UsageError
from coachsync.phrases import say, say_count
from coachsync.vault.bodies import Attachment, Note
from coachsync.vault.envelope import Kind

if TYPE_CHECKING:
    from coachsync.app.vault.notes import Shown
    from coachsync.app.vault.reading import Session
    from coachsync.app.vault.writing import Written
    from coachsync.app.wiring import Wiring

_ID, _CODE = say("ID"), say("CODE")
_SHOWN = (Kind.NOTE, Kind.ATTACHMENT)
_PROMPT = "-"


@click.group("note", help=COMMANDS["note"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command(
    "add", help=say("Write a note about a client: CODE, or - to be asked for a name. The vault need not be unlocked.")
)
@click.argument("code", metavar=_CODE)
@from_a_file
@click.option(
    "--about", metavar=_ID, help=say("The appointment that it is about, by the id that `coachsync agenda` shows.")
)
@click.option(
    "--on",
    type=When(),
    metavar=say("WHEN"),
    help=say("Which appointment of a series: its day, or day and time (default: the nearest)."),
)
@of_a_coach
@everywhere
@click.pass_obj
def add(
    options: Options, code: str, file: Path | None, about: str | None, on: date | datetime | None, coach: str | None
) -> None:
    """Whoever writes it cannot read it again without the passphrase."""

    from coachsync.app.cli.keeping import keep
    from coachsync.app.vault.sessions import about as appointment

    if on is not None and about is None:
        raise UsageError(
            "on-without-about", say("It is not said which appointment took place then."), say("Add --about ID.")
        )

    name = typed_name(code)

    def make(wiring: Wiring, words: str) -> Note:
        return Note(words, None if about is None else appointment(wiring, about, on))

    keep(options, "note add", coach, (code, name), file, make)


@command.command(
    "list",
    help=say(
        "List the notes, of one client or of all, by what their files were called and without what they say, and what "
        "is attached to a client."
    ),
)
@click.argument("code", metavar=say("[CODE]"), required=False)
@for_a_coach
@everywhere
@click.pass_obj
def list_notes(options: Options, code: str | None, coach: str | None, passphrase_file: Path | None) -> int:
    """That there are notes is for the coach alone too."""

    from coachsync.app.cli.clientviews import names
    from coachsync.app.cli.recordviews import tell_listed
    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault.listing import notes_listed

    name = None if code is None else typed_name(code)
    with unlocked(options, "note list", coach, passphrase_file) as (wiring, session):
        client = None if code is None else meant(wiring, code, name).code
        (found, attached), called, zone = notes_listed(session, client), names(wiring), wiring.zone
    return tell_listed(found, attached, called, zone, as_json=options.json)


@command.command(
    "show", help=say("Show a note, its newest version or another one, or what an attached file is called.")
)
@click.argument("name", metavar=_ID)
@click.option("--version", type=click.IntRange(min=1), metavar=say("NUMBER"), help=say("An earlier version."))
@for_a_coach
@everywhere
@click.pass_obj
def show(options: Options, name: str, version: int | None, coach: str | None, passphrase_file: Path | None) -> None:
    """Names of files are shown where the text is, and nowhere else."""

    from coachsync.app.cli.recordviews import document, local, tell_files
    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault import notes
    from coachsync.app.vault.listing import attached_to
    from coachsync.app.vault.naming import named

    with unlocked(options, "note show", coach, passphrase_file) as (wiring, session):
        record, zone = named(session.vault.history, session.fingerprint, name, *_SHOWN), wiring.zone
        last = session.vault.history.latest(record)
        if version is not None and version > last:
            raise UsageError(
                "no-such-version", say("There is no such version."), say("The newest is {number}.", number=last)
            )
        wanted = [version] if version is not None else range(last, 0, -1) if options.json else [last]
        shown = [notes.show(session, record, number) for number in wanted]
        files = attached_to(session, record, shown[0].client)
    if options.json:
        about = {"id": shown[0].id, "client": shown[0].client}
        attached = {"attached": [document(one) for one in files.found]}
        tell_json(about | {"versions": [document(one) for one in shown]} | attached)
        return
    for line in _heading(shown[0], last, local(shown[0].written_at, zone)):
        tell(line, err=True)
    if isinstance(body := shown[0].body, Note):
        if body.about is not None:
            tell(say("About the appointment of {time}.", time=local(body.about.start, zone)), err=True)
        click.echo(printable_text(body.text))
        if called := printable(body.name):
            tell(say("It came as the file {name}.", name=called))
    tell_files([one for one in shown if isinstance(one.body, Attachment)])
    if files.found:
        tell(say("Attached:"))
        tell_files(files.found)
    tell_problems(failure.problem("vault") for failure in files.failures)


@command.command("amend", help=say("Change a note; every version before stays."))
@click.argument("name", metavar=_ID)
@from_a_file
@for_a_coach
@everywhere
@click.pass_obj
def amend(options: Options, name: str, file: Path | None, coach: str | None, passphrase_file: Path | None) -> None:
    """The editor starts from the newest version."""

    from coachsync.app.cli.keeping import tell_left
    from coachsync.app.cli.texts import takes_a_while, text
    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault import notes

    if takes_a_while(file):
        written = _edited(options, name, coach, passphrase_file)
    else:
        with text(file) as words, unlocked(options, "note amend", coach, passphrase_file) as (wiring, session):
            written = notes.amend(session, _named(session, name), words, wiring.now)
    if options.json:
        tell_json({"changed": written is not None, "version": written.version if written else None})
        return
    if written is None:
        tell(say("Nothing is different."))
    else:
        tell(say("This is version {number} now.", number=written.version))
    tell_left(file)


@command.command(
    "search",
    help=say("Look for a word in all notes, and in what their files were called: WORD, or - to be asked for it."),
)
@click.argument("word", metavar=say("WORD"))
@for_a_coach
@everywhere
@click.pass_obj
def search(options: Options, word: str, coach: str | None, passphrase_file: Path | None) -> int:
    """Case and accents do not count. Everything is opened once, in memory."""

    from coachsync.app.cli.clientviews import names
    from coachsync.app.cli.recordviews import tell_hits
    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault import notes

    wanted = typed(say("Word"), "WORD") if word == _PROMPT else word
    with unlocked(options, "note search", coach, passphrase_file) as (wiring, session):
        everything, called = notes.everything(session, Kind.NOTE), names(wiring)
    hits = list(notes.search(notes.comparable(everything.found), wanted))
    return tell_hits(hits, everything, called, as_json=options.json)


@command.command(
    "erase",
    help=say(
        "Erase notes with all their versions and what is attached to them, or attached files, for good; also what is "
        "not sorted yet, whatever it is."
    ),
)
@click.argument("names", metavar=_ID, nargs=-1, required=True)
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@for_a_coach
@everywhere
@click.pass_obj
def erase(options: Options, names: tuple[str, ...], yes: bool, coach: str | None, passphrase_file: Path | None) -> None:
    """Their keys are destroyed, and every byte of them. Several at once: one that does not open lets no other on its
    shelf be erased without it."""

    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault import erasing
    from coachsync.app.vault.naming import named
    from coachsync.app.vault.opening import not_done

    if sys.stdin.isatty() and not yes:
        question = say(
            "Erase {ids} with all versions and everything attached? Nobody can bring it back.", ids=", ".join(names)
        )
        if not agreed(question):
            raise Declined
    with unlocked(options, "note erase", coach, passphrase_file) as (_, session):
        history = session.vault.history
        records = [named(history, session.fingerprint, name, *_SHOWN, unsorted=True) for name in names]
        kinds = {record: stored.kind for (record, _), stored in history.records.items()}
        erased = erasing.erase_records(session, records)
    if not all(one.done for one in erased):
        raise not_done()
    gone = Counter(kinds[record] for one in erased for record in one.stone.records)
    files = gone[Kind.ATTACHMENT]
    if options.json:
        tell_json({"erased": True, "entries": [one.stone.number for one in erased], "files": files})
        return
    if others := gone.total() - files:
        tell(say_count("The note is erased.", "{number} notes are erased.", others))
    if files:
        tell(say_count("The attached file is erased.", "{number} attached files are erased.", files))


for one in (attach, import_files, open_one, sort):
    command.add_command(one)


def _named(session: Session, name: str) -> bytes:
    from coachsync.app.vault.naming import named

    return named(session.vault.history, session.fingerprint, name, Kind.NOTE)


def _edited(options: Options, name: str, coach: str | None, passphrase_file: Path | None) -> Written | None:
    """A version that a person writes now; nobody waits for the state meanwhile."""

    from coachsync.app.cli.opening import opened
    from coachsync.app.cli.texts import insist, text
    from coachsync.app.cli.unlocked import unlocked
    from coachsync.app.vault import notes
    from coachsync.app.vault.opening import open_vault
    from coachsync.app.vault.reading import Session

    with unlocked(options, "note amend", coach, passphrase_file) as (_, session):
        person, record = session.coach, _named(session, name)
        before = notes.show(session, record).body

    def store(words: str) -> Written | None:
        with opened(options, "note amend") as wiring, open_vault(wiring.config, wiring.now) as vault:
            return notes.amend(Session(vault, person), record, words, wiring.now)

    with text(None, before.text if isinstance(before, Note) else "") as words:
        return insist(lambda: store(words))


def _heading(shown: Shown, last: int, written: str) -> tuple[str, ...]:
    if last == 1:
        return (say("{client}, written on {day}", client=shown.client, day=written),)
    return (
        say(
            "{client}, written on {day}, version {number} of {last}",
            client=shown.client,
            day=written,
            number=shown.version,
            last=last,
        ),
    )
