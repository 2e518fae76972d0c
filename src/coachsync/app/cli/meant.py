"""The client whom a command is about: by the code, or by a name that is typed where nobody else sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachsync.app.cli.asking import typed
from coachsync.phrases import say

if TYPE_CHECKING:
    from coachsync.app.wiring import Wiring
    from coachsync.clients.directory import Client

_PROMPT = "-"
_WHO = say("Client")


def meant(wiring: Wiring, code: str, name: str | None) -> Client:
    """The client whom the argument means, or the name that was typed in its place."""
    from coachsync.app.clients.finding import by_code, by_name

    return by_code(wiring.clients, code) if name is None else by_name(wiring.clients, name)


def typed_name(code: str) -> str | None:
    """The name that is typed in the place of a code, None when a code was given."""
    return typed(_WHO, "CODE") if code == _PROMPT else None
