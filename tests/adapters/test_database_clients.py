"""The client directory as it is stored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.database import Clients, Copies, Database, Endpoint, open_database
from coachsync.adapters.database.clients import NOBODY
from coachsync.adapters.database.renaming import inherit
from coachsync.adapters.database.tables import clients, pseudonyms, sponsors
from coachsync.clients.directory import Client, Directory, Sponsor
from coachsync.errors import CoachsyncError, UsageError
from coachsync.model import Pseudonym
from coachsync.vault.rows import DeviceKey

KEY = DeviceKey(bytes(range(32)))
CANARY = "Marguerite-Zyx"
ANA = Client(
    "C-7F3K2M", (CANARY, "Ana"), (f"{CANARY}@x.example",), (f"+33 {CANARY}",), (CANARY,), CANARY, "S-000001", True,
    (f"uid-{CANARY}",),
)  # fmt: skip
BO = Client("C-000000", ("Bo",))
GRANITE = Pseudonym("Granite-41")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, KEY)
    yield opened
    opened.close()


@pytest.fixture
def stored(database: Database, tmp_path: Path) -> Clients:
    return anew(database, tmp_path)


def anew(database: Database, state: Path) -> Clients:
    return Clients(database, ClientKeys(state, database.key))


def test_the_directory_comes_back_as_it_was_stored(stored: Clients, database: Database, tmp_path: Path) -> None:
    assert stored.directory() == Directory()
    payer = Sponsor("S-000001", CANARY)
    stored.save_sponsor(replace(payer, name="before"))
    for client in (ANA, BO, replace(ANA, aliases=("later",))):
        stored.save(client)
    stored.save_sponsor(payer)
    expected = Directory({BO.code: BO, ANA.code: replace(ANA, aliases=("later",))}, {payer.code: payer})
    for one in (stored, anew(database, tmp_path)):
        assert one.directory() == expected
        assert one.unreadable() == ()


def test_without_clients_it_is_one_query(stored: Clients, database: Database) -> None:
    asked: list[str] = []
    sa.event.listen(database.connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
    stored.directory(), stored.unreadable(), stored.directory()
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_p09_a_destroyed_key_makes_that_client_unreadable_and_no_other(
    stored: Clients, database: Database, tmp_path: Path
) -> None:
    stored.save(ANA)
    stored.save(BO)
    stored.name("office", ANA.code, GRANITE)
    ClientKeys(tmp_path, KEY).destroy(ANA.code)
    later = anew(database, tmp_path)
    assert later.directory() == Directory({BO.code: BO})
    assert later.unreadable() == (ANA.code,)
    [failure] = later.failures()
    assert (failure.code, ANA.code in failure.message) == ("client-key-missing", True)
    with pytest.raises(CoachsyncError, match="missing"):
        later.save(ANA)  # another key would open nothing
    assert later.reserved() == {GRANITE}
    assert not ClientKeys(tmp_path, KEY).file(ANA.code).exists()


def test_a_sponsor_whose_row_does_not_open_is_unreadable_and_hides_nobody(
    stored: Clients, database: Database, tmp_path: Path
) -> None:
    stored.save(ANA)
    for code in ("S-000001", "S-000002"):
        stored.save_sponsor(Sponsor(code, "Acme"))
    with database.transaction() as connection:
        connection.execute(sa.update(sponsors).where(sponsors.c.code == "S-000002").values(sealed=bytes(64)))
    later = anew(database, tmp_path)
    assert later.directory() == Directory({ANA.code: ANA}, {"S-000001": Sponsor("S-000001", "Acme")})
    assert later.unreadable() == ("S-000002",)
    assert [failure.code for failure in later.failures()] == ["row-does-not-open"]


def test_a_row_put_in_anothers_place_is_unreadable(stored: Clients, database: Database, tmp_path: Path) -> None:
    stored.save(ANA)
    stored.save(BO)
    with database.transaction() as connection:
        row = connection.execute(sa.select(clients).where(clients.c.code == ANA.code)).one()
        values = {"key": row.key, "sealed": row.sealed}
        connection.execute(sa.update(clients).where(clients.c.code == BO.code).values(**values))
    assert anew(database, tmp_path).unreadable() == (BO.code,)


def test_every_client_has_a_key_of_its_own_which_its_row_names(stored: Clients, database: Database) -> None:
    stored.save(ANA)
    stored.save(BO)
    with database.transaction() as connection:
        names = set(connection.execute(sa.select(clients.c.key)).scalars())
    assert len(names) == 2
    assert KEY.name not in names


def test_a_pseudonym_once_given_is_never_given_again(stored: Clients, database: Database) -> None:
    stored.name("office", ANA.code, GRANITE)
    stored.name("office", ANA.code, GRANITE)
    stored.name("team", ANA.code, Pseudonym("Zinc-12"))
    for share, code, typed in (("team", ANA.code, "Granite-41"), ("office", BO.code, "GRANITE-41")):
        with pytest.raises(UsageError) as caught:
            stored.name(share, code, Pseudonym(typed))
        assert caught.value.code == "pseudonym-used"
        assert "ranite" not in caught.value.message + caught.value.hint
    stored.name("office", ANA.code, Pseudonym("Quartz-10"))
    assert stored.pseudonyms("office") == {ANA.code: "Quartz-10"}
    assert stored.pseudonyms("team") == {ANA.code: "Zinc-12"}
    assert stored.reserved() == {"Granite-41", "Quartz-10", "Zinc-12"}
    stored.name("office", ANA.code, GRANITE)  # its own, from before
    assert stored.pseudonyms("office") == {ANA.code: GRANITE}
    with database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(pseudonyms)).scalar() == 3


def test_the_coachs_word_on_an_appointment_is_kept(stored: Clients) -> None:
    stored.assign("coaching", "uid-1", ANA.code)
    stored.assign("coaching", "uid-2", ANA.code)
    stored.assign("coaching", "uid-2", NOBODY)
    stored.assign("other", "uid-1", BO.code)
    assert stored.assigned("coaching") == {stored.blind("uid-1"): ANA.code, stored.blind("uid-2"): NOBODY}
    assert stored.assigned("none") == {}


def test_the_coachs_word_goes_along_when_a_calendar_gets_another_name(stored: Clients, database: Database) -> None:
    place = Endpoint(url="https://cloud.example/c/")
    Copies(database, "coaching").bind(place)
    stored.assign("coaching", "uid-1", ANA.code)
    stored.assign("coaching", "uid-2", ANA.code)
    stored.assign("work", "uid-2", NOBODY)
    assert inherit(database, "work", ["work"], place) is not None
    assert stored.assigned("work") == {stored.blind("uid-1"): ANA.code, stored.blind("uid-2"): NOBODY}


def test_p12_nothing_of_a_client_is_on_the_disk_in_clear(
    stored: Clients, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        stored.save(ANA)
        stored.save_sponsor(Sponsor("S-000001", CANARY))
        stored.name("office", ANA.code, Pseudonym(CANARY))
        stored.assign("coaching", CANARY, ANA.code)
        stored.directory()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"coachsync.db-wal", "C-7F3K2M.key"} <= {file.name for file in files}
    for file in files:
        assert CANARY.lower().encode() not in file.read_bytes().lower(), file.name
        assert CANARY.lower() not in str(file).lower()
    assert CANARY not in caplog.text
