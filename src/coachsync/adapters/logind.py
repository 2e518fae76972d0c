"""What logind tells of the machine and of a user's session (org.freedesktop.login1, over the system's D-Bus): that it
goes to sleep or off, that the session has ended, or that its screen is locked.

A delay lock (systemd-inhibit(1)) is held meanwhile, so that whoever listens is done before the machine sleeps.
"""

from __future__ import annotations

import os
from contextlib import suppress

from coachsync.adapters.dbus import SYSTEM, Bus, Place, Signal, Unreachable, handle

NAME = "org.freedesktop.login1"
MANAGER = f"{NAME}.Manager"
SESSION = f"{NAME}.Session"
PATH = "/org/freedesktop/login1"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_LOGIND = Place(NAME, PATH, MANAGER)
_NO_ANSWER = (Unreachable, LookupError, AttributeError)  # refused, or another answer than it should be
_OWN = "auto"  # the session of whoever asks, else the one that the user sits at


class Session:
    """A user's session, listened to."""

    def __init__(self, bus: Bus) -> None:
        self._bus: Bus | None = bus
        self._path = ""
        self._delay: int | None = None

    @property
    def source(self) -> Bus | None:
        """What to wait on; None once the bus has gone."""
        return self._bus

    def is_over(self) -> bool:
        """Whether anything has come that ends it. A bus that goes away ends nothing."""
        if self._bus is None:
            return False
        try:
            return any(ends(signal, self._path, os.getuid()) for signal in self._bus.signals())
        except (Unreachable, TimeoutError):
            self.close()
            return False

    def listen(self) -> None:
        """Have everything told, and the machine wait a moment before it sleeps. A process of no session, such as a
        service, hears of the machine alone. Raises Unreachable and TimeoutError when the bus has gone."""
        if self._bus is None:
            raise Unreachable
        self._bus.listen(_LOGIND)
        with suppress(*_NO_ANSWER):
            self._path = str(self._bus.call(_LOGIND, "GetSession", "s", _OWN)[0])
        if self._path:
            self._bus.listen(Place(NAME, self._path, ""))
        with suppress(*_NO_ANSWER):
            words = ("sleep", "coachsync", "locks first", "delay")
            self._delay = handle(self._bus.call(_LOGIND, "Inhibit", "ssss", *words)[0])

    def close(self) -> None:
        """Listen no more, and let the machine sleep."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        if self._delay is not None:
            os.close(self._delay)
            self._delay = None


def listened(timeout: float) -> Session | None:
    """The session that this process belongs to, within so many seconds; None where there is no logind."""
    try:
        bus = Bus(SYSTEM, timeout)
    except (Unreachable, TimeoutError):
        return None
    session = Session(bus)
    try:
        session.listen()
    except (Unreachable, TimeoutError):
        session.close()
        return None
    return session


def ends(signal: Signal, session: str, user: int) -> bool:
    """Whether a signal says that the session is over or shut, or that the machine goes to sleep or off."""
    match signal:
        case Signal(_, iface, "PrepareForSleep" | "PrepareForShutdown", (True,)) if iface == MANAGER:
            return True
        case Signal(_, iface, "SessionRemoved", (_, path)) if iface == MANAGER:
            return bool(path == session)
        case Signal(_, iface, "UserRemoved", (number, _)) if iface == MANAGER:
            return bool(number == user)
        case Signal(path, iface, "Lock", _) if iface == SESSION:
            return path == session
        case Signal(path, iface, "PropertiesChanged", (of, dict(changed), _)) if iface == _PROPERTIES:
            return (path, of) == (session, SESSION) and changed.get("LockedHint") == ("b", True)
    return False
