"""What the coach is told of files in the inbox that are not imported: how many, why, and what to do. No name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from coachsync.errors import Problem
from coachsync.inbox.settling import Why
from coachsync.phrases import say

WHERE = "inbox.folder"
_WHAT = {
    Why.LINK: say("links, which are not followed"),
    Why.SPECIAL: say("what is no file: pipes, sockets and devices"),
    Why.HARD_LINK: say("files with a second name elsewhere, which would be destroyed too"),
    Why.OTHER_OWNER: say("files of another user"),
    Why.HIDDEN: say("hidden folders"),
    Why.DEEP: say("folders that lie too deep"),
    Why.LITTER: say("files that a file manager or a sync program keeps for itself"),
    Why.EMPTY: say("files that have been empty for an hour"),
    Why.UNFINISHED: say("files that have not been finished for a day"),
    Why.OPEN: say("files that have been open in a program for a day"),
    Why.UNREADABLE: say("files or folders that cannot be read, or not be overwritten afterwards"),
    Why.REFUSED: say("files that the vault does not take"),
    Why.NOT_REMOVED: say("files that are sealed, and that the system does not let be removed"),
}
_NOW = {
    Why.LINK: say("a link, which is not followed"),
    Why.SPECIAL: say("no file, but a pipe, a socket or a device"),
    Why.HARD_LINK: say("has a second name elsewhere"),
    Why.OTHER_OWNER: say("belongs to another user"),
    Why.HIDDEN: say("a hidden folder"),
    Why.DEEP: say("lies too deep"),
    Why.LITTER: say("kept by a file manager or a sync program for itself"),
    Why.EMPTY: say("is empty"),
    Why.UNFINISHED: say("is not finished, by its name"),
    Why.OPEN: say("is open in a program"),
    Why.UNREADABLE: say("cannot be read, or not be overwritten"),
    Why.REFUSED: say("the vault does not take it"),
    Why.NOT_REMOVED: say("is sealed, and cannot be removed"),
}
_LOOK = say("To see which: coachsync note import --list. Take them away, or put the files themselves there.")
_HINTS = {
    Why.EMPTY: say("To see which: coachsync note import --list. Save them again, or delete them."),
    Why.UNFINISHED: say("To see which: coachsync note import --list. Let the program end, or delete or rename them."),
    Why.OPEN: say("To see which: coachsync note import --list. Close them in the program that has them open."),
    Why.OTHER_OWNER: say("To see which: coachsync note import --list. Put copies of your own there."),
    Why.UNREADABLE: say(
        "To see which: coachsync note import --list. Import them yourself: coachsync note import. Or let the user who "
        "runs coachsync read and write."
    ),
    Why.REFUSED: say("They stay where they are. To see what is wrong: coachsync vault verify"),
    Why.NOT_REMOVED: say("They are in the vault. Let the user who runs coachsync write in their folder."),
}


def problems(reasons: Iterable[Why]) -> tuple[Problem, ...]:
    """One for each reason, in the order of the reasons."""
    counted = Counter(reasons)
    return tuple(Problem(why, WHERE, _counted(why, counted[why]), hint(why)) for why in Why if counted[why])


def now(why: Why) -> str:
    """What is so of one thing now, whether or not it has been so for long."""
    return _NOW[why]


def hint(why: Why) -> str:
    """What to do."""
    return _HINTS.get(why, _LOOK)


def _counted(why: Why, number: int) -> str:
    return say("Not imported out of the inbox: {what} ({number}).", what=_WHAT[why], number=number)
