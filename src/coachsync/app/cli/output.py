"""How results and errors are written: JSON documents, tables, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from coachsync.app.cli.tongue import spoken
from coachsync.app.outcome import WHOLE_RUN, Outcome, Pulled, Pushed
from coachsync.app.progress import Progress, silent
from coachsync.errors import CoachsyncError, Misconfigured, Problem
from coachsync.model import Finding
from coachsync.phrases import say


def tell_json(document: Any) -> None:
    """One JSON document on stdout, in ASCII: whatever a server wrote into a UID, every reader can decode it."""
    click.echo(json.dumps(document, ensure_ascii=True, indent=2))


def tell(sentence: str, *, err: bool = False) -> None:
    """A sentence on a line of its own, in the language of the terminal."""
    click.echo(spoken(sentence), err=err)


def tell_error(problem: CoachsyncError, *, as_json: bool) -> None:
    """An error on stderr: what happened, where, what to do next."""
    entries = problem.problems if isinstance(problem, Misconfigured) else ()
    if as_json:
        error: dict[str, Any] = {"code": problem.code, "message": spoken(problem.message)}
        error["hint"] = " ".join(filter(None, (spoken(problem.hint), spoken(problem.aside))))
        if problem.where:
            error["where"] = problem.where
        if entries:
            error["problems"] = [as_document(entry) | {"message": spoken(entry.message)} for entry in entries]
        click.echo(json.dumps({"error": error}, ensure_ascii=True), err=True)
        return
    where = f" ({problem.where})" if problem.where else ""
    click.echo(f"coachsync: {spoken(problem.message)}{where}", err=True)
    for more in filter(None, (problem.hint, problem.aside)):
        click.echo(f"  {spoken(more)}", err=True)
    tell_problems(entries)


def tell_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """What went wrong in a run, on stderr. A machine finds the problems in the document on stdout; it is told an error
    here only when the run failed as a whole."""
    if not as_json:
        tell_problems(outcome.problems())
        return
    exit_code = outcome.exit_code()
    for where, failure in outcome.failures:
        if exit_code in WHOLE_RUN and failure.exit_code == exit_code:
            failure.where = failure.where or where
            tell_error(failure, as_json=True)
            return


def tell_problems(problems: Iterable[Problem]) -> None:
    """Problems on stderr, one after the other."""
    for problem in problems:
        told = spoken(say("{where}: {message}", where=problem.where, message=problem.message))
        click.echo(f"- {told} [{problem.code}]", err=True)
        for more in filter(None, (problem.hint, problem.aside)):
            click.echo(f"    {spoken(more)}", err=True)


def as_document(problem: Problem) -> dict[str, str]:
    """A problem as `--json` shows it."""
    hint = " ".join(filter(None, (spoken(problem.hint or problem.message), spoken(problem.aside))))
    return {"code": problem.code, "where": problem.where, "hint": hint}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The outcome as `--json` shows it."""
    return {
        "calendars": {
            name: {"pulled": _counts(pulled), "pushed": _counts(outcome.pushed.get(name, Pushed()))}
            for name, pulled in outcome.calendars.items()
        },
        "shares": {
            name: {"created": share.created, "deleted": share.deleted, "held_back": share.held_back}
            for name, share in outcome.shares.items()
        },
        "conflicts": outcome.conflicts,
        "quarantined": outcome.quarantined,
        "problems": [as_document(problem) for problem in outcome.problems()],
    }


def _counts(part: Pulled | Pushed) -> dict[str, int]:
    return {"added": part.added, "changed": part.changed, "removed": part.removed}


def finding_document(finding: Finding) -> dict[str, str]:
    """A finding as `--json` shows it."""
    return {"code": finding.code, "where": finding.where, "detail": spoken(finding.detail)}


def instant(moment: datetime) -> str:
    """An instant as `--json` shows it: RFC 3339, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tell_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout; plain columns when stdout is no terminal. Phrases are said in the terminal's language."""
    rows = [[spoken(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*map(spoken, columns), box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress bars on stderr when it is a terminal, nothing otherwise."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(spoken(what), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show
