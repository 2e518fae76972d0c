"""A notice on the coach's desktop (org.freedesktop.Notifications, over D-Bus).

A library and not the program notify-send: what it says would stand in the list of processes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from html import escape

from coachsync.adapters.dbus import Bus, Place, Unreachable
from coachsync.errors import CoachsyncError, Temporary
from coachsync.phrases import say

_NAME = "org.freedesktop.Notifications"
_SERVICE = Place(_NAME, "/org/freedesktop/Notifications", _NAME)
_NORMAL, _CRITICAL = 1, 2  # a critical notice stays until somebody has seen it
_USUAL_TIME = -1
_PROGRAM = "coachsync"


def show(summary: str, text: str, *, critical: bool, timeout: float = 5.0) -> None:
    """Show a notice; `timeout` in seconds for everything together.

    Raises CoachsyncError (`no-desktop`) where nobody sits at a desktop, Temporary when it does not answer.
    """
    hints = {"urgency": ("y", _CRITICAL if critical else _NORMAL)}
    body: tuple[object, ...] = (_PROGRAM, 0, "", summary, escape(text, quote=False), [], hints, _USUAL_TIME)
    _call(timeout, "Notify", "susssasa{sv}i", *body)


def reach(timeout: float = 5.0) -> None:
    """Whether notices can be shown, without showing one. Raises as `show` does."""
    _call(timeout, "GetServerInformation")


def _call(timeout: float, member: str, signature: str | None = None, *body: object) -> None:
    try:
        with closing(Bus(_bus(os.environ), timeout)) as bus:
            bus.call(_SERVICE, member, signature, *body)
    except TimeoutError:
        raise Temporary(
            "desktop-timeout", say("The desktop did not answer in time."), say("Try again later.")
        ) from None
    except Unreachable:
        raise _nobody() from None


def _bus(environ: Mapping[str, str]) -> str:
    """The address of the session's bus; systemd's usual place where nothing names it."""
    folder = environ.get("XDG_RUNTIME_DIR")
    address = environ.get("DBUS_SESSION_BUS_ADDRESS") or (f"unix:path={folder}/bus" if folder else "")
    if not address:
        raise _nobody()
    return address


def _nobody() -> CoachsyncError:
    return CoachsyncError(
        "no-desktop",
        say("There is no desktop here that shows notices."),
        say("They are shown when coachsync runs in your own session; use mail otherwise, or leave desktop away."),
    )
