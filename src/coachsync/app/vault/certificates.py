"""Certificates of erasure: a coach signs them, and whoever has trust.toml can check them; FORMAT.md describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from coachsync.adapters.filesystem import file_system, keeps_what_is_overwritten
from coachsync.adapters.trustfile import Pinned, Replaced, Trust
from coachsync.app.vault.reading import Session
from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault import chain, entries
from coachsync.vault.chain import Entry, Head
from coachsync.vault.keys import Actor, Role
from coachsync.vault.shelves import Tombstone

VERSION = 1
LONGEST = 4 << 20  # bytes
METHOD = "overwritten-synced-unlinked, rows-deleted-vacuumed-checkpointed"
_WHAT = b"erasure"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_KEYS = frozenset({
    "client_key", "copies", "copy_on_write", "erased", "file_system", "files", "head", "key_files", "method", "records",
    "signature", "signed_at", "tombstone", "vault", "verify", "version",
})  # fmt: skip


class Copy(NamedTuple):
    """A copy that is out of our hands: which, where, and until when it may open what was erased ("" for no date)."""

    copy: str
    where: str = ""
    until: str = ""


class Certified(NamedTuple):
    """What a certificate that holds says. `former`: it was signed with a key that was replaced since, after a leak, and
    whoever has that can sign such ones at any time."""

    coach: str
    stone: Entry
    head: Head
    signed_at: str
    document: Mapping[str, Any]
    former: bool = False


def issue(
    session: Session, stone: Tombstone, now: datetime, copies: Iterable[Copy], client_key: bytes | None = None
) -> bytes:
    """The certificate of an erasure that is done, as a JSON document. `client_key`: the SHA-256 of the file with the
    client's key of the device tier. Raises ValueError while the erasure is not done."""
    vault = session.vault
    tombstone, erased = _entries(session, stone)
    attached = _attached(session, stone)
    kept = file_system(vault.files.folder)
    document = {
        "version": VERSION,
        "vault": vault.id.hex(),
        "verify": session.coach.actor.verify.hex(),
        "signed_at": now.astimezone(UTC).strftime(_TIME),
        "tombstone": entries.written(tombstone),
        "erased": entries.written(erased),
        "key_files": len(stone.keys) + (client_key is not None),
        "client_key": None if client_key is None else client_key.hex(),
        "records": len(stone.records),
        "files": attached,
        "method": METHOD,
        "file_system": kept,
        "copy_on_write": keeps_what_is_overwritten(kept),
        "copies": [{"copy": one.copy, "where": one.where, "until": one.until or None} for one in copies],
        "head": {"count": vault.history.head.count, "digest": vault.history.head.digest.hex()},
    }
    signature = session.coach.sign(_WHAT, chain.canonical(document))
    return json.dumps(document | {"signature": signature.hex()}, indent=1, sort_keys=True).encode() + b"\n"


def verify(content: bytes, trust: Trust) -> Certified:
    """What a certificate says, once it is known that one of the practice's coaches has signed it, and what it rests on.
    No secret is needed, and no vault. Raises Altered when it does not hold."""
    try:
        return _checked(_document(content), trust)
    except Altered:
        raise _invalid() from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration):
        raise _invalid() from None


def _checked(document: dict[str, Any], trust: Trust) -> Certified:
    _only(bytes.fromhex(document["vault"]) == trust.vault)
    lines: dict[str, tuple[Pinned | Replaced, ...]] = {
        name: (pinned, *pinned.former) for name, pinned in trust.coaches.items()
    }
    signers = ((name, one) for name, line in lines.items() for one in line)
    coach, who = next((name, one) for name, one in signers if one.verify.hex() == document["verify"])
    line = {one.fingerprint: _signer(one) for one in lines[coach]}
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    line[who.fingerprint].check(_WHAT, chain.canonical(unsigned), bytes.fromhex(document["signature"]))
    stone, erased = (_entry(document[name], trust.vault, line) for name in ("tombstone", "erased"))
    said, done = stone.event, erased.event
    _only(said["e"] == "erase" and done == {"e": "erased", "entry": stone.number})
    _only(document["key_files"] == len(said["keys"]) + (document["client_key"] is not None))
    _only(document["records"] == len(said["records"]))
    _only(type(document["files"]) is int and 0 <= document["files"] <= document["records"])
    head = Head(document["head"]["count"], bytes.fromhex(document["head"]["digest"]))
    _only(stone.number < erased.number <= head.count)
    _only(head.count > erased.number or head.digest == erased.digest(trust.vault))
    at = document["signed_at"]
    _only(datetime.strptime(at, _TIME).replace(tzinfo=UTC).strftime(_TIME) == at)
    return Certified(coach, stone, head, at, unsigned, who is not trust.coaches[coach])


def _signer(one: Pinned | Replaced) -> Actor:
    """Checks signatures: only the fingerprint needs the other half."""
    return Actor(Role.COACH, one.verify)


def _document(content: bytes) -> dict[str, Any]:
    _only(len(content) <= LONGEST)
    found = json.loads(content.decode())
    _only(isinstance(found, dict) and found.keys() == _KEYS and found["version"] == VERSION)
    return dict(found)


def _entries(session: Session, stone: Tombstone) -> tuple[Entry, Entry]:
    """A tombstone, and the entry that says that it is done."""
    following = session.vault.store.entries(stone.number - 1)
    tombstone = next(following)
    done = {"e": "erased", "entry": stone.number}
    erased = next((one for one in following if one.event == done), None)
    if erased is None:
        raise ValueError("the erasure is not done")
    return tombstone, erased


def _attached(session: Session, stone: Tombstone) -> int:
    """How many of the erased records had a file, as the log tells."""
    events = (entry.event for entry in islice(session.vault.store.entries(), stone.number - 1))
    filed = {event["record"] for event in events if event["e"] == "record" and "file" in event}
    return len(filed & {record.hex() for record in stone.records})


def _entry(found: dict[str, Any], vault: bytes, line: Mapping[bytes, Actor]) -> Entry:
    """An entry of the log that this coach has signed, also with a key of before."""
    entry = entries.read(found)
    line[entry.actor].check(b"log", entry.digest(vault), entry.signature)
    return entry


def _only(holds: object) -> None:
    if not holds:
        raise ValueError


def _invalid() -> Altered:
    return Altered(
        "certificate-invalid",
        say("This is no certificate that a coach of this practice has signed, or it was changed since."),
        say("Look for the file as it was written, and for the trust.toml of that practice."),
    )
