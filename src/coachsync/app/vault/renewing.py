"""A new seed for a coach, after somebody else may have seen the old one.

The order, so that whoever is killed anywhere can go on: keyslots of the new seed, and the old seed sealed to it; a line
in the ledger that says which erasures of the past count; `trust.toml`, from which on the new passphrase opens, and the
old key says nothing more; the entry in the log; every shelf sealed anew; and only then everything of the old seed goes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coachsync.adapters.trustfile import Pinned, Replaced, Trust, refuse_closed, write_trust
from coachsync.app.vault import logbook, machines, making, oldcopies, relocking, rotating
from coachsync.app.vault.burying import entry_of, line_of
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.rotating import TOGETHER, Rotated
from coachsync.app.vault.trusting import name_of
from coachsync.app.vault.unlocking import no_keyslot, unlock_files
from coachsync.config import Config
from coachsync.errors import Altered, CoachsyncError, Problem, WrongKey
from coachsync.phrases import say
from coachsync.vault import chain, formers, keyslots, recovery
from coachsync.vault.chain import Entry
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import USUAL, By, Cost
from coachsync.vault.rows import DeviceKey
from coachsync.vault.suite import SEED_BYTES

_CUT = "log-cut"
_EXPECTED = frozenset({"head-missing", "coach-unknown"})  # of an older copy, which does not know the key of today


def start(
    config: Config, now: datetime, coach: bytes, given: str, wanted: str, *, accept: bool = False, cost: Cost = USUAL
) -> Person:
    """Give a coach a new seed, which the passphrase `wanted` opens, and let the log say so; or go on with one that was
    cut short. `given` is the passphrase of before, or of now. The state's lock must be held.

    With `accept`, an older copy of the vault may have been put back, and is gone on with. Raises as `open_vault` and
    `unlocking.unlock`.
    """
    oldcopies.learn(config)
    with logbook.looked_at(config, now) as (vault, problems):
        found = {one.code for one in problems} - _EXPECTED
        if found - ({_CUT} if accept else set()):
            with open_vault(config, now):  # raises it in its own words
                pass
        person = _opened(vault, coach, given, wanted, now)
        oldcopies.hear(vault)
        again = person.actor.fingerprint == coach and unfinished(vault, coach)
        if not again:
            person = begin(config, vault, person, wanted, cost)
    with logbook.looked_at(config, now) as (vault, _):
        succeed(vault, person)
        if again:  # which of the two has opened it, nobody needs to remember
            relocking.change_passphrase(vault, person, wanted, cost)
    return person


def begin(config: Config, vault: Vault, old: Person, passphrase: str, cost: Cost = USUAL) -> Person:
    """Give a coach a new seed: from the moment that this is done the new passphrase opens, and the old key counts no
    further than the log goes now. The state's lock must be held, and the vault opened anew afterwards.

    `old` is the coach, or has a key of theirs that was replaced before: then an older copy of the vault was put back.
    Killed before that moment, the old passphrase opens, and this is done again.
    """
    _drop_unused(vault, old)
    new, files = Person(os.urandom(SEED_BYTES)), vault.files
    me = new.actor.fingerprint
    files.put_former(old.actor.fingerprint, formers.handed_over(vault.id, old, new.actor))
    files.put_slot(me, "passphrase", keyslots.lock(new, vault.id, passphrase, cost))
    files.put_slot(me, "recovery", keyslots.lock_for_recovery(new, vault.id, recovery.new()))  # another one is printed
    vault.store.put_actor(new.actor)
    said = formers.renewal(vault.id, old.actor.fingerprint, new, _stones(vault, old.actor.fingerprint))
    entry, _ = chain.entry(vault.history.head, vault.id, old, said, int(vault.now.timestamp()))
    files.bury(line_of(entry))
    write_trust(config.trust, _trusting(vault, old, new))
    return new


def unfinished(vault: Vault, coach: bytes) -> list[bytes]:
    """The fingerprints that a coach had before, of whom something waits to be replaced still."""
    mine = [one for one, former in vault.history.formers.items() if former.heir == coach]
    slots = {person for person, _ in vault.files.slots()}
    return [one for one in mine if one in slots or vault.files.former(one) is not None]


def succeed(vault: Vault, new: Person) -> None:
    """Let the log say that the new key stands in the place of those before, once for each; and that the log is given up
    that trust.toml knows of, where an older copy was put back. What cannot be read of an old key stays as it is."""
    waiting = [one for one in unfinished(vault, new.actor.fingerprint) if one not in vault.history.replaced]
    for old in waiting:
        content = vault.files.former(old)
        if content is None or formers.heir_of(content) != new.actor.fingerprint:
            continue
        person = formers.taken_over(content, vault.id, old, new)
        missed = vault.history.missed()
        with vault.transaction():
            vault.know(new.actor)
            entry = vault.succeed(person, _event(vault, old, new))
            vault.append(new, e="vault")
            for head in missed:
                vault.append(new, e="restored", count=head.count, digest=head.digest.hex())
        vault.files.bury(line_of(entry))
        vault.remember()


def go_on(session: Session, but: frozenset[bytes] = frozenset(), most: int = TOGETHER) -> Rotated:
    """Give the next shelves whose keys are of an old seed new ones, but for some that were tried."""
    stale = session.vault.history.stale(session.fingerprint)
    return rotating.rekey(session, [shelf for shelf in stale if shelf not in but], most)


def end(config: Config, session: Session, device: DeviceKey) -> None:
    """Destroy everything of the old seeds: keyslots of every kind, grants, and the seed itself, which stays, sealed to
    the new key, as long as a shelf could not be sealed anew. Before, the daemon gets another key, which a key of today
    lets in, and `trust.toml` hears how far the log goes now: a copy from before this is an older one."""
    vault = session.vault
    waiting = unfinished(vault, session.fingerprint)
    if waiting:
        refuse_closed(config.trust)  # before another daemon is made each time that somebody comes by
    if _is_begun(vault, waiting):
        making.replace_daemon(vault, session.coach, device)
    if waiting:
        write_trust(config.trust, _ended(vault, session.fingerprint, waiting))
    history = vault.history
    needed = {(shelf, generation) for shelf in history.stale(session.fingerprint) for generation in history.keys[shelf]}
    for old in waiting:
        if old not in history.replaced:
            continue
        kinds = set(machines.kinds_of(vault.files, old))
        vault.files.shred_slots(old)
        vault.problems += machines.forget(old) if By.KEYRING in kinds else []
        vault.problems += [_machine_forgets()] if kinds & set(machines.KINDS) else []
        for shelf in list(vault.files.shelves()):
            for generation, recipient in list(vault.files.grants(shelf)):
                if recipient == old and (shelf, generation) not in needed:
                    vault.files.shred_grant(shelf, generation, recipient)
        if not needed:
            vault.files.shred_former(old)


def settle(config: Config, session: Session, device: DeviceKey) -> None:
    """Finish in a coach's session what was cut short. What cannot be done now goes to the problems of the vault."""
    vault = session.vault
    try:
        waiting = unfinished(vault, session.fingerprint)
        if not waiting:
            return
        begun = _is_begun(vault, waiting)
        succeed(vault, session.coach)
        vault.problems += finish(config, session, device)
        vault.problems += [_code_not_printed()] if begun else []
    except CoachsyncError as problem:
        closed = problem.code == "trust-not-writable"
        vault.problems.append(_not_done() if closed else problem.problem("practice.state"))


