"""Fixtures of the scenarios: a practice, and one account after the other on each real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from accounts import Account, on_radicale
from faults import Saboteur
from scenario_practice import Practice, local, session, tomorrow
from systemusers import User, administrator, made
from users_house import House
from web import Web


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice(tmp_path)


@pytest.fixture(params=["radicale", pytest.param("xandikos", marks=pytest.mark.long)])
def account(request: pytest.FixtureRequest) -> Account:
    """An account on each server in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Account)
    return found


@pytest.fixture
def web(account: Account) -> Web:
    return Web(account)


@pytest.fixture
def saboteur() -> Iterator[Callable[[str], Saboteur]]:
    """Starts proxies that can be told to fail; stopped at the end of the test."""
    with ExitStack() as started:
        yield lambda url: started.enter_context(closing(Saboteur(url)))


@pytest.fixture(scope="module")
def users() -> Iterator[list[User]]:
    with made("s", "a", "x", "b") as users:
        service, *others = users
        for coach in (others[0], others[2]):
            subprocess.run(["gpasswd", "--add", coach.name, service.name], check=True, capture_output=True)
        yield [replace(service, umask=0o077), *others]


@pytest.fixture(scope="module")
def house(users: list[User], radicale_url: str) -> Iterator[House]:
    """A practice in which every one of the three has tried everything already."""
    folder = Path(tempfile.mkdtemp(prefix="coachsync-house-", dir="/tmp"))
    folder.chmod(0o755)
    house, account = House(folder, *users[:3]), on_radicale(radicale_url)
    web = Web(account)
    calendar = web.make(account.new_calendar(), "Coaching")
    web.put(f"{calendar}one.ics", session(local(tomorrow(), 10)))
    house.install(account, calendar)
    try:
        yield house
        for path in house.state.rglob("*"):  # whoever made it, and whenever
            assert (path.name, path.stat().st_gid) == (path.name, house.service.gid)
            assert (path.name, path.stat().st_mode & 0o7) == (path.name, 0)
    finally:
        with suppress(AssertionError):
            house.run(house.alice, "vault", "lock")
        shutil.rmtree(folder)


@pytest.fixture
def vault(house: House) -> House:
    """The same with a vault, made once by Alice with sudo, and a client."""
    if not (house.file.parent / "trust.toml").exists():
        house.run(house.service, "sync")
        refused = house.run(house.alice, "vault", "init", *house.key, code=1)
        assert "sudo" in refused
        made = house.run(administrator(house.alice), "--json", "vault", "init", *house.key)
        house.code = json.loads(made)["recovery_code"]
        assert not [path for path in house.state.rglob("*") if path.stat().st_uid == 0]
        house.run(house.alice, "client", "add", "--name", "-", stdin="Marguerite\n")
    return house
