"""A vault is made once, and each coach is let in once; what one writes, another cannot read."""

from __future__ import annotations

import shutil

import pytest

from coachsync.adapters import keystore
from coachsync.app.vault import making
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of
from coachsync.errors import Altered, CoachsyncError, NotInitialised, UsageError, WrongKey
from coachsync.vault import grants
from coachsync.vault.rows import new_device_key
from vault_house import CLIENT, PASSPHRASE, VaultHouse

HERS = "four chairs and a table"


@pytest.fixture
def two(vault_house: VaultHouse) -> VaultHouse:
    """A practice of two coaches."""
    vault_house.make("bea", HERS)
    return vault_house


def test_a_second_coach_cannot_read_what_the_first_one_wrote(two: VaultHouse) -> None:
    """Neither through the program, nor with everything that her passphrase gives her."""
    annas, beas = two.add(b"of Anna's", CLIENT), two.add(b"of Bea's", CLIENT, name="bea")
    with two.session("bea", HERS) as bea:
        assert bea.record(beas.record).body == b"of Bea's"
        with pytest.raises(WrongKey) as locked:
            bea.record(annas.record)
        assert locked.value.code == "no-grant"
        vault, place = bea.vault, bea.vault.history.records[annas.record, 1]
        assert place.shelf != vault.history.records[beas.record, 1].shelf
        for generation, recipient in vault.files.grants(place.shelf):
            content = vault.files.grant(place.shelf, generation, recipient)
            key = vault.store.shelf_key(vault.id, place.shelf, generation)
            assert content is not None
            assert key is not None
            with pytest.raises((Altered, WrongKey)):
                grants.opened(content, key, bea.coach)
            with pytest.raises(WrongKey):  # the seal itself, whoever it says that it is for
                bea.coach.opener.open(b"coachsync/grant/v1\0" + content[:60], content[60 : 60 + 1168])
    with two.session() as anna:
        assert anna.record(annas.record).body == b"of Anna's"


def test_a_second_coach_may_not_give_herself_a_shelf_of_the_first_one(two: VaultHouse) -> None:
    annas = two.add(b"of Anna's")
    with two.session("bea", HERS) as bea:
        vault, place = bea.vault, bea.vault.history.records[annas.record, 1]
        event = {"e": "shelf", "shelf": place.shelf.hex(), "generation": 2, "key": "00" * 32, "grants": []}
        with pytest.raises(Altered), vault.transaction():
            vault.append(bea.coach, **event)
    with two.session() as anna:
        assert anna.record(annas.record).body == b"of Anna's"


def test_each_coach_has_an_own_passphrase_and_code(two: VaultHouse) -> None:
    with pytest.raises(WrongKey), two.session("bea", PASSPHRASE):
        pass
    with two.open() as vault:
        kinds = sorted(kind for _, kind in vault.files.slots())
    assert kinds == ["passphrase", "passphrase", "recovery", "recovery"]


def test_a_coach_is_not_let_in_twice(vault_house: VaultHouse) -> None:
    before = vault_house.files()
    with pytest.raises(UsageError) as there:
        vault_house.make()
    assert there.value.code == "coach-there"
    assert vault_house.files() == before


@pytest.mark.parametrize("name", ["", "Anna", "anna b", "../anna", "é", "a" * 32, "anna\n", "-"])
def test_a_name_that_is_none_is_refused(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    house = VaultHouse(tmp_path_factory.mktemp("none"))
    with pytest.raises(UsageError) as refused:
        house.make(name)
    assert refused.value.where == "--coach"
    assert not house.vault_folder.exists()


def test_a_vault_without_its_trust_is_not_made_over(vault_house: VaultHouse) -> None:
    vault_house.add(b"kept")
    (vault_house.folder / "trust.toml").unlink()
    before = vault_house.files()
    with pytest.raises(CoachsyncError) as refused:
        vault_house.make("bea", HERS)
    assert refused.value.code == "trust-missing"
    assert {file: content for file, content in vault_house.files().items() if "vault.db-" not in file.name} == {
        file: content for file, content in before.items() if "vault.db-" not in file.name
    }


def test_settling_twice_is_once(vault_house: VaultHouse) -> None:
    with vault_house.session() as session:
        head = session.vault.history.head
        making.settle(session.vault, session.coach, vault_house.device)
        assert session.vault.history.head == head


def test_the_daemon_signs_with_a_key_that_only_this_device_opens(vault_house: VaultHouse) -> None:
    with vault_house.open() as vault:
        assert making.daemon_of(vault.files, vault_house.device) is not None
        with pytest.raises(WrongKey):
            making.daemon_of(vault.files, new_device_key())


def test_which_coach_is_meant_must_be_said_where_there_are_two(two: VaultHouse) -> None:
    with two.open() as vault:
        with pytest.raises(UsageError) as which:
            coach_of(vault.trust, None)
        assert "anna, bea" in which.value.hint
        with pytest.raises(UsageError):
            coach_of(vault.trust, "eve")
        assert coach_of(vault.trust, "bea") != coach_of(vault.trust, "anna")


# --- opening ----------------------------------------------------------------------------------------------------------


def test_without_trust_there_is_no_vault_and_without_a_vault_none_is_made(vault_house: VaultHouse) -> None:
    shutil.rmtree(vault_house.vault_folder)
    with pytest.raises(Altered) as gone, vault_house.open():
        pass
    assert gone.value.code == "vault-missing"
    assert not vault_house.vault_folder.exists()
    (vault_house.folder / "trust.toml").unlink()
    with pytest.raises(NotInitialised) as none, vault_house.open():
        pass
    assert none.value.exit_code == 10


def test_p09_a_trust_file_that_others_may_write_opens_nothing(vault_house: VaultHouse) -> None:
    for mode in (0o664, 0o646, 0o622):
        (vault_house.folder / "trust.toml").chmod(mode)
        with pytest.raises(Altered) as refused, vault_house.open():
            pass
        assert refused.value.code == "trust-open"
        assert "chmod go-w" in refused.value.hint


def test_a_session_reads_only_what_is_in_the_log(vault_house: VaultHouse) -> None:
    written = vault_house.add(b"kept")
    with vault_house.session() as session:
        assert [one.body for one in session.shelf(session.vault.history.records[written.record, 1].shelf)] == [b"kept"]  # type: ignore[union-attr]
        with pytest.raises(UsageError):
            session.record(bytes(16))
        assert Session(session.vault, session.coach).fingerprint == session.fingerprint


def test_another_device_key_is_no_way_in(vault_house: VaultHouse) -> None:
    """The vault hangs on the passphrase alone: the device key opens the daemon's seed and nothing else."""
    assert keystore.load_device_key(vault_house.state, create=False) == vault_house.device
    with open_vault(vault_house.config, vault_house.now) as vault, pytest.raises(WrongKey):
        vault_house.unlock(vault, passphrase=vault_house.device.secret.hex())
