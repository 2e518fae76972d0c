"""Forgetting what the device knows of a client: first a line in the ledger, then the row, the key, and the bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coachsync.adapters.database import Clients, Database
from coachsync.adapters.files import write_atomically
from coachsync.errors import CoachsyncError, Problem, Temporary
from coachsync.phrases import say

_OWED = "forgetting"  # in the state folder, as long as bytes of deleted rows may be in the database
_WHERE = "practice.state"


KeepOut = Callable[[str], None]  # hides for good what a client who was kept out of shares has in the calendars


def forget(clients: Clients, database: Database, state: Path, code: str, keep_out: KeepOut) -> bool:
    """Forget a client for good. False while somebody reads in the database: the bytes of the row are still there, and
    the next opening ends that. Killed at any moment, it has not begun, or the next opening goes on."""
    clients.keys.bury(code)
    return _sweep(clients, database, state, [code] if clients.is_known(code) else [], keep_out)


def replay(clients: Clients, database: Database, state: Path, keep_out: KeepOut) -> tuple[Problem, ...]:
    """Forget again what a run cut short has left, or an older copy of the state has brought back, before anything is
    done with it; what is to be told of that."""
    try:
        codes, forged = clients.keys.buried()
        back = sorted(code for code in codes if clients.is_known(code))
        done = _sweep(clients, database, state, back, keep_out)
    except CoachsyncError as problem:  # a sync, and every other client, must not wait for it
        return (problem.problem(_WHERE),)
    told = [(forged, _forged()), (back, _back(back)), (not done, not_done().problem(_WHERE))]
    return tuple(problem for needed, problem in told if needed)


def not_done() -> Temporary:
    """What a person is told while somebody reads in the database."""
    return Temporary(
        "erasure-not-done",
        say("The erasure is not done yet: another program is reading in the state. The keys are destroyed already."),
        say("End that program. The next command ends the erasure."),
        where=_WHERE,
    )


def _sweep(clients: Clients, database: Database, state: Path, codes: list[str], keep_out: KeepOut) -> bool:
    owed = state / _OWED
    if codes and not owed.exists():
        write_atomically(owed, b"")
    for code in codes:
        keep_out(code)
        clients.forget(code)
    if not owed.exists():
        return True
    if not database.forget():
        return False
    owed.unlink(missing_ok=True)
    return True


def _back(codes: list[str]) -> Problem:
    return Problem(
        "erased-came-back",
        _WHERE,
        say("What was erased of {codes} was still here, or came back; it was destroyed again.", codes=", ".join(codes)),
        say("If you have restored a backup, that is as it should be; else look for who has put files there."),
    )


def _forged() -> Problem:
    return Problem(
        "ledger-forged",
        _WHERE,
        say("The ledger of erasures has a line that this computer has not written; nothing was destroyed for it."),
        say("Somebody may have tried to have a client erased. Look who can write to the state folder."),
    )
