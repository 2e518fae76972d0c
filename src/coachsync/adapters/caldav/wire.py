"""HTTP/1.1 to one account's server over connections that are kept open: bytes out, an answer of bounded size and time.

The standard library's own client: it reads no environment, no .netrc and no proxy setting, logs nothing, follows no
redirect, and starts in a twentieth of the time that larger ones take. Certificates are verified.
"""

from __future__ import annotations

import io
import select
import socket
import ssl
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from pathlib import Path
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit

from coachsync.adapters.caldav import hrefs
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

ANSWER_LIMIT = 64 << 20  # bytes of one answer, once decompressed
_CHUNK = 1 << 16
_WHOLE = 20  # times the timeout: an answer that trickles in must have ended by then
_GZIP = 16 + zlib.MAX_WBITS

BROKEN = (OSError, ValueError, HTTPException)  # what `Wire.exchange` raises when the network or an answer fails


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: status code, headers (names in any case), the decompressed body, the URL that gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Headers(dict[str, str]):
    """An answer's headers by name in any case; repeated ones are joined by commas (RFC 9110 section 5.3)."""

    @classmethod
    def of(cls, response: HTTPResponse) -> Headers:
        found = cls()
        for name, value in response.getheaders():
            known = found.get(name)
            found[name.lower()] = f"{known}, {value}" if known else value
        return found

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class Wire:
    """Connections to a server, at most one open to each origin. Not for several threads at a time.

    `timeout` in seconds bounds connecting and each wait; a whole answer has twenty times as long. `trust` gives the
    certificates to trust, and is asked when the first connection over TLS is made.
    """

    def __init__(self, timeout: float, trust: Trust) -> None:
        self._timeout = timeout
        self._trust = trust
        self._open: dict[str, tuple[HTTPConnection, _Timed]] = {}

    def exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str | bytes], patience: int) -> Answer:
        """One request, one answer. `patience` is how many times the timeout the server may stay silent.

        Raises one of BROKEN, and CoachsyncError for an answer over ANSWER_LIMIT; the connection is then closed.
        """
        origin = hrefs.origin(url)
        try:
            connection = self._connected(origin, patience)
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body or None, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, Headers.of(response), _body(response), url)
        except BaseException:
            self._drop(origin)
            raise

    def abandon(self) -> None:
        """End what is under way with an error; called from another thread."""
        for _, timed in list(self._open.values()):
            timed.abandon()

    def close(self) -> None:
        """Let go of the connections."""
        for origin in list(self._open):
            self._drop(origin)

    def _connected(self, origin: str, patience: int) -> HTTPConnection:
        """The connection to this origin, made anew when the server has closed it meanwhile."""
        connection, timed = self._open.get(origin, (None, None))
        if connection is None or timed is None or connection.sock is None or timed.has_ended():
            self._drop(origin)
            connection = self._new(origin)
            connection.connect()
            timed = _Timed(connection.sock)
            connection.sock = cast("Any", timed)
            self._open[origin] = connection, timed
        timed.allow(self._timeout * patience, self._timeout * _WHOLE)
        return connection

    def _new(self, origin: str) -> HTTPConnection:
        parts = urlsplit(origin)
        if parts.scheme == "https":
            return HTTPSConnection(
                parts.hostname or "", parts.port, timeout=self._timeout, context=self._trust.context()
            )
        return HTTPConnection(parts.hostname or "", parts.port, timeout=self._timeout)

    def _drop(self, origin: str) -> None:
        if origin in self._open:
            connection, timed = self._open.pop(origin)
            connection.close()
            timed.close()


class Trust:
    """The certificate authorities of an account: the system's, or those of `ca_file` in their place."""

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Certificates and host names are verified. Raises OSError (ssl.SSLError) when there are none in the file."""
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca_file)
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context


class _Timed:
    """A connected socket, each wait on which is bounded, and all of them together.

    What is sent goes out as one when the answer is waited for: head and body of a request in one packet, if they fit.
    """

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._unsent: list[bytes] = []
        self._wait = 0.0
        self._until = 0.0

    def allow(self, wait: float, whole: float) -> None:
        """From now on: seconds for each wait, seconds for all."""
        self._wait, self._until = wait, monotonic() + whole

    def has_ended(self) -> bool:
        """Whether the server has closed the connection, or said something that nobody asked for."""
        poll = select.poll()
        poll.register(self._raw, select.POLLIN)
        return bool(poll.poll(0))

    def prepare(self) -> None:
        """Bound the next wait. Raises TimeoutError when the time for all is over."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError
        self._raw.settimeout(min(self._wait, left))

    def sendall(self, octets: bytes) -> None:
        self._unsent.append(octets)

    def flush(self) -> None:
        """Send what is to be sent."""
        if self._unsent:
            self.prepare()
            octets, self._unsent = b"".join(self._unsent), []
            self._raw.sendall(octets)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self, cast("io.RawIOBase", self._raw.makefile("rb", buffering=0))), _CHUNK)

    def abandon(self) -> None:
        with suppress(OSError):  # the server may have gone already
            self._raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._raw.close()


class _Reader(io.RawIOBase):
    """What comes in on a timed socket."""

    def __init__(self, timed: _Timed, raw: io.RawIOBase) -> None:
        self._timed, self._incoming = timed, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._timed.flush()
        self._timed.prepare()
        return self._incoming.readinto(buffer)

    def close(self) -> None:
        self._incoming.close()
        super().close()


def _body(response: HTTPResponse) -> bytes:
    """The whole body, decompressed. Raises IncompleteRead when it ends too early, ValueError when it is damaged."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    unpack = _Unpacked() if packed in ("gzip", "x-gzip") else None
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK):
        plain = unpack.more(chunk) if unpack else chunk
        size += len(plain)
        if size > ANSWER_LIMIT:
            raise _too_large()
        chunks.append(plain)
    if response.length or (unpack and not unpack.whole):  # http.client does not say so itself
        raise IncompleteRead(b"")
    return b"".join(chunks)


class _Unpacked:
    """A gzip stream as it comes in, never much more of it in memory than is allowed."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)
        self._any = False

    @property
    def whole(self) -> bool:
        """Whether the stream has ended where it should; one without a byte is an empty body."""
        return self._stream.eof or not self._any

    def more(self, octets: bytes) -> bytes:
        """The next part. Raises IncompleteRead when it is damaged."""
        self._any = True
        try:
            plain = self._stream.decompress(octets, ANSWER_LIMIT + 1)
        except zlib.error:
            raise IncompleteRead(b"") from None
        if self._stream.unconsumed_tail:
            raise _too_large()
        return plain


def _too_large() -> CoachsyncError:
    return CoachsyncError("answer-too-large", say("The server's answer is larger than can be read safely."))
