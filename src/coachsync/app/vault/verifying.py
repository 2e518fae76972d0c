"""Verifying a vault: everything that can be checked without a secret, and in a coach's session every seal too.

Nothing is changed, and no finding stops the others: what is wrong is named, with its place and what to do about it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from coachsync.adapters.membership import group_name
from coachsync.adapters.privacy import group_of
from coachsync.app.vault import comparing, comparing_files, logbook
from coachsync.app.vault.attached import content
from coachsync.app.vault.burying import buried, entry_of, forged
from coachsync.app.vault.comparing import Known, shelf_place
from coachsync.app.vault.making import daemon_of
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import Session, record_place
from coachsync.app.vault.renewing import unfinished
from coachsync.config import Config
from coachsync.errors import Altered, NotInitialised, Problem, WrongKey
from coachsync.phrases import say
from coachsync.vault import keyslots
from coachsync.vault.envelope import Kind
from coachsync.vault.history import History
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import By
from coachsync.vault.rows import DeviceKey

# These open nothing here: they are of a run cut short, or of a newer copy of the vault.
_HARMLESS = frozenset({"grant-orphan", comparing_files.ORPHAN, comparing_files.UNFINISHED})
_KINDS = {
    By.PASSPHRASE: say("keyslot of the passphrase"),
    By.RECOVERY: say("keyslot of the recovery code"),
    By.KEYRING: say("keyslot of the keyring"),
    By.CREDENTIAL: say("keyslot of the credential"),
}
_AGAIN = say("Add it again: coachsync vault keyslot add, or remove it: coachsync vault keyslot remove")
_OTHER_SLOT = say("Restore the folder vault/slots of the state folder from a backup.")


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found. `opened` counts the records that were opened, None where nobody had
    unlocked the vault. `notes` are worth a word, and nothing is wrong with the vault for them."""

    entries: int = 0
    shelves: int = 0
    records: int = 0
    files: int = 0
    opened: int | None = None
    findings: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def found(self, findings: Iterable[Problem]) -> None:
        """Keep what was found; what was found there before is not said again. Where looking ends, because a file is
        damaged, that is a finding too."""
        known = {(one.code, one.where) for one in self.findings}
        for one in _to_the_end(findings):
            if (one.code, one.where) not in known:
                known.add((one.code, one.where))
                self.findings.append(one)


def verify(config: Config, now: datetime, coaches: Sequence[Person] = (), device: DeviceKey | None = None) -> Verified:
    """Look at everything; the records of these coaches are opened too, and what the daemon signs with is tried with the
    device key. The state's lock must be held.

    Raises NotInitialised where no vault was made, and CoachsyncError where a file cannot be read.
    """
    result = Verified()
    try:
        with logbook.looked_at(config, now) as (vault, problems):
            result.found(problems)
            _look(vault, result)
            if device is not None:
                result.found(_daemon(vault, device))
            for coach in coaches:
                _open(Session(vault, coach), result)
    except NotInitialised:
        raise
    except Altered as problem:  # there is nothing to look at, or nobody to trust
        result.found([problem.problem("practice.state")])
    return result


def _to_the_end(findings: Iterable[Problem]) -> Iterator[Problem]:
    try:
        yield from findings
    except Altered as problem:
        yield problem.problem("vault/vault.db")


def _is_whole(vault: Vault) -> bool:
    """Whether the log was taken to its end."""
    try:
        return next(vault.store.entries(vault.history.head.count), None) is None
    except Altered:
        return False


def _look(vault: Vault, result: Verified) -> None:
    whole = _is_whole(vault)
    if not whole:
        result.found([_not_told(vault)])
    history = vault.history
    after = replace(history, erased=set(history.erased), graves=dict(history.graves), owing={})
    result.found(_ledger(vault, after))
    if whole:
        result.found(_coaches(vault))
    known = Known(vault, after, whole=whole)
    for compared in (
        comparing.keys_compared,
        comparing.grants_compared,
        comparing.records_compared,
        comparing_files.files_compared,
    ):
        found = list(_to_the_end(compared(known)))
        result.found(one for one in found if one.code not in _HARMLESS)
        result.notes += [one for one in found if one.code in _HARMLESS]
    result.found(_unfinished(vault))
    result.found(_being_renewed(vault))
    result.found(_slots(vault))
    if whole:  # and names nobody who is not trusted
        result.notes += _slots_of_nobody(vault)
    else:
        result.found(_slots_of_nobody(vault))
    result.found(_open_to_others(vault))
    result.entries, result.shelves, result.records = history.head.count, len(history.shelves), len(history.records)
    result.files = sum(one.file is not None for one in history.records.values())


def _not_told(vault: Vault) -> Problem:
    return Problem(
        "log-not-read",
        logbook.entry_place(vault.history.head.count + 1),
        say("From this entry on nothing of the log counts: what it says was stored since could not be compared."),
        comparing.RESTORE,
    )


def _ledger(vault: Vault, after: History) -> Iterator[Problem]:
    """Each line is a tombstone that a coach has signed, and each tombstone of the log has one. `after` hears also those
    that the log does not have: an older copy was put in its place."""
    _, wrong = buried(after, vault.files)
    if wrong:
        yield forged()
    told = set()
    for line in vault.files.ledger():
        with suppress(Altered):
            told.add(entry_of(line).digest(vault.id))
    for digest, stone in vault.history.graves.items():
        if digest not in told:
            yield _ledger_short(stone.number)


def _ledger_short(number: int) -> Problem:
    return Problem(
        "ledger-short",
        logbook.entry_place(number),
        say("The ledger of erasures does not have this erasure: an older copy of the vault would bring it back."),
        say("Restore the file erasures.ledger of the state folder from a backup."),
    )


