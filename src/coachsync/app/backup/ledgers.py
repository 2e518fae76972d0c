"""Ledgers of erasures in several places: what is approved in one of them counts in all, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from coachsync.adapters.clientkeys import ClientKeys, code_of
from coachsync.adapters.ledger import Ledger, is_of_device
from coachsync.adapters.trustfile import Trust
from coachsync.app.vault.burying import approvers, erased_in, is_approved
from coachsync.errors import Problem
from coachsync.phrases import say
from coachsync.vault.rows import DeviceKey


class Heard(NamedTuple):
    """The lines that are approved, and whether there are others, which destroy nothing. `elsewhere`: codes of clients
    whom a device that is not known here has forgotten, as it says, and of whom the only coach has signed a
    tombstone."""

    lines: list[bytes]
    forged: bool
    elsewhere: frozenset[str] = frozenset()


def approved(lines: Iterable[bytes], trust: Trust, keys: ClientKeys, former: Iterable[DeviceKey] = ()) -> Heard:
    """Of these lines, the tombstones that a coach has signed whom trust.toml names, or with a key that has come in the
    place of theirs, and what this device has written of clients, also with a `former` device key. A line of another
    device is no news about a client who is erased anyway, or whose records the only coach has erased: of several, one
    who erases a client leaves what a colleague needs, and the line may be anybody's.
    """
    good: dict[bytes, None] = {}
    strange, former, lines = list[bytes](), list(former), list(lines)
    whose = approvers(lines, trust)
    for line in lines:
        told = is_of_device(line)
        found = keys.adopted(line, former) if told else line if is_approved(line, trust.vault, whose) else None
        if found is None:
            strange.append(line)
        else:
            good[found] = None
    erased = {code_of(line) for line in good if is_of_device(line)}
    alone = good if len(trust.coaches) == 1 else ()
    elsewhere = {code_of(line) for line in strange if is_of_device(line)} & {erased_in(line) for line in alone} - erased
    known = erased | elsewhere
    forged = any(not is_of_device(line) or code_of(line) not in known for line in strange)
    return Heard(list(good), forged, frozenset(elsewhere))


def spread(heard: Heard, *ledgers: Ledger) -> None:
    """Add what is approved to these ledgers, where it is missing. Raises CoachsyncError where the system refuses it."""
    for ledger in ledgers:
        known = set(ledger.lines())
        for line in heard.lines:
            if line not in known:
                ledger.bury(line)


def forged(where: str) -> Problem:
    """That somebody else has written into a ledger."""
    return Problem(
        "ledger-forged",
        where,
        say("The ledger of erasures has a line that no coach has signed; nothing was destroyed for it."),
        say("Somebody may have tried to have records destroyed. Look who can write to that folder."),
    )
