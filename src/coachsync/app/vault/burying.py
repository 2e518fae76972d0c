"""Tombstones as lines of the ledger: what a coach has erased stays so where an older copy of the vault comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from coachsync.adapters.ledger import is_of_device
from coachsync.adapters.trustfile import Trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.trusting import signers, signers_of_today
from coachsync.errors import Altered, CoachsyncError, Problem
from coachsync.phrases import say
from coachsync.vault import chain, entries, formers
from coachsync.vault.chain import Entry
from coachsync.vault.history import History
from coachsync.vault.keys import Actor, Role

_KEPT = frozenset({"erase", "renewed"})  # events that a ledger holds


def buried(history: History, files: VaultFiles) -> tuple[list[Entry], bool]:
    """Erase what the ledger says, and the log does not: those entries, and whether there are lines that no coach has
    signed, for which nothing is erased."""
    lines = [line for line in files.ledger() if not is_of_device(line)]
    strays, wrong = [], False
    for entry in filter(None, map(_renewal, lines)):
        with suppress(CoachsyncError):  # told below
            history.hear(entry)
    for line in lines:
        try:
            entry = entry_of(line)
            if _is_news(history, entry):
                strays.append(entry)
        except CoachsyncError:
            wrong = True
    return sorted(strays, key=lambda one: bool(one.event["e"] != "renewed")), wrong  # the others rest on these


def _is_news(history: History, entry: Entry) -> bool:
    """Have what an entry of the ledger says count; whether the log is to hear it. Raises Altered for one that no coach
    has signed."""
    digest = entry.digest(history.vault)
    if entry.event["e"] == "renewed":
        history.hear(entry)
        return entry.actor not in history.formers and digest not in history.followed  # trust.toml is of before
    if digest in history.graves or history.is_idle(entry):
        return False
    history.bury(entry)
    return entry.actor not in history.formers or digest in history.vouched  # the log cannot tell what it does not know


def _renewal(line: bytes) -> Entry | None:
    with suppress(CoachsyncError):
        entry = entry_of(line)
        return entry if entry.event["e"] == "renewed" else None
    return None


def line_of(entry: Entry) -> bytes:
    """A tombstone as it stands in the ledger."""
    return chain.canonical(entries.written(entry))


def entry_of(line: bytes) -> Entry:
    """The entry that stands in a line of the ledger. Raises Altered when there is none."""
    try:
        found = json.loads(line.decode())
        if line == chain.canonical(found):
            return entries.read(found)
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise Altered("ledger-damaged", say("A line of the ledger of erasures cannot be read."))


def write_down(history: History, log: Iterable[Entry], files: VaultFiles) -> None:
    """Add to the ledger the tombstones that the log has, or has buried, and the ledger has lost; and what says which
    of a former key count. Raises CoachsyncError where the system refuses it."""
    told = set()
    for line in files.ledger():
        with suppress(Altered):
            told.add(entry_of(line).digest(history.vault))
    missing = (history.graves.keys() | history.successions | history.followed) - told
    for stone in _stones(log) if missing else ():
        if stone.digest(history.vault) in missing:
            files.bury(line_of(stone))


def _stones(log: Iterable[Entry]) -> Iterator[Entry]:
    for entry in log:
        event = entry.event
        if event["e"] in _KEPT:
            yield entry
        elif event["e"] == "buried":
            parts = {name: value for name, value in event.items() if name != "e"}
            yield entries.read(parts | {"said": event["said"].encode().hex()})


def approvers(lines: Iterable[bytes], trust: Trust) -> dict[bytes, bytes]:
    """Whose lines of a ledger are approved: coaches whom trust.toml names, and the keys that have come in the place of
    theirs since, as these lines say, where trust.toml is an older one. Keys that check, by fingerprint."""
    later = signers_of_today(trust)
    for line in lines:
        with suppress(Altered, ValueError, KeyError, TypeError, AttributeError):
            entry = entry_of(line)
            if entry.actor in later and is_approved(line, trust.vault, later):
                new = formers.understood(trust.vault, entry.actor, entry.event).new
                later[new.fingerprint] = new.verify
    return signers(trust) | later


def is_approved(line: bytes, vault: bytes, keys: Mapping[bytes, bytes]) -> bool:
    """Whether a line, of whatever ledger, is what a ledger holds, signed with one of these keys. Whether it counts,
    where a former key has signed it, is decided with the log."""
    try:
        entry = entry_of(line)
        verify = keys.get(entry.actor)
        if verify is None or entry.event["e"] not in _KEPT:
            return False
        Actor(Role.COACH, verify).check(b"log", entry.digest(vault), entry.signature)
    except CoachsyncError:
        return False
    return True


def erased_in(line: bytes) -> str:
    """The code of the client whom a tombstone in a ledger is about; "" for any other line."""
    with suppress(CoachsyncError):
        event = entry_of(line).event
        if event["e"] == "erase" and event.get("what") == "client":
            return str(event.get("client", ""))
    return ""


def forged() -> Problem:
    """That somebody else has written into the ledger."""
    return Problem(
        "ledger-forged",
        "practice.state",
        say("The ledger of erasures has a line that no coach has signed; nothing was destroyed for it."),
        say("Somebody may have tried to have records destroyed. Look who can write to the state folder."),
    )
