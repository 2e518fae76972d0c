"""A folder as `vaultvectors` writes it, taken apart for the reader of the tests and for the program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import formatreader as reader
from coachsync.vault.keys import Person, ShelfKey


@dataclass(frozen=True)
class Vault:
    """A folder as `vaultvectors` writes it."""

    folder: Path

    @cached_property
    def expected(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "expected.json").read_bytes()))

    @cached_property
    def trust(self) -> reader.Trust:
        return reader.read_trust((self.folder / "trust.toml").read_text())

    def person(self, name: str) -> Person:
        return Person(bytes.fromhex(self.expected["coaches"][name]["seed"]))

    def slot(self, name: str, kind: str) -> bytes:
        person = self.expected["coaches"][name]["fingerprint"]
        return (self.folder / "slots" / f"{person}.{kind}.json").read_bytes()

    def shelves(self) -> list[tuple[reader.Shelf, bytes]]:
        """Each generation of each shelf, and its seed."""
        return [(_row(reader.Shelf, row), bytes.fromhex(row["seed"])) for row in self.expected["shelves"]]

    def seed_of(self, record: reader.Record) -> bytes:
        wanted = (record.shelf, record.generation)
        return next(seed for shelf, seed in self.shelves() if (shelf.shelf, shelf.generation) == wanted)

    def records(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for path, header in self.expected["records"].items():
            yield (self.folder / path).read_bytes(), header

    @property
    def entries(self) -> list[reader.Entry]:
        return [_row(reader.Entry, row) for row in self.expected["log"]]

    @property
    def head(self) -> tuple[int, bytes]:
        head = self.expected["head"]
        return head["count"], bytes.fromhex(head["digest"])


def _row(kind: Callable[..., Any], row: dict[str, Any]) -> Any:
    """A row of a table, its bytes no longer in hex."""
    texts = {"said": lambda text: text.encode()}
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{
        name: texts.get(name, bytes.fromhex)(row[name]) if isinstance(row[name], str) else row[name] for name in fields
    })  # fmt: skip


def certified(vault: Vault, shelf: reader.Shelf) -> ShelfKey:
    return ShelfKey(
        vault.trust.vault, shelf.shelf, shelf.generation, shelf.coach, shelf.public, shelf.signature
    )  # fmt: skip
