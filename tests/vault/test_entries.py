"""An entry that is written elsewhere comes back as it was, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from coachsync.vault import entries
from coachsync.vault.chain import Entry

ENTRY = Entry(7, bytes(32), b"\xab" * 16, b'{"at":1,"e":"vault"}', b"\xcd" * 64)


def test_it_comes_back_as_it_was() -> None:
    found = entries.written(ENTRY)
    assert found["actor"] == "ab" * 16
    assert entries.read(found) == ENTRY


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0}, {"number": 1 << 32}, {"number": True}, {"number": "7"}, {"number": 7.0}, {"more": 1},
        {"actor": "AB" * 16}, {"actor": "ab " * 16}, {"actor": None}, {"actor": 1}, {"said": "z"},
    ],
)  # fmt: skip
def test_anything_else_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        entries.read(entries.written(ENTRY) | changed)


@pytest.mark.parametrize("name", ["number", "previous", "actor", "said", "signature"])
def test_all_of_it_is_needed(name: str) -> None:
    found = entries.written(ENTRY)
    del found[name]
    with pytest.raises((ValueError, TypeError)):
        entries.read(found)
