"""What the schema refuses, said to a person: a code, a sentence and what to write instead. Never the value itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from coachsync.config.faults import Fault, Key, meant
from coachsync.config.schema import keys_at

_TYPES = {
    "string_type": ("text", 'Text stands in quotes: "like this".'),
    "bool_type": ("true or false", "Write true or false, without quotes."),
    "list_type": ("a list", 'A list stands in square brackets: ["one", "two"].'),
    "dict_type": ("a section", "Write its keys below a [section] line."),
    "model_type": ("a table", 'Write { key = "value" }, or its keys below a [section] line.'),
}


def faults(errors: Iterable[Mapping[str, Any]], raw: object) -> tuple[Fault, ...]:
    """One fault for each thing the schema refused; `raw` is the parsed file, read only to guess what was meant."""
    return tuple(_fault(error, raw) for error in errors)


def _fault(error: Mapping[str, Any], raw: object) -> Fault:
    key: Key = tuple(part for part in error["loc"] if isinstance(part, str) and part != "[key]")
    code, message, hint = _said(error["type"], error.get("ctx", {}), key, raw)
    return Fault(code, key, message, hint)


def _said(kind: str, context: Mapping[str, Any], key: Key, raw: object) -> tuple[str, str, str]:
    if kind == "coachsync":
        said = context["code"], context["message"], context["hint"]
    elif kind == "extra_forbidden":
        said = "unknown-key", "There is no such key here.", meant(key[-1], keys_at(key[:-1]), "Known here:")
    elif kind == "missing":
        said = "missing-key", "This key is missing.", _example(key)
    elif key == ("version",):
        said = "unknown-version", "This coachsync reads files of version 1.", "The first line is: version = 1"
    elif kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        said = "unknown-value", "This is none of the words it takes.", meant(_at(raw, key), known, "Use one of")
    elif kind == "too_short":
        said = "empty-list", "The list is empty.", "Name at least one, or remove the section."
    else:
        wanted, hint = _TYPES.get(kind, ("something else", "See the commented example configuration."))
        said = "wrong-type", f"This must be {wanted}.", hint
    return said


def _example(key: Key) -> str:
    examples = {
        "version": "The first line is: version = 1",
        "practice": 'Add a section [practice] with timezone = "Europe/Paris".',
        "timezone": 'Add timezone = "Europe/Paris".',
        "url": 'Add url = "https://cloud.example/remote.php/dav/".',
        "account": "Add account with the name of an [accounts.NAME] section.",
        "from": "Add from with a list of [calendars.NAME] names.",
        "to": "Add to = { account = ..., name = ... } or to = { file = ... }.",
        "host": 'Add host = "smtp.practice.example".',
        "profile": 'Add profile = "busy" or profile = "session".',
    }
    return examples.get(key[-1], f"Add {key[-1]}.")


def _at(raw: object, key: Key) -> object:
    for part in key:
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw
