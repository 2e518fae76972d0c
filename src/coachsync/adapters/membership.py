"""Who a user is to the state folder, and what somebody is told whom it is shut to."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shlex
from pathlib import Path

from coachsync.adapters.privacy import group_of
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError, Locked
from coachsync.phrases import Phrase, say

_WHERE = "practice.state"
_LET_IN = "sudo coachsync service install --system --coach {user}"


def user_name(number: int) -> str:
    """What a user is called here; the number of one who has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """What a group is called here; the number of one that has no name."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def members(number: int) -> frozenset[str]:
    """Who was let into a group; not those whose own it is."""
    try:
        return frozenset(grp.getgrgid(number).gr_mem)
    except KeyError:
        return frozenset()


def letting_in(user: str) -> str:
    """The command that lets a coach work on the state of the service."""
    return _LET_IN.format(user=user)


def refuse_shut(state: Path) -> None:
    """Raise CoachsyncError for a state folder that this user may not enter: else it would look as if nothing were in
    it."""
    if os.access(state, os.F_OK) and not os.access(state, os.X_OK):
        raise state_refused(PermissionError(errno.EACCES, ""), state)


def refuse_planted(state: Path) -> None:
    """Raise CoachsyncError where others have put into a state folder that is shared what is neither file nor folder: a
    link leads those who work there elsewhere, where their rights reach further, and a pipe makes them wait for ever."""
    if group_of(state) is None:
        return
    for folder in (state, *_folders(state), *_folders(state / "vault")):
        for one in _entries(folder):
            if not (one.is_file(follow_symlinks=False) or one.is_dir(follow_symlinks=False)) and _is_foreign(one):
                raise _planted(Path(one.path))


def _folders(folder: Path) -> list[Path]:
    return [Path(one.path) for one in _entries(folder) if one.is_dir(follow_symlinks=False)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # whoever works with it is told
        return []


def _is_foreign(one: os.DirEntry[str]) -> bool:
    try:
        return one.stat(follow_symlinks=False).st_uid not in (0, os.geteuid())
    except FileNotFoundError:  # it has gone meanwhile
        return False


def _planted(path: Path) -> CoachsyncError:
    planted = CoachsyncError(
        "state-planted",
        say(
            "Another user has put a link or a pipe into the state folder: nothing was done, for it could lead anywhere."
        ),
        say("Ask who has put it there: coachsync has not. Then remove it."),
        where=_WHERE,
    )
    planted.aside = say("Run: {command}", command=f"sudo rm {shlex.quote(str(path))}")
    return planted


def refuse_service(state: Path) -> None:
    """Raise Locked for the service of a state that coaches share with it, before anybody is asked for a passphrase:
    what it is given once, it has."""
    group, me = group_of(state), os.geteuid()
    if group is not None and _owner(state) == me and members(group) - {user_name(me)}:
        raise Locked(
            "vault-as-service",
            say("This is the user whom the service works as: it must never open a note, nor be given a passphrase."),
            say(
                "Give this command as yourself, without sudo, once you were let in: {command}",
                command=letting_in("USER"),
            ),
        )


def refuse_all_but_coaches(state: Path) -> None:
    """The same, and for the administrator in the state of somebody else: what is written in clear meanwhile would be
    that one's, or lie where the coach never looks for it."""
    refuse_service(state)
    if os.geteuid() == 0 and _owner(state) not in (None, 0):
        raise Locked(
            "vault-as-administrator",
            say("The vault is opened by a coach, and not by the administrator in the name of one."),
            say("Give this command again without sudo."),
        )


def state_refused(problem: OSError, state: Path) -> CoachsyncError:
    """What a person is told to whom the system refuses the state folder, or the lock in it."""
    if is_full(problem):
        return no_room(_WHERE)
    hint, aside = _advice(state) if isinstance(problem, PermissionError) else (_ours(), "")
    refused = CoachsyncError(
        "state-not-writable",
        say("The system refuses the state folder, or the lock file in it: {reason}.", reason=reason(problem)),
        hint,
        where=_WHERE,
    )
    refused.aside = aside
    return refused


def _advice(state: Path) -> tuple[Phrase, Phrase | str]:
    """What to do about it, and the command, which names the user."""
    me, group, owner = os.geteuid(), group_of(state), _owner(state)
    command = say("Run: {command}", command=letting_in(user_name(me)))
    if group is None:
        if owner in (None, me):
            return _ours(), ""
        return (
            say(
                "The state folder belongs to another user of this computer. If that is the service, the administrator "
                "can let you work on it too; then log out and in again."
            ),
            command,
        )
    if group in (os.getegid(), *os.getgroups()):
        return _ours(), ""
    if user_name(me) in members(group):
        return say("You were let into the service's group since you logged in: log out and in again."), ""
    return (
        say(
            "The service shares this folder with the coaches in its group, and you are not one of them. Ask the "
            "administrator to let you in; then log out and in again."
        ),
        command,
    )


def _owner(state: Path) -> int | None:
    try:
        return state.stat().st_uid
    except OSError:
        return None


def _ours() -> Phrase:
    return say("Check that the state folder and all that is in it belong to the user who runs coachsync.")
