"""Going on with another copy of the vault that was put back: a coach says so, and the log keeps what was given up."""

from __future__ import annotations

from datetime import datetime

from coachsync.app.vault import logbook
from coachsync.app.vault.unlocking import unlock_files
from coachsync.config import Config

_CUT, _ELSEWHERE = "log-cut", "coach-unknown"  # what an older copy looks like, and may be of another coach


def accept(config: Config, coach: bytes, passphrase: str, now: datetime) -> bool:
    """Give up the log that is remembered for the one that is there, where that is another one and whole; whether it
    was. Anything else that is wrong stays, and is told by whoever opens the vault. The state's lock must be held.

    Killed at any moment it is done or not. Raises as `unlocking.unlock`.
    """
    with logbook.looked_at(config, now) as (vault, problems):
        given_up = vault.files.remembered()
        if given_up is None or {one.code for one in problems} - {_ELSEWHERE} != {_CUT}:
            return False
        person = unlock_files(vault.files, vault.id, coach, passphrase, now)
        with vault.transaction():
            if coach not in vault.history.coaches:  # who came later than this copy
                vault.know(person.actor)
                vault.append(person, e="vault")
            vault.append(person, e="restored", count=given_up.count, digest=given_up.digest.hex())
        vault.remember()
    return True
