"""Notes in the vault beside what they cannot do without: `vault.py [--size 10000] [--durable 200] [--rounds 3]`.

Each round does everything in turn, in processor time where nothing waits for the disk: bare HPKE of the same texts,
sealing them as records, a plain SQLite insert and a whole durable note one by one, reading everything back, and a
search. Ratios are taken within a round; the table shows the medians, and SQLCipher where its module is installed.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from measuring import middle

from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.vault import making, notes, unlocking, writing
from coachsync.app.vault.opening import Vault, coach_of, open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import shelf_for
from coachsync.vault import bodies, envelope
from coachsync.vault.bodies import Note
from coachsync.vault.envelope import Header, Kind
from coachsync.vault.keyslots import FLOOR
from coachsync.vault.suite import Opener, Sealer

try:
    import sqlcipher3
except ImportError:  # it is compared where it is there
    sqlcipher3 = None

_CLIENT, _WORD = "C-7F3K2M", "zanzibar"
_PASSPHRASE = "five words of no use"  # noqa: S105 - of a vault that is gone after a minute
_LENGTH = 4000  # signs of a note: with its JSON, a body of 4 KiB
_CONFIG = 'version = 1\n[practice]\ntimezone = "Europe/Paris"\nstate = "state"\n'
_NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
# What is measured, what it is compared with, and how many times that it may take.
_GOALS = (
    ("seal them as records", "bare HPKE sealing", 1.8),
    ("write one note, durably", "plain durable insert", 3.0),
    ("open all of them", "bare HPKE opening", 1.2),
)
_QUICK = 0.1  # seconds: a search once everything is open


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=10_000)
    options.add_argument("--durable", type=int, default=200)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    rounds = [_round(given.size, given.durable) for _ in range(given.rounds)]
    _table(rounds, given.size)


def _round(size: int, durable: int) -> dict[str, float]:
    """Seconds by what was done; of durable writes those of each, so that they can be compared."""
    texts = [f"{number} {_WORD if number == size // 2 else 'word'} ".ljust(_LENGTH, "x") for number in range(size)]
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, _vault(Path(folder)) as session:
        _hpke(took, [bodies.packed(Note(text)) for text in texts])
        _durably(took, session, texts[:durable], Path(folder))
        _in_bulk(took, session, texts, durable)
        for name, module in (("plain SQLite", sqlite3), ("SQLCipher", sqlcipher3)):
            if module is not None:
                _in_sqlite(took, name, module, Path(folder) / name.replace(" ", ""), texts)
    return took


def _hpke(took: dict[str, float], plain: list[bytes]) -> None:
    opener = Opener(os.urandom(32))
    sealer, info = Sealer(opener.public), b"x" * 120
    with _timed(took, "bare HPKE sealing"):
        sealed = [sealer.seal(info, one) for one in plain]
    with _timed(took, "bare HPKE opening"):
        for one in sealed:
            opener.open(info, one)


def _durably(took: dict[str, float], session: Session, texts: list[str], folder: Path) -> None:
    """One by one, each synced to the disk: wall time."""
    vault = session.vault
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        plain.execute(f"PRAGMA {pragma}")
    plain.execute("CREATE TABLE notes (text BLOB)")
    with _timed(took, "plain durable insert", each=len(texts), clock=time.perf_counter):
        for text in texts:
            plain.execute("INSERT INTO notes VALUES (?)", (text.encode(),))
    plain.close()
    with _timed(took, "write one note, durably", each=len(texts), clock=time.perf_counter):
        for text in texts:
            notes.add(vault, session.coach, session.fingerprint, _CLIENT, Note(text), _NOW)


def _in_bulk(took: dict[str, float], session: Session, texts: list[str], written: int) -> None:
    vault = session.vault
    key = shelf_for(vault, session.coach, session.fingerprint, _CLIENT, "notes")
    sealer = Sealer(key.public)
    with _timed(took, "seal them as records"):
        for text in texts:
            header = Header(
                Kind.NOTE, vault.id, key.shelf, key.generation, os.urandom(16), 1, 0, session.fingerprint
            )  # fmt: skip
            envelope.seal(header, bodies.packed(Note(text)), sealer)
    with vault.transaction():
        for text in texts[written:]:
            writing.add(vault, session.coach, session.fingerprint, _CLIENT, Kind.NOTE, bodies.packed(Note(text)), _NOW)
    fresh = Session(vault, session.coach)
    with _timed(took, "open all of them"):
        found = notes.everything(fresh, Kind.NOTE)
    with _timed(took, "make them ready to be searched"):
        ready = notes.comparable(found.found)
    with _timed(took, "search"):
        hits = list(notes.search(ready, _WORD))
    if (len(found.found), len(hits)) != (len(texts), 1):
        raise SystemExit("not every note was found again")
    took["MB at most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_sqlite(took: dict[str, float], name: str, module: ModuleType, path: Path, texts: list[str]) -> None:
    database = module.connect(path, isolation_level=None)
    if module is sqlcipher3:
        database.execute(f"PRAGMA key = \"x'{os.urandom(32).hex()}'\"")
    database.execute("CREATE TABLE notes (text BLOB)")
    with _timed(took, f"{name}: write them"):
        database.execute("BEGIN")
        database.executemany("INSERT INTO notes VALUES (?)", ((text.encode(),) for text in texts))
        database.execute("COMMIT")
    with _timed(took, f"{name}: read and search them"):
        found = sum(_WORD in row[0].decode() for row in database.execute("SELECT text FROM notes"))
    if found != 1:
        raise SystemExit("not every note was found again")
    database.close()


@contextmanager
def _timed(
    took: dict[str, float], what: str, *, each: int = 1, clock: Callable[[], float] = time.process_time
) -> Iterator[None]:
    begun = clock()
    yield
    took[what] = (clock() - begun) / each


@contextmanager
def _vault(folder: Path) -> Iterator[Session]:
    file = folder / "coachsync.toml"
    file.write_text(_CONFIG)
    settings = config.load(file)
    settings.practice.state.mkdir(mode=0o700)
    making.make(settings, keystore.load_device_key(settings.practice.state, create=True), "coach", _PASSPHRASE, FLOOR)
    with open_vault(settings) as vault:
        yield Session(vault, _unlocked(vault))


def _unlocked(vault: Vault) -> making.Person:
    return unlocking.unlock(vault, coach_of(vault.trust, None), _PASSPHRASE, _NOW)


def _table(rounds: list[dict[str, float]], size: int) -> None:
    goals = {what: (against, most) for what, against, most in _GOALS}
    print(f"{size} notes of 4 KiB, medians of {len(rounds)} rounds\n")
    print("| what | seconds | compared with | ratio | goal | met |\n|---|---|---|---|---|---|")
    for what in rounds[0]:
        seconds = middle(one[what] for one in rounds) or 0
        against, most = goals.get(what, ("", _QUICK if what == "search" else 0))
        ratio = middle(one[what] / one[against] for one in rounds) or 0 if against else seconds
        met = ("yes" if ratio <= most else "NO") if most else ""
        compared = f"{ratio:.2f}" if against else ""
        goal = f"{most}x" if against else f"{most} s" if most else ""
        print(f"| {what} | {seconds:.5f} | {against} | {compared} | {goal} | {met} |")


if __name__ == "__main__":
    main()
