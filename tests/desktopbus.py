"""A session bus of a test's own, and a small desktop on it that shows notices by keeping them."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jeepney import Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""
NAME = "org.freedesktop.Notifications"


@contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """A dbus-daemon that knows no service to start. Yields its address; stopped by its own id."""
    file = folder / "bus.conf"
    file.write_text(_CONFIG.format(folder=folder))
    command = ["dbus-daemon", f"--config-file={file}", "--nofork", "--print-address"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=10)


class Desktop:
    """Answers calls to the notification service, in a thread; `notices` are the arguments of Notify, as they came."""

    def __init__(self, address: str, *, silent: bool = False, refuses: bool = False) -> None:
        self.notices: list[tuple[Any, ...]] = []
        self.calls: list[str] = []
        self._silent, self._refuses = silent, refuses
        self._ended = False
        self._connection = open_dbus_connection(address)
        assert Proxy(message_bus, self._connection).RequestName(NAME) == (1,)
        self._thread = threading.Thread(target=self._serve, args=(self._connection,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._connection.close()

    def _serve(self, connection: DBusConnection) -> None:
        while not self._ended:
            with suppress(TimeoutError):
                message = connection.receive(timeout=0.05)
                if message.header.message_type is MessageType.method_call and not self._silent:
                    connection.send(self._answer(message))

    def _answer(self, message: Message) -> Message:
        from jeepney import HeaderFields

        member = message.header.fields[HeaderFields.member]
        self.calls.append(member)
        if self._refuses:
            return new_error(message, f"{NAME}.Error.ExcessNotificationGeneration")
        if member == "Notify":
            self.notices.append(message.body)
            return new_method_return(message, "u", (len(self.notices),))
        return new_method_return(message, "ssss", ("desktop", "tests", "1", "1.2"))


@contextmanager
def mute_bus(folder: Path, words: list[bytes]) -> Iterator[str]:
    """A socket that answers with these words, one for each message, and then says nothing more."""
    with socket.socket(socket.AF_UNIX) as listening:
        path = folder / "mute"
        listening.bind(str(path))
        listening.listen(4)
        listening.settimeout(10)

        def serve() -> None:
            with suppress(OSError):
                client, _ = listening.accept()
                with client:
                    client.settimeout(10)
                    for word in words:
                        client.recv(4096)
                        client.sendall(word)
                    while client.recv(4096):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"unix:path={path}"
    thread.join()
