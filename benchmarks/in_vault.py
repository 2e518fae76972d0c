"""Notes in the vault, or under bare HPKE: `in_vault.py FOLDER SIZE DURABLE [--bare]`, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from texts import WORD, Took, one_by_one, tell, texts, timed

from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.vault import making, notes, unlocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of
from coachsync.vault.bodies import Note
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import FLOOR
from coachsync.vault.suite import Opener, Sealer

CLIENT = "C-7F3K2M"
_PASSPHRASE = "five words of no use"  # noqa: S105 - of a vault that is gone after a minute
_CONFIG = 'version = 1\n[practice]\ntimezone = "Europe/Paris"\nstate = "state"\n'
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A new vault, unlocked."""
    file = folder / "coachsync.toml"
    file.write_text(_CONFIG)
    settings = config.load(file)
    settings.practice.state.mkdir(mode=0o700)
    device = keystore.load_device_key(settings.practice.state, create=True)
    making.make(settings, device, "coach", _PASSPHRASE, NOW, FLOOR)
    with open_vault(settings, NOW) as vault:
        yield Session(vault, unlocking.unlock(vault, coach_of(vault.trust, None), _PASSPHRASE, NOW))


def add(session: Session, text: str) -> None:
    notes.add(session.vault, session.coach, session.fingerprint, CLIENT, Note(text), NOW)


def _in_vault(folder: Path, size: int, durable: int) -> None:
    written, took = texts(size), Took()
    with session(folder) as unlocked:
        (took["write one, durably"],) = one_by_one(lambda text: add(unlocked, text), texts=written[:durable])
        with timed(took, "write the others at once"), unlocked.vault.transaction():
            for text in written[durable:]:
                add(unlocked, text)
        del written
        with timed(took, "read all of them"):
            ready = notes.comparable(notes.everything(unlocked, Kind.NOTE).found)
        with timed(took, "search"):
            hits = sum(1 for _ in notes.search(ready, WORD))
    tell(took, hits)


def _bare(size: int, durable: int) -> None:
    """Nothing but the sealing and the opening, in memory."""
    written, took, opener, info = texts(size), Took(), Opener(os.urandom(32)), bytes(120)
    sealer = Sealer(opener.public)
    sealed = [sealer.seal(info, text.encode()) for text in written[:durable]]
    with timed(took, "write the others at once"):
        sealed += [sealer.seal(info, text.encode()) for text in written[durable:]]
    del written
    with timed(took, "read all of them"):
        found = [opener.open(info, one).decode() for one in sealed]
    with timed(took, "search"):
        hits = sum(WORD in text for text in found)
    tell(took, hits)


def main() -> None:
    folder, size, durable, *bare = sys.argv[1:]
    if bare:
        _bare(int(size), int(durable))
    else:
        _in_vault(Path(folder), int(size), int(durable))


if __name__ == "__main__":
    main()
