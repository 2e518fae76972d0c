"""Passwords, read at the moment they are needed: from a file that only its owner can read, and the group that shares
the state folder; from a command, from the keyring, or from a credential that systemd handed over.

A secret is a plain string that is handed on and never stored. No message here holds any of it, nor the command.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import stat
import subprocess
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from coachsync.adapters import oskeyring
from coachsync.adapters.credentials import credential
from coachsync.adapters.extras import storing
from coachsync.adapters.membership import group_name
from coachsync.errors import Misconfigured, Temporary
from coachsync.phrases import Phrase, say

_MOST = 4096  # bytes; no server takes a longer password
_OTHERS = 0o077
_BUT_READING = 0o037  # by the group
_STEP = 0.05  # seconds between two looks at a command


class Source(Protocol):
    """Where a password is kept: a file, a command and its arguments, or the name of an entry or credential."""

    @property
    def file(self) -> Path | None: ...

    @property
    def command(self) -> tuple[str, ...] | None: ...

    @property
    def keyring(self) -> str | None: ...

    @property
    def credential(self) -> str | None: ...


def obtain(source: Source | None, group: int | None = None) -> str:
    """The password that is kept there; empty when an account has none. `group` is whom the state folder is shared with.
    Raises as the functions below do."""
    if source is None:
        return ""
    if source.file is not None:
        return from_file(source.file, group)
    if source.keyring is not None:
        return from_keyring(source.keyring)
    if source.credential is not None:
        return from_credential(source.credential)
    return from_command(source.command or ())


def renewing(source: Source | None) -> str:
    """What to do when the password is no longer the right one, for the coach's own terminal: it names the place.

    Of a command it names the program alone: its arguments may hold what must not be shown.
    """
    if source is None:
        return ""
    if source.file is not None:
        return say("Did the password change? Write the new one into {file}, alone on one line.", file=source.file)
    if source.keyring is not None:
        return say("Did the password change? Store the new one: {command}", command=storing(source.keyring))
    if source.credential is not None:
        return say(
            "Did the password change? Put the new one into the systemd credential {name} and start the service again.",
            name=source.credential,
        )
    return say(
        "Did the password change? Store the new one where this program gets it: {program}",
        program=next(iter(source.command or ()), ""),
    )


def from_file(path: Path, group: int | None = None) -> str:
    """The file's text without one trailing line ending. A file of this group, whoever owns it, may be readable by it.

    The checks are made on the opened file itself, so it cannot be swapped between check and reading. Raises
    Misconfigured when it is missing, unreadable, not a file, open to others, somebody else's, empty, longer than 4096
    bytes, not UTF-8 or more than one line; `aside` names the file.
    """
    try:
        return _text(_content(path, group), "secret-file")
    except Misconfigured as problem:
        problem.aside = _about(path, problem.code, group)
        raise


def _content(path: Path, group: int | None) -> bytes:
    try:
        # A pipe without a writer would keep a blocking open waiting for ever.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Misconfigured(
            "secret-file-missing",
            say("The password file does not exist."),
            say("Create it, with the password alone on one line."),
        ) from None
    except (OSError, ValueError):
        raise _unreadable(say("The password file cannot be opened.")) from None
    try:
        _refuse_unsafe(os.fstat(handle), group)
        return os.read(handle, _MOST + 1)
    except OSError:
        raise _unreadable(say("The password file cannot be read.")) from None
    finally:
        os.close(handle)


def _about(path: Path, code: str, group: int | None) -> Phrase:
    """Which file it is, and what to do with it: for the coach's own terminal."""
    quoted = shlex.quote(str(path))
    closing = f"chmod 600 {quoted}"
    if group is not None:
        closing = f"chgrp {group_name(group)} {quoted} && chmod 640 {quoted}"
    if code == "secret-file-missing":
        return say("Write it into {file}, then run: {command}", file=path, command=closing)
    if code == "secret-file-open" or (code == "secret-file-unreadable" and group is not None):
        return say("Run: {command}", command=closing)
    return say("The file is {file}", file=path)


def open_to_others(path: Path, group: int | None = None) -> bool:
    """Whether others on this machine can touch the file than its owner, and this group; not, when there is none."""
    try:
        return _is_open(path.stat(), group)
    except (OSError, ValueError):
        return False


def from_command(argv: Sequence[str], timeout: float = 30.0) -> str:
    """The first line that the command prints; `timeout` in seconds. It runs without a shell and without stdin.

    Its error output is thrown away: it may repeat what must not be shown. Raises Misconfigured when the command cannot
    be run, ends with an error or prints no password, Temporary when it takes too long.
    """
    deadline = time.monotonic() + timeout
    try:
        process = subprocess.Popen(  # noqa: S603 - the coach's own command, a list of words, no shell
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError):
        raise Misconfigured(
            "secret-command-not-run",
            say("The password command cannot be started."),
            say("Check that the program is installed and that the first word of the list is its name."),
        ) from None
    with process:
        try:
            output = _output(process, deadline)
            code = process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise Temporary(
                "secret-command-slow",
                say("The password command gave no answer within {seconds:g} seconds.", seconds=timeout),
                say("It must not ask anything: unlock the password store first, or use {{ file = ... }}."),
            ) from None
        finally:
            _end(process)
    if code:
        raise Misconfigured(
            "secret-command-failed",
            say("The password command ended with exit code {code}.", code=code),
            say("Run it by hand to see why; it must print the password on its first line."),
        )
    return _text(output.split(b"\n", 1)[0], "secret-command")


