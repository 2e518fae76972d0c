"""Telling the service manager how a service is: sd_notify(3), one datagram to the socket that it names."""

from __future__ import annotations

import socket
from collections.abc import Mapping

_MICROSECONDS = 1_000_000


class ServiceManager:
    """Whoever started this process and wants to be told; nobody where the environment names no socket."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name  # an abstract socket is written with "@"
        self.watchdog = _seconds(environ.get("WATCHDOG_USEC", ""))

    def tell(self, *lines: str) -> None:
        """Send lines such as READY=1 or STATUS=...; that nobody listens is no error."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(1)
                out.connect(self._address)
                out.send("\n".join(lines).encode())
        except OSError:
            return


def _seconds(microseconds: str) -> float | None:
    """Within how many seconds the watchdog wants a sign of life, None where there is no watchdog."""
    return int(microseconds) / _MICROSECONDS if microseconds.isdecimal() and int(microseconds) else None
