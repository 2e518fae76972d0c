"""A full vault, made once for many tests, and hands that write into its files as an attacker with the disk would."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coachsync.app.vault import erasing, writing
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import current_key
from coachsync.app.vault.verifying import Verified, verify
from coachsync.errors import Problem
from coachsync.vault.keys import Person
from vault_house import COACH, OTHER, PASSPHRASE, VaultHouse, copied

_LATER = datetime(2026, 3, 3, tzinfo=UTC)
SECOND, SECOND_PASSPHRASE = "bea", "four chairs and a table"


@dataclass
class Damaged:
    """A copy of a vault of two coaches. Anna has two notes of a client, one of them amended, and one of another client;
    a third note of the first client was erased. Bea has one note of the first client."""

    house: VaultHouse
    first: bytes = b""
    second: bytes = b""
    other: bytes = b""
    hers: bytes = b""
    erased: bytes = b""

    def copied(self, folder: Path) -> Damaged:
        """The same in another folder."""
        folder.mkdir()
        return Damaged(copied(self.house, folder), self.first, self.second, self.other, self.hers, self.erased)

    def sql(self, statement: str, *values: Any) -> None:
        """Something is written into the database, which must be there to be changed."""
        with closing(sqlite3.connect(self.house.vault_folder / "vault.db")) as database, database:
            assert database.execute(statement, values).rowcount != 0

    def rows(self, query: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.house.vault_folder / "vault.db")) as database:
            return database.execute(query, values).fetchall()

    def sealed(self, record: bytes, version: int = 1) -> bytes:
        ((found,),) = self.rows("select sealed from records where record=? and version=?", record, version)
        return bytes(found)

    def shelf(self, record: bytes) -> bytes:
        ((found,),) = self.rows("select shelf from records where record=? and version=1", record)
        return bytes(found)

    def grant(self, record: bytes) -> Path:
        """The file that opens a record."""
        shelf, generation = self.rows("select shelf, generation from records where record=? and version=1", record)[0]
        (file,) = (self.house.vault_folder / "keys" / shelf.hex()).glob(f"{generation}.*")
        return file

    def spoil(self, table: str, which: int = -1) -> None:
        """The disk has lost a page of the rows of a table."""
        file = self.house.vault_folder / "vault.db"
        with closing(sqlite3.connect(file)) as database:
            database.execute("pragma journal_mode=delete")
            size = database.execute("pragma page_size").fetchone()[0]
            of = "select pageno from dbstat where name=? and pagetype='leaf' order by path"
            page = [number for (number,) in database.execute(of, (table,))][which]
        content = bytearray(file.read_bytes())
        content[(page - 1) * size : page * size] = b"\xff" * size
        file.write_bytes(content)

    def slot(self, kind: str = "passphrase", name: str = COACH) -> Path:
        with self.house.open() as vault:
            person = self.house.coach(vault, name)
        return self.house.vault_folder / "slots" / f"{person.hex()}.{kind}.json"


def full(folder: Path) -> Damaged:
    house = VaultHouse(folder)
    house.make()
    house.make(SECOND, SECOND_PASSPHRASE)
    made = Damaged(house)
    made.erased = house.add(b"erased").record
    made.first, made.second = (house.add(body).record for body in (b"one", b"two"))
    made.other = house.add(b"other", OTHER).record
    made.hers = house.add(b"hers", name=SECOND).record
    with house.session() as session:
        erasing.erase_records(session, [made.erased])[0]
        amend(session, made.first, b"one, amended")
    return made


def amend(session: Session, record: bytes, body: bytes) -> None:
    """Write the next version of a record."""
    header = session.record(record).header
    key = current_key(session.vault, header.shelf)
    digest = session.vault.history.records[record, header.version].digest
    following = writing.amended(header, digest, key, session.coach, _LATER)
    writing.store(session.vault, session.coach, key, following, body)


def codes(findings: list[Problem]) -> set[str]:
    return {one.code for one in findings}


def look(damaged: Damaged, *unlocked: Person) -> Verified:
    return verify(damaged.house.config, damaged.house.now, unlocked, damaged.house.device)


def person(damaged: Damaged, name: str = COACH) -> Person:
    with damaged.house.session(name, SECOND_PASSPHRASE if name == SECOND else PASSPHRASE) as one:
        return one.coach


def check_told(found: Verified) -> None:
    """Each finding has a place by code or id, and says what to do; none a name, and none twice."""
    assert len({(one.code, one.where) for one in found.findings}) == len(found.findings)
    for one in found.findings:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one.code)
        assert one.where
        assert one.message
        assert one.hint
        said = f"{one.where} {one.message} {one.hint}"
        assert "None" not in said
        assert str(Path.home()) not in said
