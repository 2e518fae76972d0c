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
from coachsync.app.vault.reading import Read, Session
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Problem

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
                kind={"enum": ["note", "agreement", "disclosure"]},
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
            if isinstance(one, CoachsyncError):
                problems.append(one.problem("practice.state"))
            else:
                yield _record(one)


def _record(read: Read) -> dict[str, Any]:
    header = read.header
    try:
        content = json.loads(read.body.decode())
    except ValueError:
        content = read.body.decode(errors="replace")
    return {
        "record": header.record.hex(),
        "kind": header.kind.name.lower(),
        "version": header.version,
        "written_at": _moment(datetime.fromtimestamp(header.time, UTC)),
        "content": content if isinstance(content, dict | str) else json.dumps(content),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
