"""Whether backups and the mirror are made, and elsewhere than here; and whether anybody has tried to come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from coachsync.adapters.backupset import is_there
from coachsync.app.backup import places, remembering, running
from coachsync.app.checking import Check, Grade
from coachsync.config import Config
from coachsync.errors import Problem
from coachsync.phrases import Phrase, say, say_count

DAY = 86_400  # seconds
_LATE = DAY + DAY // 4  # the timer comes once a day, and not to the minute
_DRILL = 365 * DAY
_CALLED = {places.FOLDER: say("backup"), places.MIRROR: say("mirror")}


def check_backup(config: Config, now: datetime) -> Iterator[Check]:
    """What is to be said of the backups of a practice that has a vault, or a folder for them."""
    yield from map(_moved_away, places.moved_away(config.practice.state))
    backup, state = config.backup, config.practice.state
    if backup.folder is None and backup.mirror is None:
        if config.trust.exists():
            yield _nowhere()
        return
    memory, at = remembering.recall(state), int(now.timestamp())
    for where, folder, last in (
        (places.FOLDER, backup.folder, memory.made),
        (places.MIRROR, backup.mirror, memory.mirrored),
    ):
        if folder is None:
            yield _one_missing(where)
            continue
        if not is_there(folder):
            yield _folder_missing(where, folder)
        elif _is_beside(folder, state):
            yield _same_disk(where, folder)
        yield _age(where, last, at)
    yield from _wrong(config, memory)
    if memory.made is not None:
        yield _drill(memory, at)


def _wrong(config: Config, memory: remembering.Memory) -> Iterator[Check]:
    if config.backup.mirror is not None and None not in (memory.mirrored, memory.behind):
        yield _bad(running.behind())
    if running.is_due(config):
        yield _bad(running.due())
    if memory.findings:
        yield _found(memory)


def _age(where: str, last: int | None, now: int) -> Check:
    hint = say("To make one now, run: coachsync backup create. Every night: coachsync service install")
    if last is None:
        return Check(Grade.BAD, "backup-never", where, say("Never made: {what}.", what=_CALLED[where]), hint)
    if now - last > _LATE:
        days = (now - last) // DAY
        message = say_count("It is {number} day old.", "It is {number} days old.", days)
        return Check(Grade.BAD, "backup-old", where, message, hint)
    return Check(Grade.GOOD, "backup-current", where, say("Less than a day old."))


def _bad(problem: Problem) -> Check:
    return Check(Grade.BAD, problem.code, problem.where, problem.message, problem.hint)


def _found(memory: remembering.Memory) -> Check:
    return Check(
        Grade.BAD,
        "backup-findings",
        places.FOLDER,
        say_count(
            "The last look through the backups had {number} finding.",
            "The last look through the backups had {number} findings.",
            memory.findings,
        ),
        say("Run: coachsync backup create, which mends what it can; then: coachsync backup verify"),
    )


def _moved_away(folder: Path) -> Check:
    return Check(
        Grade.NOTE,
        "state-moved-away",
        "practice.state",
        say("A restore has moved away what was here before. It opens all that it did, also what was erased since."),
        say("Remove that folder once all is well."),
        say("The folder is {folder}", folder=folder),
    )


def _drill(memory: remembering.Memory, now: int) -> Check:
    where = places.FOLDER
    hint = say("To rehearse, run: coachsync backup verify --drill")
    if memory.drilled is None:
        return Check(Grade.NOTE, "drill-never", where, say("Nobody has tried to open a backup yet."), hint)
    if memory.drill_findings:
        message = say_count(
            "The last drill had {number} finding.", "The last drill had {number} findings.", memory.drill_findings
        )
        return Check(Grade.BAD, "drill-failed", where, message, hint)
    days = max(0, now - memory.drilled) // DAY
    if now - memory.drilled > _DRILL:
        message = say_count("The last drill was {number} day ago.", "The last drill was {number} days ago.", days)
        return Check(Grade.NOTE, "drill-old", where, message, hint)
    message = say_count(
        "All of a backup was read {number} day ago.", "All of a backup was read {number} days ago.", days
    )
    return Check(Grade.GOOD, "drill-passed", where, message if days else say("All of a backup was read today."))


def _nowhere() -> Check:
    return Check(
        Grade.NOTE,
        "backup-not-configured",
        "backup",
        say("No backups are made: what is lost with this computer is lost."),
        say('Add a section [backup] with folder = "..." and mirror = "...", on other disks than this one.'),
    )


def _one_missing(where: str) -> Check:
    messages: dict[str, Phrase] = {
        places.FOLDER: say("There is a mirror of the keys and no folder for backups: alone it brings nothing back."),
        places.MIRROR: say("There is no mirror: without the keys in it, a backup opens no note and no client's name."),
    }
    return Check(Grade.BAD, "backup-incomplete", where, messages[where], say("Name a folder for it in [backup]."))


def _folder_missing(where: str, folder: Path) -> Check:
    problem = places.folder_missing(folder, where)
    return Check(Grade.BAD, problem.code, where, problem.message, problem.hint, problem.aside)


def _is_beside(folder: Path, state: Path) -> bool:
    """Whether a folder is on the disk of the state."""
    return folder.stat().st_dev == state.stat().st_dev


def _same_disk(where: str, folder: Path) -> Check:
    return Check(
        Grade.NOTE,
        "backup-on-same-disk",
        where,
        say("This folder is on the same disk as the state: when the disk is lost, both are."),
        say("Choose a folder on another disk, or have another program carry this one elsewhere."),
        say("The folder is {folder}", folder=folder),
    )
