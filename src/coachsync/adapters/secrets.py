"""Passwords, read at the moment they are needed: from a file that only its owner can read, from a command, from the
keyring, or from a credential that systemd handed over.

A secret is a plain string that is handed on and never stored. No message here holds any of it, nor the command.
"""

from __future__ import annotations

import os
import select
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
from coachsync.errors import Misconfigured, Temporary
from coachsync.phrases import say

_MOST = 4096  # bytes; no server takes a longer password
_OTHERS = 0o077
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


def obtain(source: Source | None) -> str:
    """The password that is kept there; empty when an account has none. Raises as the two functions below do."""
    if source is None:
        return ""
    if source.file is not None:
        return from_file(source.file)
    if source.keyring is not None:
        return from_keyring(source.keyring)
    if source.credential is not None:
        return from_credential(source.credential)
    return from_command(source.command or ())


def from_file(path: Path) -> str:
    """The file's text without one trailing line ending.

    The checks are made on the opened file itself, so it cannot be swapped between check and reading. Raises
    Misconfigured when it is missing, unreadable, not a file, open to others, somebody else's, empty, longer than 4096
    bytes, not UTF-8 or more than one line.
    """
    try:
        # A pipe without a writer would keep a blocking open waiting for ever.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Misconfigured(
            "secret-file-missing",
            say("The password file does not exist."),
            say("Create it, with the password on one line."),
        ) from None
    except (OSError, ValueError):
        raise _unreadable(say("The password file cannot be opened.")) from None
    try:
        _refuse_unsafe(os.fstat(handle))
        content = os.read(handle, _MOST + 1)
    except OSError:
        raise _unreadable(say("The password file cannot be read.")) from None
    finally:
        os.close(handle)
    return _text(content, "secret-file")


def open_to_others(path: Path) -> bool:
    """Whether others on this machine can touch the file; not, when there is none."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
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
        raise Misconfigured(
            "keyring-entry-missing",
            say("The keyring holds no password of this name."),
            say("Put it there: keyring set coachsync {name}", name=name),
        )
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


def _refuse_unsafe(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(say("The password file is not a file."))
    if status.st_mode & _OTHERS:
        raise Misconfigured(
            "secret-file-open",
            say("Others on this machine can read the password file."),
            say("Run: chmod 600 on that file."),
        )
    if status.st_uid not in {os.geteuid(), 0}:
        raise Misconfigured(
            "secret-file-open",
            say("The password file belongs to another user, who can read and change it."),
            say("Give it to the user who runs coachsync (chown), then chmod 600."),
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
