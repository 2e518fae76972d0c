"""Fixtures of the scenarios: a practice, and one account after the other on each real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from accounts import Account
from faults import Saboteur
from scenario_practice import Practice
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
