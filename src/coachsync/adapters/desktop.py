"""A notice on the coach's desktop (org.freedesktop.Notifications, over D-Bus). The only importer of jeepney.

A library and not the program notify-send: what it says would stand in the list of processes. Of jeepney only what reads
and writes messages is used: its own connection waits for ever for a bus that does not answer the first word.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Mapping
from html import escape

from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_call
from jeepney.bus import get_bus
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import prep_socket

from coachsync.errors import CoachsyncError, Temporary
from coachsync.phrases import say

_SERVICE = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_NORMAL, _CRITICAL = 1, 2  # a critical notice stays until somebody has seen it
_USUAL_TIME = -1
_PROGRAM = "coachsync"


def show(summary: str, text: str, *, critical: bool, timeout: float = 5.0) -> None:
    """Show a notice; `timeout` in seconds for everything together.

    Raises CoachsyncError (`no-desktop`) where nobody sits at a desktop, Temporary when it does not answer.
    """
    hints = {"urgency": ("y", _CRITICAL if critical else _NORMAL)}
    body: tuple[object, ...] = (_PROGRAM, 0, "", summary, escape(text, quote=False), [], hints, _USUAL_TIME)
    _call(new_method_call(_SERVICE, "Notify", "susssasa{sv}i", body), timeout)


def reach(timeout: float = 5.0) -> None:
    """Whether notices can be shown, without showing one. Raises as `show` does."""
    _call(new_method_call(_SERVICE, "GetServerInformation"), timeout)


def _call(message: Message, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    try:
        with prep_socket(get_bus(_bus(os.environ)), timeout=timeout) as bus:
            parser = Parser()
            for serial, wanted in enumerate((message_bus.Hello(), message), 1):
                _patient(bus, deadline).sendall(wanted.serialise(serial))
                answer = _answer(bus, parser, serial, deadline)
    except TimeoutError:
        raise Temporary(
            "desktop-timeout", say("The desktop did not answer in time."), say("It is tried again later.")
        ) from None
    except (
        OSError,
        LookupError,
        ValueError,
        RuntimeError,
        StopIteration,
        struct.error,
    ):  # no bus, or none that talks sense
        raise _nobody() from None
    if answer.header.message_type is MessageType.error:
        raise _nobody()


def _bus(environ: Mapping[str, str]) -> str:
    """The address of the session's bus; systemd's usual place where nothing names it."""
    folder = environ.get("XDG_RUNTIME_DIR")
    address = environ.get("DBUS_SESSION_BUS_ADDRESS") or (f"unix:path={folder}/bus" if folder else "")
    if not address:
        raise _nobody()
    return address


def _answer(bus: socket.socket, parser: Parser, serial: int, deadline: float) -> Message:
    """The answer to the call with this number; what else the bus says is passed over."""
    while True:
        answer = parser.get_next_message()
        if answer is None:
            received = _patient(bus, deadline).recv(4096)
            if not received:
                raise ConnectionResetError
            parser.add_data(received)
        elif answer.header.fields.get(HeaderFields.reply_serial) == serial:
            return answer


def _patient(bus: socket.socket, deadline: float) -> socket.socket:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    bus.settimeout(left)
    return bus


def _nobody() -> CoachsyncError:
    return CoachsyncError(
        "no-desktop",
        say("There is no desktop here that shows notices."),
        say("They are shown when coachsync runs in your own session; use mail otherwise, or leave desktop away."),
    )
