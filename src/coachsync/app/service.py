"""coachsync as a service of systemd: which files make one, and which commands put it in place and take it away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coachsync.adapters import units
from coachsync.adapters.files import make_state_folder
from coachsync.config import Config, FileTarget
from coachsync.errors import CoachsyncError

UNIT = "coachsync.service"
_FOLDERS = "coachsync.service.d/folders.conf"
_COACHES = "coachsync.service.d/coaches.conf"

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What stands in which file, and what systemd is told once the files are there, before they go, and after."""

    files: Mapping[Path, str]
    started: tuple[Command, ...]
    stopped: tuple[Command, ...]
    gone: tuple[Command, ...]
    folders: tuple[Path, ...] = field(default=())  # made for the user alone where they are missing


def for_user(home: Path, text: str, folders: str | None, state: Path) -> Service:
    """The service of one person, whose units stand in `home`: the texts of the unit and of what closes folders to it,
    None where users cannot have that."""
    control = ("systemctl", "--user")
    return Service(
        files={home / UNIT: text} | ({} if folders is None else {home / _FOLDERS: folders}),
        started=((*control, "daemon-reload"), (*control, "enable", UNIT), (*control, "restart", UNIT)),
        stopped=((*control, "disable", "--now", UNIT),),
        gone=((*control, "daemon-reload"),),
        folders=(state,),
    )


def accounts_of(root: Path) -> Path:
    """The file that says which accounts the service of the machine needs."""
    return root / "sysusers.d" / "coachsync.conf"


def for_system(root: Path, text: str, users: str, coaches: str | None) -> Service:
    """The service of the machine, whose files stand below `root`, usually /etc: not started, as what it needs comes
    next. `coaches` is what the unit has besides where coaches work beside it, else None."""
    accounts, folder = accounts_of(root), root / "systemd" / "system"
    return Service(
        files={folder / UNIT: text, accounts: users} | ({} if coaches is None else {folder / _COACHES: coaches}),
        started=(("systemd-sysusers", str(accounts)), ("systemctl", "daemon-reload")),
        stopped=(("systemctl", "disable", "--now", UNIT),),
        gone=(("systemctl", "daemon-reload"),),
    )


def starting(unit: str, command: Sequence[str]) -> str:
    """The unit, with `command` as what it starts."""
    line = " ".join(as_word(word).replace("$", "$$") for word in command)
    return setting(unit, "ExecStart", line)


def closing(folders: str, state: Path, config: Config) -> str:
    """What closes folders, with the state folder, those of shares that are files, those of backups and the inbox left
    open.

    A share's folder may be missing, which then concerns that share alone; so may one on a disk that is not connected.
    """
    targets = {share.to.path.parent for share in config.shares.values() if isinstance(share.to, FileTarget)}
    dropped = config.inbox.folder if config.inbox else None
    targets |= {folder for folder in (config.backup.folder, config.backup.mirror, dropped) if folder is not None}
    return setting(folders, "ReadWritePaths", f"{as_word(str(state))} {words(sorted(targets))}".strip())


def words(folders: Iterable[Path]) -> str:
    """Folders as a setting takes them, each of which may be missing."""
    return " ".join(as_word(f"-{folder}") for folder in folders)


def install(service: Service) -> None:
    """Write the files and tell systemd; doing it again mends whatever was left half done.

    Raises CoachsyncError, and takes away again what it wrote where systemd does not even look at it. A service that was
    there before stays, and one that does not start stays to be looked into.
    """
    for folder in service.folders:
        make_state_folder(folder)
    new = [path for path in service.files if not path.exists()]
    seen = 0
    try:
        for path, text in service.files.items():
            units.put(path, text)
        for command in service.started:
            units.manage(command)
            seen += "daemon-reload" in command
    except CoachsyncError:
        for path in () if seen else new:
            units.drop(path)
        raise


def remove(service: Service) -> bool:
    """Stop the service and take its files away, whatever systemd says; whether it was there.

    Raises CoachsyncError when systemd did not do what it was asked to: the files are gone then all the same.
    """
    if not any(path.exists() for path in service.files):
        return False
    refusals = _tell(service.stopped)
    for path in service.files:
        units.drop(path)
    refusals += _tell(service.gone)
    for refusal in refusals:
        raise refusal
    return True


def _tell(commands: Iterable[Command]) -> list[CoachsyncError]:
    """Give every command; what went wrong."""
    refusals = []
    for command in commands:
        try:
            units.manage(command)
        except CoachsyncError as refusal:
            refusals.append(refusal)
    return refusals


def setting(unit: str, key: str, value: str) -> str:
    """The unit with another value of a setting that it has."""
    return re.sub(rf"^{key}=.*$", lambda _: f"{key}={value}", unit, count=1, flags=re.MULTILINE)


def as_word(text: str) -> str:
    """One word of a setting (systemd.syntax(7), systemd.unit(5)): quoted, with no specifier in it."""
    plain = text.replace("%", "%%")
    if re.fullmatch(r"[\w./:@%+,=-]+", plain, re.ASCII):
        return plain
    escaped = "".join(f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else _hex(sign) for sign in plain)
    return f'"{escaped}"'


def _hex(sign: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in sign.encode())
