"""The log by itself: whether it follows from its first entry to its last, and whether it is the one that somebody
remembers. No secret is needed, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.opening import Vault, open_store, trusted, vault_folder
from coachsync.config import Config
from coachsync.errors import Altered, Problem, UsageError
from coachsync.phrases import Phrase, say
from coachsync.vault import chain
from coachsync.vault.chain import Head
from coachsync.vault.suite import refuse_missing

_LINE = re.compile(r"coachsync-log ([0-9a-f]{32}) (\d{1,18}) ([0-9a-f]{64})")


@contextmanager
def looked_at(config: Config) -> Iterator[tuple[Vault, list[Problem]]]:
    """The vault as it is, with its log taken as far as that goes, and what is wrong with that; nothing else is checked,
    and nothing is destroyed. The state's lock must be held.

    Raises NotInitialised where no vault was made, and Altered when there is none to look at, or nobody to trust.
    """
    refuse_missing()
    trust, folder = trusted(config), vault_folder(config)
    store = open_store(folder)
    try:
        actors, problems = store.actors(), []
        known = {
            one.fingerprint: actors[one.fingerprint] for one in trust.coaches.values() if one.fingerprint in actors
        }
        for name, one in trust.coaches.items():
            if one.fingerprint not in known or not one.fits(known[one.fingerprint]):
                known.pop(one.fingerprint, None)
                problems.append(_coach_unknown(name))
        vault = Vault(trust, store, VaultFiles(folder), known)
        problems += _log_taken(vault)
        yield vault, problems
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
    return Problem(
        "log-not-the-kept-one",
        entry_place(kept.count),
        say("The log is not the one of which this head was kept: entries were cut off or exchanged since."),
        say("If you have restored a backup, that is what it looks like; else look for who has done it."),
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


def _log_taken(vault: Vault) -> list[Problem]:
    remembered = vault.files.remembered()
    count = remembered.count if remembered else 0
    problems = _taken(vault, count)
    if problems:
        return problems
    if remembered is not None:
        try:
            chain.refuse_cut(vault.history.head, remembered)
        except Altered as problem:
            problems.append(problem.problem(entry_place(count)))
    problems += _taken(vault, None)
    if remembered is None and vault.history.head.count:
        problems.append(_no_head())
    return problems


def _taken(vault: Vault, to: int | None) -> list[Problem]:
    """Go on with the log to the entry of this number, or to the end."""
    before = vault.history.head.count
    entries = vault.store.entries(before)
    try:
        vault.history.take(entries if to is None else islice(entries, max(0, to - before)))
    except Altered as problem:
        place = entry_place(vault.history.head.count + 1)
        return [Problem(problem.code, place, problem.message, say("Restore the vault from a backup."))]
    return []


def _coach_unknown(name: str) -> Problem:
    return Problem(
        "coach-unknown",
        f"trust.toml: coaches.{name}",
        say("The vault does not know a coach whom trust.toml names: one of the two was changed."),
        say("Restore trust.toml and the folder vault/ of the state folder from one backup."),
    )


def _no_head() -> Problem:
    return Problem(
        "head-missing",
        "vault/head",
        say("The file that remembers where the log ends is missing: what was cut off the log would not show."),
        say("Compare the log with a head that you have kept: coachsync log verify --head FILE"),
    )
