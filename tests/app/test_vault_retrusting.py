"""A trust.toml that was lost is written anew by the recovery codes of all coaches, and by nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coachsync.adapters.trustfile import read_trust
from coachsync.app.vault import retrusting, shelving
from coachsync.app.vault.verifying import verify
from coachsync.errors import Altered, NotInitialised, UsageError, WrongKey
from coachsync.vault import keyslots, recovery
from coachsync.vault.keys import Person
from stepping import killed_at
from vault_damage import codes as codes_of
from vault_house import COACH, VaultHouse, copied

HERS = "four chairs and a table"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves are enough."""
    monkeypatch.setattr(shelving, "SPARES", 6)
    monkeypatch.setattr(shelving, "_LEAST", 1)


@pytest.fixture
def alone(tmp_path: Path) -> tuple[VaultHouse, str]:
    """A practice of one coach, and her recovery code."""
    house = VaultHouse(tmp_path)
    return house, house.make().code


@pytest.fixture
def two(alone: tuple[VaultHouse, str]) -> tuple[VaultHouse, dict[str, str]]:
    """A practice of two coaches, and the recovery code of each."""
    house, code = alone
    return house, {COACH: code, "bea": house.make("bea", HERS).code}


def lose(house: VaultHouse) -> bytes:
    content = house.config.trust.read_bytes()
    house.config.trust.unlink()
    assert retrusting.is_lost(house.config)
    return content


def test_p04_the_only_coach_writes_it_anew_with_the_code(alone: tuple[VaultHouse, str]) -> None:
    house, code = alone
    note = house.add(b"kept")
    before = lose(house)
    renewed = retrusting.renew(house.config, COACH, code.lower())
    assert (list(renewed.trust.coaches), renewed.missing) == ([COACH], 0)
    assert house.config.trust.read_bytes() == before
    assert not retrusting.is_lost(house.config)
    assert verify(house.config, house.now).findings == []
    with house.session() as session:
        assert session.record(note.record).body == b"kept"


def test_the_coach_may_be_called_otherwise(alone: tuple[VaultHouse, str]) -> None:
    house, code = alone
    lose(house)
    retrusting.renew(house.config, "anne-marie", code)
    with house.session("anne-marie") as session:
        assert session.vault.problems == []


@pytest.mark.parametrize("order", [(COACH, "bea"), ("bea", COACH)], ids="-".join)
def test_of_two_coaches_each_has_to(two: tuple[VaultHouse, dict[str, str]], order: tuple[str, str]) -> None:
    """Until both have, nothing is trusted: the log has entries of both."""
    house, codes = two
    lose(house)
    first, second = order
    for _ in range(2):  # twice is once
        assert retrusting.renew(house.config, first, codes[first]).missing == 1
        assert retrusting.is_lost(house.config)
    with pytest.raises(Altered) as refused, house.open():
        pass
    assert refused.value.code == "trust-missing"
    with pytest.raises(UsageError) as taken:
        retrusting.renew(house.config, first, codes[second])
    assert taken.value.code == "coach-there"
    assert retrusting.renew(house.config, second, codes[second]).missing == 0
    assert verify(house.config, house.now).findings == []
    assert list(house.folder.glob("trust.toml*")) == [house.config.trust]
    for name, passphrase in ((COACH, None), ("bea", HERS)):
        with house.session(name, *filter(None, [passphrase])) as session:
            assert session.vault.problems == []


# --- what does not help -----------------------------------------------------------------------------------------------


def test_p07_beside_a_trust_file_nobody_is_added(two: tuple[VaultHouse, dict[str, str]]) -> None:
    house, codes = two
    pinned = read_trust(house.config.trust)
    assert pinned is not None
    text = house.config.trust.read_text()
    for content in (text, text.split("[coaches.bea]")[0]):
        house.config.trust.write_text(content)
        with pytest.raises(UsageError) as refused:
            retrusting.renew(house.config, "bea", codes["bea"])
        assert refused.value.code == "trust-there"
        assert house.config.trust.read_text() == content


def test_p07_nothing_is_written_without_the_secret(two: tuple[VaultHouse, dict[str, str]]) -> None:
    house, codes = two
    lose(house)
    other = recovery.printed(bytes(recovery.CODE_BYTES))
    mistyped = codes[COACH][:-1] + ("0" if codes[COACH][-1] != "0" else "1")
    for name, code, kind in (
        (COACH, other, WrongKey),
        (COACH, mistyped, UsageError),
        ("Anna", codes[COACH], UsageError),
    ):
        with pytest.raises(kind):
            retrusting.renew(house.config, name, code)
    assert not list(house.folder.glob("trust.toml*"))


