"""A small vault, written by the program from fixed seeds: two coaches, a daemon, a note of two versions that is sealed
anew when another is erased, an agreement longer than a page, a disclosure, keyslots and the log of all that.

`tests/vectors/vault` holds one such folder, and `tests/vectors/keyslots` what a machine opens, written once. Seals and
salts are random, so running this file again gives other bytes with the same contents: it is only run for what is not
there yet, or for a new version of the format, beside the old folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coachsync.vault import chain, envelope, grants, keyslots, recovery
from coachsync.vault.keys import Person, ShelfKey, Signer
from coachsync.vault.suite import Opener, Sealer

GOLDEN = Path(__file__).parent / "vectors" / "vault"
MACHINES = GOLDEN.with_name("keyslots")
NOON = 1_750_000_000  # seconds since 1970
CLIENT = "C-7K2M9Q"
PASSPHRASES = {"anna": "p\u00e9pini\u00e8re, 4 chaises", "bea": "\u9662\u5b50 \u00bd a \ufb01g"}
BODIES: dict[str, tuple[envelope.Kind, list[dict[str, Any]]]] = {
    "amended": (envelope.Kind.NOTE, [{"text": "He will call her."}, {"text": "He has called, \u00e0 midi. \u2764"}]),
    "erased": (envelope.Kind.NOTE, [{"text": "What nobody should read again."}]),
    "agreed": (envelope.Kind.AGREEMENT, [{
        "text": "Twelve sessions. " * 300, "signed": "2026-03-02", "sponsor_may_learn": ["attendance"],
        "exceptions": [], "hand_over": True,
    }]),
    "disclosed": (envelope.Kind.DISCLOSURE, [{
        "ground": "consent", "recipient": "his doctor", "said": "that he comes", "on": "2026-06-15",
    }]),
}  # fmt: skip


def drawn(what: str, length: int = 32) -> bytes:
    """A seed or an id that anybody can make again."""
    return hashlib.sha256(b"coachsync/vectors/" + what.encode()).digest()[:length]


VAULT = drawn("vault", 16)
ANNA, BEA = (Person(drawn(name)) for name in ("anna", "bea"))
DAEMON = Signer(drawn("daemon"))
CODE = drawn("recovery code", recovery.CODE_BYTES)
_AT = 1_772_438_400  # when its log begins; each entry a second later
COACHES = {"anna": ANNA, "bea": BEA}


@dataclass
class Writing:
    """The folder as it grows: files by their path, rows of the tables, and the end of the log."""

    files: dict[str, bytes] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    shelves: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    head: chain.Head = field(default_factory=chain.Head)

    def log(self, signer: Signer, event: str, said: Mapping[str, Any]) -> None:
        entry, self.head = chain.entry(self.head, VAULT, signer, {"e": event} | dict(said), _AT + self.head.count)
        self.rows.append({
            "number": entry.number, "previous": entry.previous.hex(), "actor": entry.actor.hex(),
            "said": entry.said.decode(), "signature": entry.signature.hex(),
        })  # fmt: skip

    def shelf(self, name: str, generation: int, coach: Person) -> ShelfKey:
        """A generation of a shelf, with the grant for its coach."""
        seed = drawn(f"{name}/{generation}")
        public = Opener(seed).public
        key = ShelfKey(VAULT, drawn(name, 16), generation, coach.actor.fingerprint, public).signed(coach)
        grant = grants.grant(key, seed, coach.actor)
        self.files[f"keys/{key.shelf.hex()}/{generation}.1.{key.coach.hex()}"] = grant
        digests = {"key": hashlib.sha256(public).hexdigest(), "grants": [grants.digest(grant).hex()]}
        self.log(coach, "shelf", {"shelf": key.shelf.hex(), "generation": generation} | digests)
        self.shelves.append({
            "shelf": key.shelf.hex(), "generation": generation, "coach": key.coach.hex(), "public": public.hex(),
            "signature": key.signature.hex(), "seed": seed.hex(),
        })  # fmt: skip
        return key

    def store(self, name: str, key: ShelfKey, writers: list[Signer], sealer: Signer | None = None) -> None:
        """All versions of a record, by these writers, or sealed anew by somebody else."""
        kind, bodies = BODIES[name]
        before = envelope.FIRST
        for version, (body, writer) in enumerate(zip(bodies, writers, strict=True), 1):
            text = json.dumps(body, ensure_ascii=False)
            header = envelope.Header(
                kind, VAULT, key.shelf, key.generation, drawn(name, 16), version, NOON + version,
                writer.actor.fingerprint, before,
            )  # fmt: skip
            record = envelope.seal(header, text.encode(), Sealer(key.public))
            before = envelope.digest(record)
            self.log(sealer or writer, "record", {
                "shelf": key.shelf.hex(), "generation": key.generation, "record": header.record.hex(),
                "version": version, "kind": int(kind), "digest": before.hex(),
            })  # fmt: skip
            self.keep(f"records/{header.record.hex()}.{version}", record, header, text)

    def keep(self, path: str, record: bytes, header: envelope.Header, text: str) -> None:
        self.files[path] = record
        self.records[path] = {
            "kind": header.kind.name.lower(), "shelf": header.shelf.hex(), "generation": header.generation,
            "record": header.record.hex(), "version": header.version, "time": header.time,
            "writer": header.writer.hex(), "previous": header.previous.hex(), "body": text,
        }  # fmt: skip


def written() -> dict[str, bytes]:
    """Every file of the folder by its path; `expected.json` says what is in the others."""
    writing = Writing()
    _open(writing)
    _shelve(writing)
    expected = {
        "vault": VAULT.hex(),
        "coaches": {name: _said_of(coach) | {"passphrase": PASSPHRASES[name]} for name, coach in COACHES.items()},
        "daemon": _said_of(DAEMON),
        "recovery": {"person": "anna", "code": CODE.hex(), "printed": recovery.printed(CODE)},
        "shelves": writing.shelves,
        "records": writing.records,
        "head": {"count": writing.head.count, "digest": writing.head.digest.hex()},
        "log": writing.rows,
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    return writing.files | {"expected.json": text.encode(), "trust.toml": trust().encode()}


def _open(writing: Writing) -> None:
    for name, coach in COACHES.items():
        writing.log(coach, "vault", {})
        slots = f"slots/{coach.actor.fingerprint.hex()}"
        writing.files[f"{slots}.passphrase.json"] = keyslots.lock(coach, VAULT, PASSPHRASES[name], keyslots.FLOOR)
        writing.log(coach, "slot", {"kind": "passphrase"})
    anna = ANNA.actor.fingerprint.hex()
    writing.files[f"slots/{anna}.recovery.json"] = keyslots.lock_for_recovery(ANNA, VAULT, CODE)
    writing.log(ANNA, "slot", {"kind": "recovery"})
    writing.log(ANNA, "actor", {"role": "daemon", "verify": DAEMON.actor.verify.hex()})


def _shelve(writing: Writing) -> None:
    old, unsorted = writing.shelf("first", 1, ANNA), writing.shelf("second", 1, BEA)
    writing.log(ANNA, "assign", {"shelf": old.shelf.hex(), "client": CLIENT, "class": "notes"})
    writing.log(DAEMON, "assign", {"shelf": unsorted.shelf.hex(), "client": "", "class": "notes"})
    writing.store("amended", old, [DAEMON, ANNA])
    writing.store("erased", old, [DAEMON])
    writing.store("disclosed", unsorted, [BEA])
    key = writing.shelf("first", 2, ANNA)
    writing.store("amended", key, [DAEMON, ANNA], sealer=ANNA)
    writing.store("agreed", key, [ANNA])
    gone = writing.files.pop(f"keys/{old.shelf.hex()}/1.1.{old.coach.hex()}")
    erased = drawn("erased", 16).hex()
    del writing.files[f"records/{erased}.1"], writing.records[f"records/{erased}.1"]
    writing.log(ANNA, "erase", {
        "what": "note", "client": CLIENT, "shelves": {old.shelf.hex(): 1}, "records": [erased],
        "keys": [grants.digest(gone).hex()],
    })  # fmt: skip
    writing.log(ANNA, "erased", {"entry": writing.head.count})


def _said_of(signer: Signer) -> dict[str, str]:
    actor = signer.actor
    name = next((name for name, coach in COACHES.items() if coach is signer), "daemon")
    return {"seed": drawn(name).hex(), "verify": actor.verify.hex(), "fingerprint": actor.fingerprint.hex()}


def trust() -> str:
    """Whom the vault of the vectors trusts."""
    lines = [f'vault = "{VAULT.hex()}"']
    for name, coach in COACHES.items():
        verify, fingerprint = coach.actor.verify.hex(), coach.actor.fingerprint.hex()
        lines += [f"[coaches.{name}]", f'verify = "{verify}"', f'fingerprint = "{fingerprint}"']
    return "\n".join(lines) + "\n"


def machine_slots() -> dict[str, bytes]:
    """Keyslots of Anna by their kind, which `drawn(kind)` opens."""
    kinds = [by for by in keyslots.By if not by.is_portable]
    return {by.value: keyslots.lock_under(ANNA, VAULT, by, drawn(by)) for by in kinds}


def write(folder: Path) -> None:
    """Such a folder, new."""
    for path, content in written().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    if not GOLDEN.exists():  # what was written once stays
        write(GOLDEN)
    if not MACHINES.exists():
        MACHINES.mkdir()
        for kind, slot in machine_slots().items():
            (MACHINES / f"{kind}.json").write_bytes(slot)
