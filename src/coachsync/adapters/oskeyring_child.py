"""The process that talks to the keyring, the only importer of it: one question on stdin, one answer on stdout, as JSON.

It is a process of its own because a keyring may ask its user something and wait for ever: then it is ended, and the
question goes from the screen with it.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "coachsync"
PATIENCE = 60  # seconds after which the process ends by itself, when nobody is left to end it
_SHUT = ("Locked", "Dismissed", "InitError")  # in the names of what keyrings raise while they are shut


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What the keyring says: `{"secret", "backend"}`, or `{"failure"}`, one of not-installed, none, locked and failed.

    `question` is `{"do": "read" | "store" | "remove" | "name", "entry", "secret"}`. What a keyring raises is told by
    its kind alone: its words may hold what must not be shown.
    """
    try:
        import keyring
        from keyring import errors
        from keyring.backends import fail, null
    except ImportError:
        return {"failure": "not-installed"}
    try:
        backend = keyring.get_keyring()
        if isinstance(backend, fail.Keyring | null.Keyring):
            return {"failure": "none"}
        return {"secret": _done(backend, question), "backend": _named(backend)}
    except errors.NoKeyringError:
        return {"failure": "none"}
    except Exception as problem:  # noqa: BLE001 - a backend is a plug-in and may raise anything
        shut = any(word in type(problem).__name__ for word in _SHUT)
        return {"failure": "locked" if shut else "failed"}


def _done(backend: KeyringBackend, question: dict[str, Any]) -> str | None:
    entry = question.get("entry", "")
    if question["do"] == "store":
        backend.set_password(SERVICE, entry, question["secret"])
    elif question["do"] == "remove" and backend.get_password(SERVICE, entry) is not None:
        backend.delete_password(SERVICE, entry)
    return None if question["do"] == "name" else backend.get_password(SERVICE, entry)


def _named(backend: KeyringBackend) -> str:
    """The class by its dotted name; of several in a row, the one that keeps what is stored, the first."""
    kind = type(next(iter(getattr(backend, "backends", ())), backend))
    return f"{kind.__module__}.{kind.__name__}"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(PATIENCE)
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
