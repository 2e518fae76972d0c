"""Bytes at random for everything that reads a vault: whatever comes, no error but our own, and nothing half taken.

COACHSYNC_SEED=NUMBER repeats a run, COACHSYNC_FUZZ=NUMBER makes it longer, as `make fuzz` does.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from coachsync.errors import CoachsyncError
from coachsync.vault import bodies, contents, envelope, grants, keyslots, recovery
from coachsync.vault.chain import Entry, canonical
from coachsync.vault.keys import ShelfKey
from coachsync.vault.keyslots import FLOOR
from vaultpeople import (
    AT,
    CLIENT,
    COACH,
    COACHES,
    COLLEAGUE,
    DAEMON,
    HEADER,
    OPENER,
    OTHER_RECORD,
    OTHER_SHELF,
    RECORD,
    SEALER,
    SHELF,
    SHELF_SEED,
    VAULT,
    Event,
    assigns,
    certified,
    copied,
    erased,
    erases,
    files,
    lets_in,
    makes,
    practice,
    stores,
)

_MORE = os.environ.get("COACHSYNC_FUZZ")
INPUTS = int(_MORE or "20000")
SEED = int(os.environ.get("COACHSYNC_SEED", random.SystemRandom().randrange(10**6) if _MORE else 2026))

KEY, CODE, PASSPHRASE = certified(), bytes(range(20)), "correct horse"
RECORDS = [envelope.seal(HEADER, bytes(size), SEALER) for size in (0, 300)]
GRANT = grants.grant(KEY, SHELF_SEED, COACH.actor)
FILE_KEY, BELONGS, PLAIN = bytes(range(32)), contents.context(VAULT, RECORD, 1), bytes(range(256)) * 80
SEALED = b"".join(contents.sealed(FILE_KEY, BELONGS, [PLAIN]))
PLAIN_DIGEST = hashlib.sha256(PLAIN).digest()
ATTACHED = bodies.Attachment(bodies.File("a.pdf", "application/pdf", RECORD), len(PLAIN), PLAIN_DIGEST, FILE_KEY)
SLOTS = [keyslots.lock(COACH, VAULT, PASSPHRASE, FLOOR), keyslots.lock_for_recovery(COACH, VAULT, CODE)]
PRACTICE = practice()
EVENTS: tuple[Event, ...] = (
    {"e": "vault"},
    lets_in(),
    makes(generation=2),
    makes(b"u" * 16),
    assigns(OTHER_SHELF, CLIENT, "agreements"),
    stores(version=3),
    stores(OTHER_RECORD),
    files(OTHER_RECORD),
    erases(records=(RECORD,)),
    erases("client", {SHELF: 1, OTHER_SHELF: 1}, (RECORD,), (1, 2)),
    erased(3),
    {"e": "slot", "kind": "passphrase"},
    {"e": "unslot", "kind": "keyring"},
)
ODD_VALUES = (
    *(None, True, False, 0, 1, -1, 2, 1 << 31, 1 << 32, 1 << 64, 10**400, 0.5, 1e300, "", "x", "é", "\ud800", "\0"),
    *("00" * 16, "ff" * 32, "Ff" * 16, " " * 32, "١" * 32, SHELF.hex(), RECORD.hex()),
    *([], {}, [[]], {"": {}}, ["00" * 32]),
)  # fmt: skip
ODD_BYTES = (b"", b"\0", b"\xff" * 16, b"{", b"[" * 1200, b'"', b"NaN", b"1e999", b"\\ud800", b"CSR1\1", b"CSG1\1")
ODD_SIGNS = "0OoIiLlUu-– \u00a0\0éßﬀ١\U0001f600\ud800"


# --- how something is spoilt ------------------------------------------------------------------------------------------


def spoilt(draw: random.Random, content: bytes) -> bytes:
    """The same with a few bytes changed, cut out, put in, repeated; or the end of it missing."""
    for _ in range(draw.randint(1, 3)):
        start = draw.randrange(min(len(content), draw.choice((130, 5000))) + 1)
        content = _spoilt(draw, content, start, start + draw.choice((1, 1, 1, 4, 16, 300)))
    return content


def _spoilt(draw: random.Random, content: bytes, start: int, end: int) -> bytes:
    before, after = content[:start], content[end:]
    return draw.choice(
        (
            lambda: before + draw.randbytes(len(content[start:end])) + after,
            lambda: before + bytes(len(content[start:end])) + after,
            lambda: before + after,
            lambda: before + draw.choice(ODD_BYTES) + content[start:],
            lambda: content[:end] + content[start:],
            lambda: before,
        )
    )()


def odd(draw: random.Random, event: Any) -> Any:
    """The same JSON with something in it replaced, missing, too many, or nested."""
    if isinstance(event, dict) and event and draw.random() < 0.9:
        name = draw.choice(sorted(event))
        rest = {key: value for key, value in event.items() if key != name}
        return draw.choice(
            (
                lambda: rest,
                lambda: event | {str(draw.choice(ODD_VALUES)): draw.choice(ODD_VALUES)},
                lambda: rest | {name[:-1]: event[name]},
                lambda: event | {name: odd(draw, event[name])},
                lambda: event | {name: odd(draw, event[name])},
                lambda: event | {name: draw.choice(ODD_VALUES)},
            )
        )()
    if isinstance(event, list) and event and draw.random() < 0.5:
        return [*event, draw.choice((event[0], *ODD_VALUES))]
    return draw.choice((*ODD_VALUES, [event], {"x": event}, str(event)[:-1]))


# --- everything that reads --------------------------------------------------------------------------------------------


def a_record(draw: random.Random) -> None:
    content = spoilt(draw, draw.choice(RECORDS))
    envelope.header_of(content)
    envelope.body_of(content, OPENER)
    assert content in RECORDS


def a_body(draw: random.Random) -> None:
    """As somebody seals it who has the shelf's public key, and not this program."""
    packed = spoilt(draw, HEADER.packed())[: envelope.HEADER_BYTES]
    record = packed + SEALER.seal(b"coachsync/record/v1\0" + packed, spoilt(draw, envelope._padded(b"text")))
    envelope.header_of(record)
    envelope.body_of(record, OPENER)