def finish(config: Config, session: Session, device: DeviceKey) -> tuple[Problem, ...]:
    """All that is left after the entry in the log, at once; why some shelves could not be sealed anew."""
    failed, problems = frozenset[bytes](), tuple[Problem, ...]()
    while True:
        found = go_on(session, failed)
        failed, problems = failed | found.failed, problems + found.problems
        if not found.left:
            end(config, session, device)
            return problems


def _is_begun(vault: Vault, waiting: Collection[bytes]) -> bool:
    """Whether one of these keys opens something still, or has let in who writes here, also where a backup of the middle
    of it came back, which has no such keyslot; else only a damaged shelf waits."""
    if any(person in waiting for person, _ in vault.files.slots()):
        return True
    writers = {one.verify.hex() for one in vault.history.actors.values()}
    let_in = (one for one in vault.store.entries() if waiting and one.actor in waiting and one.event["e"] == "actor")
    return any(one.event["verify"] in writers for one in let_in)


def _drop_unused(vault: Vault, old: Person) -> None:
    """Destroy what a run has left that was cut short before anybody trusted the new key."""
    content = vault.files.former(old.actor.fingerprint)
    if content is None:
        return
    coaches = vault.trust.coaches.values()
    trusted = {one.fingerprint for one in coaches} | {one.fingerprint for pinned in coaches for one in pinned.former}
    try:
        heir = formers.heir_of(content)
    except Altered:
        heir = b""
    if heir and heir not in trusted:
        vault.files.shred_slots(heir)
    vault.files.shred_former(old.actor.fingerprint)


