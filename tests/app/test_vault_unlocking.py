"""Guessing a passphrase gets slower, and never ends in a door that is shut for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachsync.app.vault import relocking, unlocking
from coachsync.errors import Altered, NotInitialised, Temporary, WrongKey
from coachsync.vault import recovery
from coachsync.vault.keyslots import Cost
from vault_house import PASSPHRASE, VaultHouse

WRONG = "not the one"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.vault.keyslots.FLOOR", Cost(1, 8, 1))
    monkeypatch.setattr("vault_house.FLOOR", Cost(1, 8, 1))


def guess(house: VaultHouse, passphrase: str = WRONG) -> float:
    """Seconds that one more guess has to wait; 0 when it was looked at, and is wrong."""
    with house.open() as vault, pytest.raises((Temporary, WrongKey)) as refused:
        house.unlock(vault, passphrase=passphrase)
    told = refused.value
    if isinstance(told, WrongKey):
        assert (told.code, told.exit_code) == ("wrong-passphrase", 12)
        return 0
    assert (told.code, told.exit_code) == ("too-many-guesses", 75)
    assert isinstance(told, Temporary)
    assert told.retry_after is not None
    return told.retry_after


def test_three_slips_cost_nothing_and_then_each_doubles_the_wait(vault_house: VaultHouse) -> None:
    assert [guess(vault_house) for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(9):
        waits.append(guess(vault_house))
        assert guess(vault_house) == waits[-1]  # asking again makes it no longer
        vault_house.now += timedelta(seconds=waits[-1] - 1)
        assert guess(vault_house) == 1
        vault_house.now += timedelta(seconds=1)
        assert guess(vault_house) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_it_is_never_shut_for_good_and_the_right_one_ends_the_wait(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault:
        coach = vault_house.coach(vault)
        vault.files.guessed(coach, 999_999_999, int(vault_house.now.timestamp()))
    assert guess(vault_house, PASSPHRASE) == 60  # also the right one has to wait: nobody learns from how long it takes
    vault_house.now += timedelta(seconds=60)
    with vault_house.session():
        pass
    assert [guess(vault_house) for _ in range(3)] == [0, 0, 0]


def test_a_clock_that_was_set_back_makes_nobody_wait_for_years(vault_house: VaultHouse) -> None:
    vault_house.now = datetime(2036, 1, 1, tzinfo=UTC)
    for _ in range(4):
        guess(vault_house)
        vault_house.now += timedelta(seconds=1)
    vault_house.now = datetime(2026, 3, 2, tzinfo=UTC)
    wait = guess(vault_house, PASSPHRASE)
    assert 0 < wait <= 2
    vault_house.now += timedelta(seconds=wait)
    with vault_house.session():
        pass


def test_who_has_the_recovery_code_need_not_wait_and_has_guessed_nothing(vault_house: VaultHouse) -> None:
    with vault_house.session() as session:
        code = relocking.new_code(session.vault, session.coach)
    for _ in range(3):
        assert guess(vault_house) == 0
    for _ in range(2):
        with vault_house.open() as vault, pytest.raises(WrongKey):
            unlocking.recover(vault, vault_house.coach(vault), recovery.printed(recovery.new()))
        assert guess(vault_house, PASSPHRASE) == 1  # a wrong code is no guess at the passphrase
    with vault_house.open() as vault:
        coach = vault_house.coach(vault)
        assert unlocking.recover(vault, coach, code).actor.fingerprint == coach
    assert [guess(vault_house) for _ in range(3)] == [0, 0, 0]


def test_the_count_is_of_one_coach(vault_house: VaultHouse) -> None:
    vault_house.make("bea", "four chairs and a table")
    for _ in range(5):
        guess(vault_house)
    with vault_house.session("bea", "four chairs and a table"):
        pass


def test_a_count_that_was_damaged_counts_as_none(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault:
        (vault.files.folder / "slots" / f"{vault_house.coach(vault).hex()}.guesses").write_bytes(b"-1 x")
    assert guess(vault_house) == 0


@pytest.mark.parametrize("given", ["", "é" * 5000, "\udcff", "a\x00b", PASSPHRASE.upper(), PASSPHRASE + " "])
def test_nothing_else_opens(vault_house: VaultHouse, given: str) -> None:
    assert guess(vault_house, given) == 0


def test_however_the_keyboard_writes_it_it_opens(tmp_path: object, vault_house: VaultHouse) -> None:
    vault_house.make("bea", "pe\u0301pinie\u0300re, 4 chaises")
    with vault_house.session("bea", "p\u00e9pini\u00e8re, 4 chaises"):
        pass


def test_without_a_keyslot_it_says_what_to_restore(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault:
        coach = vault_house.coach(vault)
        (vault.files.folder / "slots" / f"{coach.hex()}.passphrase.json").unlink()
        with pytest.raises(NotInitialised) as missing:
            unlocking.unlock(vault, coach, PASSPHRASE, vault_house.now)
    assert "vault/slots" in missing.value.hint


def test_the_keyslot_of_another_coach_opens_nothing(vault_house: VaultHouse) -> None:
    """Bea puts her own keyslot in the place of Anna's: her passphrase does not make her Anna."""
    vault_house.make("bea", "four chairs and a table")
    with vault_house.open() as vault:
        hers = vault.files.slot(vault_house.coach(vault, "bea"), "passphrase")
        assert hers is not None
        vault.files.put_slot(vault_house.coach(vault), "passphrase", hers)
        with pytest.raises(Altered) as altered:
            vault_house.unlock(vault, passphrase="four chairs and a table")
    assert altered.value.code == "keyslot-damaged"


def test_the_keyslot_of_another_kind_opens_nothing(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault:
        coach = vault_house.coach(vault)
        recovery = vault.files.slot(coach, "recovery")
        assert recovery is not None
        vault.files.put_slot(coach, "passphrase", recovery)
        with pytest.raises(Altered):
            vault_house.unlock(vault)
