"""A reader of the vault that was written from `vault/FORMAT.md` alone and shares no code with coachsync.

Seals are opened by hand (`handhpke`), keyslots by `formatslots`; of `cryptography` come only Ed25519 and Argon2id.
Whatever breaks a rule of the page is `Refused`. The sections are those of the page.
"""

from __future__ import annotations

import json
import re
import struct
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from handhpke import (
    ENC,
    TAG,
    ZEROS,
    Refused,
    demand,
    digest_of,
    expand,
    open_sealed,
    public_of,
)

# ------------------------------------------------------------------------------------------------- 2. persons

COACH, DAEMON = 1, 2


def sealing_seed(person: bytes) -> bytes:
    return expand(person, b"coachsync/person/sealing/v1", 32)


def verify_key(person: bytes) -> bytes:
    signing = Ed25519PrivateKey.from_private_bytes(expand(person, b"coachsync/person/signing/v1", 32))
    return signing.public_key().public_bytes_raw()


def fingerprint(role: int, verify: bytes, sealing: bytes) -> bytes:
    demand((role, len(verify), len(sealing)) in {(COACH, 32, 1216), (DAEMON, 32, 0)}, "no such actor")
    return digest_of("coachsync/actor/v1", bytes([role]), verify, sealing)[:16]


def coach_fingerprint(person: bytes) -> bytes:
    return fingerprint(COACH, verify_key(person), public_of(sealing_seed(person)))


def check_signature(verify: bytes, what: str, message: bytes, signature: bytes) -> None:
    try:
        signed = b"coachsync/sign/" + what.encode() + b"/v1\0" + message
        Ed25519PublicKey.from_public_bytes(verify).verify(signature, signed)
    except InvalidSignature:
        raise Refused("the signature does not hold") from None


# ----------------------------------------------------------------------------------- 3., 4. trust and shelves


@dataclass(frozen=True)
class Former:
    """A key that a coach had: up to which head it counts, and who may come in its place, at last today's coach."""

    verify: bytes
    until: tuple[int, bytes]
    later: list[bytes]


@dataclass(frozen=True)
class Trust:
    """Whom `trust.toml` pins: a vault, its coaches' keys by fingerprint, and those that they had before."""

    vault: bytes
    coaches: dict[bytes, bytes]
    formers: dict[bytes, Former] = field(default_factory=dict)

    @property
    def keys(self) -> dict[bytes, bytes]:
        return self.coaches | {one: former.verify for one, former in self.formers.items()}


def read_trust(text: str) -> Trust:
    said = tomllib.loads(text)
    coaches = said["coaches"].values()
    pinned = {bytes.fromhex(coach["fingerprint"]): bytes.fromhex(coach["verify"]) for coach in coaches}
    formers = {}
    for coach in coaches:
        line = [bytes.fromhex(one["fingerprint"]) for one in (*coach.get("former", []), coach)]
        for place, one in enumerate(coach.get("former", [])):
            until = one["count"], bytes.fromhex(one["digest"])
            formers[line[place]] = Former(bytes.fromhex(one["verify"]), until, line[place + 1 :])
    return Trust(bytes.fromhex(said["vault"]), pinned, formers)


@dataclass(frozen=True)
class Shelf:
    """One generation of a shelf, as the table `shelves` tells of it."""

    shelf: bytes
    generation: int
    coach: bytes
    public: bytes
    signature: bytes

    def check(self, trust: Trust) -> None:
        demand(self.coach in trust.keys, "not a coach that is trusted")
        demand(self.generation >= 1 and len(self.public) == 1216, "no key of a shelf")
        message = trust.vault + self.shelf + struct.pack(">I", self.generation) + self.coach + self.public
        check_signature(trust.keys[self.coach], "shelf", message, self.signature)


# -------------------------------------------------------------------------------------------------- 5. grants

GRANT = struct.Struct(">4sBBH16s16sI16s")
GRANT_SEAL = ENC + 32 + TAG


@dataclass(frozen=True)
class Grant:
    """A file of `keys/`, taken apart."""

    raw: bytes

    @cached_property
    def fields(self) -> tuple[bytes, bytes, int, bytes]:
        """Vault, shelf, generation and recipient."""
        demand(len(self.raw) == 4096, "a grant has 4096 bytes")
        magic, suite, layer, zero, vault, shelf, generation, recipient = GRANT.unpack_from(self.raw)
        demand((magic, suite, layer, zero) == (b"CSG1", 1, 1, 0), "no grant of this version")
        demand(not any(self.raw[GRANT.size + GRANT_SEAL :]), "the rest is not zeros")
        return vault, shelf, generation, recipient

    @property
    def place(self) -> str:
        _, shelf, generation, recipient = self.fields
        return f"keys/{shelf.hex()}/{generation}.1.{recipient.hex()}"

    @property
    def digest(self) -> bytes:
        return digest_of("coachsync/grant-digest/v1", self.raw)

    def open(self, person: bytes, trust: Trust, certified: Shelf) -> bytes:
        """The seed of that generation of the shelf."""
        certified.check(trust)
        expected = (trust.vault, certified.shelf, certified.generation, coach_fingerprint(person))
        demand(self.fields == expected, "a grant for something else or somebody else")
        head, seal = self.raw[: GRANT.size], self.raw[GRANT.size : GRANT.size + GRANT_SEAL]
        seed = open_sealed(sealing_seed(person), b"coachsync/grant/v1\0" + head, seal)
        demand(public_of(seed) == certified.public, "not the key that was certified")
        return seed


