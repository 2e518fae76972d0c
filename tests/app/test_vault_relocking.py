"""Another passphrase, another code: the old one opens nothing, and no moment of a change locks the coach out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.adapters import vaultfiles
from coachsync.adapters.room import no_room
from coachsync.app.vault import making, relocking, unlocking, writing
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, UsageError, WrongKey
from coachsync.vault import recovery
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import FLOOR, Cost
from stepping import killed_at, numbers
from vault_damage import codes
from vault_house import CLIENT, COACH, PASSPHRASE, VaultHouse, copied

NEW = "another one, with four words"


def change(house: VaultHouse) -> None:
    with house.session() as session:
        relocking.change_passphrase(session.vault, session.coach, NEW, FLOOR)


def use(house: VaultHouse, code: str) -> str:
    with house.open() as vault:
        return relocking.use_code(vault, house.coach(vault), code, NEW, FLOOR).code


def opens(house: VaultHouse, passphrase: str) -> bool:
    house.now += timedelta(minutes=2)
    with suppress(WrongKey), house.session(passphrase=passphrase):
        return True
    return False


def recovers(house: VaultHouse, code: str) -> bool:
    house.now += timedelta(minutes=2)
    with house.open() as vault, suppress(WrongKey):
        unlocking.recover(vault, house.coach(vault), code)
        return True
    return False


def slot(house: VaultHouse, kind: str = "passphrase") -> Path:
    (file,) = (house.vault_folder / "slots").glob(f"*.{kind}.json")
    return file


@pytest.fixture
def house(tmp_path: Path) -> VaultHouse:
    return VaultHouse(tmp_path)


def events(house: VaultHouse) -> list[dict[str, object]]:
    with house.open() as vault:
        return [entry.event for entry in vault.store.entries()]


def test_a_new_passphrase_opens_and_the_old_one_does_not(vault_house: VaultHouse) -> None:
    written = vault_house.add(b"kept")
    change(vault_house)
    assert not opens(vault_house, PASSPHRASE)
    with vault_house.session(passphrase=NEW) as session:
        assert session.record(written.record).body == b"kept"
    assert events(vault_house)[-1] == {"e": "slot", "kind": "passphrase"}
    assert verify(vault_house.config, vault_house.now).findings == []


def test_the_bytes_of_the_old_keyslot_are_overwritten(vault_house: VaultHouse, tmp_path: Path) -> None:
    """The same file, seen under a second name that the program does not know."""
    witness = tmp_path / "witness"
    os.link(slot(vault_house), witness)
    before = witness.read_bytes()
    with vault_house.session() as session:
        slot_file = slot(vault_house)
        relocking.change_passphrase(session.vault, session.coach, NEW, FLOOR)
    assert slot_file.read_bytes() != before
    assert set(witness.read_bytes()) == {0}
    assert not list((vault_house.vault_folder / "slots").glob(".*"))


def test_a_new_code_takes_the_place_of_the_old_one(house: VaultHouse) -> None:
    old = house.make().code
    with house.session() as session:
        new = relocking.new_code(session.vault, session.coach)
    assert new != old
    assert not recovers(house, old)
    assert recovers(house, new)
    assert opens(house, PASSPHRASE)
    assert events(house)[-1] == {"e": "slot", "kind": "recovery"}


def test_p04_a_lost_passphrase_is_replaced_by_the_code_and_both_old_keyslots_are_gone(house: VaultHouse) -> None:
    old = house.make().code
    written = house.add(b"kept")
    before = [slot(house, kind).read_bytes() for kind in ("passphrase", "recovery")]
    new = use(house, old.lower().replace("-", " "))
    assert not opens(house, PASSPHRASE)
    assert not recovers(house, old)
    assert recovers(house, new)
    with house.session(passphrase=NEW) as session:
        assert session.record(written.record).body == b"kept"
    there = b"".join(house.files().values())
    assert not [content for content in before if content in there]
    assert [event["kind"] for event in events(house) if event["e"] == "slot"] == ["passphrase", "recovery"]


def test_a_wrong_code_changes_nothing(house: VaultHouse) -> None:
    code = house.make().code
    wrong = recovery.printed(bytes(20))
    with pytest.raises(WrongKey) as refused:
        use(house, wrong)
    assert (refused.value.code, refused.value.exit_code) == ("wrong-recovery-code", 12)
    with pytest.raises(UsageError):
        use(house, code[:-1] + ("0" if code[-1] != "0" else "1"))
    assert opens(house, PASSPHRASE)
    assert recovers(house, code)
    assert [event for event in events(house) if event["e"] == "slot"] == []


def test_p04_a_coach_whom_the_older_copy_does_not_know_comes_back_by_the_code(vault_house: VaultHouse) -> None:
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    code = vault_house.make("bea", PASSPHRASE).code
    older.replace(vault_house.vault_folder / "vault.db")
    (vault_house.vault_folder / "head").unlink()  # the folder was put back without it
    with vault_house.open() as vault:
        (problem,) = (one for one in vault.problems if one.code != "head-missing")
        assert ("unlock" in problem.hint, "recovery --use" in problem.hint) == (True, True)
        relocking.use_code(vault, vault_house.coach(vault, "bea"), code, NEW, FLOOR)
    with vault_house.session("bea", NEW) as session:
        assert session.vault.problems == []


# --- killed -----------------------------------------------------------------------------------------------------------


def every_step(action: Callable[[int], Callable[[], object]]) -> Iterator[int]:
    """Each step at which the action of a fresh state can be killed; the consumer looks at what is left."""
    for step in numbers(4):
        if not killed_at(step, action(step)):
            assert step > 10
            return
        yield step


def sound(house: VaultHouse) -> None:
    """Nothing is wrong that a coach's next session leaves so."""
    with house.open() as vault:
        vault.files.end_slots()
    found = verify(house.config, house.now)
    assert found.findings == []
    assert codes(found.notes) <= {"keyslot-of-nobody", "grant-orphan"}
    assert not list((house.vault_folder / "slots").glob(".*"))


