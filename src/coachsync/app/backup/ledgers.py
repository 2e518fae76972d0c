"""Ledgers of erasures in several places: what is approved in one of them counts in all, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.ledger import Ledger, is_of_device
from coachsync.adapters.trustfile import Trust
from coachsync.app.vault.burying import is_approved
from coachsync.errors import Problem
from coachsync.phrases import say
from coachsync.vault.statements import Coaches


class Heard(NamedTuple):
    """The lines that are approved, and whether there are others, which destroy nothing."""

    lines: list[bytes]
    forged: bool


def approved(lines: Iterable[bytes], trust: Trust, keys: ClientKeys) -> Heard:
    """Of these lines, the tombstones that a coach has signed whom trust.toml names, and what this device has written of
    clients."""
    good: dict[bytes, None] = {}
    forged = False
    for line in lines:
        if keys.has_written(line) if is_of_device(line) else is_approved(line, trust):
            good[line] = None
        else:
            forged = True
    return Heard(list(good), forged)


def spread(heard: Heard, *ledgers: Ledger) -> None:
    """Add what is approved to these ledgers, where it is missing. Raises CoachsyncError where the system refuses it."""
    for ledger in ledgers:
        known = set(ledger.lines())
        for line in heard.lines:
            if line not in known:
                ledger.bury(line)


def coaches_of(trust: Trust) -> Coaches:
    """The key that checks what each coach has signed, by fingerprint."""
    return {one.fingerprint: one.verify for one in trust.coaches.values()}


def forged(where: str) -> Problem:
    """That somebody else has written into a ledger."""
    return Problem(
        "ledger-forged",
        where,
        say("The ledger of erasures has a line that no coach has signed; nothing was destroyed for it."),
        say("Somebody may have tried to have records destroyed. Look who can write to that folder."),
    )
