"""`coachsync client export`: a folder that a person can read, and the same as JSON with its schema."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from coachsync.adapters import heldfolders
from coachsync.adapters.files import create
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.app.cli import exportedfiles
from coachsync.app.cli.clientviews import rows
from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import meant
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems
from coachsync.app.cli.plaincopies import UNFINISHED, refuse_place
from coachsync.app.cli.tongue import spoken
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.clients.exporting import SCHEMA, document
from coachsync.app.clients.naming import names_of
from coachsync.app.printable import printable
from coachsync.app.vault.counting import has_vault
from coachsync.app.vault.erasing_client import of_a_colleague
from coachsync.app.vault.reading import Session
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import say, say_count

_PARTLY = 3
_COMMAND = "client export"
_PRIVATE = 0o700
_KINDS = {
    "note": say("note"),
    "agreement": say("agreement"),
    "disclosure": say("disclosure"),
    "attachment": say("attachment"),
}
_PARTS = {
    "signed": say("signed on"),
    "sponsor_may_learn": say("the sponsor may learn"),
    "exceptions": say("exceptions to confidentiality"),
    "hand_over": say("may be handed over to a successor"),
    "ground": say("ground"),
    "recipient": say("told to"),
    "said": say("what was said"),
    "on": say("on"),
    "appointment": say("about the appointment"),
    "name": say("name of the file"),
    "media": say("type"),
    "size": say("size in bytes"),
    "digest": say("SHA-256"),
    "to": say("attached to the record"),
    "file": say("file in this folder"),
}


def run(
    options: Options, code: str, name: str | None, folder: Path, coach: str | None, passphrase_file: Path | None
) -> int:
    """The folder has its name once all of it is there."""
    refuse_place(folder, configured(options).practice.state)
    if heldfolders.sweep(folder.absolute().parent, UNFINISHED):
        tell(say("An export that was cut short had left what it wrote in clear; that was removed."), err=True)
    with _state(options, coach, passphrase_file) as (wiring, session):
        client = meant(wiring, code, name)
        found, problems = document(wiring, client, session)
        if session is not None and of_a_colleague(session, client.code):
            problems.append(_colleague())
        known = rows(client, wiring.clients.directory().sponsors, names_of(wiring, client))
        with _unfinished(folder) as place:
            if session is not None:
                problems += exportedfiles.write(session, found["records"], place)
            _write(place, _documents(found, known, wiring.zone))
            place.rename(folder)
    _tell(options, client.code, found, problems)
    return _PARTLY if problems else 0


@contextmanager
def _state(
    options: Options, coach: str | None, passphrase_file: Path | None
) -> Iterator[tuple[Wiring, Session | None]]:
    if has_vault(configured(options)):
        with unlocked(options, _COMMAND, coach, passphrase_file) as (wiring, session):
            yield wiring, session
    else:
        with opened(options, _COMMAND) as wiring:
            yield wiring, None


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A folder beside the one that is to be: it gets that name, or is gone at the end."""
    try:
        held = heldfolders.make(folder.absolute().parent, UNFINISHED)
    except OSError as problem:
        raise _not_writable(problem) from None
    try:
        yield held.path
    except OSError as problem:
        raise _not_writable(problem) from None
    finally:
        heldfolders.erase(held.path)
        os.close(held.lock)


def _documents(found: dict[str, Any], known: list[tuple[str, str]], zone: ZoneInfo) -> dict[str, bytes]:
    appointments = [_appointment(one, zone) for one in found["appointments"]]
    files = {
        "client.txt": _lines([*(f"{spoken(what)}: {spoken(value)}" for what, value in known)]),
        "appointments.txt": _lines(appointments or [spoken(say("There is nothing."))]),
        "client.json": _json(found),
        "client.schema.json": _json(SCHEMA),
    }
    return files | {_file(number, one): _text(one, zone) for number, one in enumerate(found["records"], 1)}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    (folder / "records").mkdir(mode=_PRIVATE)
    for name, content in files.items():
        create(folder / name, content)  # nobody looks into the folder before it has its name


def _not_writable(problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("--to")
    return CoachsyncError(
        "folder-not-writable",
        say("The folder cannot be made: {cause}.", cause=reason(problem)),
        say("Give the name of a new folder where you can write."),
        where="--to",
    )


def _file(number: int, record: dict[str, Any]) -> str:
    return f"records/{number:04}-{record['written_at'][:10]}-{record['kind']}-{record['version']}.txt"


def _text(record: dict[str, Any], zone: Any) -> bytes:
    """A version of a record: what it is, then its text, then the rest."""
    when = datetime.fromisoformat(record["written_at"]).astimezone(zone)
    head = say("{kind}, version {version}, written {when}", kind=_KINDS[record["kind"]], version=record["version"],
               when=f"{when:%Y-%m-%d %H:%M}")  # fmt: skip
    content = record["content"] if isinstance(record["content"], dict) else {"text": record["content"]}
    rest = content | {"name": printable(content.get("name", ""))}  # what a file was called may hold ends of lines
    more = [f"{spoken(_PARTS.get(name, name))}: {_value(rest[name])}" for name in content if name != "text"]
    return _lines([spoken(head), "", str(content.get("text", "")), *more])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return spoken(say("yes") if value else say("no"))
    if isinstance(value, list):
        return "; ".join(map(_value, value))
    return ", ".join(map(_value, value.values())) if isinstance(value, dict) else str(value)


def _appointment(one: dict[str, Any], zone: Any) -> str:
    start, end = (datetime.fromisoformat(one[name]).astimezone(zone) for name in ("start", "end"))
    hours = spoken(say("all day")) if one["all_day"] else f"{start:%H:%M}-{end:%H:%M}"
    return f"{start:%Y-%m-%d} {hours}  {one['title']}"


def _lines(lines: Any) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _json(found: Any) -> bytes:
    return (json.dumps(found, indent=1, ensure_ascii=True) + "\n").encode()


def _colleague() -> Problem:
    return Problem(
        "of-a-colleague",
        "vault",
        say("Another coach of the practice keeps records of this client, which only that coach can export."),
    )


def _tell(options: Options, code: str, found: dict[str, Any], problems: list[Problem]) -> None:
    records, appointments = len(found["records"]), len(found["appointments"])
    files = sum(isinstance(one["content"], dict) and "file" in one["content"] for one in found["records"])
    if options.json:
        told = {"code": code, "records": records, "appointments": appointments, "files": files}
        tell_json(told | {"problems": [as_document(problem) for problem in problems]})
        return
    tell(say_count("{number} version of a record was written.", "{number} versions of records were written.", records))
    if files:
        tell(say_count("{number} attached file was written.", "{number} attached files were written.", files))
    tell(say("What is in the folder is not locked, and no erasure reaches it: hand it over, then delete it."), err=True)
    tell_problems(problems)
