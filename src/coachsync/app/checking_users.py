"""Whether what works in the background is another user of the machine than the coach (promise 7), and whether both can
do their work then. The state folder is the background's; whoever runs a command is the coach."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from coachsync.adapters import units
from coachsync.adapters.membership import group_name, letting_in, members, user_name
from coachsync.adapters.privacy import CLOSED, SHARED, SHARED_FOLDER, group_of
from coachsync.adapters.slotsecrets import credential_name
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.backup import scheduling
from coachsync.app.checking import Check, Grade
from coachsync.app.service import UNIT
from coachsync.app.vault.trusting import trusted, vault_folder
from coachsync.config import Config
from coachsync.errors import CoachsyncError
from coachsync.phrases import Phrase, say, say_count
from coachsync.vault.keyslots import By

UNITS = (UNIT, scheduling.UNIT)
_WHERE = "practice.state"
_LISTED = 3  # files that are named, each with what mends it
_GROUP, _OTHERS = 0o070, 0o007


def check_users(config: Config) -> Iterator[Check]:
    """What there is to say of it. Nothing is changed."""
    state = config.practice.state
    group = group_of(state)
    if group is None:
        yield from _half_shared(state)
    else:
        yield from _shared(config, state.stat(), group)
    if group is None or not _coaches(state.stat(), group):
        yield from _same_user(config)
    yield from _secrets(config)


def _secrets(config: Config) -> Iterator[Check]:
    """What opens the vault for a coach, and is handed to the service by systemd."""
    with suppress(CoachsyncError):  # what is wrong with trust.toml, every command on the vault says
        for name, coach in trusted(config).coaches.items():
            if VaultFiles(vault_folder(config)).slot(coach.fingerprint, By.CREDENTIAL) is None:
                continue
            for unit in UNITS:
                yield from (_handed(one) for one in units.handed(unit) if one.is_of(credential_name(name)))


def _handed(line: units.Handed) -> Check:
    """Taken away, what it has handed out is still known to the service: another secret must come in its place."""
    file = shlex.quote(str(line.file))
    taken = f"sudo sed -i '/{line.setting} *=.*{re.escape(line.name)}/d' {file}"
    return Check(
        Grade.BAD,
        "vault-credential-of-the-service",
        _WHERE,
        say(
            "systemd hands the service the secret that opens the vault: whoever breaks into the service can read every "
            "note."
        ),
        say(
            "Let the administrator take that line away, and then make another secret: coachsync vault keyslot remove "
            "credential"
        ),
        say("Run: {command}", command=f"{taken} && sudo systemctl daemon-reload && sudo systemctl try-restart {UNIT}"),
    )


def _same_user(config: Config) -> Iterator[Check]:
    if config.trust.exists() and config.practice.state.stat().st_uid == os.geteuid():
        yield Check(
            Grade.NOTE,
            "same-user",
            _WHERE,
            say(
                "coachsync works in the background as the same user of this computer as you: while the vault is "
                "unlocked, another program of yours could read your notes too."
            ),
            say("That is usual on a computer of one's own. Lock the vault after reading: coachsync vault lock"),
        )


def _half_shared(state: Path) -> Iterator[Check]:
    """A folder that its group may use, and in which what is made is the maker's alone."""
    status = state.stat()
    if status.st_mode & _GROUP == _GROUP and not status.st_mode & _OTHERS:
        yield _bad(
            "state-without-setgid",
            _WHERE,
            say("The state folder is open to its group, and what is made in it is not: nobody else can work with it."),
            f"sudo chmod g+s {shlex.quote(str(state))}",
        )


def _shared(config: Config, state: os.stat_result, group: int) -> Iterator[Check]:
    coaches = _coaches(state, group)
    if not coaches:
        yield _bad(
            "no-coach-in-group",
            _WHERE,
            say("The state folder is shared with a group in which nobody is: no coach can work with it."),
            letting_in("USER"),
        )
    yield from _trusted(config, state.st_uid, group)
    wrong = list(_wrong(config.practice.state, group))
    for path in wrong[:_LISTED]:
        yield _bad(
            "state-file-not-shared",
            str(path.relative_to(config.practice.state)),
            say(
                "Its group or its rights are not those of the state folder: the service and the coaches cannot all "
                "work with it, or others can."
            ),
            _mending(path, group),
        )
    if len(wrong) > _LISTED:
        more = say_count(
            "The same is true of {number} more file or folder.",
            "The same is true of {number} more files and folders.",
            len(wrong) - _LISTED,
        )
        yield _bad("state-file-not-shared", _WHERE, more, letting_in(min(coaches, default="USER")))


def _coaches(state: os.stat_result, group: int) -> frozenset[str]:
    """Who is in the group besides the service."""
    return members(group) - {user_name(state.st_uid)}


def _trusted(config: Config, service: int, group: int) -> Iterator[Check]:
    """Whose the vault is, only the administrator or a coach may say."""
    folder, trust = config.trust.parent, config.trust
    status = folder.stat()
    theirs = status.st_uid == service or (status.st_gid == group and status.st_mode & stat.S_IWGRP)
    if service and (theirs or status.st_mode & stat.S_IWOTH):
        yield _bad(
            "configuration-of-the-service",
            "trust.toml",
            say("The service may write beside its configuration, and could say there whose the vault is."),
            _taking(folder),
        )
    elif service and trust.exists() and trust.stat().st_uid == service:
        yield _bad(
            "trust-of-the-service",
            "trust.toml",
            say("The service owns trust.toml, and could say there whose the vault is."),
            _taking(trust),
        )


def _taking(path: Path) -> str:
    quoted = shlex.quote(str(path))
    return f"sudo chown root {quoted} && sudo chmod go-w {quoted}"


def _wrong(state: Path, group: int) -> Iterator[Path]:
    """What lies in the state folder and has another group, or other rights, than it should."""
    for root, folders, files in os.walk(state):
        for path in (Path(root, name) for name in sorted((*folders, *files))):
            try:
                status = path.lstat()
            except OSError:  # it has gone meanwhile
                continue
            if _kind(status) and (status.st_gid != group or status.st_mode & CLOSED != _kind(status)):
                yield path


def _kind(status: os.stat_result) -> int:
    """The mode that it should have; 0 of what is neither file nor folder."""
    if stat.S_ISDIR(status.st_mode):
        return SHARED_FOLDER
    return SHARED if stat.S_ISREG(status.st_mode) else 0


def _mending(path: Path, group: int) -> str:
    quoted, mode = shlex.quote(str(path)), _kind(path.lstat())
    return f"sudo chgrp {group_name(group)} {quoted} && sudo chmod {mode:o} {quoted}"


def _bad(code: str, where: str, message: Phrase, command: str) -> Check:
    hint = say("The administrator can mend that.")
    return Check(Grade.BAD, code, where, message, hint, say("Run: {command}", command=command))
