"""Real CalDAV servers and small scripted ones on free loopback ports, for tests."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PASSWORD = "s3cret-pässword"
RADICALE_USERS = [f"coach{number:04}" for number in range(2000)]  # more than the tests of one process need


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def radicale(folder: Path, certificate: tuple[Path, Path] | None = None, rights: str = "") -> Iterator[str]:
    """Radicale with Basic authentication: any of RADICALE_USERS with PASSWORD. `rights` is the text of a file of rights
    in place of the usual ones (everybody their own). Yields its URL."""
    port = free_port()
    (folder / "users").write_text("".join(f"{user}:{PASSWORD}\n" for user in RADICALE_USERS), encoding="utf-8")
    tls = f"ssl = True\ncertificate = {certificate[0]}\nkey = {certificate[1]}\n" if certificate else ""
    may = f"[rights]\ntype = from_file\nfile = {folder}/rights\n" if rights else ""
    (folder / "rights").write_text(rights, encoding="utf-8")
    (folder / "config").write_text(
        f"{may}[server]\nhosts = 127.0.0.1:{port}\n{tls}"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\nhtpasswd_encryption = plain\n"
        "htpasswd_cache = True\ndelay = 0\n"  # otherwise it reads all of the file for each request
        f"[storage]\nfilesystem_folder = {folder}/collections\n[web]\ntype = none\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    with _running(command, port, folder / "radicale.log"):
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}/"


@contextmanager
def xandikos(folder: Path) -> Iterator[str]:
    """Xandikos, which knows one user (/user/) and no passwords. Yields its URL."""
    port = free_port()
    data = str(folder / "data")
    command = [str(Path(sys.executable).with_name("xandikos")), "serve", "-d", data, "--defaults", "--autocreate"]
    command += ["--current-user-principal", "/user/", "-l", "127.0.0.1", "-p", str(port)]
    with _running(command, port, folder / "xandikos.log"):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    """The server process, from when it accepts connections; stopped by its own id."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise RuntimeError(f"server ended: {log.read_text(errors='replace')[-2000:]}")
            if listening(port):
                break
            time.sleep(0.1)
        else:
            raise RuntimeError("server does not accept connections")
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    size: int = 0  # bytes up, head included


@dataclass(frozen=True)
class Reply:
    """What to answer. `announced` overrides Content-Length; with `raw` these bytes are all that is sent.

    With `copies` the whole answer is sent that many times, on a connection that stays open.
    """

    status: int = 207
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int | None = None
    raw: bytes | None = None
    delay: float = 0
    copies: int = 1


class Traffic:
    """What went through a server, as it came."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: list[tuple[int, int]] = []  # status, bytes down
        self.connections = 0

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    @property
    def count(self) -> Counter[str]:
        return Counter(self.methods)

    def clear(self) -> None:
        self.requests.clear()
        self.replies.clear()
        self.connections = 0


class Scripted(Traffic):
    """A server whose answers a function makes; `url` ends with a slash."""

    def __init__(self, script: Callable[[Request], Reply], tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.script = script
        self.open: list[socket.socket] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Quiet(("127.0.0.1", 0), handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Recorder(Scripted):
    """A counting proxy before a real server, as far away as `delay` says, in seconds."""

    def __init__(self, upstream: str) -> None:
        self.delay = 0.0
        self._upstream = urlsplit(upstream).netloc
        super().__init__(self._pass)

    def _pass(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(request.method, request.path, request.body or None, dict(request.headers))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        hop = {"connection", "content-length", "transfer-encoding", "keep-alive", "server", "date"}
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in hop}
        return Reply(answer.status, body, kept, delay=self.delay)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or distrusts a certificate, is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Scripted
    timeout = 30

    def setup(self) -> None:
        self.owner.connections += 1
        self.owner.open.append(self.request)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.owner.open.remove(self.request)

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        head = len(self.raw_requestline) + len(bytes(self.headers))
        request = Request(self.command, self.path, self.headers, body, head + len(body))  # type: ignore[arg-type]
        self.owner.requests.append(request)
        reply = self.owner.script(request)
        time.sleep(reply.delay)
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            self.close_connection = True
            return
        length = len(reply.body) if reply.announced is None else reply.announced
        lines = [f"HTTP/1.1 {reply.status} Scripted", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.owner.replies.append((reply.status, len(head) + len(reply.body)))
        self.wfile.write((head + reply.body) * reply.copies)
        self.wfile.flush()
        self.close_connection = length != len(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: tests look at the requests themselves."""
