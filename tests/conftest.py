"""Fixtures that several suites use: calendar servers, started once for the whole run, and accounts on them."""

from __future__ import annotations

import signal
import ssl
from collections.abc import Callable, Iterator

import pytest

import accounts
import servers
from accounts import Account
from certificates import Authority
from coachsync.adapters.caldav import transport
from coachsync.adapters.caldav.client import CalDav
from davscript import PASSWORD, USER

# A background job starts with interrupts ignored, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def radicale_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.radicale(tmp_path_factory.mktemp("radicale")) as url:
        yield url


@pytest.fixture(scope="session")
def xandikos_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.xandikos(tmp_path_factory.mktemp("xandikos")) as url:
        yield url


@pytest.fixture
def radicale(radicale_url: str) -> Account:
    return accounts.on_radicale(radicale_url)


@pytest.fixture
def xandikos(xandikos_url: str) -> Account:
    return accounts.on_xandikos(xandikos_url)


@pytest.fixture
def scripted() -> Iterator[Callable[..., servers.Scripted]]:
    """Starts servers that answer as a function says; stopped at the end of the test."""
    started: list[servers.Scripted] = []

    def start(
        script: Callable[[servers.Request], servers.Reply], tls: ssl.SSLContext | None = None
    ) -> servers.Scripted:
        started.append(servers.Scripted(script, tls))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def recorder() -> Iterator[Callable[[str], servers.Recorder]]:
    """Starts counting proxies before a server's URL; stopped at the end of the test."""
    started: list[servers.Recorder] = []

    def start(url: str) -> servers.Recorder:
        started.append(servers.Recorder(url))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def connect() -> Iterator[Callable[..., CalDav]]:
    """Makes clients; closed at the end of the test, when refused credentials are forgotten too."""
    made: list[CalDav] = []

    def new(url: str, username: str = USER, password: str = PASSWORD, **settings: object) -> CalDav:
        made.append(CalDav(url, username, password, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for client in made:
        client.close()
    transport._refused.clear()
