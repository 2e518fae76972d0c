"""The vault in a command: open, and unlocked where the command reads: by the process that keeps it so, by a file with
the passphrase, or by asking for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coachsync.adapters import agent, secrets
from coachsync.adapters.membership import refuse_all_but_coaches
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell_problems
from coachsync.app.vault import erasing, making, sorting, unlocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.errors import Locked, Temporary
from coachsync.phrases import say
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import By

_VARIABLE = "COACHSYNC_PASSPHRASE_FILE"


@contextmanager
def unlocked(
    options: Options, command: str, coach: str | None, passphrase_file: Path | None
) -> Iterator[tuple[Wiring, Session]]:
    """The state and a coach's session in the vault. Raises Locked where nobody can be asked for the passphrase."""
    config = configured(options)
    refuse_all_but_coaches(config.practice.state)
    fingerprint = coach_of(trusted(config), coach)
    person = kept(config, fingerprint)
    given = None if person is not None else passphrase(passphrase_file, locked=True)  # nobody waits meanwhile
    with opened(options, command) as wiring, open_vault(wiring.config, wiring.now) as vault:
        if person is None:
            person = unlocking.unlock(vault, fingerprint, given or "", wiring.now)
        session = Session(vault, person)
        settle(wiring, session)
        yield wiring, session
        tell_problems(vault.problems)


def settle(wiring: Wiring, session: Session) -> None:
    """Do first what a coach's session owes: spare shelves for the daemon, erasures that were cut short, and what the
    daemon could not sort. What cannot be done for the moment goes to the problems of the vault: reading needs no
    room."""
    if session.vault.history.formers:
        from coachsync.app.vault import renewing  # hardly anybody has had another key

        renewing.settle(wiring.config, session, wiring.database.key)
    try:
        making.settle(session.vault, session.coach, wiring.database.key)
    except Temporary as problem:
        session.vault.problems.append(problem.problem("practice.state"))
    erasing.settle(session)
    sorting.settle(session)


def passphrase(file: Path | None, *, locked: bool = False) -> str:
    """The passphrase: from the file, from the one that COACHSYNC_PASSPHRASE_FILE names, or typed unseen. Raises Locked
    where nobody can be asked; `locked`: to unlock the vault would do as well."""
    named = passphrase_named(file)
    if named is not None:
        return secrets.from_file(named)
    if not sys.stdin.isatty() and locked:
        raise Locked(
            "vault-locked",
            say("The vault is locked."),
            say("Run: coachsync vault unlock, or give the passphrase with --passphrase-file"),
        )
    if not sys.stdin.isatty():
        raise Locked(
            "passphrase-needed",
            say("The passphrase is needed, and there is no terminal to ask for it in."),
            say("Run this in a terminal, or give the passphrase with --passphrase-file"),
        )
    return Asker(accept=False).hidden(say("Passphrase"), "--passphrase-file")


def passphrase_named(file: Path | None) -> Path | None:
    """The file that the passphrase is in: the one that was given, else the one that COACHSYNC_PASSPHRASE_FILE names."""
    return file or (Path(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None)


def kept(config: Config, fingerprint: bytes) -> Person | None:
    """Who has unlocked the vault and not locked it since, wherever that was done."""
    for place in dict.fromkeys(agent.sockets_of(fingerprint, config.practice.state)):
        seed = agent.seed(place)
        person = None if seed is None else Person(seed)
        if person is not None and person.actor.fingerprint == fingerprint:
            return person
    return None


def how(config: Config, fingerprint: bytes) -> By | None:
    """How the vault was unlocked that is kept so; None where it is locked. To ask is no use of it."""
    for place in dict.fromkeys(agent.sockets_of(fingerprint, config.practice.state)):
        told = agent.told(place)
        if told is not None and told.by in list(By):
            return By(told.by)
    return None
