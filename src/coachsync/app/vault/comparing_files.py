"""The contents of attachments, compared with what the log says of them: their digests are enough, and no secret is
needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

from coachsync.adapters.bodyfiles import Place
from coachsync.app.vault.attached import missing
from coachsync.app.vault.comparing import Known, erased_here
from coachsync.app.vault.reading import record_place
from coachsync.errors import Altered, Problem
from coachsync.phrases import Phrase, say, say_count
from coachsync.vault.shelves import SealedFile

ORPHAN, UNFINISHED = "file-orphan", "file-unfinished"  # worth a word, and nothing is wrong for them
_RESTORE = say("Restore the folder vault/files of the state folder from a backup.")
_STAYS = say(
    "An older copy of the vault that was put back leaves that: it belongs to a record of the newer one, and is kept. "
    "Else look who has put it there."
)


def files_compared(known: Known) -> Iterator[Problem]:
    """The file of each attachment: there, and the one that was sealed; and none of anything else."""
    vault = known.vault
    bodies = vault.files.bodies
    filed = {place: one for place, one in vault.history.records.items() if one.file is not None}
    for place, stored in filed.items():
        there = bodies.size(place)
        if there is None:
            if known.is_missed(stored.shelf, stored.generation, place[0]):
                yield missing().problem(record_place(*place))
        elif stored.file is not None and not known.is_gone(stored.shelf, stored.generation, place[0]):
            yield from _unlike(stored.file, there, partial(bodies.told, place), record_place(*place))
    yield from _strays(known, filed)
    if bodies.others():
        message = say_count(
            "There is a file in the folder vault/files that is none of ours.",
            "There are {number} files in the folder vault/files that are none of ours.",
            bodies.others(),
        )
        yield Problem(ORPHAN, "vault/files", message, say("Look who has put that there."))


def _unlike(due: SealedFile, size: int, told: Callable[[], SealedFile | None], where: Phrase) -> Iterator[Problem]:
    if size < due.size:
        yield Problem("file-cut", where, say("The content of a file that was attached was cut short."), _RESTORE)
        return
    if size > due.size:
        yield Problem("file-longer", where, say("Something was added to the content of an attached file."), _RESTORE)
        return
    try:
        same = told() == due
    except Altered as problem:
        yield problem.problem(where)
        return
    if not same:
        message = say(
            "The content of a file that was attached is not the one that was stored: it was altered or exchanged."
        )
        yield Problem("file-altered", where, message, _RESTORE)


def _strays(known: Known, filed: Collection[Place]) -> Iterator[Problem]:
    bodies = known.vault.files.bodies
    finished = bodies.finished()
    for place in sorted((finished | bodies.unfinished()) - set(filed)):
        where = record_place(*place)
        if known.is_erased(place[0]):
            yield erased_here(where)
        elif place not in finished:
            message = say("A file that was to be attached was left half done: nothing of it was stored.")
            yield Problem(UNFINISHED, where, message, say("The next command that opens the vault removes it."))
        elif known.whole:
            message = say("There is a file in the folder vault/files of which the log knows nothing.")
            yield Problem(ORPHAN, where, message, _STAYS)
