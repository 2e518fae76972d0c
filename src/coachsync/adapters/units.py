"""systemd: the units that come with coachsync, where they are put, and the commands that manage them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import coachsync
from coachsync.adapters.files import write_atomically
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_PACKAGE = Path(coachsync.__file__).parent
_SHIPPED = (_PACKAGE / "systemd", _PACKAGE.parents[1] / "systemd")  # in an installed package, in a clone
_READABLE = 0o644
_PATIENCE = 180  # seconds; a service has 120 to say that it is ready

SYSTEM_FOLDERS = tuple(map(Path, ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")))
_HANDING = re.compile(r"^\s*((?:Load|Set|Import)Credential(?:Encrypted)?)\s*=\s*(\S+)", re.MULTILINE)

# What keeps users from having namespaces of their own: each file below /proc/sys, and what it then says.
_FORBIDDEN = {
    "kernel/unprivileged_userns_clone": "0",
    "kernel/apparmor_restrict_unprivileged_userns": "1",
    "user/max_user_namespaces": "0",
}


class Handed(NamedTuple):
    """A line of a unit by which it is handed a credential: the file, the setting, and the name, which may be a pattern
    where the setting takes one."""

    file: Path
    setting: str
    name: str

    def is_of(self, credential: str) -> bool:
        """Whether it hands out the credential of this name."""
        return fnmatchcase(credential, self.name) if self.setting.startswith("Import") else credential == self.name


def shipped(name: str) -> str:
    """The text of a unit as it comes with coachsync, by its path below systemd/."""
    for folder in _SHIPPED:
        with suppress(FileNotFoundError):
            return (folder / name).read_text(encoding="utf-8")
    raise CoachsyncError(
        "installation-incomplete",
        say("The installation of coachsync lacks the files of its service."),
        say("Install it again."),
    )


def put(path: Path, text: str) -> None:
    """Write a unit, readable by all, in a folder that is made. Raises CoachsyncError when the system refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _refused(problem) from None
    write_atomically(path, text.encode(), _READABLE)


def drop(path: Path) -> None:
    """Take a unit away, and the folder of a drop-in when nothing else is in it. Raises CoachsyncError as `put` does."""
    try:
        path.unlink(missing_ok=True)
    except OSError as problem:
        raise _refused(problem) from None
    if path.parent.suffixes[-2:] == [".service", ".d"]:
        with suppress(OSError):  # it holds what somebody else put there
            path.parent.rmdir()


def manage(command: Sequence[str]) -> None:
    """Run one of systemd's own commands. Raises CoachsyncError when it is not there or does not succeed."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of our own words, no shell
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except OSError:
        raise CoachsyncError(
            "no-systemd",
            say("This machine has no systemd, or it cannot be called."),
            say("Let whatever starts programs here start: coachsync run"),
        ) from None
    except subprocess.TimeoutExpired:
        raise _failed(command) from None
    if done.returncode:
        failure = _failed(command)
        failure.aside = done.stderr.decode(errors="replace").strip()
        raise failure


def handed(unit: str, folders: Sequence[Path] = SYSTEM_FOLDERS) -> Iterator[Handed]:
    """The credentials that a unit is handed (systemd.exec(5)), by itself or by what stands beside it. What cannot be
    read says nothing."""
    for folder in folders:
        for file in (folder / unit, *sorted((folder / f"{unit}.d").glob("*.conf"))):
            with suppress(OSError, ValueError):
                for found in _HANDING.finditer(file.read_text(encoding="utf-8")):
                    yield Handed(file, found[1], found[2].strip("\"'").partition(":")[0])


def users_have_namespaces(settings: Path = Path("/proc/sys")) -> bool:
    """Whether a user's own systemd can close folders to a service; `settings` is the kernel's."""
    for name, forbidden in _FORBIDDEN.items():
        with suppress(OSError):
            if (settings / name).read_text(encoding="ascii").strip() == forbidden:
                return False
    return True


def _failed(command: Sequence[str]) -> CoachsyncError:
    return CoachsyncError(
        "systemd-refused",
        say("systemd did not do what it was asked to: {command}", command=" ".join(command)),
        say("Give that command yourself to see more."),
    )


def _refused(problem: OSError) -> CoachsyncError:
    return CoachsyncError(
        "service-file-refused",
        say("The system refused a change of the service's files: {reason}.", reason=reason(problem)),
        say("Check who may write in that folder."),
    )