def from_keyring(name: str, timeout: float = oskeyring.TIMEOUT) -> str:
    """The entry of this name of the service "coachsync"; `timeout` in seconds.

    Raises Misconfigured when there is no keyring or no such entry, or it holds no password, Temporary when the keyring
    is locked, fails or takes too long.
    """
    kept = oskeyring.read(name, timeout)
    if kept is None:
        raise _no_entry(name)
    return _text(kept.encode(), "keyring-entry")


def store_in_keyring(name: str, secret: str) -> None:
    """Keep the password under this name, where `from_keyring` finds it, and read it back. Raises as that does."""
    oskeyring.store(name, _text(secret.encode(), "keyring-entry"))


def from_credential(name: str) -> str:
    """The systemd credential of this name, without one trailing line ending.

    Raises Misconfigured when none was handed to this process, it is open to others or holds no password.
    """
    content = credential(name)
    if content is None:
        raise Misconfigured(
            "credential-not-given",
            say("This process was given no credential of this name."),
            say(
                "Credentials are given to the service only, by this line of its unit: "
                "LoadCredentialEncrypted={name}:/etc/credstore.encrypted/{name}",
                name=name,
            ),
        )
    return _text(content, "credential")


def _no_entry(name: str) -> Misconfigured:
    missing = Misconfigured(
        "keyring-entry-missing",
        say("The keyring holds no password of this name."),
        say("Store it there, for the service coachsync under the name {name}.", name=name),
    )
    missing.aside = say("Run: {command}", command=storing(name))
    return missing


def _output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What the command prints; past the longest password it is read, so that the command can end, and dropped."""
    if process.stdout is None:
        return b""
    handle = process.stdout.fileno()
    output = b""
    while True:
        ended = process.poll() is not None
        # A program left in the background may keep the pipe open after the command itself has ended.
        ready, _, _ = select.select([handle], [], [], 0 if ended else _STEP)
        chunk = os.read(handle, 65536) if ready else b""
        if not chunk and (ready or ended):
            return output
        if time.monotonic() >= deadline:
            raise subprocess.TimeoutExpired("password command", 0)
        if len(output) <= _MOST:
            output += chunk


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a command that is still running, with everything it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _is_open(status: os.stat_result, group: int | None) -> bool:
    return bool(status.st_mode & (_BUT_READING if status.st_gid == group else _OTHERS))


def _ours() -> set[int]:
    """Who may own the file: this user, the administrator, or who has become that by sudo for this command."""
    asking = os.environ.get("SUDO_UID", "") if os.geteuid() == 0 else ""
    return {os.geteuid(), 0} | ({int(asking)} if asking.isdecimal() else set())


def _is_lent(status: os.stat_result, group: int | None) -> bool:
    """Whether the file is another user's, who lets the group read it: only one of the group can give it that group."""
    return status.st_gid == group and bool(status.st_mode & stat.S_IRGRP)


def _refuse_unsafe(status: os.stat_result, group: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(say("The password file is not a file."))
    if _is_open(status, group):
        raise Misconfigured(
            "secret-file-open",
            say("Others on this machine can read the password file."),
            say("Close it to them; if they may have read the password, change it."),
        )
    if status.st_uid not in _ours() and not _is_lent(status, group):
        raise Misconfigured(
            "secret-file-open",
            say("The password file belongs to another user, who can read and change it."),
            say("Give it to the user who runs coachsync (chown), then close it to others."),
        )


def _unreadable(message: str) -> Misconfigured:
    return Misconfigured(
        "secret-file-unreadable",
        message,
        say("Name a file that the user who runs coachsync can read, with the password."),
    )


def _text(content: bytes, source: str) -> str:
    if len(content) > _MOST:
        raise Misconfigured(
            f"{source}-too-long",
            say("The password is longer than {most} bytes.", most=_MOST),
            say("Is it the right file or command?"),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured(
            f"{source}-not-text", say("The password is not UTF-8 text."), say("Store it again as UTF-8.")
        ) from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise Misconfigured(f"{source}-empty", say("There is no password."), say("Put the password on the first line."))
    if any(unicodedata.category(character) == "Cc" for character in secret):  # RFC 7617 section 2
        raise Misconfigured(
            f"{source}-not-text",
            say("The password holds a line break or control character."),
            say("Keep it on one line."),
        )
    return secret
