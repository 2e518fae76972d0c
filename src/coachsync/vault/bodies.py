"""What a record says once it is open: JSON by kind, as FORMAT.md, section 6, has it. Anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault import contents
from coachsync.vault.envelope import DIGEST_BYTES, ID_BYTES, Kind

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class About:
    """The appointment that a note is about: a date of it, by its start."""

    uid: str
    calendar: str
    start: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A note. `client`, here and below, is the client's code where the record lies on the shelf of the unsorted.
    `name` is what the file was called that it came as, "" for none: often its title. As in `File`, it is never a path.
    """

    text: str
    about: About | None = None
    client: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A signed contract: what its sponsor may learn, when confidentiality ends, and whether a successor may have the
    records."""

    text: str
    signed: date
    sponsor_may_learn: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    hand_over: bool = False
    client: str = ""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One lifting of confidentiality: on what ground, to whom, what was said, when."""

    ground: str
    recipient: str
    said: str
    on: date
    client: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """What a file is called, its media type, and the record of the note that it belongs to, if to any. A name is data:
    it may hold anything, and is never a path."""

    name: str
    media: str = ""
    to: bytes | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file whose content lies sealed beside the records: how many bytes it has, their SHA-256, and what opens it."""

    file: File
    size: int
    digest: bytes
    key: bytes = field(repr=False)
    client: str = ""


Body = Note | Agreement | Disclosure | Attachment


def kind_of(body: Body) -> Kind:
    """What a record of this body is."""
    match body:
        case Note():
            return Kind.NOTE
        case Agreement():
            return Kind.AGREEMENT
        case Disclosure():
            return Kind.DISCLOSURE
        case Attachment():
            return Kind.ATTACHMENT


def packed(body: Body) -> bytes:
    """The body as it is sealed."""
    fields: dict[str, Any]
    match body:
        case Note(text, about, _, name):
            fields = {"text": text}
            if name:
                fields["name"] = name
            if about is not None:
                start = about.start.astimezone(UTC).strftime(_INSTANT)
                fields["appointment"] = {"uid": about.uid, "calendar": about.calendar, "start": start}
        case Agreement(text, signed, learns, exceptions, hand_over):
            lists = {"sponsor_may_learn": list(learns), "exceptions": list(exceptions)}
            fields = {"text": text, "signed": signed.isoformat(), **lists, "hand_over": hand_over}
        case Disclosure(ground, recipient, said, on):
            fields = {"ground": ground, "recipient": recipient, "said": said, "on": on.isoformat()}
        case Attachment(file, size, digest, key):
            fields = {"name": file.name, "media": file.media, "size": size, "digest": digest.hex(), "key": key.hex()}
            if file.to is not None:
                fields["to"] = file.to.hex()
    if body.client:
        fields["client"] = body.client
    return json.dumps(fields, ensure_ascii=False).encode()


def unpacked(kind: Kind, content: bytes) -> Body:
    """A body out of an opened record. Raises Altered for any other than FORMAT.md allows."""
    try:
        fields = _DECODER.decode(content.decode())
        client = _text(fields.pop("client", ""))
        return _READERS[kind](fields, client)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged() from None


def damaged() -> Altered:
    """That a record opens, and says nothing that can be understood."""
    return Altered(
        "body-damaged",
        say("A record opens, and what is in it was not written by coachsync."),
        say("Look who writes to the vault; to see what else is damaged, run: coachsync vault verify"),
    )


def _note(fields: dict[str, Any], client: str) -> Note:
    about, name = fields.pop("appointment", None), _text(fields.pop("name", ""))
    _only(fields, "text")
    return Note(_text(fields["text"]), None if about is None else _about(about), client, name)


def _about(fields: dict[str, Any]) -> About:
    _only(fields, "uid", "calendar", "start")
    start = datetime.strptime(_text(fields["start"]), _INSTANT).replace(tzinfo=UTC)
    if start.strftime(_INSTANT) != fields["start"]:
        raise ValueError("another form of instant")
    return About(_text(fields["uid"]), _text(fields["calendar"]), start)


def _agreement(fields: dict[str, Any], client: str) -> Agreement:
    _only(fields, "text", "signed", "sponsor_may_learn", "exceptions", "hand_over")
    if not isinstance(fields["hand_over"], bool):
        raise TypeError
    learns, exceptions = (_texts(fields[name]) for name in ("sponsor_may_learn", "exceptions"))
    return Agreement(_text(fields["text"]), _day(fields["signed"]), learns, exceptions, fields["hand_over"], client)


def _disclosure(fields: dict[str, Any], client: str) -> Disclosure:
    _only(fields, "ground", "recipient", "said", "on")
    ground, recipient, said = (_text(fields[name]) for name in ("ground", "recipient", "said"))
    return Disclosure(ground, recipient, said, _day(fields["on"]), client)


def _attachment(fields: dict[str, Any], client: str) -> Attachment:
    to = _bytes(fields.pop("to"), ID_BYTES) if "to" in fields else None
    _only(fields, "name", "media", "size", "digest", "key")
    size = fields["size"]
    if type(size) is not int or not 0 <= size <= contents.LONGEST:
        raise ValueError("no size")
    file = File(_text(fields["name"]), _text(fields["media"]), to)
    return Attachment(
        file, size, _bytes(fields["digest"], DIGEST_BYTES), _bytes(fields["key"], contents.KEY_BYTES), client
    )


_READERS: dict[Kind, Callable[[dict[str, Any], str], Body]] = {
    Kind.NOTE: _note,
    Kind.AGREEMENT: _agreement,
    Kind.DISCLOSURE: _disclosure,
    Kind.ATTACHMENT: _attachment,
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)  # made once: a session opens thousands of bodies


def _only(fields: dict[str, Any], *names: str) -> None:
    if fields.keys() != set(names):
        raise ValueError("other keys")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half of a character in an escape is no text
    return value


def _bytes(value: Any, size: int) -> bytes:
    found = bytes.fromhex(_text(value))
    if len(found) != size or found.hex() != value:
        raise ValueError("another form of bytes")
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(one) for one in value)


def _day(value: Any) -> date:
    found = date.fromisoformat(_text(value))
    if found.isoformat() != value:
        raise ValueError("another form of date")
    return found
