"""A second reader of backups, written from BACKUP.md and FORMAT.md alone: it shares no code with the program."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import formatlog
import formatreader as reader
import formatslots
from handhpke import decrypted, demand, digest_of, open_sealed

CHUNK = b"coachsync/backup-chunk/v1\0"
PIECE = 1 << 20


@dataclass
class Backups:
    """The two folders of a practice of one coach, and the printed code."""

    folder: Path
    mirror: Path
    code: str

    @cached_property
    def trust(self) -> reader.Trust:
        trust = reader.read_trust((self.folder / "trust.toml").read_text())
        for folder in (self.folder, self.mirror):
            demand(
                json.loads((folder / "set.json").read_bytes()) == {"version": 1, "vault": trust.vault.hex()}, "whose"
            )
        return trust

    @property
    def coach(self) -> bytes:
        (only,) = self.trust.coaches
        return only

    @cached_property
    def seed(self) -> bytes:
        slot = (self.folder / "slots" / f"{self.coach.hex()}.recovery.json").read_bytes()
        return formatslots.open_with_code(slot, self.code, self.trust.vault)

    def snapshot(self, number: int) -> dict[str, Any]:
        found = self.statement("backup", self._file(number))
        demand((found["version"], found["number"]) == (1, number), "another backup")
        for one, digest in found["kept"].items():
            demand(digest_of("coachsync/backup-digest/v1", self._file(int(one))).hex() == digest, "exchanged")
        demand(found["objects"] == sorted(found["objects"]), "not sorted")
        return found

    def manifest(self, number: int) -> dict[str, Any]:
        found = self.snapshot(number)
        name = bytes.fromhex(found["manifest"])
        info = b"coachsync/backup/v1\0" + self.trust.vault + number.to_bytes(8, "big") + name
        key = open_sealed(reader.sealing_seed(self.seed), info, bytes.fromhex(found["sealed"][self.coach.hex()]))
        return reader.read_said(self._object(name, key))

    def files(self, number: int) -> dict[str, bytes]:
        """Everything in a backup, by its path."""
        found, needed = dict[str, bytes](), {self.snapshot(number)["manifest"]}
        for one in self.manifest(number)["files"]:
            pieces = [self._object(bytes.fromhex(name), bytes.fromhex(key)) for name, key in one["pieces"]]
            demand(all(len(piece) == PIECE for piece in pieces[:-1]), "a piece has 1 MiB")
            needed |= {name for name, _ in one["pieces"]}
            found[one["path"]] = b"".join(pieces)
            demand(len(found[one["path"]]) == one["size"], "another size")
        demand(sorted(needed) == self.snapshot(number)["objects"], "other objects than it names")
        return found

    def stamp(self) -> dict[str, Any]:
        return self.statement("mirror", (self.mirror / "mirror.json").read_bytes())

    def grant(self, shelf: bytes, generation: int) -> reader.Grant:
        path = self.mirror / "vault" / "keys" / shelf.hex() / f"{generation}.1.{self.coach.hex()}"
        return reader.Grant(path.read_bytes())

    def statement(self, what: str, content: bytes) -> dict[str, Any]:
        found = reader.read_said(content.removesuffix(b"\n"))
        demand(found["vault"] == self.trust.vault.hex(), "another vault")
        signature = bytes.fromhex(found.pop("signature"))
        entry = formatlog.read_entry(found["writer"], bytes.fromhex(found["writer"]["said"]))
        event = formatlog.check_entry(self.trust.keys, self.trust.vault, entry)
        demand((event["e"], event["role"]) == ("actor", "daemon"), "nobody was let in by that")
        reader.check_signature(bytes.fromhex(event["verify"]), what, reader.written(found), signature)
        return found

    def _file(self, number: int) -> bytes:
        return (self.folder / "snapshots" / f"{number}.json").read_bytes()

    def _object(self, name: bytes, key: bytes) -> bytes:
        content = (self.folder / "objects" / name.hex()[:2] / name.hex()).read_bytes()
        demand(hashlib.sha256(content).digest() == name, "another object")
        return decrypted(key, bytes(12), content, CHUNK)