def a_file(draw: random.Random) -> None:
    """The content of an attachment, a few bytes at a time."""
    content = spoilt(draw, SEALED)
    if draw.random() < 0.3:
        content = draw.choice((SEALED + content, SEALED[: 56 + 16400], SEALED[:56] + SEALED[56 + 16400 :], SEALED))
    step = draw.choice((16384, 5000, 1 << 20))
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    found = b"".join(contents.opened(FILE_KEY, BELONGS, len(PLAIN), PLAIN_DIGEST, pieces))
    assert (content, found) == (SEALED, PLAIN)


def what_an_attachment_says(draw: random.Random) -> None:
    """As somebody seals it who has the shelf's public key, and not this program."""
    text = json.dumps(odd(draw, json.loads(bodies.packed(ATTACHED)))).encode()
    found = bodies.unpacked(envelope.Kind.ATTACHMENT, draw.choice((lambda: text, lambda: spoilt(draw, text)))())
    assert bodies.unpacked(envelope.Kind.ATTACHMENT, bodies.packed(found)) == found


def a_grant(draw: random.Random) -> None:
    content = spoilt(draw, GRANT).ljust(draw.choice((0, 4096)), b"\0")[:4096]
    grants.opened(content, KEY, COACH)
    assert content == GRANT


def a_shelf_key(draw: random.Random) -> None:
    """As a row of the database has it."""
    field = draw.choice(("vault", "shelf", "coach", "public", "signature", "generation"))
    whole = getattr(KEY, field)
    value = draw.choice((-1, 0, 2, 1 << 32, 1 << 63)) if field == "generation" else spoilt(draw, whole)
    changed: ShelfKey = replace(KEY, **{field: value})
    changed.check(COACHES)
    assert changed == KEY


