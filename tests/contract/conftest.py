"""Every calendar server: the one in memory, those that come with pip, and Debian's."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from calendarplaces import Place
from coachsync.adapters.memory import MemoryServer
from realservers.fixtures import DEBIAN, debian


@pytest.fixture(params=["memory", "radicale", "xandikos", *debian()])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        server = MemoryServer()
        home = server.home("coach")
        yield Place("memory", server.account("coach"), server.account("coach"), lambda: f"{home}{uuid4().hex}/")
        return
    if request.param in DEBIAN:
        account = request.getfixturevalue(f"{request.param}_server").account()
    else:
        account = request.getfixturevalue(request.param)
    first, second = account.client(), account.client()
    yield Place(request.param, first, second, account.new_calendar)
    first.close()
    second.close()
