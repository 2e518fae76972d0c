"""New keys for shelves, some at a time, while others write in between.

What is to be done is noted before anything is, so that a run that was cut short is gone on with and not begun anew: a
shelf whose generation is above the noted one is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from coachsync.app.vault import erasing
from coachsync.app.vault.comparing import shelf_place
from coachsync.app.vault.reading import Session
from coachsync.errors import Problem, UsageError
from coachsync.phrases import say

TOGETHER = 2000  # records that are sealed anew before whoever waits for the state may have it


class Rotated(NamedTuple):
    """How many shelves have new keys, and how many records were sealed to them; the shelves that could not have any,
    and why; how many are left to be tried; and whether the old keys and their rows are gone from the disk: not while
    somebody reads in the database."""

    shelves: int
    records: int
    failed: frozenset[bytes]
    problems: tuple[Problem, ...]
    left: int
    done: bool


def begin(session: Session, client: str | None = None) -> bool:
    """Note which shelves get new keys: of a client, or all that the coach has. False where a run that was cut short is
    gone on with instead. Raises UsageError for a client of whom nothing is kept."""
    vault = session.vault
    if vault.files.rotation():
        return False
    shelves = vault.history.shelves.items()
    mine = {shelf: one for shelf, one in shelves if one.coach == session.fingerprint}
    wanted = {shelf: one.generation for shelf, one in mine.items() if client in (None, one.client)}
    if client is not None and not wanted:
        raise UsageError(
            "no-such-shelf",
            say("Nothing of that client is in the vault, or not of yours."),
            say("Look at the codes with: coachsync client list"),
            where="--client",
        )
    vault.files.note_rotation(wanted)
    return True


def go_on(session: Session, but: Collection[bytes] = (), most: int = TOGETHER) -> Rotated:
    """Give the next noted shelves new keys, but for some that were tried. The note goes with the last."""
    found = rekey(session, [shelf for shelf in _left(session) if shelf not in but], most)
    if found.done and not _left(session):
        session.vault.files.note_rotation({})
    return found


def rekey(session: Session, shelves: Iterable[bytes], most: int = TOGETHER) -> Rotated:
    """Give these shelves new keys, those with the fewest records first, until so many records were sealed anew: who
    waits to write to them waits no longer than that.

    Killed in between, each shelf has all its records under one key; the next opening destroys the keys of before that
    are not needed. Raises CoachsyncError where the system refuses something.
    """
    vault = session.vault
    sizes = Counter(one.shelf for one in vault.history.records.values())
    wanted = sorted(shelves, key=lambda shelf: (sizes[shelf], shelf))
    found = erasing.rekeyed(session, wanted, most)
    done = erasing.finish_all(session, found.stones)
    generations = {shelf: vault.history.shelves[shelf].generation for shelf in found.failed}
    problems = tuple(
        problem.problem(shelf_place(vault, shelf, generations[shelf])) for shelf, problem in found.failed.items()
    )
    tried = len(found.through) + len(found.failed)
    return Rotated(len(found.through), found.records, frozenset(found.failed), problems, len(wanted) - tried, done)


def _left(session: Session) -> list[bytes]:
    """The noted shelves of this coach that still have the key of then."""
    noted = session.vault.files.rotation()
    return [
        shelf
        for shelf, one in session.vault.history.shelves.items()
        if one.coach == session.fingerprint and one.generation <= noted.get(shelf, 0)
    ]
