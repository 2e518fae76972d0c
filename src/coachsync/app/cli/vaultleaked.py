"""`coachsync vault passphrase --leaked`: a new seed, passphrase and recovery code, and every key anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from coachsync.adapters import agent
from coachsync.adapters.lowering import as_owner_of
from coachsync.adapters.privacy import is_shared
from coachsync.adapters.trustfile import refuse_closed
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import as_document, instant, tell, tell_json, tell_problems
from coachsync.app.cli.passphrases import chosen, tell_code
from coachsync.app.cli.recordviews import local
from coachsync.app.cli.unlocked import passphrase, settle
from coachsync.app.outcome import PARTLY
from coachsync.app.vault import oldcopies, relocking, renewing
from coachsync.app.vault.oldcopies import Exposed
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.config import Config
from coachsync.errors import Problem
from coachsync.phrases import say, say_count
from coachsync.vault.keys import Person


class _Done(NamedTuple):
    """The new recovery code, what older copies tell, how much has new keys, and what could not have any."""

    code: str
    exposed: Exposed
    shelves: int
    records: int
    problems: tuple[Problem, ...]


def renew(
    options: Options, coach: str | None, passphrase_file: Path | None, new_passphrase_file: Path | None, *, accept: bool
) -> int:
    """The code is data: it stands alone on stdout."""
    config = configured(options)
    fingerprint = coach_of(trusted(config), coach)
    refuse_closed(config.trust)
    given, wanted = passphrase(passphrase_file), chosen(new_passphrase_file)
    with as_owner_of(config.practice.state):
        with opened(options, "vault passphrase") as wiring:
            person = renewing.start(wiring.config, wiring.now, fingerprint, given, wanted, accept=accept)
            _lock_agents(wiring.config, fingerprint)
        done = _everything(options, person)
    if options.json:
        tell_json(_document(done))
    else:
        _tell(options, done)
    return PARTLY if done.problems else 0


def _everything(options: Options, person: Person) -> _Done:
    """Some shelves at a time: who waits for the state has it in between."""
    shelves = records = 0
    failed, problems = frozenset[bytes](), tuple[Problem, ...]()
    while True:
        with opened(options, "vault passphrase") as wiring, open_vault(wiring.config, wiring.now) as vault:
            session = Session(vault, person)
            found = renewing.go_on(session, failed)
            shelves, records = shelves + found.shelves, records + found.records
            failed, problems = failed | found.failed, problems + found.problems
            if found.left:
                continue
            renewing.end(wiring.config, session, wiring.database.key)
            code = relocking.new_code(vault, person)
            settle(wiring, session)
            told = tuple(one for one in vault.problems if one not in problems)
            return _Done(code, oldcopies.exposed(vault, session.fingerprint), shelves, records, problems + told)


def _lock_agents(config: Config, coach: bytes) -> None:
    """Whoever keeps the seed of before forgets it."""
    trust = trusted(config)
    before = {one.fingerprint for pinned in trust.coaches.values() for one in pinned.former}
    for one in before | {coach}:
        for kept in agent.sockets_of(one, config.practice.state):
            agent.lock(kept)


def _document(done: _Done) -> Mapping[str, Any]:
    exposed = done.exposed
    older = {"since": instant(exposed.since), "until": instant(exposed.until), "clients": exposed.clients}
    return {
        "changed": ["person", "passphrase", "recovery", "keys"],
        "recovery_code": done.code,
        "shelves": done.shelves,
        "records": done.records,
        "older_copies": older | {"records": exposed.records},
        "problems": [as_document(one) for one in done.problems],
    }


def _tell(options: Options, done: _Done) -> None:
    tell_problems(done.problems)
    if done.problems:
        tell(say("All but what is named above has new keys."), err=True)
    else:
        tell(say("Everything has new keys."), err=True)
    tell(say("The old passphrase and the old recovery code open nothing here any more."), err=True)
    for line in _of_older_copies(options, done.exposed):
        tell(line, err=True)
    for line in _to_do(configured(options)):
        tell(line, err=True)
    tell(say("This is your new recovery code:"), err=True)
    tell_code(done.code)


def _to_do(config: Config) -> Iterator[str]:
    """What only the coach can do now."""
    if config.backup.folder is not None or config.backup.mirror is not None:
        yield say(
            "The backups from before open no note any more. The next one takes their place: it is made now if the "
            "disks for backups and mirror are there. If not, connect both, and run: coachsync backup create"
        )
    if is_shared(config.practice.state):
        yield say("If the vault is unlocked in another session, lock it there too: coachsync vault lock")


def _of_older_copies(options: Options, exposed: Exposed) -> Iterator[str]:
    """What nobody can take back, in plain words."""
    zone = ZoneInfo(configured(options).practice.timezone)
    since, until = (local(one, zone) for one in (exposed.since, exposed.until))
    yield say(
        "Whoever has an older copy of the vault with its folder keys/ (a backup, the mirror, another disk), and the "
        "old passphrase, the old code or what was leaked, can still read in it what was written from {since} to "
        "{until}.",
        since=since,
        until=until,
    )
    yield say_count(
        "That is {number} record, with every version of it; and what was erased since such a copy was made.",
        "Those are {number} records, with every version of them; and what was erased since such a copy was made.",
        sum(exposed.records.values()),
    )
    yield say("Nothing that is written from now on opens with them. Destroy the copies that you can do without.")