def _coaches(vault: Vault) -> Iterator[Problem]:
    """Each coach of trust.toml has once joined."""
    joined = {entry.actor for entry in vault.store.entries()}
    for name, one in vault.trust.coaches.items():
        if one.fingerprint in vault.history.coaches and one.fingerprint not in joined:
            yield Problem(
                "coach-not-joined",
                f"trust.toml: coaches.{name}",
                say("A coach whom trust.toml names has never been in this vault."),
                say("If that is you, run: coachsync vault unlock. Else take the name out of trust.toml."),
            )


def _unfinished(vault: Vault) -> Iterator[Problem]:
    begun: list[str] = [
        logbook.entry_place(stone.number) for stone in vault.history.tombstones.values() if not stone.done
    ]
    for place in begun or (["vault/vault.db"] if vault.files.owes_forgetting else []):
        yield Problem(
            "erasure-not-done",
            place,
            say("An erasure was begun and is not done yet."),
            say("End other programs that read in the vault, then verify it with the vault unlocked."),
        )


def _being_renewed(vault: Vault) -> Iterator[Problem]:
    """Nothing of a key that was replaced waits still."""
    for name, one in vault.trust.coaches.items():
        if unfinished(vault, one.fingerprint):
            yield Problem(
                "renewal-not-done",
                f"trust.toml: coaches.{name}",
                say("The keys of a coach were to be replaced after a leak, and that is not done yet."),
                say(
                    "Run it again: coachsync vault passphrase --leaked. Any command that unlocks the vault ends it too."
                ),
            )


def _slots(vault: Vault) -> Iterator[Problem]:
    """Each coach has a keyslot for the passphrase and one for the code, and may have others; each can be read, is of
    this vault and costs enough to guess."""
    for name, one in vault.trust.coaches.items():
        for kind, called in _KINDS.items():
            where = say("{keyslot} of {coach}", keyslot=called, coach=name)
            content = vault.files.slot(one.fingerprint, kind)
            if content is None:
                if kind.is_portable:
                    yield Problem("keyslot-missing", where, say("A keyslot of the vault is missing."), _OTHER_SLOT)
                continue
            try:
                slot = keyslots.slot_of(content)
            except Altered as problem:
                found = problem.problem(where)
                yield found if kind.is_portable else replace(found, hint=_AGAIN)
                continue
            if (slot.kind, slot.vault, slot.person) != (kind, vault.id, one.fingerprint):
                message = say("A keyslot is of another vault, or of another coach.")
                yield Problem("keyslot-foreign", where, message, _OTHER_SLOT)


def _slots_of_nobody(vault: Vault) -> Iterator[Problem]:
    """Of whom trust.toml does not name. Nobody removes them: beside an older trust.toml they may be the one way in of a
    coach who came later."""
    known = {one.fingerprint for one in vault.trust.coaches.values()} | vault.history.formers.keys()
    for person in sorted({person for person, _ in vault.files.slots()} - known):
        yield Problem(
            "keyslot-of-nobody",
            say("keyslots of {person}", person=person.hex()),
            say("There is a keyslot of somebody whom trust.toml does not name."),
            say(
                "If making the vault, or letting a coach in, was cut short, that is what it leaves, and it opens "
                "nothing. Else it is of a coach who is in another copy of trust.toml: keep it."
            ),
        )


def _open_to_others(vault: Vault) -> Iterator[Problem]:
    closing = say("Take that from them: chmod go-rwx")
    group = group_of(vault.files.folder.parent)
    if group is not None:
        closing = say("Take that from them: chmod o-rwx, and chgrp {group}", group=group_name(group))
    for name in vault.files.open_to_others():
        message = say("Other users of this machine may read or write this, or go in.")
        yield Problem("open-to-others", name, message, closing)


def _daemon(vault: Vault, device: DeviceKey) -> Iterator[Problem]:
    """What the daemon signs with opens here, and is its own in this vault, as far as the log could be taken."""
    let_in = vault.history.actors if _is_whole(vault) else {}
    try:
        daemon = daemon_of(vault.files, device)
    except WrongKey:
        daemon = None
    if daemon is None or (let_in and daemon.actor.fingerprint not in let_in):
        yield Problem(
            "daemon-key-foreign",
            "vault/daemon.key",
            say("Nothing can be written to the vault: its key for that is missing or damaged, or of another device."),
            say("Run: coachsync vault unlock, which makes another one."),
        )


def _open(session: Session, result: Verified) -> None:
    """Open everything of a coach: that a seal holds is seen by opening it alone."""
    result.opened = result.opened or 0
    for shelf, one in session.vault.history.shelves.items():
        if one.coach == session.fingerprint:
            result.found(_opened(session, shelf, result))


def _opened(session: Session, shelf: bytes, result: Verified) -> Iterator[Problem]:
    vault, shut = session.vault, set()
    for generation in vault.history.keys[shelf]:
        try:
            session.opener(shelf, generation)
        except (Altered, WrongKey) as problem:
            shut.add(generation)
            yield problem.problem(shelf_place(vault, shelf, generation))
    for place, sealed in vault.store.sealed(shelf):
        if place.generation in shut:
            continue
        try:
            read = session.opened(place, sealed)
            if read.header.kind is Kind.ATTACHMENT:
                deque(content(session, read), maxlen=0)
            result.opened = (result.opened or 0) + 1
        except (Altered, WrongKey) as problem:
            yield problem.problem(record_place(place.record, place.version))
