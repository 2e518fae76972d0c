"""Fixtures: each Debian server started once for the whole run, and skipped by name where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from time import sleep

import pytest

from realservers import cyrus, davical, postgres, sabre18, sogo
from realservers.ground import absent
from realservers.postgres import Postgres
from realservers.realserver import RealServer

DEBIAN = ("sabre18", "davical", "sogo", "cyrus")
SINKS: list[str] = []  # what each server has mailed over the whole run, once it has ended
_LATE = 2.0  # seconds in which a server may still send what it was sent for


def debian(*names: str) -> list[object]:
    """These servers as parameters of a test or fixture, marked: `make test-servers` runs them."""
    return [pytest.param(name, marks=pytest.mark.debian) for name in names or DEBIAN]


def _started(name: str, needs: Mapping[str, str], server: AbstractContextManager[RealServer]) -> Iterator[RealServer]:
    if lacking := absent(needs):
        pytest.skip(f"{name} is not installed: apt-get install {lacking}")
    with server as running:
        yield running
        sleep(_LATE)
        letters = running.letters
        mailed = len(letters.taken())
        SINKS.append(f"{name} mailed {mailed} messages, {letters.asked} of which tests had asked for")
        assert mailed == letters.asked, SINKS[-1]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Postgres]:
    if lacking := absent(postgres.NEEDS):
        pytest.skip(f"PostgreSQL is not installed: apt-get install {lacking}")
    with postgres.postgres() as running:
        yield running


@pytest.fixture(scope="session")
def sabre18_server() -> Iterator[RealServer]:
    yield from _started("sabre/dav 1.8", sabre18.NEEDS, sabre18.sabre18())


@pytest.fixture(scope="session")
def davical_server(postgres_cluster: Postgres) -> Iterator[RealServer]:
    yield from _started("DAViCal", davical.NEEDS, davical.davical(postgres_cluster))


@pytest.fixture(scope="session")
def sogo_server(postgres_cluster: Postgres) -> Iterator[RealServer]:
    yield from _started("SOGo", sogo.NEEDS, sogo.sogo(postgres_cluster))


@pytest.fixture(scope="session")
def cyrus_server() -> Iterator[RealServer]:
    yield from _started("Cyrus", cyrus.NEEDS, cyrus.cyrus())


@pytest.fixture
def real_server(request: pytest.FixtureRequest) -> RealServer:
    """The server that the parameter names."""
    server: RealServer = request.getfixturevalue(f"{request.param}_server")
    return server
