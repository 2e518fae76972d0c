"""All that is known of a client, as one document: what the client has a right to see, and to take along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from coachsync.app import agenda
from coachsync.app.clients.naming import names_of
from coachsync.app.reading import synced
from coachsync.app.vault.erasing import shelves_of
from coachsync.app.vault.notes import written_at
from coachsync.app.vault.reading import Read, Session
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Client
from coachsync.errors import Altered, CoachsyncError, Problem
from coachsync.vault import bodies
from coachsync.vault.envelope import Kind

VERSION = 1
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_MOMENT = {"type": "string", "format": "date-time"}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


# JSON Schema, for whoever takes the document in.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What a coach keeps of a client",
    **_object(
        ("version", "exported_at", "client", "appointments", "records"),
        version={"const": VERSION},
        exported_at=_MOMENT,
        client=_object(
            ("code", "names", "addresses", "phones", "aliases", "organisation", "sponsor", "pseudonyms"),
            code=_TEXT,
            names=_TEXTS,
            addresses=_TEXTS,
            phones=_TEXTS,
            aliases=_TEXTS,
            organisation=_TEXT,
            sponsor={"type": ["string", "null"]},
            unshared={"type": "boolean"},
            cards=_TEXTS,
            pseudonyms={"type": "object", "additionalProperties": _TEXT},
        ),
        appointments={
            "type": "array",
            "items": _object(
                ("uid", "calendar", "start", "end", "title"),
                uid=_TEXT,
                calendar=_TEXT,
                start=_MOMENT,
                end=_MOMENT,
                all_day={"type": "boolean"},
                stand=_TEXT,
                title=_TEXT,
            ),
        },
        records={
            "type": "array",
            "items": _object(
                ("record", "kind", "version", "written_at", "content"),
                record=_TEXT,
                kind={"enum": ["note", "agreement", "disclosure", "attachment"]},
                version={"type": "integer", "minimum": 1},
                written_at=_MOMENT,
                content={"type": ["object", "string"]},
            ),
        },
    ),
}


def document(wiring: Wiring, client: Client, session: Session | None) -> tuple[dict[str, Any], list[Problem]]:
    """All of it, and what could not be read. `session` is the coach's in the vault, None where there is none."""
    problems: list[Problem] = []
    if synced(wiring):
        problems += agenda.catch_up(wiring)
    records = [] if session is None else list(_records(session, client.code, problems))
    sponsor = wiring.clients.directory().sponsors.get(client.sponsor)
    known = asdict(client) | {"sponsor": sponsor.name if sponsor else None}
    found = {
        "version": VERSION,
        "exported_at": _moment(wiring.now),
        "client": known | {"pseudonyms": dict(names_of(wiring, client))},
        "appointments": [_appointment(line) for line in agenda.of_client(wiring, client.code)],
        "records": sorted(records, key=lambda one: (one["written_at"], one["record"], one["version"])),
    }
    return found, problems


def _appointment(line: agenda.Appointment) -> dict[str, Any]:
    told = asdict(line) | {"start": _moment(line.start), "end": _moment(line.end)}
    return {name: value for name, value in told.items() if name not in ("id", "unsent")}


def _records(session: Session, code: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """Every version of every record that this coach keeps of the client; the session has sorted what was not."""
    for shelf in shelves_of(session, code):
        for one in session.shelf(shelf):
            try:
                if isinstance(one, CoachsyncError):
                    raise one
                yield _record(one)
            except CoachsyncError as problem:
                problems.append(problem.problem("practice.state"))


def _record(read: Read) -> dict[str, Any]:
    """Raises Altered for one that says of no time that it was written then."""
    header = read.header
    return {
        "record": header.record.hex(),
        "kind": header.kind.name.lower(),
        "version": header.version,
        "written_at": _moment(written_at(header)),
        "content": _content(header.kind, read.body),
    }


def _content(kind: Kind, body: bytes) -> Any:
    """What coachsync has written as it is stored, without the key of a file, which opens nothing elsewhere; anything
    else as text."""
    try:
        bodies.unpacked(kind, body)
    except Altered:
        return body.decode(errors="replace")
    return {name: value for name, value in json.loads(body.decode()).items() if name != "key"}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
