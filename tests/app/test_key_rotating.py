"""Another device key: whatever is here reads and is found as before, and nothing of it names the old key."""

from __future__ import annotations

import shutil
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import keyrings
from coachsync import config
from coachsync.adapters import keychanging, keyplaces, keystore
from coachsync.adapters.database import Copies, SignIns
from coachsync.adapters.database.engine import database_file
from coachsync.adapters.database.tables import metadata
from coachsync.adapters.keyfile import key_file
from coachsync.adapters.keyplaces import CREDENTIAL, Place
from coachsync.app import keys, rekeying
from coachsync.app.vault import making
from coachsync.app.vault.opening import open_vault
from coachsync.app.wiring import open_wiring
from coachsync.clients.directory import Client, Sponsor
from coachsync.errors import CoachsyncError, UsageError
from coachsync.model import Pseudonym
from coachsync.vault.rows import DeviceKey
from daemon_life import HOUR, life
from practice_house import House, session
from stepping import before_each, counted, killed_at, no_room, numbers
from vault_renewing import CHEAP, quickly

ANA = Client("C-ANA000", ("Ana Zyx",), ("ana@zyx.example",), sponsor="S-ACME00")
GONE = Client("C-GNE000", ("Gone Abc",))
MORE = '\n[shares.linked]\nfrom = ["coaching"]\nto = { account = "cloud", name = "Linked" }\nprofile = "session"\n'


@pytest.fixture
def full(tmp_path: Path) -> House:
    """Everything that a state can hold: copies read and shared, an edit that waits, something removed, clients, a
    pseudonym, the coach's word, a client who is forgotten, and a vault."""
    house = House(tmp_path)
    house.text += MORE
    with house.wiring() as wiring:
        wiring.clients.save_sponsor(Sponsor("S-ACME00", "Acme Industries"))
        wiring.clients.save(ANA)
        wiring.clients.save(GONE)
        wiring.clients.name("office", ANA.code, Pseudonym("Granite-41"))
    house.put("e0", session(house, 0, extra="RRULE:FREQ=DAILY;COUNT=3\r\n"))
    house.put("e1", session(house, 1, title="Ana Zyx"))
    house.put("e2", session(house, 2))
    assert house.sync().exit_code() == 0
    house.delete("e2")
    assert house.sync().exit_code() == 0
    house.want("e1", session(house, 1, hours=3, title="Ana Zyx"))
    with house.wiring() as wiring:
        wiring.clients.assign("coaching", "uid-0", ANA.code)
        wiring.clients.assign("coaching", "uid-that-is-not-here", ANA.code)
        wiring.clients.keys.bury(GONE.code)
        wiring.clients.forget(GONE.code)
    with quickly(2), house.wiring() as wiring:
        making.make(wiring.config, wiring.database.key, "anna", "correct horse battery staple", house.now, CHEAP)
    return house


def facts(house: House) -> dict[str, Any]:
    """What can be read, and looked for."""
    with house.wiring() as wiring:
        copies = Copies(wiring.database, "coaching")
        clients, calendars = wiring.clients, copies.endpoint()
        with open_vault(wiring.config, house.now) as vault:
            daemon = making.daemon_of(vault.files, wiring.database.key)
            assert daemon is not None
            writes = daemon.actor.fingerprint in vault.history.actors
        return {
            "copies": {copy.href: (copy.etag, copy.uid, copy.frame) for copy in copies.all()},
            "texts": house.copies(),
            "readings": sorted(stored.reading.occurrences for stored in copies.readings()),
            "found": (copies.holds(["uid-0"]), [copy.uid for copy in copies.named("uid-1")]),
            "edits": [(edit.href, edit.text, edit.base) for edit in house.edits()],
            "removed": house.trash(),
            "endpoint": calendars,
            "signin": SignIns(wiring.database).find("cloud"),
            "directory": clients.directory(),
            "pseudonyms": (clients.pseudonyms("office"), clients.reserved()),
            "words": [
                clients.assigned("coaching").get(clients.blind(uid)) for uid in ("uid-0", "uid-that-is-not-here")
            ],
            "buried": clients.keys.buried(),
            "writes": writes,
        }


def named(house: House) -> set[str]:
    """The names of the keys that rows and files say they need, but for those of clients."""
    with house.wiring() as wiring, wiring.database.transaction() as connection:
        tables = [table for table in metadata.sorted_tables if "key" in table.c and table.name != "clients"]
        rows = {name for table in tables for name in connection.execute(sa.select(table.c.key)).scalars()}
    return rows | {file.read_bytes()[:16].decode() for file in (house.state / "keys" / "clients").glob("*.key")}


def key_of(house: House) -> DeviceKey:
    return keystore.load_device_key(house.state, create=False)


def test_everything_is_there_under_another_key_and_nothing_names_the_old_one(full: House) -> None:
    before, old = facts(full), key_of(full)
    served = full.served()
    rekeying.rotate(full.state)
    new = key_of(full)
    assert new != old
    assert facts(full) == before
    assert named(full) == {new.name}
    everything = b"".join(file.read_bytes() for file in full.state.rglob("*") if file.is_file())
    assert old.secret not in everything
    assert old.name.encode() not in everything
    assert sorted(file.name for file in (full.state / "keys").iterdir() if file.is_file()) == ["device.key"]
    assert full.served() == served


def test_the_next_run_writes_nothing_that_it_would_not_have(full: House) -> None:
    full.sync()
    served = {name: full.served(name) for name in ("Office", "Linked")}
    rekeying.rotate(full.state)
    assert full.sync().exit_code() == 0
    assert {name: full.served(name) for name in ("Office", "Linked")} == served