def test_p07_a_keyslot_that_somebody_has_put_there_makes_nobody_a_coach_alone(alone: tuple[VaultHouse, str]) -> None:
    """It opens with its own code; the coaches of the log are still asked for theirs."""
    house, code = alone
    with house.open() as vault:
        vault_id = vault.id
    stranger, theirs = Person(bytes(32)), bytes(recovery.CODE_BYTES)
    slot = keyslots.lock_for_recovery(stranger, vault_id, theirs)
    (house.vault_folder / "slots" / f"{stranger.actor.fingerprint.hex()}.recovery.json").write_bytes(slot)
    lose(house)
    assert retrusting.renew(house.config, "eve", recovery.printed(theirs)).missing == 1
    assert retrusting.is_lost(house.config)
    renewed = retrusting.renew(house.config, COACH, code)
    assert set(renewed.trust.coaches) == {"eve", COACH}  # whom the coach is told of


def test_what_is_written_of_another_vault_or_by_others_does_not_count(alone: tuple[VaultHouse, str]) -> None:
    house, code = alone
    unfinished = house.folder / "trust.toml.unfinished"
    unfinished.write_bytes(lose(house))
    unfinished.chmod(0o666)
    stranger = Person(bytes(32)).actor
    eve = f'\n[coaches.eve]\nverify = "{stranger.verify.hex()}"\nfingerprint = "{stranger.fingerprint.hex()}"\n'
    ours = unfinished.read_text()
    for content, mode in ((ours + eve, 0o666), (f'vault = "{bytes(16).hex()}"{eve}', 0o644), ("garbage", 0o644)):
        unfinished.write_text(content)
        unfinished.chmod(mode)
        renewed = retrusting.renew(house.config, COACH, code)
        assert (list(renewed.trust.coaches), renewed.missing) == ([COACH], 0)
        assert not unfinished.exists()
        lose(house)


@pytest.mark.parametrize("said", [b'{"at":1,"e":"vault"}', b'{"e":', b"{}"])
def test_a_row_that_anybody_could_write_makes_nobody_wait(two: tuple[VaultHouse, dict[str, str]], said: bytes) -> None:
    """It is no entry: the log shows when it is opened that it is there."""
    house, codes = two
    with closing(sqlite3.connect(house.vault_folder / "vault.db")) as database, database:
        database.execute("insert into log values (9999, zeroblob(32), randomblob(16), ?, zeroblob(64))", (said,))
    lose(house)
    assert [retrusting.renew(house.config, name, code).missing for name, code in codes.items()] == [1, 0]
    assert codes_of(verify(house.config, house.now).findings) == {"log-broken", "log-not-read"}


def test_a_coach_without_a_keyslot_is_waited_for_where_the_entry_is_signed(
    two: tuple[VaultHouse, dict[str, str]],
) -> None:
    """The folder of keyslots may come back from a backup: the log is not believed without her."""
    house, codes = two
    with house.open() as vault:
        (house.vault_folder / "slots" / f"{house.coach(vault, 'bea').hex()}.recovery.json").unlink()
    lose(house)
    assert retrusting.renew(house.config, COACH, codes[COACH]).missing == 1


def test_a_damaged_keyslot_does_not_stop_the_others(two: tuple[VaultHouse, dict[str, str]]) -> None:
    house, codes = two
    lose(house)
    slots = sorted((house.vault_folder / "slots").glob("*.recovery.json"))
    for damaged in slots:
        kept = damaged.read_bytes()
        damaged.write_bytes(b"{}")
        (opens,) = [name for name, code in codes.items() if _opens(house, name, code)]
        damaged.write_bytes(kept)
        codes.pop(opens)
    assert codes == {}
    assert not retrusting.is_lost(house.config)


def _opens(house: VaultHouse, name: str, code: str) -> bool:
    try:
        retrusting.renew(house.config, name, code)
    except (Altered, WrongKey):
        return False
    return True


def test_without_keyslots_and_without_a_vault_there_is_nothing_to_write(alone: tuple[VaultHouse, str]) -> None:
    house, code = alone
    lose(house)
    for slot in (house.vault_folder / "slots").glob("*.recovery.json"):
        slot.unlink()
    with pytest.raises(NotInitialised):
        retrusting.renew(house.config, COACH, code)
    (house.vault_folder / "vault.db").unlink()
    assert not retrusting.is_lost(house.config)


def test_p13_killed_at_any_step_it_is_written_or_can_be_again(
    two: tuple[VaultHouse, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    house, codes = two
    lose(house)
    retrusting.renew(house.config, COACH, codes[COACH])
    for step in range(20):
        again = copied(house, tmp_path_factory.mktemp("again"))
        came = killed_at(step, lambda there=again: retrusting.renew(there.config, "bea", codes["bea"]))
        if retrusting.is_lost(again.config):
            assert came
            retrusting.renew(again.config, "bea", codes["bea"])
        assert verify(again.config, again.now).findings == []
        if not came:
            break
    assert step > 1
