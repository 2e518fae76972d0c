"""What shares choose by, as it is stored beside each copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from coachsync.adapters.database import Copies, Database, Endpoint, open_database
from coachsync.adapters.database.tables import appointments
from coachsync.adapters.database.traits import StoredTraits
from coachsync.errors import WrongKey
from coachsync.model import Item, Traits, Whose
from coachsync.vault.rows import DeviceKey

KEY = DeviceKey(bytes(range(32)))
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MARIE = Traits(Whose("C-MARIE0", frozenset({"C-MARIE0"})), frozenset({"coaching", "canari"}), "PRIVATE")
OPEN = Traits(Whose(None, frozenset({"C-MARIE0", "C-0MER00"})))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, KEY)
    yield opened
    opened.close()


def filled(database: Database, calendar: str, count: int) -> list[int]:
    """The rows of a calendar with some copies, by their numbers."""
    copies = Copies(database, calendar)
    copies.bind(Endpoint(url=f"https://cloud.example/{calendar}/"))
    store(database, calendar, *range(count))
    return [copy.row for number in range(count) for copy in copies.named(f"uid-{number}")]


def store(database: Database, calendar: str, *numbers: int) -> None:
    items = [(Item(f"/{calendar}/{number}.ics", "1", b"text"), f"uid-{number}") for number in numbers]
    Copies(database, calendar).store(items, NOW)


def test_traits_come_back_as_they_were_stored(database: Database) -> None:
    one, two, three = filled(database, "coaching", 3)
    stored = StoredTraits(database, "coaching")
    assert set(stored.stale("frame")) == {one, two, three}
    assert stored.all() == {}
    stored.record("frame", [(one, (MARIE, OPEN)), (two, (Traits(),)), (three, ())])
    assert stored.all() == {one: (MARIE, OPEN), two: (Traits(),)}
    assert stored.stale("frame") == []
    assert set(stored.stale("another frame")) == {one, two, three}


def test_only_a_text_that_came_in_anew_is_stale_and_its_traits_stay_until_then(database: Database) -> None:
    one, two = filled(database, "coaching", 2)
    stored = StoredTraits(database, "coaching")
    stored.record("frame", [(one, (MARIE,)), (two, (OPEN,))])
    store(database, "coaching", 1)
    assert stored.stale("frame") == [two]
    assert stored.all() == {one: (MARIE,), two: (OPEN,)}


def test_a_text_that_says_nothing_keeps_what_it_said_before(database: Database) -> None:
    one, two = filled(database, "coaching", 2)
    stored = StoredTraits(database, "coaching")
    stored.record("frame", [(one, (MARIE,)), (two, (OPEN,))])
    stored.record("later", [(one, ()), (two, (MARIE,))])
    assert stored.all() == {one: (MARIE,), two: (MARIE,)}
    assert stored.stale("later") == []


def test_each_calendar_has_its_own(database: Database) -> None:
    (mine,), (other,) = filled(database, "coaching", 1), filled(database, "other", 1)
    StoredTraits(database, "coaching").record("frame", [(mine, (MARIE,))])
    assert StoredTraits(database, "other").stale("frame") == [other]
    assert StoredTraits(database, "other").all() == {}
    assert StoredTraits(database, "nowhere").stale("frame") == []


def test_traits_in_anothers_row_do_not_open(database: Database) -> None:
    one, two = filled(database, "coaching", 2)
    stored = StoredTraits(database, "coaching")
    stored.record("frame", [(one, (MARIE,)), (two, (OPEN,))])
    with database.transaction() as connection:
        sealed = connection.execute(sa.select(appointments.c.traits).where(appointments.c.id == one)).scalar_one()
        connection.execute(sa.update(appointments).where(appointments.c.id == two).values(traits=sealed))
    with pytest.raises(WrongKey):
        stored.all()


def test_p12_nothing_of_them_is_on_the_disk_in_clear(database: Database, tmp_path: Path) -> None:
    (row,) = filled(database, "coaching", 1)
    StoredTraits(database, "coaching").record("frame", [(row, (MARIE, OPEN))])
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b"frame" in held
    assert [word for word in (b"C-MARIE0", b"C-0MER00", b"canari", b"PRIVATE") if word in held] == []
