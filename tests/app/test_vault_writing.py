"""Writing into the vault: whenever the process dies, and wherever the disk is full, a record is there or it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from coachsync.adapters.database.vaults import Place
from coachsync.app.vault import notes, shelving
from coachsync.app.vault.writing import Written
from coachsync.errors import Altered, CoachsyncError
from coachsync.vault import envelope
from coachsync.vault.bodies import Note
from coachsync.vault.envelope import Header, Kind
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


_ELSEWHERE: dict[str, Any] = {"shelf": bytes(16)}


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"kind": Kind.AGREEMENT}, {}),
        ({"vault": bytes(16)}, {}),
        (_ELSEWHERE, {}),
        ({}, _ELSEWHERE),
        (_ELSEWHERE, _ELSEWHERE),
        ({"generation": 7}, {}),
        ({}, {"generation": 7}),
        ({"record": bytes(16)}, {}),
        ({"version": 2, "previous": bytes(31) + b"1"}, {}),
        ({"writer": bytes(16)}, {}),
        ({"version": 2, "previous": bytes(31) + b"1"}, {"version": 2}),
    ],
    ids=str,
)
def test_a_writer_who_logs_another_record_than_is_stored_is_not_believed(
    vault_house: VaultHouse, changes: dict[str, Any], at: dict[str, Any]
) -> None:
    """Whoever has the daemon's key can sign an entry of a record that does not fit it, digest and all."""
    with vault_house.open() as vault:
        signer = vault_house.daemon(vault)
        key = shelving.shelf_for(vault, signer, vault_house.coach(vault), CLIENT, "notes")
        said = Header(Kind.NOTE, vault.id, key.shelf, key.generation, bytes(15) + b"1", 1, 0, signer.actor.fingerprint)
        sealed = envelope.seal(said._replace(**changes), b"body", key.sealer)
        due = said._replace(**{name: value for name, value in at.items() if name == "version"})
        with vault.transaction():
            for version in range(1, due.version + 1):
                vault.append(
                    signer,
                    e="record",
                    shelf=due.shelf.hex(),
                    generation=due.generation,
                    record=due.record.hex(),
                    version=version,
                    kind=int(due.kind),
                    digest=envelope.digest(sealed).hex(),
                )
    place = Place(said.record, said.version, said.shelf, said.generation)._replace(**at)
    with vault_house.session() as session, pytest.raises(Altered) as refused:
        session.opened(place, sealed)
    assert refused.value.code == "record-moved"
