"""TOML text to a Config, or every problem in it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coachsync.config import lines, schema, share_schema, wording
from coachsync.config.crosscheck import Parts, check
from coachsync.config.glance import state_folder
from coachsync.config.resolving import resolve
from coachsync.config.values import Config
from coachsync.errors import Misconfigured, Problem
from coachsync.phrases import say, say_count

_LONGEST = 1 << 20  # bytes
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")

# What tomllib says, and what a person can do about it; its own words may repeat a part of the file.
_SYNTAX = (
    ("Cannot declare", say("The same section stands twice."), say("Merge the two.")),
    ("Cannot overwrite", say("The same key stands twice."), say("Keep one.")),
    ("Duplicate inline", say("The same key stands twice in {{ }}."), say("Keep one.")),
    ("Unescaped", say("A backslash in text has a meaning of its own."), say("Use 'single quotes' around that text.")),
    ("Invalid hex", say("A backslash in text has a meaning of its own."), say("Use 'single quotes' around that text.")),
    ("Unclosed", say("A closing bracket is missing."), say("Check the [ ] and {{ }} before this place.")),
    (
        "Illegal character",
        say("A closing quote is missing, or there is a control character."),
        say("Check the quotes here."),
    ),
    ("Unterminated", say("A closing quote is missing."), say("Check the quotes before this place.")),
    (
        "Invalid value",
        say("The value is missing, or is text without quotes."),
        say('Text stands in quotes: name = "Cabinet".'),
    ),
    ("Expected '='", say('A key is followed by "=" and a value.'), say('Write key = "value" on one line.')),
    (
        "Expected newline",
        say("Something is left over after the value."),
        say("One key to a line; text stands in one pair of quotes."),
    ),
)


def load(path: Path) -> Config:
    """Read the configuration file.

    Raises Misconfigured with the code "configuration" and every problem found, in the order of the file.
    """
    path = path.absolute()
    return understand(_text(path), path)


def understand(text: str, path: Path) -> Config:
    """The configuration that this text is, standing in the file of this absolute path. Raises as `load` does."""
    raw = _parsed(text, path)
    document = schema.check(schema.Document, raw)
    faults = [*wording.faults(document, raw)] if isinstance(document, list) else []
    faults += check(_parts(raw, path.parent))
    if faults or isinstance(document, list):
        known = lines.find(text)
        faults.sort(key=lambda fault: fault.line(known))
        raise _refused(path, *(fault.problem(known) for fault in faults))
    return resolve(document, path.parent)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except FileNotFoundError:
        raise _refused(
            path,
            Problem("configuration-missing", "", say("The file does not exist."), say("Check its name and folder.")),
        ) from None
    except IsADirectoryError:
        folder = Problem("configuration-unreadable", path.name, say("This is a folder."), say("Name the file in it."))
        raise _refused(path, folder) from None
    except OSError:
        raise _refused(
            path,
            Problem(
                "configuration-unreadable",
                "",
                say("The file cannot be read."),
                say("Let the user who runs this read it."),
            ),
        ) from None
    if len(content) > _LONGEST:
        raise _refused(
            path, Problem("configuration-too-long", "", say("The file is over 1 MiB."), say("Is it the right file?"))
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = say("Line {line}: The text is not UTF-8.", line=line)
        raise _refused(
            path,
            Problem(
                "not-utf-8", say("line {line}", line=line), message, say("Save the file again as UTF-8 in your editor.")
            ),
        ) from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        said = str(error)
    place = _PLACE.search(said)
    line, column = (int(place[1]), int(place[2])) if place else (text.rstrip().count("\n") + 1, 0)
    message, hint = next(
        ((message, hint) for start, message, hint in _SYNTAX if said.startswith(start)),
        (
            say("This does not follow the rules of the file (TOML)."),
            say("Compare it with the commented example configuration."),
        ),
    )
    spot = (
        say("Line {line}, column {column}", line=line, column=column)
        if column
        else say("Line {line}, the end of the file", line=line)
    )
    raise _refused(
        path,
        Problem(
            "toml-syntax", say("line {line}", line=line), say("{spot}: {message}", spot=spot, message=message), hint
        ),
    )


def _parts(raw: Mapping[str, Any], folder: Path) -> Parts:
    """What can be checked together although something else may be wrong."""
    practice = schema.check(schema.Practice, raw.get("practice"))
    database = schema.check(schema.Database, raw.get("database"))
    inbox = schema.check(schema.Inbox, raw.get("inbox"))
    tables = {name: _tables(raw.get(name)) for name in ("accounts", "calendars", "shares")}
    return Parts(
        accounts=_sound(schema.Account, tables["accounts"]),
        calendars=_sound(schema.Calendar, tables["calendars"]),
        shares=_sound(share_schema.Share, tables["shares"]),
        database=None if isinstance(database, list) else database,
        inbox=None if isinstance(inbox, list) else inbox,
        tables=tables,
        folder=folder,
        state=None if isinstance(practice, list) else state_folder(practice.state, folder),
    )


def _tables(section: object) -> dict[str, object]:
    return section if isinstance(section, dict) else {}


def _sound(table: type[schema.T], entries: Mapping[str, object]) -> dict[str, schema.T]:
    read = {name: schema.check(table, entry) for name, entry in entries.items()}
    return {name: entry for name, entry in read.items() if not isinstance(entry, list)}


def _refused(path: Path, *problems: Problem) -> Misconfigured:
    return Misconfigured(
        "configuration",
        say_count("The configuration has a problem.", "The configuration has {number} problems.", len(problems)),
        say("Correct the file and run: coachsync check"),
        where=path.name,
        problems=problems,
    )
