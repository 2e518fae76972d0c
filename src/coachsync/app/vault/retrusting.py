"""A `trust.toml` that was lost, written anew by those whom it names: each shows by the recovery code who they are.

A keyslot holds the id of the vault and the seed of its coach, authenticated under the code: nothing is believed of the
database. What is written lies apart, and nobody trusts it, until every coach is in it who has come into the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters.lowering import as_administrator
from coachsync.adapters.trustfile import Pinned, Replaced, Trust, read_trust, refuse_closed, write_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.making import refuse_name
from coachsync.app.vault.trusting import open_store, refuse_unknown, vault_folder
from coachsync.app.vault.unlocking import no_keyslot
from coachsync.config import Config
from coachsync.errors import Altered, CoachsyncError, UsageError, WrongKey
from coachsync.phrases import say
from coachsync.vault import formers, keyslots, recovery
from coachsync.vault.chain import Entry, Head
from coachsync.vault.keys import Actor, Person, Role

_UNFINISHED = ".unfinished"  # behind the name of the file that is not trusted yet


class Renewed(NamedTuple):
    """What is written, and how many coaches are not in it yet: before there is none, it is no trust.toml."""

    trust: Trust
    missing: int


def is_lost(config: Config) -> bool:
    """Whether there is a vault, and no trust.toml. Raises as `read_trust` does."""
    if read_trust(config.trust) is not None:
        return False
    try:
        refuse_unknown(config)
    except Altered as problem:
        if problem.code == "trust-missing":
            return True
        raise
    return False


def renew(config: Config, name: str, code: str) -> Renewed:
    """Write the coach whose code this is into a new trust.toml. The state's lock must be held; killed at any moment it
    can be done again.

    Raises UsageError where there is a trust.toml, and for a code or a name that is none or another's; WrongKey for a
    code that opens nothing here; NotInitialised where there is no keyslot.
    """
    number = recovery.typed(code)
    refuse_name(name)
    if read_trust(config.trust) is not None:
        raise UsageError(
            "trust-there",
            say("There is a trust.toml: it alone says whose the vault is."),
            say("Only one that is lost is written anew."),
            where="trust.toml",
        )
    refuse_closed(config.trust)
    vault, coach = _opened(VaultFiles(vault_folder(config)), number)
    unfinished = config.trust.with_name(f"{config.trust.name}{_UNFINISHED}")
    trust = _with(_begun(unfinished, vault), name, coach, _formers(config, vault, coach.actor))
    missing = len(set(_joined(config, vault)) - _named(trust))
    write_trust(unfinished if missing else config.trust, trust)
    if not missing:
        with as_administrator():
            unfinished.unlink(missing_ok=True)
    return Renewed(trust, missing)


def _begun(unfinished: Path, vault: bytes) -> Trust:
    """What was written of this vault so far. One that is damaged, or that others may have written, is none: each coach
    can do it again."""
    before = None
    with suppress(Altered):
        before = read_trust(unfinished)
    return before if before is not None and before.vault == vault else Trust(vault)


def _opened(files: VaultFiles, code: bytes) -> tuple[bytes, Person]:
    """The vault and the coach whose keyslot this code opens. Nobody guesses 160 bits: no try has to wait."""
    wrong: CoachsyncError = no_keyslot()
    for person, kind in files.slots():
        content = files.slot(person, kind) if kind == "recovery" else None
        if content is None:
            continue
        try:
            return keyslots.slot_of(content).vault, keyslots.recover(content, code)
        except (Altered, WrongKey) as problem:
            wrong = problem
    raise wrong


def _named(trust: Trust) -> set[bytes]:
    """Whoever is or was a coach by it."""
    coaches = trust.coaches.values()
    return {one.fingerprint for one in coaches} | {one.fingerprint for coach in coaches for one in coach.former}


def _formers(config: Config, vault: bytes, coach: Actor) -> tuple[Replaced, ...]:
    """The keys that the coach had before, the oldest first: the new one has proven in the log in whose place it has
    come, and that is where the old one ends."""
    store = open_store(vault_folder(config))
    try:
        actors, found = store.actors(), list[Replaced]()
        for entry in reversed(list(store.entries())):
            heir = found[-1].fingerprint if found else coach.fingerprint
            with suppress(Altered, ValueError, KeyError, TypeError):
                old = actors[entry.actor]
                old.check(b"log", entry.digest(vault), entry.signature)
                if formers.understood(vault, entry.actor, entry.event).new.fingerprint == heir:
                    found.append(Replaced(old.verify, old.fingerprint, Head(entry.number - 1, entry.previous)))
    finally:
        store.close()
    return tuple(reversed(found))


def _with(trust: Trust, name: str, coach: Person, former: tuple[Replaced, ...]) -> Trust:
    """The same with one coach more; one who is in it under another name has this one from now on."""
    me = coach.actor
    others = {called: one for called, one in trust.coaches.items() if one.fingerprint != me.fingerprint}
    if name in others:
        raise UsageError(
            "coach-there",
            say("Another coach has that name already."),
            say("Give another name with --coach."),
            where="--coach",
        )
    return replace(trust, coaches={**others, name: Pinned(me.verify, me.fingerprint, former)})


def _joined(config: Config, vault: bytes) -> Iterator[bytes]:
    """The coaches who have come into the vault: as long as one of them is not trusted, the log is not believed. Whom an
    entry names counts where it is signed so, or where a code could let them in: a row that anybody can write does not
    make the others wait for nobody."""
    files = VaultFiles(vault_folder(config))
    locked = {person for person, kind in files.slots() if kind == "recovery"}
    store = open_store(files.folder)
    try:
        actors = store.actors()
        for entry in store.entries():
            with suppress(Altered):  # what is damaged in it shows when it is opened
                if entry.event["e"] == "vault" and (entry.actor in locked or _is_signed(entry, vault, actors)):
                    yield entry.actor
    finally:
        store.close()


def _is_signed(entry: Entry, vault: bytes, actors: Mapping[bytes, Actor]) -> bool:
    actor = actors.get(entry.actor)
    if actor is None or actor.role is not Role.COACH:
        return False
    actor.check(b"log", entry.digest(vault), entry.signature)
    return True
