"""Records as tables and documents. What they say is for the coach's own terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from coachsync.app.cli.output import as_document, instant, tell, tell_json, tell_problems, tell_table
from coachsync.app.dates import iso_day
from coachsync.app.printable import printable, printable_text
from coachsync.app.vault.notes import Gathered, Hit, Listed, Shown
from coachsync.errors import Problem
from coachsync.phrases import Phrase, say, say_count
from coachsync.vault.bodies import Agreement, Attachment, Body, Disclosure, Note
from coachsync.vault.envelope import Kind

_PARTLY = 3
_THOUSAND = 1000
_WHOSE = (say("id"), say("client"), say("name"))
_KINDS = {
    Kind.NOTE: say("note"),
    Kind.AGREEMENT: say("agreement"),
    Kind.DISCLOSURE: say("disclosure"),
    Kind.ATTACHMENT: say("attachment"),
}


def tell_listed(
    gathered: Gathered[Listed], attached: Mapping[str, int], names: Mapping[str, str], zone: ZoneInfo, *, as_json: bool
) -> int:
    """Records without what they say, how many files are attached to each, by its id, and what clients are called, by
    code; the exit code."""
    if as_json:
        found = [_listed(one) | {"attached": attached.get(one.id, 0)} for one in gathered.found]
        return _documents("notes", found, gathered)
    rows = [
        (
            *_whose(one, names),
            *(local(one.written_at, zone), _KINDS[one.kind], str(one.version)),
            str(attached.get(one.id, "")),
            printable(one.name),
        )
        for one in gathered.found
    ]
    columns = (say("written"), say("kind"), say("version"), say("attached"), say("file"))
    return _table((*_WHOSE, *columns), rows, gathered)


def tell_files(found: Sequence[Shown]) -> None:
    """What attached files are called, of which type they are, and how large."""
    for one in found:
        if isinstance(body := one.body, Attachment):
            called = printable(body.file.name) or say("a file without a name")
            told = {"id": one.id, "name": called, "type": printable(body.file.media), "size": amount(body.size)}
            tell(say("{id}  {name} ({type}, {size})", **told))


def amount(size: int) -> Phrase:
    """How large a file is, as people read it."""
    if size < _THOUSAND:
        return say_count("{number} byte", "{number} bytes", size)
    if size < _THOUSAND**2:
        return say("{number} kB", number=f"{size / _THOUSAND:.0f}")
    return say("{number} MB", number=f"{size / _THOUSAND**2:.1f}")


def tell_hits(hits: list[Hit], gathered: Gathered[Shown], names: Mapping[str, str], *, as_json: bool) -> int:
    """Notes that say a word, a row for each line that does; the exit code."""
    if as_json:
        found = [{"id": one.id, "client": one.client, "lines": list(one.lines), "name": one.name} for one in hits]
        return _documents("notes", found, gathered)
    rows = [(*_whose(one, names), printable(line), printable(one.name)) for one in hits for line in one.lines or ("",)]
    return _table((*_WHOSE, say("line"), say("file")), rows, gathered)


def tell_disclosures(gathered: Gathered[Shown], names: Mapping[str, str], *, as_json: bool) -> int:
    """Every disclosure; the exit code."""
    if as_json:
        return _documents("disclosures", [document(one) for one in gathered.found], gathered)
    rows = [
        (
            *_whose(one, names),
            *(iso_day(body.on), printable(body.recipient), printable(body.ground), printable(body.said)),
        )
        for one in gathered.found
        if isinstance(body := one.body, Disclosure)
    ]
    columns = (say("day"), say("to whom"), say("why"), say("what was said"))
    return _table((*_WHOSE, *columns), rows, gathered)


def tell_agreements(gathered: Gathered[Shown], *, as_json: bool) -> int:
    """Every agreement, one after the other; the exit code."""
    if as_json:
        return _documents("agreements", [document(one) for one in gathered.found], gathered)
    for one in gathered.found:
        if isinstance(body := one.body, Agreement):
            tell_table((say("what"), say("value")), _agreement(one, body))
            click.echo(printable_text(body.text))
    return _problems(gathered)


def document(one: Shown) -> dict[str, Any]:
    """A version of a record as `--json` shows it."""
    about = {"id": one.id, "client": one.client, "version": one.version, "written_at": instant(one.written_at)}
    return about | _fields(one.body)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as the practice's clock shows it."""
    there = moment.astimezone(zone)
    return f"{iso_day(there.date())} {there:%H:%M}"


def _whose(one: Listed | Hit | Shown, names: Mapping[str, str]) -> tuple[str, str, str]:
    return one.id, one.client, names.get(one.client, "")


def _fields(body: Body) -> dict[str, Any]:
    match body:
        case Note(text, about, _, name):
            found = about and {"uid": about.uid, "calendar": about.calendar, "start": instant(about.start)}
            return {"text": text, "appointment": found, "name": name}
        case Agreement(text, signed, learns, exceptions, hand_over):
            lists = {"sponsor_may_learn": list(learns), "exceptions": list(exceptions)}
            return {"text": text, "signed": iso_day(signed), **lists, "hand_over": hand_over}
        case Disclosure(ground, recipient, said, on):
            return {"ground": ground, "recipient": recipient, "said": said, "on": iso_day(on)}
        case Attachment(file, size, digest):
            to = None if file.to is None else file.to.hex()
            return {"name": file.name, "type": file.media, "size": size, "sha256": digest.hex(), "to": to}


def _listed(one: Listed) -> dict[str, Any]:
    times = {"written_at": instant(one.written_at), "changed_at": instant(one.changed_at)}
    about = {"id": one.id, "client": one.client, "kind": one.kind.name.lower(), "version": one.version}
    return about | times | {"name": one.name}


def _agreement(one: Shown, body: Agreement) -> list[tuple[str, str]]:
    return [
        (say("id"), one.id),
        (say("client"), one.client),
        (say("signed on"), iso_day(body.signed)),
        (say("the sponsor may learn"), printable(" | ".join(body.sponsor_may_learn))),
        (say("exceptions"), printable(" | ".join(body.exceptions))),
        (say("a successor may have the records"), say("yes") if body.hand_over else say("no")),
    ]


def _documents(name: str, found: list[dict[str, Any]], gathered: Gathered[Any]) -> int:
    tell_json({name: found, "problems": [as_document(problem) for problem in _told(gathered)]})
    return _PARTLY if gathered.failures else 0


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], gathered: Gathered[Any]) -> int:
    if rows:
        tell_table(columns, rows)
    elif not gathered.failures:
        tell(say("There is nothing."), err=True)
    return _problems(gathered)


def _problems(gathered: Gathered[Any]) -> int:
    tell_problems(_told(gathered))
    return _PARTLY if gathered.failures else 0


def _told(gathered: Gathered[Any]) -> list[Problem]:
    return [failure.problem("vault") for failure in gathered.failures]
