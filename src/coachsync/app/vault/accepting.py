"""Going on with another copy of the vault that was put back: a coach says so, and the log keeps what was given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from coachsync.app.vault import logbook
from coachsync.app.vault.making import join
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.unlocking import recover_files, unlock_files
from coachsync.config import Config
from coachsync.vault.keys import Person

_CUT = "log-cut"  # what another copy looks like; said of a log alone that was taken to its end


def accept(config: Config, coach: bytes, passphrase: str, now: datetime) -> bool:
    """Give up the log that is remembered for the one that is there, where that is another one and whole; whether it
    was. Anything else that is wrong stays, and is told by whoever opens the vault. The state's lock must be held.

    Killed at any moment it is done or not. Raises as `unlocking.unlock`.
    """
    return _accept(config, now, lambda vault: unlock_files(vault.files, vault.id, coach, passphrase, now))


def accept_by_code(config: Config, coach: bytes, code: str, now: datetime) -> bool:
    """The same by the recovery code, for a coach who has lost the passphrase too. Raises as `unlocking.recover`."""
    return _accept(config, now, lambda vault: recover_files(vault.files, vault.id, coach, code))


def accept_as(config: Config, coach: Person, now: datetime) -> bool:
    """The same for a coach who has shown already who they are."""
    return _accept(config, now, lambda _: coach)


def _accept(config: Config, now: datetime, who: Callable[[Vault], Person]) -> bool:
    with logbook.looked_at(config, now) as (vault, problems):
        given_up = vault.history.missed()
        if not given_up or _CUT not in {one.code for one in problems}:
            return False
        person = who(vault)
        with vault.transaction():
            join(vault, person)  # who came later than this copy
            for head in given_up:
                vault.append(person, e="restored", count=head.count, digest=head.digest.hex())
        vault.remember()
    return True
