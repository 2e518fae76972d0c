"""A reader of the vault that was written from `vault/FORMAT.md` alone and shares no code with coachsync.

Seals are opened by hand (`handhpke`), keyslots by `formatslots`; of `cryptography` come only Ed25519 and Argon2id.
Whatever breaks a rule of the page is `Refused`. The sections are those of the page.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import tomllib
from collections.abc import Mapping, Sequence
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
    decrypted,
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

Home = tuple[bytes, str, str]
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


def check_log(trust: Trust, entries: Sequence[Entry], head: tuple[int, bytes] | None = None) -> bytes:
    """The digest of the last entry, after all was checked; `head` is one that somebody remembers."""
    digests = [ZEROS]
    daemons: dict[bytes, bytes] = {}
    ended: set[bytes] = set()
    owners: dict[str, bytes] = {}
    last: dict[str, int] = {}
    homes: dict[str, Home] = {}
    given_up: set[tuple[int, bytes]] = set()
    replaced: set[bytes] = set()
    stones: set[str] = set()
    later: dict[bytes, bytes] = {}
    for number, entry in enumerate(entries, 1):
        demand(entry.number == number and entry.previous == digests[-1], "the chain is broken")
        demand(len(entry.said) <= 1 << 20, "an entry has at most 1 MiB")
        said = read_said(entry.said)
        digests.append(entry.digest(trust.vault))
        former = trust.formers.get(entry.actor)
        in_time = former is None or said["e"] == "renewed" or number <= former.until[0]
        verify = (trust.keys | daemons).get(entry.actor) if in_time and entry.actor not in replaced else None
        demand(verify, "nobody who is trusted")
        check_signature(verify or b"", "log", digests[-1], entry.signature)
        check_right(said, entry.actor, owners, by_coach=entry.actor in trust.keys)
        check_home(said, owners, homes)
        if said["e"] == "buried":
            stone = check_buried(trust, later, stones, said, 0 if bytes.fromhex(said["actor"]) in replaced else number)
            leave(stone, last, homes)
        leave(said, last, homes)
        if said["e"] == "renewed":
            new = check_renewed(trust, entry.actor, said)
            demand(new not in replaced, "a key that was replaced itself")
            replaced.add(entry.actor)
            stones |= set(said["stones"])
            owners |= {one: new for one, owner in owners.items() if owner == entry.actor}
            homes |= {one: (new, *home[1:]) for one, home in homes.items() if home[0] == entry.actor}
        if said["e"] == "restored":
            lost = said["count"], bytes.fromhex(said["digest"])
            if former is None or lost not in {one.until for one in trust.formers.values()}:
                given_up.add(lost)
        if said["e"] == "shelf":
            before, last[said["shelf"]] = last.get(said["shelf"], 0), said["generation"]
            demand(said["generation"] > before and (before or said["generation"] == 1), "not a later generation")
        if said["e"] == "actor":
            demand(said["role"] == "daemon", "only a daemon is let in by the log")
            key = bytes.fromhex(said["verify"])
            daemon = fingerprint(DAEMON, key, b"")
            demand(daemon not in ended, "let in again")
            daemons[daemon] = key
        if said["e"] == "ended":
            gone = bytes.fromhex(said["actor"])
            demand(daemons.pop(gone, b""), "nobody who writes")
            ended.add(gone)
    for one in ([] if head is None else [head]) + [former.until for former in trust.formers.values()]:
        there = one[0] < len(digests) and digests[one[0]] == one[1]
        demand(there or one in given_up, "the log was cut, or is another")
    return digests[-1]


def check_renewed(trust: Trust, old: bytes, said: Mapping[str, Any]) -> bytes:
    """The fingerprint of the key that has come in the place of a former one."""
    new = check_proof(trust.vault, old, said)
    demand(old in trust.formers and new in trust.formers[old].later, "trust.toml does not know of it")
    return new


def check_proof(vault: bytes, old: bytes, said: Mapping[str, Any]) -> bytes:
    """The fingerprint of the key that says itself that it has come in the place of another one."""
    verify, sealing = bytes.fromhex(said["verify"]), bytes.fromhex(said["sealing"])
    new = fingerprint(COACH, verify, sealing)
    stones = said["stones"]
    demand(stones == sorted(set(stones)) and all(re.fullmatch("[0-9a-f]{64}", one) for one in stones), "no digests")
    signed = written({name: said[name] for name in ("verify", "sealing", "stones")})
    check_signature(verify, "renewed", vault + old + signed, bytes.fromhex(said["signature"]))
    return new


def read_entry(found: Mapping[str, Any], said: bytes) -> Entry:
    """One that is written elsewhere: in a line of the ledger, in another entry, in a certificate."""
    previous, actor, signature = (bytes.fromhex(found[name]) for name in ("previous", "actor", "signature"))
    return Entry(found["number"], previous, actor, said, signature)


def check_later(trust: Trust, later: Mapping[bytes, bytes], entry: Entry) -> dict[bytes, bytes]:
    """The key, by its fingerprint, that has come in the place of one that trust.toml still names, if any."""
    said = check_entry(trust.keys | later, trust.vault, entry)
    new = check_proof(trust.vault, entry.actor, said)
    return {} if entry.actor in trust.formers else {new: bytes.fromhex(said["verify"])}


def check_buried(
    trust: Trust, later: dict[bytes, bytes], stones: set[str], said: Mapping[str, Any], number: int
) -> dict[str, Any]:
    """The entry of another branch that one holds, which is of this number, or 0 where that key was replaced already; a
    key that it lets one know of is a `later` one."""
    entry = read_entry(said, said["said"].encode("ascii"))
    if read_said(entry.said)["e"] == "renewed":
        later |= check_later(trust, later, entry)
        return read_said(entry.said)
    before = trust.formers.get(entry.actor)
    counts = before is None or entry.digest(trust.vault).hex() in stones or 0 < number <= before.until[0]
    demand(counts, "a stone of a former key")
    stone = check_entry(trust.keys | later, trust.vault, entry)
    demand(stone["e"] == "erase", "only a tombstone is buried")
    return stone


def check_entry(keys: Mapping[bytes, bytes], vault: bytes, entry: Entry) -> dict[str, Any]:
    """What an entry says that stands alone, signed by a coach."""
    demand(entry.actor in keys, "no coach")
    check_signature(keys[entry.actor], "log", entry.digest(vault), entry.signature)
    return read_said(entry.said)


def check_right(said: Mapping[str, Any], actor: bytes, owners: dict[str, bytes], *, by_coach: bool) -> None:
    """`owners` has the coach of each shelf and each record so far."""
    what = said.get("e")
    more = FILE_KEYS if what == "record" and said.get("kind") == KINDS_BY_NAME["attachment"] else set()
    demand(what in KEYS and said.keys() == {"e", "at"} | KEYS[what] | more, "no such entry")
    demand(type(said["at"]) is int and 1 <= said["at"] < 1 << 32, "no time")
    demand(what in (BY_ITS_COACH | BY_A_COACH if by_coach else BY_DAEMON), "not for this actor to say")
    if what == "shelf":
        owners.setdefault(said["shelf"], actor)
    demand(what not in SLOTS or said["kind"] in SLOTS[what], "no such keyslot")
    for one in named(said):
        demand(one in owners, "what nobody has made")
        demand(not by_coach or owners[one] == actor, "another coach's")
    if what == "record":
        owner = owners[said["shelf"]]
        demand(owners.setdefault(said["record"], owner) == owner, "another coach's record")


def check_home(said: Mapping[str, Any], owners: Mapping[str, bytes], homes: dict[str, Home]) -> None:
    """`homes` has the coach, the client and the class of each shelf that is no spare."""
    if said["e"] == "assign":
        home = (owners[said["shelf"]], said["client"], said["class"])
        demand(
            re.fullmatch("(C-[0-9A-Z]{6})?", home[1]) and re.fullmatch("[a-z][a-z-]{0,19}", home[2]), "no such place"
        )
        demand(said["shelf"] not in homes and home not in homes.values(), "no spare, or a second shelf")
        homes[said["shelf"]] = home
    demand(said["e"] != "record" or said["shelf"] in homes, "a record on a spare")


def leave(said: Mapping[str, Any], last: Mapping[str, int], homes: dict[str, Home]) -> None:
    """The shelves that go whole leave room for others."""
    if said["e"] == "erase" and said["what"] in {"shelf", "client"}:
        for shelf in [one for one, through in said["shelves"].items() if last.get(one, 0) <= through]:
            homes.pop(shelf, None)


def named(said: Mapping[str, Any]) -> list[str]:
    """The shelves that an entry is about, and the records that it erases."""
    if said["e"] == "erase":
        return [*said["shelves"], *said["records"]]
    return [said["shelf"]] if "shelf" in said else []


def check_made(entries: Sequence[Entry], shelf: Shelf, grant: Grant | None = None) -> None:
    """The log says of this generation of a shelf what its row and its grant say. The log is checked elsewhere."""
    mine = {"e": "shelf", "shelf": shelf.shelf.hex(), "generation": shelf.generation}
    told = [said for said in map(read_said, (entry.said for entry in entries)) if mine.items() <= said.items()]
    demand(len(told) == 1 and told[0]["key"] == hashlib.sha256(shelf.public).hexdigest(), "the log tells otherwise")
    demand(grant is None or grant.digest.hex() in told[0]["grants"], "a grant that the log does not know")


def check_stored(entries: Sequence[Entry], record: Record, file: bytes | None = None) -> None:
    """The log says last of this version what is stored of it, and of its file. The log itself is checked elsewhere."""
    mine = {"e": "record", "record": record.record.hex(), "version": record.version}
    told = [said for said in map(read_said, (entry.said for entry in entries)) if mine.items() <= said.items()]
    expected = {
        "kind": KINDS_BY_NAME[record.kind], "shelf": record.shelf.hex(), "generation": record.generation,
        "digest": record.digest.hex(),
    } | ({} if file is None else {"file": hashlib.sha256(file).hexdigest(), "size": len(file)})  # fmt: skip
    demand(told and expected.items() <= told[-1].items(), "the log tells otherwise")


# ------------------------------------------------------------------------------------ 11. contents of attachments

CHUNK, SALT = 16384, 24
CHUNKED = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
ATTACHMENT = {"name", "media", "size", "digest", "key"}


@dataclass(frozen=True)
class Attachment:
    """What the body of an attachment says."""

    name: str
    media: str
    size: int
    digest: bytes
    key: bytes
    to: bytes | None


def attachment_of(body: bytes) -> Attachment:
    found = read_json(body)
    demand(found.keys() - {"to", "client"} == ATTACHMENT, "no attachment")
    demand(type(found["size"]) is int and 0 <= found["size"] <= 2 << 30, "no size")
    digest, key = in_hex(found["digest"], 32), in_hex(found["key"], 32)
    to = in_hex(found["to"], 16) if "to" in found else None
    return Attachment(found["name"], found["media"], found["size"], digest, key, to)


def in_hex(text: object, size: int) -> bytes:
    demand(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), "no bytes in hex")
    return bytes.fromhex(str(text))


def with_zeros(size: int) -> int:
    """How long a content of this size is with the zeros that follow it."""
    bits = 0
    while size >> bits:
        bits += 1
    step = max(4096, 2 ** (bits - 6) if bits > 6 else 0)
    return max(step, -(-size // step) * step)


def content_of(file: bytes, said: Attachment, vault: bytes, record: bytes, version: int) -> bytes:
    """The content, once all of the file was looked at."""
    demand(len(file) >= SALT + 32 + TAG, "a file is longer")
    context = b"coachsync/file/v1\0" + vault + record + struct.pack(">I", version)
    salt, commitment, rest = file[:SALT], file[SALT : SALT + 32], file[SALT + 32 :]
    keys = expand(said.key, CHUNKED + salt + context, 76, "sha512")
    demand(keys[44:] == commitment, "not this key, or not this record's file")
    chunks = [rest[start : start + CHUNK + TAG] for start in range(0, len(rest), CHUNK + TAG)]
    demand(len(chunks[-1]) < CHUNK + TAG, "the last chunk is missing")
    plain = b""
    for number, chunk in enumerate(chunks):
        nonce = int.from_bytes(keys[32:44]) ^ number
        plain += decrypted(keys[:32], nonce.to_bytes(12), chunk, b"")
    demand(len(plain) == with_zeros(said.size) and not any(plain[said.size :]), "other zeros")
    content = plain[: said.size]
    demand(hashlib.sha256(content).digest() == said.digest, "another content")
    return content