def fresh(
    tmp_path: Path, made: list[tuple[VaultHouse, str]], action: Callable[[VaultHouse, str], object]
) -> Callable[[int], Callable[[], object]]:  # fmt: skip
    """A copy of a vault for each step, and what is done to it."""
    (tmp_path / "first").mkdir()
    first = VaultHouse(tmp_path / "first")
    code = first.make().code

    def begin(step: int) -> Callable[[], object]:
        folder = tmp_path / str(step)
        folder.mkdir()
        house = copied(first, folder)
        made.append((house, code))
        return lambda: action(house, code)

    return begin


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each spare is made in the same way as the next, and a passphrase is quick to guess."""
    cheap = Cost(1, 8, 1)
    for place in ("coachsync.vault.keyslots.FLOOR", "vault_house.FLOOR", "test_vault_relocking.FLOOR"):
        monkeypatch.setattr(place, cheap)
    monkeypatch.setattr("coachsync.app.vault.shelving.SPARES", 1)
    monkeypatch.setattr("coachsync.app.vault.shelving._LEAST", 1)


@pytest.mark.every_step
@pytest.mark.usefixtures("quickly")
def test_p13_killed_while_the_passphrase_changes_one_of_the_two_opens(tmp_path: Path) -> None:
    made: list[tuple[VaultHouse, str]] = []
    for _ in every_step(fresh(tmp_path, made, lambda house, _: change(house))):
        house, code = made[-1]
        assert opens(house, PASSPHRASE) or opens(house, NEW)
        assert recovers(house, code)
        sound(house)
        assert opens(house, PASSPHRASE) != opens(house, NEW)


@pytest.mark.every_step
@pytest.mark.usefixtures("quickly")
def test_p13_killed_while_the_code_is_used_the_old_code_or_the_new_passphrase_opens(tmp_path: Path) -> None:
    made: list[tuple[VaultHouse, str]] = []
    for _ in every_step(fresh(tmp_path, made, use)):
        house, code = made[-1]
        assert recovers(house, code) or opens(house, NEW)
        sound(house)


@pytest.mark.usefixtures("quickly")
def test_p13_killed_while_it_is_made_a_vault_opens_or_is_made_again(tmp_path: Path) -> None:
    """A coach who is in it has a passphrase that opens; one who is not is let in by the same command."""
    houses: list[VaultHouse] = []

    def begin(step: int) -> Callable[[], object]:
        folder = tmp_path / str(step)
        folder.mkdir()
        houses.append(VaultHouse(folder))
        assert houses[-1].device
        return houses[-1].make

    whole = 0
    for _ in every_step(begin):
        house = houses[-1]
        if (house.folder / "trust.toml").exists():
            whole += 1
            with pytest.raises(UsageError):
                house.make()
        else:
            house.make()
        with house.session() as session:
            making.settle(session.vault, session.coach, house.device)
            coach, daemon = session.fingerprint, house.daemon(session.vault)
            written = writing.add(session.vault, daemon, coach, CLIENT, Kind.NOTE, b"kept", house.now)
            assert session.record(written.record).body == b"kept"
        sound(house)
    assert 0 < whole < len(houses) - 1


def test_a_full_disk_leaves_the_old_keyslot(vault_house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise no_room()

    with vault_house.session() as session, monkeypatch.context() as broken:
        broken.setattr(vaultfiles, "write_atomically", full)
        with pytest.raises(CoachsyncError) as refused:
            relocking.change_passphrase(session.vault, session.coach, NEW, FLOOR)
    assert "/" not in str(refused.value.message)
    assert opens(vault_house, PASSPHRASE)
    assert COACH not in str(refused.value)
    sound(vault_house)