def test_the_old_bytes_of_a_clients_key_are_overwritten(full: House) -> None:
    """They would open what is forgotten later."""
    file = full.state / "keys" / "clients" / f"{ANA.code}.key"
    witness = full.folder / "witness"
    witness.hardlink_to(file)
    rekeying.rotate(full.state)
    assert set(witness.read_bytes()) == {0}
    assert set(file.read_bytes()) != {0}


def test_the_old_bytes_of_the_key_are_overwritten(full: House) -> None:
    witness = full.folder / "witness"
    witness.hardlink_to(key_file(full.state))
    rekeying.rotate(full.state)
    assert set(witness.read_bytes()) == {0}


def test_the_number_of_a_series_stays(full: House) -> None:
    from coachsync.adapters.database import Shares

    def number() -> int:
        with full.wiring() as wiring:
            return Shares(wiring.database, "linked").number("coaching/uid-0", lambda taken: 700 + taken)

    before = number()
    rekeying.rotate(full.state)
    assert number() == before


def test_a_row_that_does_not_open_stays_and_keeps_nobody_from_the_rest(full: House) -> None:
    with full.wiring() as wiring, wiring.database.transaction() as connection:
        connection.execute(sa.text("update sponsors set sealed=zeroblob(64)"))
    rekeying.rotate(full.state)
    assert full.copies()
    with full.wiring() as wiring:
        assert wiring.clients.unreadable() == ("S-ACME00",)


def test_in_the_keyring(full: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of before goes out of it, and nothing of the new one is in a file."""
    ring = keyrings.keyring(tmp_path, monkeypatch)
    before, old = facts(full), key_of(full)
    keystore.move(full.state, Place.KEYRING)
    rekeying.rotate(full.state)
    new = key_of(full)
    assert facts(full) == before
    assert not key_file(full.state).exists()
    kept = keyplaces.read(Place.KEYRING, full.state, old.name), keyplaces.read(Place.KEYRING, full.state, new.name)
    assert kept == (None, new)
    assert ring


def test_a_credential_is_not_ours_to_replace(full: House, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.credential(full.folder, monkeypatch, CREDENTIAL, key_of(full).secret)
    with pytest.raises(UsageError) as refused:
        rekeying.rotate(full.state)
    assert refused.value.code == "device-key-not-alone"
    assert not keychanging.is_changing(full.state)


def test_a_note_of_the_place_names_the_new_key(full: House) -> None:
    keyplaces.write_note(full.state, keyplaces.Note(Place.FILE, key_of(full).name))
    rekeying.rotate(full.state)
    assert keyplaces.read_note(full.state) == keyplaces.Note(Place.FILE, key_of(full).name)


@pytest.mark.every_step
def test_p13_killed_anywhere_whoever_opens_the_state_next_ends_it(full: House, tmp_path: Path) -> None:
    before, old = facts(full), key_of(full)
    keep = tmp_path.parent / f"{tmp_path.name}-keep"
    shutil.copytree(full.state, keep)
    for number in numbers(4):
        killed = killed_at(number, lambda: rekeying.rotate(full.state))
        with open_wiring(config.load(full.file), "test", full.now) as wiring:  # as the daemon does at its next pass
            assert len(wiring.clients.directory().clients) == 1
        assert facts(full) == before
        assert len(named(full)) == 1
        assert not list((full.state / "keys").glob(".key-*"))
        if number > 10 and not killed:
            break
        shutil.rmtree(full.state)
        shutil.copytree(keep, full.state)
    assert key_of(full) != old
    assert number > 15


@pytest.mark.every_step
def test_p04_a_full_disk_anywhere_loses_nothing(full: House, tmp_path: Path) -> None:
    before = facts(full)
    keep = tmp_path.parent / f"{tmp_path.name}-keep"
    shutil.copytree(full.state, keep)
    for number in takewhile(lambda number: number < 40, numbers(6)):
        with before_each(counted(number, no_room)), suppress(CoachsyncError, OSError):
            rekeying.rotate(full.state)
        with open_wiring(config.load(full.file), "test", full.now):
            pass
        assert facts(full) == before
        shutil.rmtree(full.state)
        shutil.copytree(keep, full.state)


def test_a_daemon_that_lives_takes_the_new_key_at_its_next_pass(tmp_path: Path) -> None:
    """And asks for no more than it would have, nor writes anything: what it knows is what it knew."""
    one = life(tmp_path)
    one.live(2 * HOUR)
    before, writes = key_of(one.house), one.writes()
    rekeying.rotate(one.house.state)
    one.live(2 * HOUR)
    assert key_of(one.house) != before
    assert one.writes() == writes
    assert one.status.state is None
    assert one.status.opening == ()
    one.house.put("later", session(one.house, 30))
    one.live(2 * HOUR)
    assert one.writes() == writes + 1


def test_nothing_is_rotated_where_there_is_no_key(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write()
    with pytest.raises(CoachsyncError) as refused:
        keys.rotate(config.load(house.file))
    assert refused.value.code == "no-device-key"
    assert not database_file(house.state).exists()


def test_a_note_of_both_keys_that_is_damaged_is_told(full: House) -> None:
    keychanging.begin(full.state)
    full.state.joinpath("keys", "device.next").write_bytes(b"{}")
    with pytest.raises(CoachsyncError) as refused, open_wiring(config.load(full.file), "test", full.now):
        pass
    assert refused.value.code == "device-key-change-damaged"
