"""A small logind on a bus of a test's own: it names a session, hands out delay locks, and says what it is told to."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

NAME = "org.freedesktop.login1"
MANAGER, SESSION = f"{NAME}.Manager", f"{NAME}.Session"
PATH = "/org/freedesktop/login1"
MINE, OTHER = f"{PATH}/session/_32", f"{PATH}/session/_33"
NO_SESSION, NO_DELAY = "GetSession", "Inhibit"  # what it can be told to refuse


class Logind:
    """Answers calls in a thread. `asked` are the arguments of Inhibit, as they came."""

    def __init__(self, address: str, refuses: str = "") -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._held, self._refuses, self._ended = list[int](), refuses, False
        self._connection = open_dbus_connection(address, enable_fds=True)
        assert Proxy(message_bus, self._connection).RequestName(NAME) == (1,)
        self._thread = threading.Thread(target=self._serve, args=(self._connection,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._connection.close()
        for handle in self._held:
            os.close(handle)

    def say(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        """A signal to everybody."""
        self._connection.send(new_signal(DBusAddress(path, interface=interface), member, signature, body))

    def is_held_up(self) -> bool:
        """Whether the delay lock that was asked for last is held still: the other end of the pipe is open."""
        try:
            return not self._held or os.read(self._held[-1], 1) == b"x"
        except BlockingIOError:
            return True

    def _serve(self, connection: DBusConnection) -> None:
        while not self._ended:
            with suppress(TimeoutError):
                message = connection.receive(timeout=0.02)
                if message.header.message_type is MessageType.method_call:
                    connection.send(self._answer(message))

    def _answer(self, message: Message) -> Message:
        member = message.header.fields[HeaderFields.member]
        if member == self._refuses:
            return new_error(message, f"{NAME}.NoSuchThing")
        if member == "GetSession":
            assert message.body == ("auto",)
            return new_method_return(message, "o", (MINE,))
        assert member == "Inhibit"
        self.asked.append(message.body)
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self._held.append(reading)
        with os.fdopen(writing, "wb") as given:
            answer = new_method_return(message, "h", (given,))
            answer.header.serial = next(self._connection.outgoing_serial)
            data, handles = self._connection._serialise(answer, answer.header.serial)
            self._connection._send_with_fds(data, handles)
        return new_signal(DBusAddress(PATH, interface=MANAGER), "Nothing")
