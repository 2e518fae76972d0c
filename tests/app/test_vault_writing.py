"""Writing into the vault: whenever the process dies, and wherever the disk is full, a record is there or it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import pytest

from coachsync.app.vault import notes, shelving
from coachsync.app.vault.writing import Written
from coachsync.errors import CoachsyncError
from coachsync.vault.bodies import Note
from stepping import before_each, counted, killed_at, no_room
from vault_house import CLIENT, OTHER, VaultHouse

TEXT = "Zanzibar"
BEFORE = [("first",)]


@pytest.fixture
def first(vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A note that is there before."""
    monkeypatch.setattr(shelving, "SPARES", 5)
    monkeypatch.setattr(shelving, "_LEAST", 1)
    return added(vault_house, "first")


def added(house: VaultHouse, text: str, client: str = CLIENT) -> Written:
    """What the daemon writes, with nothing unlocked."""
    with house.open() as vault:
        return notes.add(vault, house.daemon(vault), house.coach(vault), client, Note(text), house.now)


def amend(house: VaultHouse, first: Written) -> object:
    with house.session() as session:
        return notes.amend(session, first.record, TEXT, house.now)


def texts(house: VaultHouse) -> list[tuple[str, ...]]:
    """What each note says, version by version; every one of them opens, and nothing is wrong with the vault."""
    with house.session() as session:
        assert session.vault.problems == []
        records = sorted({record for record, _ in session.vault.history.records})
        found = []
        for record in records:
            last = session.vault.history.latest(record)
            shown = [notes.show(session, record, version).body for version in range(1, last + 1)]
            found.append(tuple(body.text for body in shown if isinstance(body, Note)))
        return sorted(found)


ACTS: dict[str, tuple[Callable[[VaultHouse, Written], object], list[tuple[str, ...]]]] = {
    "a note": (lambda house, _: added(house, TEXT), [(TEXT,), ("first",)]),
    "a note of somebody new": (lambda house, _: added(house, TEXT, OTHER), [(TEXT,), ("first",)]),
    "a version": (amend, [("first", TEXT)]),
}


@pytest.mark.parametrize("act", ACTS)
def test_p04_p13_killed_at_any_step_it_is_there_or_it_is_not(vault_house: VaultHouse, first: Written, act: str) -> None:
    do, done = ACTS[act]
    steps, seen = count(), False
    while killed_at(step := next(steps), lambda: do(vault_house, first)):
        found = texts(vault_house)
        assert found in (BEFORE, done)
        assert TEXT.encode() not in b"".join(vault_house.files().values())
        if found == done:
            seen = True
            break
    assert step > 0
    if not seen:
        assert texts(vault_house) == done


@pytest.mark.parametrize("act", ACTS)
def test_p04_on_a_full_disk_nothing_is_lost_and_the_next_try_goes_on(
    vault_house: VaultHouse, first: Written, act: str
) -> None:
    do, done = ACTS[act]
    step = 0
    while (refused := refusal(lambda: do(vault_house, first), step)) and texts(vault_house) == BEFORE:
        assert refused == "disk-full"
        step += 1
    assert step > 0
    assert texts(vault_house) == done


def refusal(do: Callable[[], object], step: int) -> str:
    """The code of what goes wrong where the disk is full at a step; "" when it comes to its end before."""
    with before_each(counted(step, no_room)):
        try:
            do()
        except CoachsyncError as problem:
            return problem.code
    return ""


@pytest.mark.parametrize("year", [1970, 2107])
def test_a_clock_that_is_wrong_by_many_years_is_blamed_itself(vault_house: VaultHouse, year: int) -> None:
    vault_house.add(b"first")
    right, before = vault_house.now, vault_house.files()
    vault_house.now = datetime(year, 1, 1, tzinfo=UTC)
    with pytest.raises(CoachsyncError) as refused:
        vault_house.add(b"lost")
    assert (refused.value.code, "clock" in refused.value.hint) == ("clock-wrong", True)
    vault_house.now = right
    assert vault_house.add(b"kept")
    assert vault_house.files().keys() == before.keys()
