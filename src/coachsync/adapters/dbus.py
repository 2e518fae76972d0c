"""A D-Bus connection: calls with a deadline, and signals. The only importer of jeepney.

Of jeepney only what reads and writes messages is used: its own connection waits for ever for a bus that does not answer
the first word.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, Parser, new_method_call
from jeepney.bus import get_bus
from jeepney.bus_messages import message_bus
from jeepney.fds import FileDescriptor, fds_buf_size
from jeepney.io.blocking import prep_socket

SYSTEM = "SYSTEM"  # the bus of the machine: $DBUS_SYSTEM_BUS_ADDRESS, else its usual place
# No bus, or none that talks sense: its words are taken apart by a library that expects a real one.
_SENSELESS = (OSError, LookupError, ValueError, RuntimeError, StopIteration, struct.error)


class Unreachable(Exception):  # noqa: N818 - named for what happened
    """There is no bus, or it has gone, talks no sense, or refuses."""


class Place(NamedTuple):
    """What is called: a service by its name, an object by its path, an interface."""

    service: str
    path: str
    interface: str


class Signal(NamedTuple):
    """What a service tells everybody."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class Bus:
    """A connection. Its methods raise TimeoutError and Unreachable."""

    def __init__(self, address: str, timeout: float) -> None:
        """Connect and be greeted, `timeout` in seconds for all that."""
        self._deadline = time.monotonic() + timeout
        self._parser, self._serial = Parser(), 0
        self._told: list[Message] = []
        with _sense():
            self._socket = prep_socket(get_bus(address), enable_fds=True, timeout=timeout)
        try:
            self._asked(message_bus.Hello())
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        number: int = self._socket.fileno()
        return number

    def close(self) -> None:
        self._socket.close()

    def call(self, place: Place, member: str, signature: str | None = None, *body: object) -> tuple[Any, ...]:
        """The answer to a call, within what the timeout of the connection has left."""
        address = DBusAddress(place.path, bus_name=place.service, interface=place.interface)
        return self._asked(new_method_call(address, member, signature, body))

    def listen(self, place: Place) -> None:
        """Have the signals of an object told; with an empty interface, of all its interfaces."""
        rule = MatchRule(type="signal", sender=place.service, path=place.path, interface=place.interface or None)
        self._asked(message_bus.AddMatch(rule))

    def signals(self) -> Iterator[Signal]:
        """The signals that have come and were not told yet; nobody waits for more."""
        with _sense():
            self._socket.settimeout(0)
            try:
                while self._received() is not None:
                    pass
            except BlockingIOError:
                pass
        told, self._told = self._told, []
        for message in told:
            fields = message.header.fields
            path, interface, member = (str(fields.get(field, "")) for field in _NAMES)
            yield Signal(path, interface, member, tuple(message.body or ()))

    def _asked(self, message: Message) -> tuple[Any, ...]:
        with _sense():
            self._serial += 1
            self._wait()
            self._socket.sendall(message.serialise(self._serial))
            answer = self._received(self._is_answer)
        if answer is None or answer.header.message_type is MessageType.error:
            raise Unreachable
        return tuple(answer.body or ())

    def _is_answer(self, message: Message) -> bool:
        return bool(message.header.fields.get(HeaderFields.reply_serial) == self._serial)

    def _received(self, wanted: Callable[[Message], bool] | None = None) -> Message | None:
        """The message that is wanted, else the next one; signals are kept meanwhile."""
        while True:
            message: Message | None = self._parser.get_next_message()
            if message is None:
                if wanted is not None:
                    self._wait()
                content, ancillary, *_ = self._socket.recvmsg(self._parser.bytes_desired(), fds_buf_size())
                if not content:
                    raise ConnectionResetError
                self._parser.add_data(content, FileDescriptor.from_ancdata(ancillary))
                continue
            if message.header.message_type is MessageType.signal:
                self._told.append(message)
            if wanted is None or wanted(message):
                return message

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


_NAMES = (HeaderFields.path, HeaderFields.interface, HeaderFields.member)


def handle(given: Any) -> int:
    """The number of an open file that came with an answer; whoever asks closes it."""
    return int(given.to_raw_fd())


@contextmanager
def _sense() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, BlockingIOError):
        raise
    except _SENSELESS:
        raise Unreachable from None
