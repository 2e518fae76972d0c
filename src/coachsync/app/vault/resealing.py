"""Sealing records anew, to another generation of their shelf or to another shelf: they stay what they were."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from coachsync.app.vault.reading import Read, Session
from coachsync.app.vault.writing import store
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.keys import ShelfKey


def everything(session: Session, shelf: bytes, without: Collection[bytes] = ()) -> list[Read]:
    """Every version of every record of a shelf but some, open and in order. Raises Altered when one does not open or is
    missing: whoever seals anew without it loses it. A row of which the log knows nothing is none: rows and log lie in
    one file, so that it is not of another copy either."""
    found = []
    for one in session.shelf(shelf, without, unknown=False):
        if isinstance(one, CoachsyncError):
            raise _would_be_lost(one)
        found.append(one)
    return found


def _would_be_lost(problem: CoachsyncError) -> Altered:
    return Altered(
        problem.code,
        problem.message,
        say("Restore the vault from a backup. Or have it erased too, by its id: coachsync note erase ID ID"),
        problem.where,
    )


def reseal(
    session: Session, key: ShelfKey, reads: Iterable[Read], change: Callable[[Read], bytes] = lambda read: read.body
) -> None:
    """Seal versions to a key, each after the one before, inside of the transaction that makes the key. `change` gives
    the body, where that is to be another one."""
    digests: dict[tuple[bytes, int], bytes] = {}
    for one in reads:
        previous = digests.get((one.header.record, one.header.version - 1), one.header.previous)
        header = one.header._replace(shelf=key.shelf, generation=key.generation, previous=previous)
        written = store(session.vault, session.coach, key, header, change(one))
        digests[header.record, header.version] = written.digest
