"""The coaches who work beside the service of the machine: let into its group, and so into its state."""

from __future__ import annotations

import pwd
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from coachsync.adapters import sharing, units
from coachsync.app.service import UNIT, as_word
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say

USER = GROUP = "coachsync"
_MEMBER = re.compile(rf"^m (\S+) {GROUP}$", re.MULTILINE)  # sysusers.d(5)
# Which user a file there is of, and whether a program has it open, is told to no process with users of its own
# (PrivateUsers=), nor the latter without this capability, of files that are another user's (fcntl(2), F_SETLEASE).
_SEEING = ("PrivateUsers=no", "CapabilityBoundingSet=CAP_LEASE", "AmbientCapabilities=CAP_LEASE")
_HOMES = ("/home", "/root", "/run/user")  # what ProtectHome= closes (systemd.exec(5))


def let_in_before(accounts: Path) -> tuple[str, ...]:
    """The coaches whom a file of accounts names that was put in place before, and who are still users here: systemd
    would make others anew."""
    try:
        named = _MEMBER.findall(accounts.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(name for name in named if _number(name) is not None)


def refuse_nobody(coaches: Iterable[str]) -> None:
    """Raise UsageError for a coach who is no user of this machine, or not one of their own."""
    for name in coaches:
        number = _number(name)
        if number is None:
            raise UsageError(
                "no-such-user",
                say("There is no user of that name on this computer."),
                say("Give the name that the coach logs in with: --coach NAME"),
                where="--coach",
            )
        if number == 0 or name == USER:
            raise UsageError(
                "coach-is-the-service",
                say("A coach is another user than the administrator and the service: that is what protects the notes."),
                say("Give the name that the coach logs in with: --coach NAME"),
                where="--coach",
            )


def _number(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def accounts_with(users: str, coaches: Iterable[str]) -> str:
    """The file of accounts, with these coaches in the service's group."""
    return users + "".join(f"m {name} {GROUP}\n" for name in coaches)


def reaching(drop_in: str, inbox: Path | None) -> str:
    """What the unit has besides for coaches, with the folder in which they drop files: it may lie in a home, of which
    the service sees nothing else. Of what lies there the service has to see whose it is, and that nobody writes it."""
    if inbox is None:
        return drop_in
    place = as_word(f"-{inbox}").removeprefix('"').removesuffix('"')
    lines = [f'BindPaths="{place}"']  # quoted: a colon would end the name of the folder
    if any(inbox.is_relative_to(home) for home in _HOMES):
        lines.insert(0, "ProtectHome=tmpfs")
    return drop_in + "".join(f"{line}\n" for line in ["# Where the coaches drop files.", *lines, *_SEEING])


def let_in(state: Path, inbox: Path | None, coaches: Collection[str]) -> bool:
    """Share the state with the service's group, and the inbox, once the accounts are there; a service that runs begins
    anew with it. Whether files in the inbox will be the group's whatever program puts them there.

    Raises CoachsyncError when the system refuses.
    """
    owner, group = account()
    sharing.share_state(state, owner, group)
    owners = [pwd.getpwnam(name).pw_uid for name in coaches]
    sure = True if inbox is None else sharing.share_folder(inbox, group, owners)
    units.manage(("systemctl", "try-restart", UNIT))
    return sure


def account() -> tuple[int, int]:
    """The service's user and group, by their numbers. Raises CoachsyncError when there is none."""
    try:
        found = pwd.getpwnam(USER)
    except KeyError:
        raise CoachsyncError(
            "no-service-user",
            say("There is no user coachsync on this computer, though systemd was asked to make it."),
            say("To see why: systemd-sysusers /etc/sysusers.d/coachsync.conf"),
        ) from None
    return found.pw_uid, found.pw_gid
