"""The keyring of the desktop (GNOME, KDE, macOS), through the package `keyring`, which is an optional part.

Every question has a time limit. Names of entries are ours or the coach's own; no message holds a secret.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

from coachsync.adapters import oskeyring_child
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from coachsync.phrases import say

TIMEOUT = 30.0  # seconds: a person may have to type the passphrase of the keyring


def read(entry: str, timeout: float = TIMEOUT) -> str | None:
    """What is kept under this name of the service "coachsync"; None when there is no such entry.

    Raises Misconfigured when there is no keyring here, Temporary when it is shut, fails or does not answer in
    `timeout` seconds.
    """
    kept = _ask({"do": "read", "entry": entry}, timeout)["secret"]
    return None if kept is None else str(kept)


def store(entry: str, secret: str, timeout: float = TIMEOUT) -> None:
    """Keep the secret under this name, in the place of what was there, and read it back. Raises as `read` does."""
    if _ask({"do": "store", "entry": entry, "secret": secret}, timeout)["secret"] != secret:
        raise Temporary(
            "keyring-failed",
            say("The keyring took something and does not give it back."),
            say("Look whether the keyring's own program works, then try again."),
        )


def remove(entry: str, timeout: float = TIMEOUT) -> None:
    """Remove the entry if it is there. Raises as `read` does, and Temporary when it stays."""
    if _ask({"do": "remove", "entry": entry}, timeout)["secret"] is not None:
        raise _failed()


def backend(timeout: float = TIMEOUT) -> str:
    """The dotted name of the class that stands for the keyring here, e.g. "keyring.backends.SecretService.Keyring"."""
    return str(_ask({"do": "name"}, timeout)["backend"])


def _ask(question: dict[str, Any], timeout: float) -> dict[str, Any]:
    answer = _answer(question, timeout)
    failure = answer.get("failure")
    if failure:
        raise _FAILURES.get(failure, _failed)()
    return answer


def _answer(question: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Ask a process of its own, which has no terminal to ask anything on, and end it when it takes too long."""
    arguments = ["-P", "-W", "ignore", "-m", oskeyring_child.__name__]
    try:
        process = subprocess.Popen(  # noqa: S603 - this very interpreter, with our own module
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        raise _failed() from None
    with process:
        try:
            out, _ = process.communicate(json.dumps(question).encode(), timeout)
            answer: dict[str, Any] = json.loads(out)
        except subprocess.TimeoutExpired:
            raise _slow(timeout) from None
        except ValueError:
            raise _failed() from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return answer


def _not_installed() -> CoachsyncError:
    return Misconfigured(
        "keyring-not-installed",
        say("The part of coachsync that opens the keyring is not installed."),
        say("Install it: pipx inject coachsync keyring (or: pip install 'coachsync[keyring]')."),
    )


def _none() -> CoachsyncError:
    return Misconfigured(
        "keyring-none",
        say("There is no keyring here that coachsync can use."),
        say(
            "A keyring belongs to a desktop session: run coachsync in it, or keep the secret in a file or in a systemd "
            "credential."
        ),
    )


def _locked() -> CoachsyncError:
    return Temporary(
        "keyring-locked",
        say("The keyring is locked."),
        say("Unlock it: sign in to the desktop, or open it in its own program; then try again."),
    )


def _slow(timeout: float) -> CoachsyncError:
    return Temporary(
        "keyring-slow",
        say("The keyring gave no answer within {seconds} seconds.", seconds=f"{timeout:g}"),
        say("Unlock it first: sign in to the desktop, or open it in its own program; then try again."),
    )


def _failed() -> CoachsyncError:
    return Temporary(
        "keyring-failed",
        say("The keyring does not work."),
        say("Look whether the keyring's own program works, then try again."),
    )


_FAILURES = {"not-installed": _not_installed, "none": _none, "locked": _locked}
