"""A share of one slot as it is served, and what is private beside it."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from coachsync.adapters.secondparser import view
from coachsync.folding import plain
from coachsync.model import Finding, Label, Slot
from coachsync.redaction.allowed import Ours
from coachsync.redaction.leaks import Front, Served, in_collection
from coachsync.redaction.publication import document
from coachsync.redaction.seeking import Private, Search

UID = "3f2a9b1c-7d54-4e0b-9a63-5c1d8e2f4a70"
OTHER = "0b7e4c55-92aa-4d1f-8f3e-6a9d0c2b1e48"
HREF = f"/dav/alice/b81f/{UID}.ics"
ANOTHER = f"/dav/alice/b81f/{OTHER}.ics"
ETAG = '"5d41402abc4b2a76b9719d911017c592"'
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SLOT = Slot(START, START + timedelta(hours=1), Label.SESSION)
LATER = Slot(START + timedelta(days=1), START + timedelta(days=1, hours=1), Label.SESSION)
TEXTS = {Label.BUSY: "Indisponible", Label.SESSION: "Séance"}
JOURNAL = {HREF: Ours(UID, SLOT, "Séance", ETAG)}
FRONT = Front("Coaching (office)", expected="Coaching (office)")
CLEAN = document(UID, SLOT, "Séance")

CANARY = "Zélphània"
# A private event that also says what the share may say: its labels, its name, words of the protocol.
PRIVATE = (
    "BEGIN:VCALENDAR\r\nPRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\r\n"
    "BEGIN:VEVENT\r\nUID:zz-1@example.org\r\n"
    f"SUMMARY:Séance {CANARY}\\, Busy\\, Indisponible\\, Coaching (office)\r\nDESCRIPTION:coachsync share opaque\r\n"
    "COMMENT:06 12 34 56 78\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def private() -> Iterable[str]:
    return [PRIVATE]


def never() -> Iterable[str]:
    raise AssertionError("there was nothing to search")


def hidden(words: Callable[[], Iterable[str]] = private, **more: Any) -> Search:
    """A search for what private events say, and for what a test gives beside."""
    return Search(Private(texts=words, **more))


def unasked() -> Search:
    """A search that must not be needed."""
    return Search(Private(never, never, never))


def served(body: bytes, href: str = HREF, etag: str = ETAG) -> Served:
    return Served(href, body, view(body), etag)


def verify(
    body: bytes, front: Front = FRONT, words: Callable[[], Iterable[str]] = private, href: str = HREF
) -> tuple[Finding, ...]:
    return in_collection([served(body, href)], JOURNAL, front, unasked() if words is never else hidden(words))


def codes(findings: Iterable[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def changed(old: str, new: str) -> bytes:
    assert old in CLEAN.decode()
    return CLEAN.decode().replace(old, new, 1).encode("utf-8", "surrogateescape")


def with_line(line: str) -> bytes:
    return changed("TRANSP:OPAQUE\r\n", f"TRANSP:OPAQUE\r\n{line}\r\n")


B64 = base64.b64encode(f"Note: {CANARY}".encode()).decode()
QP = "".join(f"={octet:02X}" for octet in CANARY.encode())
PERCENT = "".join(f"%{octet:02x}" for octet in CANARY.encode())
FORMS = {
    "as it is": CANARY,
    "in capitals": CANARY.upper(),
    "without accents": "zelphania",
    "composed otherwise": unicodedata.normalize("NFD", CANARY),
    "in compatibility forms": "Ｚｅｌｐｈａｎｉａ",
    "with something invisible": "Zelp\u00ad\u200bhania",
    "inside a word": "leprojetzelphania2026",
    "split by a fold": "Zelp\r\n hania",
    "split by a fold inside a character": "Z\udcc3\r\n \udca9lphania",
    "base64": B64,
    "base64 for addresses": B64.replace("+", "-").replace("/", "_").rstrip("="),
    "quoted-printable": QP,
    "with a soft line break": "Zelp=\r\nhania",
    "an encoded word": f"=?utf-8?B?{base64.b64encode(CANARY.encode()).decode()}?=",
    "percent-encoded": PERCENT,
    "percent-encoded twice": quote(PERCENT),
    "RFC 6868": "a^nZelphania^'",
    "an escaped line": "a\\nZelphania\\, b",
    "code points": "Z\\u00e9lphania",
    "HTML": "Z&eacute;lphania",
    "hexadecimal": CANARY.encode().hex(),
    "another character set": "Z\udce9lph\udce0nia",
    "a phone number": "+33612345678",
    "an address": "zz-1@example.org",
}
TOKENS = ("in capitals", "without accents", "inside a word", "base64 for addresses", "hexadecimal", "split by a fold")


def tells(findings: Iterable[Finding]) -> bool:
    """Whether a finding repeats anything of the secret, in whatever form."""
    text = plain(" ".join(f"{finding.code} {finding.where} {finding.detail}" for finding in findings))
    return any(
        part in text for part in ("zelph", "hania", "612345678", "zz-1", plain(B64)[:12], plain(QP)[:9], PERCENT[:9])
    )
