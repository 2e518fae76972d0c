"""The log by itself: whether it follows from its first entry to its last, and whether it is the one that somebody
remembers. No secret is needed, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.opening import Vault, no_head
from coachsync.app.vault.trusting import formers_of, known_coaches, open_store, trusted, vault_folder
from coachsync.config import Config
from coachsync.errors import Altered, Problem, UsageError
from coachsync.phrases import Phrase, say
from coachsync.vault.chain import Head
from coachsync.vault.history import History
from coachsync.vault.suite import refuse_missing

_LINE = re.compile(r"coachsync-log ([0-9a-f]{32}) (\d{1,18}) ([0-9a-f]{64})")


@contextmanager
def looked_at(config: Config, now: datetime) -> Iterator[tuple[Vault, list[Problem]]]:
    """The vault as it is, with its log taken as far as that goes, and what is wrong with that; nothing else is checked,
    and nothing is destroyed. The state's lock must be held.

    Raises NotInitialised where no vault was made, and Altered when there is none to look at, or nobody to trust.
    """
    refuse_missing()
    trust, folder = trusted(config), vault_folder(config)
    store = open_store(folder)
    try:
        known, problems = known_coaches(trust, store)
        files, history = VaultFiles(folder), History(trust.vault, known, formers_of(trust, store))
        problems += _taken(history, store, files)
        yield Vault(trust, store, files, known, now, history), problems
    finally:
        store.close()


def head_line(vault: Vault) -> str:
    """The head of the log on one line: what somebody keeps elsewhere, to see later that nothing was cut off."""
    head = vault.history.head
    return f"coachsync-log {vault.id.hex()} {head.count} {head.digest.hex()}"


def compared(vault: Vault, text: str) -> Problem | None:
    """What is wrong with the log beside a head that somebody has kept. Raises UsageError for text that is none."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            "head-unreadable",
            say("The file does not hold the head of a log."),
            say("It has one line, which this prints: coachsync log show --head"),
            where="--head",
        )
    if found[1] != vault.id.hex():
        return Problem(
            "head-of-another-vault",
            "--head",
            say("This head is of another vault."),
            say("Take the file that was written for this vault."),
        )
    kept = Head(int(found[2]), bytes.fromhex(found[3]))
    if _at(vault, kept.count) == kept:
        return None
    given_up = vault.history.given_up
    if kept in given_up:
        return Problem(
            "head-given-up",
            entry_place(given_up[kept]),
            say(
                "The log that ended in this head was given up: a coach has gone on with another copy that was put back."
            ),
            say("If that was so, keep the head of today instead: coachsync log show --head. Else ask that coach."),
        )
    hint = say("If you have restored a backup, that is what it looks like; else look for who has done it.")
    if any(number <= kept.count <= gone.count for gone, number in given_up.items()):
        hint = say("A coach has gone on with another copy since: it may be of the log that was given up then.")
    return Problem(
        "log-not-the-kept-one",
        entry_place(kept.count),
        say("The log is not the one of which this head was kept: entries were cut off or exchanged since."),
        hint,
    )


def entry_place(number: int) -> Phrase:
    """Where something is in the log."""
    return say("log entry {number}", number=number)


def _at(vault: Vault, count: int) -> Head:
    """The head that the log had with so many entries; the one it has where it has fewer."""
    if count >= vault.history.head.count:
        return vault.history.head
    if count == 0:
        return Head()
    return next(Head(one.number, one.digest(vault.id)) for one in islice(vault.store.entries(count - 1), 1))


def _taken(history: History, store: VaultStore, files: VaultFiles) -> list[Problem]:
    """Take the log as far as it can be believed, and what stopped that; that it was once another is no reason to."""
    remembered, problems = files.remembered(), []
    history.remembered = remembered or Head()
    try:
        history.take(store.entries())
        history.refuse_cut()
    except Altered as problem:
        problems.append(_stopped(history, problem))
    if remembered is None and history.head.count:
        problems.append(no_head())
    return problems


def _stopped(history: History, problem: Altered) -> Problem:
    if problem.code == "log-cut":
        known = history.remembered.count or history.head.count
        return problem.problem(entry_place(min(history.head.count, known)))
    hint = say("Restore the vault from a backup.")
    return Problem(problem.code, entry_place(history.head.count + 1), problem.message, hint)
