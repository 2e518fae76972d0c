"""New keys for shelves: everything reads as before, the old keys open nothing, and whoever is cut short goes on."""

from __future__ import annotations

import io
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from coachsync.app.vault import attached, attaching, erasing, making, rotating, writing
from coachsync.app.vault.reading import Session
from coachsync.app.vault.shelving import current_key
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, UsageError
from coachsync.vault import grants
from coachsync.vault.bodies import File
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import Cost
from coachsync.vault.suite import Opener
from stepping import before_each, counted, killed_at, no_room
from vault_damage import Damaged
from vault_house import CLIENT, COACH, OTHER, VaultHouse, copied, copies


def rotate(house: VaultHouse, client: str | None = None, most: int = 1) -> None:
    """As the command does, a few records at a time; the daemon writes in between."""
    with house.session() as session:
        rotating.begin(session, client)
    failed, left = frozenset[bytes](), 1
    while left:
        with house.session() as session:
            found = rotating.go_on(session, failed, most)
            failed, left = failed | found.failed, found.left


def bodies(house: VaultHouse, name: str = COACH) -> dict[bytes, bytes]:
    """What every record says, by its id."""
    with house.session(name) as session:
        records = {record for record, _ in session.vault.history.records}
        mine = {one for one in records if _is_mine(session, one)}
        return {record: session.record(record).body for record in mine}


def _is_mine(session: Session, record: bytes) -> bool:
    history = session.vault.history
    return history.shelves[history.records[record, 1].shelf].coach == session.fingerprint


def generations(house: VaultHouse) -> dict[bytes, int]:
    with house.open() as vault:
        return {shelf: one.generation for shelf, one in vault.history.shelves.items()}


