"""Somebody who has every file that the daemon's user can read, and all that the daemon holds in memory, and who knows
how the vault works: tries whatever looks like a key, on everything that is sealed, in every way there is."""

from __future__ import annotations

import gc
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coachsync.errors import CoachsyncError
from coachsync.vault import keyslots
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import By
from coachsync.vault.recovery import CODE_BYTES
from coachsync.vault.rows import DeviceKey
from coachsync.vault.suite import OVERHEAD, SEED_BYTES, Opener

GRANT, RECORD = (b"coachsync/grant/v1\0", 60), (b"coachsync/record/v1\0", 120)  # label, and bytes of the header
_SEALED = OVERHEAD + SEED_BYTES  # bytes of what is in a grant
_ENCAPSULATED = OVERHEAD - 16
_HEX = re.compile(rb"[0-9a-fA-F]{64}")
_SMALL = 128  # bytes: what is no longer may hold a key anywhere in it
_STEP = 16  # bytes: ids, salts, keys and tags are of 16 or 32, or stand at an end
_DIFFERENT = 20  # bytes at least in a key: fewer are in one of 10**9
_CONTEXTS = ("", "vault/daemon", "vault")
_NO_NONCE = bytes(12)


# --- what he has ------------------------------------------------------------------------------------------------------


def held(*roots: object) -> list[object]:
    """Every object that can be reached from these, and from any module of coachsync; not what compiled code is of."""
    foreign = {id(vars(module)) for name, module in sys.modules.items() if not name.startswith("coachsync")}
    passed = (ModuleType, FrameType, CodeType)
    ours = [vars(module) for name, module in sys.modules.items() if name.startswith("coachsync")]
    found: dict[int, object] = {}
    waiting: list[object] = [*roots, *ours]
    while waiting:
        one = waiting.pop()
        if id(one) not in found and id(one) not in foreign and not isinstance(one, passed):
            found[id(one)] = one
            waiting += gc.get_referents(one)
    return list(found.values())


def texts(objects: Iterable[object]) -> list[bytes]:
    """All that is bytes or text among them, and what the keys hold that are made of neither."""
    found = []
    for one in objects:
        if isinstance(one, (bytes, bytearray)):
            found.append(bytes(one))
        elif isinstance(one, str):
            found.append(one.encode("utf-8", "surrogatepass"))
        elif not isinstance(one, type) and hasattr(one, "private_bytes_raw"):
            found.append(one.private_bytes_raw())
    return found


def values(file: Path) -> Iterator[bytes]:
    """Every value in every table of a database."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from (one if isinstance(one, bytes) else str(one).encode() for one in row)


def candidates(found: Iterable[bytes]) -> set[bytes]:
    """Whatever has the size of a key and looks as random, in something small, or as hexadecimal digits anywhere."""
    keys = set()
    for one in found:
        if len(one) <= _SMALL and not one.isascii():
            ends = {*range(SEED_BYTES, len(one), _STEP), len(one)}
            keys |= {one[end - SEED_BYTES : end] for end in ends if end >= SEED_BYTES}
        keys |= {bytes.fromhex(run.decode()) for run in _HEX.findall(one)}
    return {key for key in keys if len(set(key)) >= _DIFFERENT}


# --- what he tries ----------------------------------------------------------------------------------------------------


@dataclass
class Attacker:
    """What is sealed, by what it is called: grants, records and keyslots."""

    grants: dict[str, bytes]
    records: dict[str, bytes]
    slots: dict[str, bytes]
    opened: dict[str, bytes] = field(default_factory=dict)  # and what was in it
    tried: set[bytes] = field(default_factory=set)

    def attack(self, keys: Iterable[bytes]) -> set[str]:
        """The names of all that these keys open, and those that are found in what they open."""
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in self.tried:
                self.tried.add(key)
                for name, plain in self._opened(key):
                    self.opened[name] = plain
                    waiting += candidates([plain])
        return set(self.opened)

    def _opened(self, key: bytes) -> Iterator[tuple[str, bytes]]:
        openers, row, aes = (Opener(key), Person(key).opener), DeviceKey(key), AESGCM(key)
        for name, (label, header, content) in self._sealed().items():
            yield from (
                (name, plain) for plain in _tried(_ways(openers, row, aes, label + content[:header], content[header:]))
            )
        for name, slot in self.slots.items():
            ways = (partial(_unlocked, slot, aes), partial(_recovered, slot, key), partial(_by_machine, slot, key))
            yield from ((name, plain) for plain in _tried(ways))

    def _sealed(self) -> dict[str, tuple[bytes, int, bytes]]:
        grants = {name: (*GRANT, content[: GRANT[1] + _SEALED]) for name, content in self.grants.items()}
        return grants | {name: (*RECORD, content) for name, content in self.records.items()}


def _ways(
    openers: Iterable[Opener], row: DeviceKey, aes: AESGCM, info: bytes, sealed: bytes
) -> Iterator[Callable[[], bytes]]:
    """A key as the seed of a shelf, of what a person opens with, or of a person; as a key of AES; as a device key."""
    yield from (partial(opener.open, info, sealed) for opener in openers)
    yield partial(aes.decrypt, _NO_NONCE, sealed[_ENCAPSULATED:], info)
    yield partial(aes.decrypt, sealed[:12], sealed[12:], None)
    yield from (partial(row.open, context, sealed) for context in _CONTEXTS)


def _tried(ways: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
    for way in ways:
        with suppress(CoachsyncError, InvalidTag, ValueError):
            yield way()


def _unlocked(slot: bytes, aes: AESGCM) -> bytes:
    """The seed in a keyslot, by what a passphrase is stretched to."""
    head: dict[str, Any] = json.loads(slot)
    nonce, sealed = bytes.fromhex(head.pop("nonce")), bytes.fromhex(head.pop("sealed"))
    return aes.decrypt(nonce, sealed, json.dumps(head, sort_keys=True, separators=(",", ":")).encode())


def _recovered(slot: bytes, key: bytes) -> bytes:
    return keyslots.recover(slot, key[:CODE_BYTES]).seed


def _by_machine(slot: bytes, key: bytes) -> bytes:
    """The same, by what a keyring or a credential keeps."""
    return keyslots.open_under(slot, By(keyslots.slot_of(slot).kind), key).seed