# ------------------------------------------------------------------------------------------------- 6. records

RECORD = struct.Struct(">4sBBBB16s16sI16sIQ16s32s")
KINDS = {1: "note", 2: "agreement", 3: "disclosure", 4: "attachment"}
KINDS_BY_NAME = {name: number for number, name in KINDS.items()}


@dataclass(frozen=True)
class Record:
    """A stored version of a record, its header taken apart."""

    raw: bytes
    kind: str
    vault: bytes
    shelf: bytes
    generation: int
    record: bytes
    version: int
    time: int
    writer: bytes
    previous: bytes

    @property
    def digest(self) -> bytes:
        return digest_of("coachsync/record-digest/v1", self.raw)

    def open(self, seed: bytes) -> bytes:
        head, seal = self.raw[: RECORD.size], self.raw[RECORD.size :]
        return unpadded(open_sealed(seed, b"coachsync/record/v1\0" + head, seal))


def record_of(raw: bytes) -> Record:
    demand(len(raw) >= RECORD.size + ENC + TAG, "a record is longer")
    magic, suite, kind, flags, zero, *rest = RECORD.unpack_from(raw)
    demand((magic, suite, flags, zero) == (b"CSR1", 1, 0, 0) and kind in KINDS, "no record of this version")
    record = Record(raw, KINDS[kind], *rest)
    demand(record.generation >= 1 and record.version >= 1, "counted from 1")
    demand((record.version == 1) == (record.previous == ZEROS), "the first version alone has none before it")
    return record


def unpadded(padded: bytes) -> bytes:
    demand(len(padded) >= 4, "no length")
    end = 4 + int.from_bytes(padded[:4])
    step = 256 if end <= 4096 else 4096
    demand(len(padded) == -(-end // step) * step and not any(padded[end:]), "another padding")
    demand(end - 4 <= 16 << 20, "a body has at most 16 MiB")
    return padded[4:end]


def check_versions(records: Sequence[Record]) -> None:
    """All versions of one record, the first first."""
    before = ZEROS
    for version, record in enumerate(records, 1):
        demand(record.version == version and record.previous == before, "a version is missing or another's")
        demand((record.record, record.kind) == (records[0].record, records[0].kind), "not the same record")
        before = record.digest


def note_of(body: bytes) -> dict[str, Any]:
    """What the body of a note says."""
    try:
        found = json.loads(body.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    demand(isinstance(found, dict) and found.keys() - {"appointment", "name", "client"} == {"text"}, "no note")
    about = found.get("appointment", {"uid": "", "calendar": "", "start": "2026-03-02T08:00:00Z"})
    demand(isinstance(about, dict) and about.keys() == {"uid", "calendar", "start"}, "no appointment")
    for one in [*about.values(), *(value for key, value in found.items() if key != "appointment")]:
        demand(isinstance(one, str) and not re.search("[\ud800-\udfff]", one), "no text")
    demand(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", about["start"]), "no start")
    return dict(found)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    demand(len(dict(pairs)) == len(pairs), "a key twice")
    return dict(pairs)


# ------------------------------------------------------------------------------------------------- 7. the log

BY_DAEMON = {"assign", "record", "buried"}
BY_ITS_COACH = {"shelf", "assign", "record", "erase", "erased"}
BY_A_COACH = {"vault", "actor", "ended", "slot", "unslot", "buried", "restored", "renewed"}
KEYS = {
    "vault": set(), "actor": {"role", "verify"}, "slot": {"kind"}, "unslot": {"kind"}, "ended": {"actor"},
    "renewed": {"verify", "sealing", "stones", "signature"},
    "shelf": {"shelf", "generation", "key", "grants"}, "assign": {"shelf", "client", "class"},
    "record": {"shelf", "generation", "record", "version", "kind", "digest"},
    "erase": {"what", "client", "shelves", "records", "keys"}, "erased": {"entry"},
    "buried": {"number", "previous", "actor", "said", "signature"}, "restored": {"count", "digest"},
}  # fmt: skip
FILE_KEYS = {"file", "size"}
MACHINES = ["keyring", "credential"]
SLOTS = {"slot": ["passphrase", "recovery", *MACHINES], "unslot": MACHINES}


def written(said: object) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def read_json(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        raise Refused("not JSON") from None
    demand(isinstance(said, dict), "no object")
    return dict(said)


def read_said(text: bytes) -> dict[str, Any]:
    said = read_json(text)
    demand(written(said) == text, "an entry is written in one way alone")
    return said


@dataclass(frozen=True)
class Entry:
    """One row of the table `log`."""

    number: int
    previous: bytes
    actor: bytes
    said: bytes
    signature: bytes

    def digest(self, vault: bytes) -> bytes:
        number = struct.pack(">Q", self.number)
        return digest_of("coachsync/log/v1", vault, number, self.previous, self.actor, self.said)