def _trusting(vault: Vault, old: Person, new: Person) -> Trust:
    """Whom to trust from now on. A key that was replaced before keeps its own end."""
    trust, history = vault.trust, vault.history
    heir = history.heir(old.actor.fingerprint)
    name = name_of(trust, heir)
    pinned = trust.coaches[name]
    until = history.formers[old.actor.fingerprint].until if heir != old.actor.fingerprint else history.head
    former = (*pinned.former, Replaced(pinned.verify, pinned.fingerprint, until))
    mine = Pinned(new.actor.verify, new.actor.fingerprint, former)
    return replace(trust, coaches={**trust.coaches, name: mine})


def _ended(vault: Vault, coach: bytes, waiting: Collection[bytes]) -> Trust:
    """The same trust; keys that the log has seen replaced end where it does."""
    trust, head = vault.trust, vault.history.head
    name = name_of(trust, coach)
    done = {one for one in waiting if one in vault.history.replaced}
    former = tuple(replace(one, until=head) if one.fingerprint in done else one for one in trust.coaches[name].former)
    return replace(trust, coaches={**trust.coaches, name: replace(trust.coaches[name], former=former)})


def _stones(vault: Vault, old: bytes) -> list[bytes]:
    """The tombstones of this coach that count today, by digest; not those of keys alone, which name no record."""
    history = vault.history
    heir = history.heir(old)
    stones = ((digest, stone) for digest, stone in history.graves.items() if history.heir(stone.coach) == heir)
    return [digest for digest, stone in stones if stone.lasts]


def _event(vault: Vault, old: bytes, new: Person) -> Mapping[str, Any]:
    """What the former key says: as the ledger has it, which knows the erasures of then."""
    for line in vault.files.ledger():
        entry = _renewal(line)
        if entry is not None and entry.actor == old and entry.event.get("verify") == new.actor.verify.hex():
            return entry.event
    return formers.renewal(vault.id, old, new, _stones(vault, old))


def _renewal(line: bytes) -> Entry | None:
    try:
        entry = entry_of(line)
        return entry if entry.event["e"] == "renewed" else None
    except Altered:
        return None


def _opened(vault: Vault, coach: bytes, given: str, wanted: str, now: datetime) -> Person:
    """The coach, or whoever the coach was where only that keyslot is here, or opens. Where a run was cut short, the
    passphrase that was wanted then is the coach's."""
    history, slots = vault.history, {person for person, kind in vault.files.slots() if kind == "passphrase"}
    ways = [(coach, given), *([(coach, wanted)] if unfinished(vault, coach) else [])]
    before = [one for one, former in history.formers.items() if former.heir == coach and one not in history.replaced]
    ways += [(one, given) for one in reversed(before)]
    wrong: CoachsyncError = no_keyslot()
    for person, passphrase in ways:
        try:
            if person in slots:
                return unlock_files(vault.files, vault.id, person, passphrase, now)
        except WrongKey as problem:
            wrong = problem
    raise wrong


def _machine_forgets() -> Problem:
    return Problem(
        "machine-keyslot-gone",
        "vault keyslot",
        say("This machine opened the vault without your passphrase. With the new key it does not any more."),
        say("If you want that again: coachsync vault keyslot add"),
    )


def _not_done() -> Problem:
    return Problem(
        "renewal-not-done",
        "trust.toml",
        say("A change of the keys after a leak was cut short. Only the administrator can end it, who may write this."),
        say("Run it once more, with sudo before it, and with the new passphrase: coachsync vault passphrase --leaked"),
    )


def _code_not_printed() -> Problem:
    return Problem(
        "renewal-finished",
        "practice.state",
        say("A change of the keys after a leak was cut short: it is finished now, without a new recovery code."),
        say("Have one printed: coachsync vault recovery"),
    )
