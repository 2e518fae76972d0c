"""How the first sync of a large calendar goes on a real Radicale with its default limits.

    .venv/bin/python benchmarks/first_sync.py [COUNT]

Fills one collection with a single PUT, then times whole `coachsync sync` processes: the first one (as often as it takes
until it is done), one without any change, and one that publishes a share. Prints seconds of wall time and of processor
time, and the peak memory of coachsync itself. Everything is on this machine and removed at the end.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from coachsync.app.demo.server import RadicaleServer
from events import calendar

_TRIES = 5
_CONFIG = """\
version = 1
[practice]
name = "Benchmark"
language = "en"
timezone = "Europe/Paris"
state = "state"
[accounts.local]
url = "{url}"
username = "coach"
password = {{ file = "password" }}
[calendars.coaching]
account = "local"
name = "Coaching"
"""
_SHARE = """
[shares.office]
from = ["coaching"]
to = { account = "local", name = "Office" }
profile = "busy"
"""


def main() -> None:
    """Fill, then measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name, RadicaleServer(Path(name) / "server", "coach") as server:
        folder = Path(name)
        _fill(server, count)
        _configure(folder, server, "")
        for number in range(1, _TRIES + 1):
            code = _measure(folder, f"first sync, try {number}")
            if code == 0:
                break
        _measure(folder, "nothing changed")
        _configure(folder, server, _SHARE)
        _measure(folder, "read and publish")
        _measure(folder, "nothing changed")


def _fill(server: RadicaleServer, count: int) -> None:
    start = time.perf_counter()
    body = calendar(count)
    login = b64encode(f"{server.username}:{server.password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {login}",
        "Content-Type": "text/calendar; charset=utf-8",
    }
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=3600)
    connection.request("PUT", urlsplit(server.collection("coaching")).path, body, headers)
    status = connection.getresponse().status
    connection.close()
    if status != http.HTTPStatus.CREATED:
        sys.exit(f"the server refused the calendar: {status}")
    _name(server, headers)
    print(f"{count} events, {len(body) / 1e6:.1f} MB, stored in {time.perf_counter() - start:.0f} s")


def _name(server: RadicaleServer, headers: dict[str, str]) -> None:
    body = '<propertyupdate xmlns="DAV:"><set><prop><displayname>Coaching</displayname></prop></set></propertyupdate>'
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=3600)
    connection.request("PROPPATCH", urlsplit(server.collection("coaching")).path, body, headers)
    connection.getresponse().read()
    connection.close()


def _configure(folder: Path, server: RadicaleServer, share: str) -> None:
    (folder / "coachsync.toml").write_text(_CONFIG.format(url=server.url) + share)
    (folder / "password").write_text(server.password)
    (folder / "password").chmod(0o600)


def _measure(folder: Path, what: str) -> int:
    command = [sys.executable, "-m", "coachsync", "--config", str(folder / "coachsync.toml"), "--json", "sync"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    problems = [problem["code"] for problem in json.loads(output)["problems"]] if output else ["?"]
    print(
        f"{what:24} exit {process.returncode}  wall {wall:7.1f} s  "
        f"processor {usage.ru_utime + usage.ru_stime:6.1f} s  peak {usage.ru_maxrss / 1024:4.0f} MB  "
        f"{' '.join(sorted(set(problems)))}",
        flush=True,
    )
    return process.returncode


if __name__ == "__main__":
    main()
