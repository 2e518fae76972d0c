"""`coachsync demo`: everything for real, on a server of its own, with an invented practice."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

import click

from coachsync import config
from coachsync.adapters.files import make_private_folder, write_atomically
from coachsync.app import jobs
from coachsync.app.agenda import Appointment, agenda
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.output import as_document, finding_document, progress, tell, tell_json
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import short_moment
from coachsync.app.demo.practice import Change, changed, practice, shown_monday
from coachsync.app.demo.server import RadicaleServer
from coachsync.app.outcome import FINDINGS, Outcome
from coachsync.app.publish import wanted
from coachsync.app.verify import verify
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.model import Finding, Stand
from coachsync.phrases import say
from coachsync.redaction.publication import text_of
from coachsync.redaction.window import window
from coachsync.span import Span

_PRIVATE, _SHARE = "coaching", "office"
_ZONE = "Europe/Paris"
_TITLES = (say("Private: what the coach sees"), say("Shared: what others see"))
# Before the title: a narrow terminal cuts its end.
_MARKS = {
    Stand.CANCELLED.value: say("[cancelled]"),
    Stand.FREE.value: say("[free]"),
    Stand.UNANSWERED.value: say("[not answered]"),
}
_CONFIG = """\
# The invented practice of `coachsync demo`.
version = 1

[practice]
name = "Cabinet Arnaud"
language = "{language}"
timezone = "{zone}"
state = "state"

[accounts.demo]
url = "{url}"
username = "{username}"
password = {{ file = "demo.password" }}

[calendars.coaching]
account = "demo"
name = "Coaching"

[shares.office]
from = ["coaching"]
to = {{ account = "demo", name = "Coaching (secrétariat)" }}
profile = "busy"
"""


@dataclass(frozen=True, slots=True)
class _Scene:
    """One run of the real sync, and what its week and its check showed."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    slots: int


@click.command("demo", help=COMMANDS["demo"][1])
@click.option("--keep", is_flag=True, help=say("Leave everything in place, and print how to go on exploring."))
@everywhere
@click.pass_obj
def command(options: Options, keep: bool) -> int:
    """The folder and the server are gone at the end, unless they are kept."""
    with _folder(keep=keep) as folder, RadicaleServer(folder / "server") as server:
        today = datetime.now(ZoneInfo(_ZONE)).date()
        events = practice(today)
        _tell(
            options,
            say(
                "1. A calendar server runs on this machine, with {number} appointments of a coach.", number=len(events)
            ),
        )
        server.fill(events, _PRIVATE, "Coaching")
        settings = _configure(folder, server)
        _tell(options, say("2. The private calendar is read and the share is published: the week, on both sides."))
        first = _play(options, settings, shown_monday(today))
        _tell(options, say("3. The coach moves a session, cancels one and adds one; the share follows."))
        for change in changed(today):
            server.put(change.event, _PRIVATE)
            _tell(options, _sentence(change), indent="   - ")
        second = _play(options, settings, shown_monday(today))
        if options.json:
            tell_json({"scenes": [_document(first), _document(second)]})
        if keep:
            _tell_how_to_go_on(folder, server)
    return FINDINGS if first.findings or second.findings else max(s.outcome.exit_code() for s in (first, second))


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    for ending in (signal.SIGTERM, signal.SIGHUP):  # whatever ends it, nothing stays behind
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="coachsync-demo-"))
    make_private_folder(folder / "server")
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, server: RadicaleServer) -> config.Config:
    write_atomically(folder / "demo.password", server.password.encode())
    text = _CONFIG.format(url=server.url, username=server.username, zone=_ZONE, language=tongue().code)
    write_atomically(folder / "coachsync.toml", text.encode())
    return config.load(folder / "coachsync.toml")


def _play(options: Options, settings: config.Config, monday: date) -> _Scene:
    """Sync, show the week, verify."""
    with progress() as show, open_wiring(settings, "demo", datetime.now(UTC), show) as wiring:
        outcome = jobs.sync(wiring)
        share = settings.shares[_SHARE]
        checked = verify(wiring, [share])
        for _, failure in checked.failures:
            raise failure
        findings = tuple(finding for _, finding in checked.findings)
        if not options.json:
            _show_week(wiring, monday)
            _tell_scene(outcome, findings)
        return _Scene(outcome, findings, len(wanted(wiring, share)))


def _show_week(wiring: Wiring, monday: date) -> None:
    from rich.console import Console

    from coachsync.app.cli.week import Entry, week

    seven = window(monday, Span(), Span(days=6), wiring.zone)
    private = [Entry(line.start, line.end, _marked(line)) for line in agenda(wiring, seven)]
    share = wiring.config.shares[_SHARE]
    shared = [
        Entry(slot.start, slot.end, text_of(slot, share.texts))
        for slot in wanted(wiring, share)
        if seven.touches(slot.start, slot.end)
    ]
    titles = (spoken(_TITLES[0]), spoken(_TITLES[1]))
    Console().print(week(private, shared, monday, wiring.zone, titles, tongue().code))


def _marked(line: Appointment) -> str:
    return f"{spoken(_MARKS[line.stand])} {line.title}" if line.stand in _MARKS else line.title


def _tell_scene(outcome: Outcome, findings: Sequence[Finding]) -> None:
    share = outcome.shares.get(_SHARE)
    if share is not None:
        _tell_below(
            say("Share: {created} times added, {deleted} removed.", created=share.created, deleted=share.deleted)
        )
    for problem in outcome.problems():
        _tell_below(say("{where}: {message} [{code}]", where=problem.where, message=problem.message, code=problem.code))
    for found in findings:
        _tell_below(say("FOUND {code} in {where}: {detail}", code=found.code, where=found.where, detail=found.detail))
    if not findings:
        _tell_below(say("Checked from outside: the share was fetched again and holds nothing but these times."))
    click.echo()


def _tell(options: Options, sentence: str, *, indent: str = "") -> None:
    if not options.json:
        click.echo(indent + spoken(sentence))


def _tell_below(sentence: str) -> None:
    click.echo(f"   {spoken(sentence)}")


def _sentence(change: Change) -> str:
    before, after = (short_moment(moment, tongue().code) if moment else "" for moment in (change.before, change.after))
    return {
        "moved": say("moved: {before} to {after}", before=before, after=after),
        "cancelled": say("cancelled: {before}", before=before),
        "added": say("added: {after}", after=after),
    }[change.kind]


def _document(scene: _Scene) -> dict[str, object]:
    return {
        "slots": scene.slots,
        "findings": [finding_document(finding) for finding in scene.findings],
        "problems": [as_document(problem) for problem in scene.outcome.problems()],
    }


def _tell_how_to_go_on(folder: Path, server: RadicaleServer) -> None:
    """On stderr: with --json, stdout holds the document alone."""
    here = f"{_program()} --config {quote(str(folder / 'coachsync.toml'))}"
    tell(say("Everything stays in {folder}. Start its calendar server again:", folder=folder), err=True)
    click.echo(f"  cd {quote(str(server.folder))} && {' '.join(map(quote, server.command))} &", err=True)
    tell(say("and explore:"), err=True)
    for words in ("agenda", "share preview office", "share verify office", "sync --dry-run", "check"):
        click.echo(f"  {here} {words}", err=True)
    tell(say("Remove it with: rm -r {folder}", folder=quote(str(folder))), err=True)


def _program() -> str:
    """How to start this very program from any folder."""
    started = Path(sys.argv[0])
    if started.name == "coachsync" and started.is_file():
        return quote(str(started.absolute()))
    return f"{quote(sys.executable)} -m coachsync"
