"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from coachsync.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "dav.localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["example.org", "localhost.example", "128.0.0.1", "127.0.0.1.example", "10.0.0.1", "::2", "0.0.0.0", ""]
)
def test_everything_else_is_not(host: str) -> None:
    assert not is_loopback(host)
