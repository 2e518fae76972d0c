"""Notes in the vault beside what they cannot do without, and beside others that keep notes.

    vault.py [--size 10000] [--durable 200] [--rounds 3] [--tools .venv-bench]

First the goals, in one process: what each step takes beside bare HPKE of the same texts or a plain durable insert.
Then the vault, bare HPKE, plain SQLite and SQLCipher, each in a process of its own, so that memory can be compared:
SQLCipher with the interpreter of the tools, where there is one. Ratios are taken within a round; the tables show the
medians. Times are processor time, but wall time of what is synced to the disk.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import in_sqlite
import in_vault
from measuring import middle
from texts import WORD, Took, one_by_one, texts, timed

from coachsync.app.vault import notes
from coachsync.app.vault.reading import Read, Session
from coachsync.app.vault.shelving import shelf_for
from coachsync.vault import bodies, envelope
from coachsync.vault.bodies import Note
from coachsync.vault.envelope import Header, Kind
from coachsync.vault.suite import Opener, Sealer

_HERE = Path(__file__).parent
# What is measured, what it is compared with, and how many times that it may take.
_GOALS = (
    ("seal them as records", "bare HPKE sealing", 1.8),
    ("write one note, durably", "plain durable insert", 3.0),
    ("decrypt all of them", "bare HPKE opening", 1.2),
)
_QUICK = 0.1  # seconds: a search once everything is open
_OURS = "the vault"
_OTHERS = {_OURS: ("in_vault.py",), "bare HPKE": ("in_vault.py", "--bare"), "plain SQLite": ("in_sqlite.py",)}
_CIPHER = "SQLCipher"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=10_000)
    options.add_argument("--durable", type=int, default=200)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--tools", type=Path, default=_HERE.parent / ".venv-bench")
    given = options.parse_args()
    rounds, beside = [], []
    for _ in range(given.rounds):
        rounds.append(_round(given.size, given.durable))
        beside.append({who: _alone(who, given) for who in (*_OTHERS, _CIPHER)})
    print(f"{given.size} notes of 4 KiB, medians of {given.rounds} rounds\n")
    _goals(rounds)
    _compared(beside)


def _round(size: int, durable: int) -> Took:
    written, took = texts(size), Took()
    with tempfile.TemporaryDirectory() as folder, in_vault.session(Path(folder)) as session:
        plainly = [bodies.packed(Note(text)) for text in written]
        _sealing(took, plainly)
        plain = in_sqlite.opened(Path(folder) / "plain.db")
        took["plain durable insert"], took["write one note, durably"] = one_by_one(
            lambda text: in_sqlite.insert(plain, text),
            lambda text: in_vault.add(session, text),
            texts=written[:durable],
        )
        plain.close()
        _seal(took, session, written)
        with session.vault.transaction():
            for text in written[durable:]:
                in_vault.add(session, text)
        _opening(took, Session(session.vault, session.coach), plainly)
        _least(took, Path(folder) / "least.db", size)
        _read(took, Session(session.vault, session.coach), size)
    return took


def _sealing(took: Took, plain: list[bytes]) -> None:
    sealer, info = Sealer(Opener(os.urandom(32)).public), bytes(120)
    with timed(took, "bare HPKE sealing"):
        for one in plain:
            sealer.seal(info, one)


def _opening(took: Took, session: Session, plain: list[bytes]) -> None:
    """Every record out of its row, compared with the log, and open; what it says is not looked at."""
    opener, info = Opener(os.urandom(32)), bytes(120)
    sealer = Sealer(opener.public)
    sealed = [sealer.seal(info, one) for one in plain]
    with timed(took, "bare HPKE opening"):
        for one in sealed:
            opener.open(info, one)
    with timed(took, "decrypt all of them"):
        found = sum(isinstance(one, Read) for one in session.newest(list(session.vault.history.shelves), Kind.NOTE))
    if found != len(plain):
        raise SystemExit("not every note was found again")


def _least(took: Took, path: Path, size: int) -> None:
    """What opening takes in any case, with nothing around it: out of the database, SHA-256, HPKE, JSON."""
    opener = Opener(os.urandom(32))
    sealer, info, plain = Sealer(opener.public), bytes(120), bodies.packed(Note(texts(1)[0]))
    database = in_sqlite.opened(path)
    database.execute("BEGIN")
    database.executemany("INSERT INTO notes VALUES (?)", ((sealer.seal(info, plain),) for _ in range(size)))
    database.execute("COMMIT")
    with timed(took, "the least that opening takes"):
        for (sealed,) in database.execute("SELECT text FROM notes"):
            hashlib.sha256(sealed).digest()
            json.loads(opener.open(info, sealed))
    database.close()


def _seal(took: Took, session: Session, written: list[str]) -> None:
    vault, me = session.vault, session.fingerprint
    key = shelf_for(vault, session.coach, me, in_vault.CLIENT, "notes")
    with timed(took, "seal them as records"):
        for text in written:
            header = Header(Kind.NOTE, vault.id, key.shelf, key.generation, os.urandom(16), 1, 0, me)
            envelope.seal(header, bodies.packed(Note(text)), key.sealer)


def _read(took: Took, session: Session, size: int) -> None:
    with timed(took, "decrypt and understand all of them"):
        found = notes.everything(session, Kind.NOTE)
    with timed(took, "make them ready to be searched"):
        ready = notes.comparable(found.found)
    with timed(took, "search"):
        hits = list(notes.search(ready, WORD))
    if (len(found.found), len(hits)) != (size, 1):
        raise SystemExit("not every note was found again")


def _alone(who: str, given: argparse.Namespace) -> Took:
    """In a process of its own; nothing where there is no SQLCipher."""
    script, *words = _OTHERS.get(who, ("in_sqlite.py", "--cipher"))
    python = str(given.tools / "bin" / "python") if who == _CIPHER else sys.executable
    if not Path(python).exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = [python, str(_HERE / script), folder, str(given.size), str(given.durable), *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def _goals(rounds: list[Took]) -> None:
    goals = {what: (against, most) for what, against, most in _GOALS}
    print("| what | seconds | compared with | ratio | goal | met |\n|---|---|---|---|---|---|")
    for what in rounds[0]:
        seconds = middle(one[what] for one in rounds) or 0
        against, most = goals.get(what, ("", _QUICK if what == "search" else 0))
        ratio = middle(one[what] / one[against] for one in rounds) or 0 if against else seconds
        met = ("yes" if ratio <= most else "NO") if most else ""
        compared = f"{ratio:.2f}" if against else ""
        goal = f"{most}x" if against else f"{most} s" if most else ""
        print(f"| {what} | {seconds:.5f} | {against} | {compared} | {goal} | {met} |")


def _compared(rounds: list[dict[str, Took]]) -> None:
    """Seconds, and MiB at most; beside the figures of the others, how many times as much the vault takes."""
    others = [who for who in rounds[0] if who != _OURS]
    print(f"\n| each by itself | {_OURS} | {' | '.join(others)} |\n|---|---|{'---|' * len(others)}")
    for what in rounds[0][_OURS]:
        cells = [_figure(middle(one[_OURS][what] for one in rounds))]
        for who in others:
            there = [(one[who][what], one[_OURS][what] / one[who][what]) for one in rounds if what in one[who]]
            theirs, ratio = middle(figure for figure, _ in there), middle(ratio for _, ratio in there)
            cells.append(f"{_figure(theirs)} ({ratio:.2f}x)" if there else "")
        print(f"| {what} | {' | '.join(cells)} |")


def _figure(value: float | None) -> str:
    return f"{value or 0:.3g}" if (value or 0) < 1 else f"{value:.1f}"


if __name__ == "__main__":
    main()
