"""A drill: the newest backup is opened with nothing but the backups, the mirror and what the coach knows, in memory;
every record is decrypted and compared with the log. Nothing that is in use is touched. The files of attachments alone
lie on the disk meanwhile, as sealed as they always are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from coachsync.adapters import heldfolders
from coachsync.adapters.backupset import refused
from coachsync.adapters.ramfolder import ram_folder
from coachsync.app.backup import remembering, staging
from coachsync.app.backup.reading import Backups
from coachsync.app.backup.staging import Staged
from coachsync.app.vault.verifying import verify
from coachsync.config import Config
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import say
from coachsync.vault.keys import Person
from coachsync.vault.snapshots import Snapshot

_SCRATCH = ".coachsync-drill-"


@dataclass
class Drilled:
    """How it went: which backup, from when (seconds since 1970), how many records and clients were opened."""

    number: int
    at: int
    records: int = 0
    clients: int = 0
    findings: list[Problem] = field(default_factory=list)


def drill(backups: Backups, snapshot: Snapshot, coach: Person, config: Config, now: datetime) -> Drilled:
    """Bring a backup back in memory, and look at everything. Raises CoachsyncError where there is no such memory, or no
    room in it; whatever is wrong with the backup is a finding."""
    drilled = Drilled(snapshot.number, snapshot.at)
    with _memory() as folder:
        try:
            _open(backups, snapshot, coach, config, now, folder, drilled)
        except CoachsyncError as problem:
            if problem.code in ("disk-full", "memory-full"):
                raise _no_memory() from None
            drilled.findings.append(problem.problem("backup.folder"))
    return drilled


def remember(state: Path, drilled: Drilled, now: datetime) -> None:
    """Keep how it went. Raises CoachsyncError where the system refuses it."""
    at, findings = int(now.timestamp()), len(drilled.findings)
    drill = partial(replace, drilled=at, drill_of=drilled.number, drill_findings=findings)
    remembering.change(state, drill)


def _open(
    backups: Backups, snapshot: Snapshot, coach: Person, config: Config, now: datetime, folder: Path, drilled: Drilled
) -> None:
    manifest = backups.manifest(snapshot, coach)
    with _on_disk(config.practice.state) as bodies:
        _look(backups, staging.put(backups, manifest, coach, config, folder, [], bodies), coach, now, drilled)


def _look(backups: Backups, staged: Staged, coach: Person, now: datetime, drilled: Drilled) -> None:
    staging.revive(backups, staged, coach, now, staging.heads_of(backups, []))
    drilled.findings += staged.problems
    with staging.opened(staged, now) as (wiring, _):
        known = wiring.clients
        drilled.clients = len(known.directory().clients)
        drilled.findings += [one.problem(code) for one, code in zip(known.failures(), known.unreadable(), strict=True)]
        device = wiring.database.key
    looked = verify(staged.config, now, [coach], device)
    drilled.records = looked.opened or 0
    drilled.findings += [one for one in looked.findings if one not in drilled.findings]


@contextmanager
def _on_disk(state: Path) -> Iterator[Path]:
    """A folder for the files of attachments, which may be longer than memory: they are sealed, and no key is there."""
    heldfolders.sweep(state, _SCRATCH)
    try:
        folder = heldfolders.make(state, _SCRATCH)
    except OSError as problem:
        raise refused(problem, "practice.state", state) from None
    try:
        yield folder.path
    except OSError as problem:
        raise refused(problem, "practice.state", state) from None
    finally:
        heldfolders.erase(folder.path)
        os.close(folder.lock)


@contextmanager
def _memory() -> Iterator[Path]:
    """A folder in memory: the device key is in it, and no disk may have that."""
    try:
        with ram_folder() as folder:
            yield folder.path
    except CoachsyncError as problem:
        if problem.code != "no-memory-folder":
            raise
        raise CoachsyncError(
            "no-memory-folder",
            say("There is no folder in memory here, which a drill needs: keys would be written to the disk."),
            say("Drill on another machine: coachsync backup restore tries the same."),
        ) from None


def _no_memory() -> CoachsyncError:
    return CoachsyncError(
        "memory-full",
        say("There is too little room in memory for this backup to be opened in it."),
        say("Close other programs. Or restore it on another machine, which tries the same: coachsync backup restore"),
    )