def a_keyslot(draw: random.Random) -> None:
    whole = draw.choice(SLOTS)
    content = draw.choice((lambda: canonical_line(odd(draw, json.loads(whole))), lambda: spoilt(draw, whole)))()
    keyslots.slot_of(content)
    draw.choice((lambda: keyslots.recover(content, CODE), lambda: keyslots.unlock(content, PASSPHRASE)))()
    assert content == whole


def canonical_line(fields: Any) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def an_entry(draw: random.Random) -> None:
    """Of whoever can write the database, and sign nothing."""
    one = PRACTICE.next(COACH, draw.choice(EVENTS))
    field = draw.choice(("number", "previous", "actor", "said", "signature"))
    value = draw.choice((-1, 0, 7, 1 << 64)) if field == "number" else spoilt(draw, getattr(one, field))
    taken(replace(one, **{field: value}))
    assert value == getattr(one, field)


def a_signed_entry(draw: random.Random) -> None:
    """Of a coach's or a daemon's own key, that says anything at all."""
    event = odd(draw, {**draw.choice(EVENTS), "at": AT})
    try:
        said = canonical(event)
    except ValueError:
        said = b"{}"
    if draw.random() < 0.2:
        said = spoilt(draw, said)
    who = draw.choice((COACH, COACH, DAEMON, COLLEAGUE))
    head = PRACTICE.history.head
    unsigned = Entry(head.count + 1, head.digest, who.actor.fingerprint, said, b"")
    taken(replace(unsigned, signature=who.sign(b"log", unsigned.digest(VAULT))))


def taken(one: Entry) -> None:
    history = copied(PRACTICE.history)
    try:
        history.take([one])
    except CoachsyncError:
        assert history == PRACTICE.history, "something was taken of an entry that was refused"
        raise


def a_recovery_code(draw: random.Random) -> None:
    code = draw.randbytes(20)
    text = recovery.printed(code)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(text) + 1)
        sign = draw.choice(ODD_SIGNS + text)
        text = draw.choice((text[:place] + sign + text[place + 1 :], text[:place] + sign + text[place:], text[:place]))
    assert recovery.typed(text) == code


READERS = (
    *(a_record, a_body, a_file, what_an_attachment_says, a_grant, a_shelf_key, a_keyslot, a_keyslot),
    *(an_entry, a_signed_entry, a_signed_entry, a_signed_entry, a_recovery_code),
)


class Cheap:
    """Stands in for Argon2id, which would take hours: every cost between floor and ceiling comes."""

    def __init__(self, *, length: int, **costs: Any) -> None:
        assert FLOOR.passes <= costs["iterations"] <= 16
        assert FLOOR.memory <= costs["memory_cost"] <= 4 << 20
        assert 1 <= costs["lanes"] <= 16
        self.length = length

    def derive(self, secret: bytes) -> bytes:
        return bytes(self.length)


def outcome(read: Callable[[random.Random], None], draw: random.Random) -> str:
    try:
        read(draw)
    except CoachsyncError as error:
        return error.code
    return "taken"


@pytest.mark.timeout(300 + INPUTS // 500)
def test_no_input_brings_an_error_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.vault.suite.Argon2id", Cheap)
    seen: dict[str, Counter[str]] = {read.__name__: Counter() for read in READERS}
    for number in range(INPUTS):
        read = READERS[number % len(READERS)]
        try:
            seen[read.__name__][outcome(read, random.Random(f"{SEED}/{number}"))] += 1
        except Exception as error:
            raise AssertionError(f"{read.__name__}, input {number}: COACHSYNC_SEED={SEED}") from error
    for name, codes in seen.items():
        assert len(codes) > 1, f"every {name} ended in the same way: {codes} (COACHSYNC_SEED={SEED})"
    if INPUTS > 20_000:
        print(f"COACHSYNC_SEED={SEED}", *(f"{name}: {dict(codes)}" for name, codes in seen.items()), sep="\n")  # noqa: T201
