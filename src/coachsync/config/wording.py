"""What the schema refuses, said to a person: a code, a sentence and what to write instead. Never the value itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from coachsync.config.faults import Fault, Key, meant
from coachsync.config.schema import keys_at
from coachsync.phrases import say

_TYPES = {
    "string_type": (say("text"), say('Text stands in quotes: "like this".')),
    "bool_type": (say("true or false"), say("Write true or false, without quotes.")),
    "list_type": (say("a list"), say('A list stands in square brackets: ["one", "two"].')),
    "dict_type": (say("a section"), say("Write its keys below a [section] line.")),
    "model_type": (say("a table"), say('Write {{ key = "value" }}, or its keys below a [section] line.')),
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
        said = "unknown-key", say("There is no such key here."), meant(key[-1], keys_at(key[:-1]), say("Known here:"))
    elif kind == "missing":
        said = "missing-key", say("This key is missing."), _example(key)
    elif key == ("version",):
        said = "unknown-version", say("This coachsync reads files of version 1."), say("The first line is: version = 1")
    elif kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        said = (
            "unknown-value",
            say("This is none of the words it takes."),
            meant(_at(raw, key), known, say("Use one of")),
        )
    elif kind == "too_short":
        said = "empty-list", say("The list is empty."), say("Name at least one, or remove the section.")
    else:
        wanted, hint = _TYPES.get(kind, (say("something else"), say("See the commented example configuration.")))
        said = "wrong-type", say("This must be {wanted}.", wanted=wanted), hint
    return said


def _example(key: Key) -> str:
    examples = {
        "version": say("The first line is: version = 1"),
        "practice": say('Add a section [practice] with timezone = "Europe/Paris".'),
        "timezone": say('Add timezone = "Europe/Paris".'),
        "url": say('Add url = "https://cloud.example/remote.php/dav/".'),
        "account": say("Add account with the name of an [accounts.NAME] section."),
        "from": say("Add from with a list of [calendars.NAME] names."),
        "to": say("Add to = {{ account = ..., name = ... }} or to = {{ file = ... }}."),
        "host": say('Add host = "smtp.practice.example".'),
        "profile": say('Add profile = "busy" or profile = "session".'),
    }
    return examples.get(key[-1], say("Add {key}.", key=key[-1]))


def _at(raw: object, key: Key) -> object:
    for part in key:
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw
