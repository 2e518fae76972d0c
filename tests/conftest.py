"""Fixtures that several suites use: calendar servers, started once for the whole run, and accounts on them."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

import hypothesis
import pytest

import accounts
import lentreader
import servers
from accounts import Account
from certificates import Authority
from coachsync.adapters.caldav import transport
from coachsync.adapters.caldav.client import CalDav
from coachsync.app import wiring
from davscript import PASSWORD, USER, Connect, Start
from realservers.fixtures import (  # noqa: F401 - fixtures
    SINKS,
    cyrus_server,
    davical_server,
    postgres_cluster,
    real_server,
    sabre18_server,
    sogo_server,
)
from web import Web

# Whoever runs the tests, the programs in them speak English unless they are told otherwise.
for _name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C.UTF-8"

# Compiled modules are kept, whatever the environment says: without them each program that the tests start compiles all
# that it imports, and each process of a run rewrites the assertions of every test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Files of tests lie in memory where it has room for them: they are synced to disk thousands of times.
_MEMORY, _ROOM = Path("/dev/shm"), 2 << 30  # bytes; tests leave less than a tenth of it
if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK | os.X_OK):
    _disk = os.statvfs(_MEMORY)
    if _disk.f_bavail * _disk.f_frsize > _ROOM and not _disk.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# How long an example takes says more about what else the machine does than about the code. The same examples every
# time, so that what a change broke is told from what luck found; `make properties` looks for new ones.
_NEW_EXAMPLES = os.environ.get("COACHSYNC_NEW_EXAMPLES")
hypothesis.settings.register_profile("the same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("new", deadline=None, max_examples=int(_NEW_EXAMPLES or 100), print_blob=True)
hypothesis.settings.load_profile("new" if _NEW_EXAMPLES else "the same")

# A background job starts with interrupts ignored, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What takes longest begins first: begun last, it would leave the other processes of a run with nothing to do.
_LONGEST = (
    "test_benchmarks.py",
    "test_week_of_faults.py",
    "test_canaries_of_changes.py",
    "test_accidents.py",
    "test_full_disk.py",
    "test_canaries.py",
    "test_vault_canaries.py",
    "test_two_way.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONGEST)


def pytest_collection_finish() -> None:
    """Keep the modules and the thousands of tests out of the searches for garbage: they took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 10, 10)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the mail sinks of the real servers have taken (promise 6)."""
    for line in SINKS:
        terminalreporter.line(line)


@pytest.fixture(scope="session")
def radicale_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.radicale(tmp_path_factory.mktemp("radicale")) as url:
        yield url


@pytest.fixture(scope="session")
def _xandikos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("xandikos")
    with servers.xandikos(folder) as url:
        yield url, folder / "data" / "user" / "calendars"


@pytest.fixture
def xandikos_url(_xandikos: tuple[str, Path]) -> Iterator[str]:
    """Without the calendars of the tests before: all are one user's, and the more there are the slower it is."""
    url, home = _xandikos
    before = {*home.iterdir()}
    yield url
    account = accounts.on_xandikos(url)
    for folder in {*home.iterdir()} - before:
        Web(account).delete(f"{account.home}{quote(folder.name)}/")


@pytest.fixture
def radicale(radicale_url: str) -> Account:
    return accounts.on_radicale(radicale_url)


@pytest.fixture
def xandikos(xandikos_url: str) -> Account:
    return accounts.on_xandikos(xandikos_url)


@pytest.fixture
def scripted() -> Iterator[Start]:
    """Starts servers that answer as a function says; stopped at the end of the test."""
    with ExitStack() as started:
        yield lambda script, tls=None: started.enter_context(closing(servers.Scripted(script, tls)))


@pytest.fixture
def recorder() -> Iterator[Callable[[str], servers.Recorder]]:
    """Starts counting proxies before a server's URL; stopped at the end of the test."""
    with ExitStack() as started:
        yield lambda url: started.enter_context(closing(servers.Recorder(url)))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients; closed at the end of the test."""
    with ExitStack() as made:

        def new(url: str, username: str = USER, password: str = PASSWORD, **settings: object) -> CalDav:
            client = CalDav(url, username, password, **settings)  # type: ignore[arg-type]
            return made.enter_context(closing(client))

        yield new


@pytest.fixture(scope="session", autouse=True)
def _one_reader() -> Iterator[None]:
    """The runs of this process hand on the process that reads events."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wiring, "Reader", lentreader.LentReader)
        yield
    lentreader.end_all()


@pytest.fixture(autouse=True)
def _credentials_may_be_tried_again() -> Iterator[None]:
    """A process remembers which credentials were refused; no test knows those of another."""
    yield
    transport._refused.clear()
