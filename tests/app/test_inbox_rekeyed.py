"""An inbox while keys are changed: the device's, or those of the coach."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.adapters.database import InboxJournal
from coachsync.app import rekeying
from coachsync.app.vault import making, relocking, renewing
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.inbox.settling import Why
from coachsync.vault import bodies
from coachsync.vault.envelope import Kind
from inbox_house import CLIENT, InboxHouse
from stepping import killed_at
from test_inbox_giving import given
from vault_house import PASSPHRASE, VaultHouse
from vault_renewing import CHEAP, NEW, quickly


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    return InboxHouse(vault_house)


def rotate(house: InboxHouse) -> None:
    """Another device key, and another process."""
    rekeying.rotate(house.vault.state)
    house.restart()
    house.vault.__dict__.pop("device", None)


def test_a_file_that_stayed_is_not_sealed_again_under_another_device_key(house: InboxHouse, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.md"
    file.write_text("a note")
    first = given(house, file)
    rotate(house)
    assert given(house, file) == first._replace(new=False)
    rotate(house)
    assert given(house, file, removing=True) == first._replace(new=False, removed=True)
    assert house.notes() == {(CLIENT, b"a note"): 1}


def test_what_was_told_is_not_told_again_under_another_device_key(house: InboxHouse) -> None:
    (house.folder / "link.md").symlink_to("/nowhere")
    assert [why for _, why in house.work().news] == [Why.LINK]
    rotate(house)
    received = house.work()
    assert ([why for _, why in received.told], received.news) == ([Why.LINK], [])


@pytest.mark.parametrize("step", range(0, 40, 3))
def test_p04_cut_short_in_an_import_and_the_device_key_changed_it_is_there_once(house: InboxHouse, step: int) -> None:
    house.drop(f"{CLIENT}.md", "she sleeps")
    house.look()
    house.at += 1000
    killed_at(step, house.look)
    rotate(house)
    house.work()
    assert house.names() == []
    assert house.notes() == {(CLIENT, b"she sleeps"): 1}
    with house.wiring() as wiring:
        assert InboxJournal(wiring.database).begun() == ()


def test_p04_what_is_dropped_while_keys_are_renewed_waits_and_comes_in_once(house: InboxHouse) -> None:
    with quickly():
        house.register()
        house.drop(f"{CLIENT} a.md", "before")
        house.work()
        vault = house.vault
        coach = coach_of(trusted(vault.config), "anna")
        person = renewing.start(vault.config, vault.now, coach, PASSPHRASE, NEW, cost=CHEAP)
        house.drop(f"{CLIENT} b.md", "meanwhile")
        received = house.work()
        assert received.failure is not None
        assert (received.failure.code, received.imported) == ("keys-being-renewed", 0)
        assert house.names() == [f"{CLIENT} b.md"]
        with vault.open() as opened:
            session = Session(opened, person)
            while renewing.go_on(session).left:
                pass
            renewing.end(vault.config, session, vault.device)
            relocking.new_code(opened, person)
            making.settle(opened, person, vault.device)
        house.work()
        assert house.names() == []
        with vault.session(passphrase=NEW) as session:
            records = session.vault.history.records
            texts = [bodies.unpacked(Kind.NOTE, session.record(record).body).text for record, _ in records]
    assert texts == ["before", "meanwhile"]
