"""The timer that makes a backup every night: a part of the service, where the configuration names a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coachsync.app import service as job
from coachsync.app.service import Service
from coachsync.config import Backup, Config

TIMER, UNIT = "coachsync-backup.timer", "coachsync-backup.service"
_FOLDERS = f"{UNIT}.d/folders.conf"
_OF_DAEMON = f"{job.UNIT}.d/backup.conf"  # the daemon keeps the mirror up to date, and tells the backups of erasures

_SHARED = {"StateDirectoryMode": "2770", "UMask": "0007"}  # as in coaches.conf


def folders_of(backup: Backup) -> list[Path]:
    """What is written to beside the state."""
    return [folder for folder in (backup.folder, backup.mirror) if folder is not None]


def for_user(service: Service, home: Path, unit: str, timer: str, folders: str | None) -> Service:
    """A person's own service with the timer, whose units stand in `home`; `folders` is what closes folders to it."""
    files = {home / UNIT: unit, home / TIMER: timer} | ({} if folders is None else {home / _FOLDERS: folders})
    return _with(service, files, ("systemctl", "--user"), now=True)


def for_system(service: Service, root: Path, unit: str, timer: str, config: Config | None = None) -> Service:
    """The machine's service with the timer, which is not started, as the service is not."""
    units = root / "systemd" / "system"
    more = "" if config is None else f"[Service]\nReadWritePaths={job.words(folders_of(config.backup))}\n"
    return _with(
        service, {units / UNIT: unit, units / TIMER: timer, units / _OF_DAEMON: more}, ("systemctl",), now=False
    )


def writing(unit: str, command: Sequence[str], config: Config, *, shared: bool = False) -> str:
    """The unit of the machine, with what it starts and the folders that it may write to. One that is not there, because
    its disk is not connected, keeps it from nothing: the backup itself tells that. `shared`: coaches work on the state
    too, and systemd, which sets its mode whenever the unit starts, is not to shut them out."""
    for name, value in _SHARED.items() if shared else ():
        unit = job.setting(unit, name, value)
    return job.setting(job.starting(unit, command), "ReadWritePaths", job.words(folders_of(config.backup)))


def is_there(folder: Path) -> bool:
    """Whether the units in this folder have the timer."""
    return (folder / TIMER).exists()


def _with(service: Service, files: dict[Path, str], control: tuple[str, ...], *, now: bool) -> Service:
    start = ((*control, "enable", "--now", TIMER),) if now else ()
    return replace(
        service,
        files={**service.files, **files},
        started=(*service.started, *start),
        stopped=(*service.stopped, (*control, "disable", "--now", TIMER)),
    )
