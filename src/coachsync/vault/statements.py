"""What the daemon says outside of the log, of backups and of their mirror: signed by it, with the coach's word that it
may write. Whoever has trust.toml can check it, without the vault and without a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from coachsync.errors import Altered
from coachsync.phrases import say
from coachsync.vault import entries
from coachsync.vault.chain import Entry, canonical
from coachsync.vault.keys import Actor, Role, Signer

LONGEST = 64 << 20  # bytes: a snapshot names each of its objects

# The coaches whom trust.toml names: the key that checks what each has signed, by fingerprint.
Coaches = Mapping[bytes, bytes]


class Heard(NamedTuple):
    """What a statement says, and the coach (a fingerprint) who has let in the daemon that says it."""

    said: dict[str, Any]
    by: bytes


def state(what: bytes, said: Mapping[str, Any], vault: bytes, writer: Entry, daemon: Signer) -> bytes:
    """A statement as it is stored. `writer` is the entry of the log by which a coach has let this daemon in."""
    unsigned = {**said, "vault": vault.hex(), "writer": entries.written(writer)}
    signature = daemon.sign(what, canonical(unsigned))
    return canonical({**unsigned, "signature": signature.hex()}) + b"\n"


def hear(what: bytes, content: bytes, vault: bytes, coaches: Coaches) -> Heard:
    """What a statement says, once it is known that a daemon of this vault has made it. Raises Altered otherwise."""
    try:
        found = _parsed(content)
        signature, writer = bytes.fromhex(found.pop("signature")), entries.read(found["writer"])
        if found.pop("vault") != vault.hex():
            raise _of_another_vault()
        unsigned = canonical({**found, "vault": vault.hex()})
        found.pop("writer")
        Actor(Role.DAEMON, _let_in(writer, vault, coaches)).check(what, unsigned, signature)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _unsigned() from None
    except Altered as problem:
        raise problem if problem.code == "backup-of-another-vault" else _unsigned() from None
    return Heard(found, writer.actor)


def _parsed(content: bytes) -> dict[str, Any]:
    """The table that a statement is, written in the one way there is."""
    found = json.loads(content) if len(content) <= LONGEST else None
    if not isinstance(found, dict) or canonical(found) + b"\n" != content:
        raise ValueError
    return found


def _let_in(writer: Entry, vault: bytes, coaches: Coaches) -> bytes:
    """The key of the daemon that a coach has let in by this entry."""
    Actor(Role.COACH, coaches[writer.actor]).check(b"log", writer.digest(vault), writer.signature)
    event = writer.event
    if (event["e"], event["role"]) != ("actor", "daemon"):
        raise ValueError
    return bytes.fromhex(event["verify"])


def _of_another_vault() -> Altered:
    return Altered(
        "backup-of-another-vault",
        say("This belongs to another vault."),
        say("Give each practice a folder of its own for its backups, and another one for its mirror."),
    )


def _unsigned() -> Altered:
    return Altered(
        "backup-not-ours",
        say("This was altered, or nobody whom a coach has let in has written it."),
        say("Take another backup with --snapshot; to see what else is damaged, run: coachsync backup verify"),
    )