def sound(house: VaultHouse) -> None:
    """Nothing is wrong, and every seal of the coach opens."""
    with house.session() as session:
        person = session.coach
    found = verify(house.config, house.now, [person], house.device)
    assert found.findings == []
    assert found.opened


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each spare is made in the same way as the next, and a passphrase is quick to guess."""
    for place in ("coachsync.vault.keyslots.FLOOR", "vault_house.FLOOR"):
        monkeypatch.setattr(place, Cost(1, 8, 1))
    monkeypatch.setattr("coachsync.app.vault.shelving.SPARES", 6)
    monkeypatch.setattr("coachsync.app.vault.shelving._LEAST", 1)
    monkeypatch.setattr("coachsync.app.vault.shelving._FOR_UNSORTED", 1)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> VaultHouse:
    """Two clients with notes, and an agreement of one."""
    house = VaultHouse(tmp_path_factory.mktemp("rotating"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coachsync.app.vault.shelving.SPARES", 6)
        for place in ("coachsync.vault.keyslots.FLOOR", "vault_house.FLOOR"):
            patch.setattr(place, Cost(1, 8, 1))
        house.make()
    for text, client in ((b"one", CLIENT), (b"two", CLIENT), (b"three", OTHER)):
        house.add(text, client)
    house.add(b"an agreement", CLIENT, Kind.AGREEMENT)
    return house


@pytest.fixture
def full(first: VaultHouse, tmp_path: Path) -> VaultHouse:
    return copied(first, tmp_path)


def test_every_shelf_has_a_new_key_and_everything_reads_as_before(full: VaultHouse) -> None:
    before, made = bodies(full), generations(full)
    with full.open() as vault:
        keys = {path: path.read_bytes() for path in vault.files.folder.glob("keys/*/*")}
    rotate(full)
    assert bodies(full) == before
    assert generations(full) == {shelf: generation + 1 for shelf, generation in made.items()}
    assert len(made) == 6
    assert not [path for path in keys if path.exists()], "a grant of before is there"
    assert not (full.vault_folder / "rotation").exists()
    sound(full)


def test_what_an_old_grant_opened_is_nowhere_any_more(full: VaultHouse) -> None:
    with full.session() as session:
        openers = [
            grants.opened(content, key, session.coach)
            for key in session.vault.store.shelf_keys(session.vault.id)
            if (content := session.vault.files.grant(key.shelf, key.generation, session.fingerprint))
        ]
    rotate(full)
    with full.open() as vault:
        sealed = [row for shelf in vault.history.shelves for row in vault.store.sealed(shelf)]
    assert len(sealed) == 4
    for opener in openers:
        for _, record in sealed:
            with suppress(CoachsyncError):
                opener.open(b"coachsync/record/v1\0" + record[:120], record[120:])
                raise AssertionError


def test_only_a_client(full: VaultHouse) -> None:
    made = generations(full)
    rotate(full, OTHER)
    with full.open() as vault:
        history = vault.history
        changed = {shelf for shelf, generation in generations(full).items() if generation != made[shelf]}
        assert {history.shelves[shelf].client for shelf in changed} == {OTHER}
    with full.session() as session, pytest.raises(UsageError):
        rotating.begin(session, "C-AAAAAA")
    sound(full)


def test_the_daemon_writes_in_between(full: VaultHouse) -> None:
    with full.session() as session:
        rotating.begin(session)
    left, written = 1, dict[bytes, bytes]()
    while left:
        with full.session() as session:
            left = rotating.go_on(session, most=1).left
        for client in (CLIENT, OTHER):
            body = f"while {left} are left".encode()
            written[full.add(body, client).record] = body
    assert written.items() <= bodies(full).items()
    assert len(written) == 6
    sound(full)


def test_a_few_at_a_time_and_the_small_ones_first(full: VaultHouse) -> None:
    with full.session() as session:
        rotating.begin(session)
        first = rotating.go_on(session, most=1)
        assert (first.records, first.shelves, first.left, first.done) == (1, 6 - 2, 2, True)
        assert not rotating.begin(session)
        assert rotating.go_on(session).left == 0
        assert not session.vault.files.rotation()
        assert rotating.go_on(session).shelves == 0


def test_a_shelf_with_a_damaged_record_stays_and_the_others_are_done(damaged: Damaged) -> None:
    house, shelf = damaged.house, damaged.shelf(damaged.first)
    others = {one for one in generations(house) if one != shelf}
    damaged.sql("update records set sealed=zeroblob(2000) where record=?", damaged.first)
    made = generations(house)
    with house.session() as session:
        rotating.begin(session)
        found = rotating.go_on(session)
        mine = {one for one in others if session.vault.history.shelves[one].coach == session.fingerprint}
        assert session.record(damaged.second).body  # on the same shelf
    assert [one.code for one in found.problems] == ["no-record"]
    assert (set(found.failed), found.left) == ({shelf}, 0)
    changed = {one for one, generation in generations(house).items() if generation != made[one]}
    assert changed == mine
    assert house.vault_folder.joinpath("rotation").exists(), "a later run tries it again"


def test_the_colleague_is_not_touched(damaged: Damaged) -> None:
    with damaged.house.open() as vault:
        hers = {s: one for s, one in vault.history.shelves.items() if one.coach == damaged.house.coach(vault, "bea")}
    rotate(damaged.house)
    with damaged.house.open() as vault:
        assert {shelf: vault.history.shelves[shelf] for shelf in hers} == hers


def test_what_was_erased_stays_so_in_an_older_copy(full: VaultHouse, tmp_path: Path) -> None:
    """Put back beside the ledger, it owes each shelf that the tombstone names another generation."""
    gone = full.add(b"to be erased", CLIENT)
    older = tmp_path / "older"
    shutil.copytree(full.vault_folder, older)
    with full.session() as session:
        erasing.erase_records(session, [gone.record])
    rotate(full)
    shutil.rmtree(full.vault_folder)
    shutil.copytree(older, full.vault_folder)
    with full.session() as session:
        erasing.settle(session)
        assert session.vault.history.owed(session.fingerprint) == {}
        with pytest.raises(UsageError):
            session.record(gone.record)
        assert session.vault.history.latest(gone.record) == 0
    sound(full)


@pytest.mark.every_step
def test_p13_killed_anywhere_it_is_gone_on_with(first: VaultHouse, tmp_path: Path) -> None:
    before, made = bodies(first), generations(first)
    for number, house in copies(first, tmp_path, 5):
        killed = killed_at(number, lambda house=house: rotate(house, OTHER))  # type: ignore[misc]
        written = house.add(b"by the daemon", OTHER)
        assert bodies(house) == before | {written.record: b"by the daemon"}
        rotate(house, OTHER)
        with house.session() as session:
            erasing.settle(session)
            shelf = session.vault.history.shelf_of(session.fingerprint, OTHER, "notes")
        assert shelf is not None
        assert generations(house)[shelf] >= made[shelf] + 1
        sound(house)
        if not killed:
            break
    assert number > 10


@pytest.mark.every_step
def test_p13_a_full_disk_anywhere_loses_nothing(first: VaultHouse, tmp_path: Path) -> None:
    before = bodies(first)
    for number, house in copies(first, tmp_path, 5):
        stopped = False
        with before_each(counted(number, no_room)):
            try:
                rotate(house, OTHER)
            except (CoachsyncError, OSError):  # the steps of SQLite are refused as the system does
                stopped = True
        assert bodies(house) == before
        rotate(house, OTHER)
        with house.session() as session:
            erasing.settle(session)
        sound(house)
        if not stopped and number > 40:
            break


# --- another pen for the daemon ---------------------------------------------------------------------------------------


def test_the_daemon_of_before_may_write_nothing(full: VaultHouse) -> None:
    with full.open() as vault:
        before = full.daemon(vault)
    with full.session() as session:
        making.replace_daemon(session.vault, session.coach, full.device)
    written = full.add(b"by the new one")
    with full.session() as session:
        coach, vault = session.fingerprint, session.vault
        assert session.record(written.record).body == b"by the new one"
        with pytest.raises(CoachsyncError) as refused:
            writing.add(vault, before, coach, CLIENT, Kind.NOTE, b"by the old one", full.now)
        assert refused.value.code == "log-of-nobody"
        making.settle(vault, session.coach, full.device)
        assert len(vault.history.actors) == 1
    sound(full)


def test_a_daemon_key_that_was_put_back_is_not_let_in_again(full: VaultHouse) -> None:
    key = full.vault_folder / "daemon.key"
    before = key.read_bytes()
    with full.session() as session:
        making.replace_daemon(session.vault, session.coach, full.device)
    key.write_bytes(before)
    with full.session() as session:
        making.settle(session.vault, session.coach, full.device)
    assert key.read_bytes() != before
    assert full.add(b"it writes")
    sound(full)


@pytest.mark.every_step
def test_p13_killed_while_the_daemon_gets_another_pen(first: VaultHouse, tmp_path: Path) -> None:
    def replace(house: VaultHouse) -> None:
        with house.session() as session:
            making.replace_daemon(session.vault, session.coach, house.device)

    for number, house in copies(first, tmp_path, 5):
        killed = killed_at(number, lambda house=house: replace(house))  # type: ignore[misc]
        with house.session() as session:
            making.settle(session.vault, session.coach, house.device)
            assert len(session.vault.history.actors) == 1
        assert house.add(b"it writes")
        sound(house)
        if not killed:
            break
    assert number > 3


def test_a_key_is_of_who_has_made_it(full: VaultHouse) -> None:
    with full.session() as session:
        rotating.begin(session)
        rotating.go_on(session)
        shelf = session.vault.history.shelf_of(session.fingerprint, CLIENT, "notes")
        assert shelf is not None
        key = current_key(session.vault, shelf)
        assert isinstance(session.opener(shelf, key.generation), Opener)


def test_an_attachment_opens_afterwards(full: VaultHouse) -> None:
    """Its file stays as it is; the key to it is in the record, which is sealed anew."""
    with full.open() as vault:
        daemon, coach = full.daemon(vault), full.coach(vault)
        told = File("scan.pdf", "application/pdf", None)
        written = attaching.attach(vault, daemon, coach, CLIENT, io.BytesIO(b"what was scanned"), told, full.now)
    rotate(full)
    with full.session() as session:
        assert b"".join(attached.content(session, session.record(written.record))) == b"what was scanned"
    sound(full)
