"""A real Radicale for the demonstration: its own folder, port and password, and gone at the end."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, urlsplit

from coachsync.adapters.files import make_private_folder, write_atomically
from coachsync.app.demo.people import COACH
from coachsync.app.demo.series import Event
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

HOST = "127.0.0.1"
PATIENCE = 15.0  # seconds until it must answer; 1 s is usual
PROBE = 1.0  # seconds for one question whether it is there
FAREWELL = 5.0  # seconds between asking it to stop and killing it
ATTEMPTS = 5  # a port that was free can be taken before Radicale binds it
HINT = "pip install 'coachsync[demo]'"

# The password is drawn anew for every run and lies in clear beside the configuration of coachsync anyway, so a hash
# would hide nothing; all files are for their owner alone. Nor can it be guessed: every refusal without a delay saves a
# second wherever a client first asks without it.
CONFIG = """\
[server]
hosts = {host}:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
realm = {realm}
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/storage
[web]
type = none
[logging]
level = info
"""


class RadicaleServer:
    """A context manager: Radicale answers at `url` inside it and is gone after it. Start it from a thread that stays.

    Its files (storage, `radicale.log`, the password) live in `folder`, which the caller makes, keeps or removes.
    """

    def __init__(self, folder: Path, username: str = COACH.mail) -> None:
        self.folder = folder.absolute()
        self.username = username
        self.password = secrets.token_urlsafe(24)
        self._realm = f"demo-{secrets.token_hex(8)}"  # so that nobody else on the port is taken for ours
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server answers, with a slash at the end."""
        return f"http://{HOST}:{self._port}/"

    @property
    def log(self) -> Path:
        """What the server writes about its requests."""
        return self.folder / "radicale.log"

    @property
    def command(self) -> tuple[str, ...]:
        """What starts the same server again, at the same port with the same password, as long as the folder is kept."""
        return (sys.executable, "-m", "radicale", "--config", str(self.folder / "radicale.config"))

    def collection(self, name: str) -> str:
        """The URL of the user's calendar of that name."""
        return f"{self.url}{quote(self.username)}/{quote(name)}/"

    def fill(self, events: Iterable[Event], name: str, title: str) -> None:
        """Lay a calendar with these objects into the storage, as Radicale does, before anybody asks for it."""
        place = self.folder / "storage" / "collection-root" / self.username / name
        make_private_folder(place)
        properties = {"tag": "VCALENDAR", "D:displayname": title, "C:supported-calendar-component-set": "VEVENT"}
        write_atomically(place / ".Radicale.props", json.dumps(properties).encode())
        for event in events:
            write_atomically(place / event.name, event.text)

    def put(self, event: Event, name: str) -> None:
        """Store an object in the calendar of that name, as the coach's telephone would. Raises CoachsyncError."""
        target = urlsplit(self.collection(name)).path + quote(event.name)
        headers = {"Content-Type": "text/calendar; charset=utf-8", **self._login()}
        try:
            status, _ = self._ask("PUT", target, event.text, headers)
        except (OSError, http.client.HTTPException):
            raise CoachsyncError(
                "demo-server", say("The demonstration's server does not answer."), say("See {file}", file=self.log)
            ) from None
        if status not in {200, 201, 204}:
            raise CoachsyncError(
                "demo-server", say("The demonstration's server refused an event ({status}).", status=status)
            )

    def __enter__(self) -> RadicaleServer:
        if importlib.util.find_spec("radicale") is None:
            raise CoachsyncError(
                "demo-server",
                say("The demonstration needs Radicale, which is not installed."),
                say("Run: {command}", command=HINT),
            )
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        """Start on a free port, again on another one when that was taken meanwhile."""
        make_private_folder(self.folder / "storage")
        write_atomically(self.folder / "users", f"{self.username}:{self.password}\n".encode())
        until = time.monotonic() + PATIENCE
        for _ in range(ATTEMPTS):
            self._port = _free_port()
            self._spawn()
            if self._answers(until):
                return
            self._stop()
        raise CoachsyncError(
            "demo-server",
            say("The demonstration's server does not start."),
            say("See {file}, or run: {command}", file=self.log, command=HINT),
        )

    def _spawn(self) -> None:
        settings = CONFIG.format(host=HOST, port=self._port, folder=self.folder, realm=self._realm)
        write_atomically(self.folder / "radicale.config", settings.encode())
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            # -P: the folder it runs in adds nothing to import; the relative name may stand in any folder
            command = [sys.executable, "-P", "-m", "coachsync.app.demo.leash", str(os.getpid()), "radicale.config"]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _answers(self, until: float) -> bool:
        """Wait until our server asks for our password; False when it ended instead, or patience did."""
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            try:
                status, realm = self._ask("GET", f"/{quote(self.username)}/", timeout=PROBE)
            except (OSError, http.client.HTTPException):
                time.sleep(0.03)
                continue
            # somebody else may have got the port: no password for them
            return status == http.HTTPStatus.UNAUTHORIZED and self._realm in realm
        return False

    def _ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> tuple[int, str]:
        """One request; the status, and who wants a password."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=timeout)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("WWW-Authenticate", "")
        finally:
            connection.close()

    def _login(self) -> dict[str, str]:
        pair = b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def _stop(self) -> None:
        """End the server and collect it, so that neither a process nor a zombie stays."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
