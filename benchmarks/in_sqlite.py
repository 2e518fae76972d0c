"""Notes in SQLite, or in SQLCipher: `in_sqlite.py FOLDER SIZE DURABLE [--cipher]`, in a process of its own.

Runs also with the interpreter of the tools, which has SQLCipher and not coachsync.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from texts import WORD, Took, one_by_one, tell, texts, timed

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")  # as the vault has them


def opened(path: Path, module: Any = sqlite3, key: bytes = b"") -> Any:
    """A database of notes in which each statement is a transaction of its own."""
    database = module.connect(path, isolation_level=None)
    for pragma in ([f"key = \"x'{key.hex()}'\""] if key else []) + list(_PRAGMAS):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE notes (text BLOB)")
    return database


def insert(database: Any, text: str) -> None:
    database.execute("INSERT INTO notes VALUES (?)", (text.encode(),))


def main() -> None:
    folder, size, durable, *cipher = sys.argv[1:]
    if cipher:
        import sqlcipher3

        database = opened(Path(folder) / "cipher.db", sqlcipher3, os.urandom(32))
    else:
        database = opened(Path(folder) / "plain.db")
    notes = texts(int(size))
    one, rest = notes[: int(durable)], notes[int(durable) :]
    took: Took = {}
    (took["write one, durably"],) = one_by_one(lambda text: insert(database, text), texts=one)
    with timed(took, "write the others at once"):
        database.execute("BEGIN")
        for text in rest:
            insert(database, text)
        database.execute("COMMIT")
    del notes, one, rest
    with timed(took, "read all of them"):
        found = [text.decode() for (text,) in database.execute("SELECT text FROM notes")]
    with timed(took, "search"):
        hits = sum(WORD in text for text in found)
    tell(took, hits)


if __name__ == "__main__":
    main()
