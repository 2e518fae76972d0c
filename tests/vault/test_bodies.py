"""What records say: each kind comes back as it was, and anything else is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import formatreader as reader
import vaultvectors
from coachsync.errors import Altered
from coachsync.vault.bodies import (
    About,
    Agreement,
    Attachment,
    Body,
    Disclosure,
    File,
    Note,
    kind_of,
    packed,
    unpacked,
)
from coachsync.vault.envelope import Kind
from handhpke import Refused

ABOUT = About("uid-1@example", "coaching", datetime(2026, 3, 2, 8, tzinfo=UTC))
NOTE = Note("Première séance.\n\tElle 🜁 parle.", ABOUT)
AGREEMENT = Agreement("Twelve sessions.", date(2026, 1, 5), ("dates",), ("danger", "law"), hand_over=True)
DISCLOSURE = Disclosure("danger", "her doctor", "that she comes", date(2026, 2, 28))
HOSTILE = "../../\n\u202egpj.exe\\xff"
ATTACHMENT = Attachment(File(HOSTILE, "image/jpeg", bytes(range(16))), 2 << 30, bytes(32), bytes(range(32)))
BODIES: list[Body] = [
    Note("x"), NOTE, replace(NOTE, name=HOSTILE), AGREEMENT, replace(AGREEMENT, exceptions=(), hand_over=False),
    DISCLOSURE, ATTACHMENT, replace(ATTACHMENT, file=File(""), size=0),
]  # fmt: skip
PLAIN = {kind_of(body): json.loads(packed(body)) for body in (NOTE, AGREEMENT, DISCLOSURE, ATTACHMENT)}


@pytest.mark.parametrize("client", ["", "C-7F3K2M"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_body_comes_back(body: Body, client: str) -> None:
    body = replace(body, client=client)
    assert unpacked(kind_of(body), packed(body)) == body
    assert ("client" in json.loads(packed(body))) is bool(client)


def test_a_start_is_told_in_utc() -> None:
    start = datetime.fromisoformat("2026-03-02T09:00:00+01:00")
    said = json.loads(packed(replace(NOTE, about=replace(ABOUT, start=start))))
    assert said["appointment"] == {"uid": "uid-1@example", "calendar": "coaching", "start": "2026-03-02T08:00:00Z"}


def test_a_note_that_came_as_no_file_says_nothing_of_one() -> None:
    assert "name" not in json.loads(packed(NOTE))


def test_a_note_that_came_as_a_file_is_read_by_who_knows_the_page_alone() -> None:
    for body in (NOTE, Note("x"), replace(NOTE, name=HOSTILE), Note("x", None, "C-7F3K2M", "Lettre.md")):
        said = reader.note_of(packed(body))
        assert (said["text"], said.get("name", ""), said.get("client", "")) == (body.text, body.name, body.client)
        assert ("appointment" in said) is (body.about is not None)


def test_what_opens_a_file_is_in_no_message() -> None:
    assert ATTACHMENT.key.hex() not in repr(ATTACHMENT)
    assert repr(ATTACHMENT.key) not in repr(ATTACHMENT)


@pytest.mark.parametrize("name", vaultvectors.BODIES)
def test_the_vectors_hold_such_bodies(name: str) -> None:
    kind, versions = vaultvectors.BODIES[name]
    for version in versions:
        body = unpacked(kind, json.dumps(version, indent=3).encode())
        assert json.loads(packed(body)) == version


def changed(kind: Kind, key: str, value: Any) -> bytes:
    return json.dumps(PLAIN[kind] | {key: value}).encode()


def about(**other: Any) -> bytes:
    return changed(Kind.NOTE, "appointment", PLAIN[Kind.NOTE]["appointment"] | other)


REFUSED: dict[str, tuple[Kind, bytes]] = {
    "nothing": (Kind.NOTE, b""),
    "no object": (Kind.NOTE, b'["text"]'),
    "bytes that are no text": (Kind.NOTE, b'{"text": "\xff"}'),
    "no text": (Kind.NOTE, b"{}"),
    "a number as text": (Kind.NOTE, b'{"text": 1}'),
    "half of a character": (Kind.NOTE, b'{"text": "\\ud800"}'),
    "a key twice": (Kind.NOTE, b'{"text": "a", "text": "b"}'),
    "another key": (Kind.NOTE, b'{"text": "a", "title": "b"}'),
    "what follows": (Kind.NOTE, b'{"text": "a"} {}'),
    "too deep": (Kind.NOTE, b'{"text": ' + b"[" * 100_000),
    "a number without end": (Kind.NOTE, b'{"text": ' + b"9" * 10_000 + b"}"),
    "a client who is none": (Kind.NOTE, b'{"text": "a", "client": null}'),
    "a name that is none": (Kind.NOTE, b'{"text": "a", "name": null}'),
    "half of a character in a name": (Kind.NOTE, b'{"text": "a", "name": "\\ud800"}'),
    "an appointment of text": (Kind.NOTE, b'{"text": "a", "appointment": "uid"}'),
    "an appointment with a key more": (Kind.NOTE, about(title="x")),
    "a start on another clock": (Kind.NOTE, about(start="2026-03-02T09:00:00+01:00")),
    "a start in short": (Kind.NOTE, about(start="2026-3-2T8:00:00Z")),
    "the body of another kind": (Kind.NOTE, packed(AGREEMENT)),
    "an agreement of a note": (Kind.AGREEMENT, packed(NOTE)),
    "an agreement signed at some time": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "signed", "2026-01-05T09:00")),
    "an agreement signed in a week": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "signed", "2026-W02-1")),
    "a consent that is a number": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "hand_over", 1)),
    "an exception that is no list": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "exceptions", "danger")),
    "exceptions that are no text": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "exceptions", [["danger"]])),
    "a disclosure on no day": (Kind.DISCLOSURE, changed(Kind.DISCLOSURE, "on", "2026-02-30")),
    "a disclosure to nobody": (Kind.DISCLOSURE, changed(Kind.DISCLOSURE, "recipient", None)),
    "an attachment of no size": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "size", -1)),
    "an attachment of half a byte": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "size", 0.5)),
    "an attachment of yes": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "size", True)),
    "an attachment that is too large": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "size", (2 << 30) + 1)),
    "a key in capitals": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "key", "AB" * 32)),
    "a key that is short": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "key", "ab" * 16)),
    "a digest that is none": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "digest", None)),
    "attached to nothing": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "to", None)),
    "attached to a word": (Kind.ATTACHMENT, changed(Kind.ATTACHMENT, "to", "note")),
    "an attachment of a note": (Kind.ATTACHMENT, packed(NOTE)),
    "an agreement with a name": (Kind.AGREEMENT, changed(Kind.AGREEMENT, "name", "a.md")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused(case: str) -> None:
    kind, content = REFUSED[case]
    with pytest.raises(Altered) as refused:
        unpacked(kind, content)
    assert refused.value.code == "body-damaged"
    if kind is Kind.NOTE:
        with pytest.raises(Refused):
            reader.note_of(content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["2026-03-02", "2026-03-02T08:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["uid", "start", "x"]), inner),
    max_leaves=2,
)
KEYS = st.sampled_from(sorted({key for fields in PLAIN.values() for key in fields} | {"client", "x"}))


@settings(max_examples=60)
@given(
    st.sampled_from(list(Kind)), st.binary() | st.dictionaries(KEYS, VALUES).map(lambda said: json.dumps(said).encode())
)
def test_whatever_it_says_it_is_read_or_refused(kind: Kind, content: bytes) -> None:
    try:
        body = unpacked(kind, content)
    except Altered:
        return
    assert unpacked(kind, packed(body)) == body
