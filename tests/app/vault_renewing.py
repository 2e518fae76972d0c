"""A vault whose coach has a new seed, for tests: made in the steps of the command, Argon2id as cheap as it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from coachsync.app.vault import accepting, erasing, making, relocking, renewing, sorting
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.vault.verifying import verify
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import Cost
from vault_house import COACH, PASSPHRASE, VaultHouse

NEW, NEWER = "another one, with four words", "a third one, of five words"
CHEAP = Cost(1, 8, 1)
accept = accepting.accept


@contextmanager
def quickly(spares: int = 3) -> Iterator[None]:
    """Each spare is made in the same way as the next, and a passphrase is quick to guess."""
    with pytest.MonkeyPatch.context() as patch:
        for place in ("coachsync.vault.keyslots.FLOOR", "vault_house.FLOOR"):
            patch.setattr(place, CHEAP)
        patch.setattr("coachsync.app.vault.shelving.SPARES", spares)
        patch.setattr("coachsync.app.vault.shelving._LEAST", 1)
        patch.setattr("coachsync.app.vault.shelving._FOR_UNSORTED", 1)
        yield


def renew(
    house: VaultHouse, given: str = PASSPHRASE, wanted: str = NEW, name: str = COACH, *, accept: bool = False
) -> str:
    """As the command does: the recovery code that is printed."""
    house.now += timedelta(minutes=2)
    coach = coach_of(trusted(house.config), name)
    person = renewing.start(house.config, house.now, coach, given, wanted, accept=accept, cost=CHEAP)
    failed, left = frozenset[bytes](), 1
    while left:
        with house.open() as vault:
            found = renewing.go_on(Session(vault, person), failed, most=1)
            failed, left = failed | found.failed, found.left
    with house.open() as vault:
        renewing.end(house.config, Session(vault, person), house.device)
        return relocking.new_code(vault, person)


def settle(house: VaultHouse, passphrase: str = NEW, name: str = COACH) -> list[str]:
    """The next session of a coach does first what it owes; the codes of what it tells."""
    house.now += timedelta(minutes=2)
    with house.session(name, passphrase) as session:
        renewing.settle(house.config, session, house.device)
        making.settle(session.vault, session.coach, house.device)
        erasing.settle(session)
        sorting.settle(session)
        return [one.code for one in session.vault.problems]


def person(house: VaultHouse, passphrase: str = NEW, name: str = COACH) -> Person:
    with house.session(name, passphrase) as session:
        return session.coach


def bodies(house: VaultHouse, passphrase: str = NEW, name: str = COACH) -> set[bytes]:
    """What the newest versions of a coach's records say."""
    house.now += timedelta(minutes=2)
    with house.session(name, passphrase) as session:
        history = session.vault.history
        mine = {
            key[0] for key, one in history.records.items() if history.shelves[one.shelf].coach == session.fingerprint
        }
        return {session.record(record).body for record in mine}


def sound(house: VaultHouse, passphrase: str = NEW) -> None:
    """Nothing is wrong, and every seal of the coach opens."""
    found = verify(house.config, house.now, [person(house, passphrase)], house.device)
    assert found.findings == []
    assert {one.code for one in found.notes} <= {"keyslot-of-nobody", "grant-orphan"}
