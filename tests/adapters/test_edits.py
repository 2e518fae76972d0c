"""What the coach changed, as it is stored until the server has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from coachsync.adapters.database import Copies, Database, Edit, Edits, Endpoint, open_database
from coachsync.adapters.database.engine import database_file
from coachsync.errors import WrongKey
from coachsync.vault.rows import DeviceKey, new_device_key

KEY = DeviceKey(bytes(range(32)))
CANARY = "Marguerite-Zyx"
EDIT = Edit(f"/alice/{CANARY}/a.ics", f"uid-{CANARY}", CANARY.encode(), b"base " + CANARY.encode(), 1_770_000_000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, KEY)
    for name in ("coaching", "other"):
        Copies(opened, name).bind(Endpoint(url=f"https://cloud.example/{name}/"))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "edit",
    [
        EDIT,
        replace(EDIT, text=None),
        replace(EDIT, base=None),
        replace(EDIT, clashes=("times",), notify=True, bound=False),
    ],
    ids=["changed", "deleted", "new", "in-conflict"],
)
def test_an_edit_comes_back_as_it_was_stored(database: Database, edit: Edit) -> None:
    stored = Edits(database, "coaching").put(edit)
    assert stored.row is not None
    assert replace(stored, row=None) == edit
    assert Edits(database, "coaching").all() == (stored,)
    assert Edits(database, "coaching").at(edit.href) == stored


def test_an_object_has_one_edit(database: Database) -> None:
    edits = Edits(database, "coaching")
    edits.put(EDIT)
    edits.put(replace(EDIT, text=b"later"))
    assert [edit.text for edit in edits.all()] == [b"later"]


def test_an_edit_can_move_to_another_address(database: Database) -> None:
    edits = Edits(database, "coaching")
    moved = edits.put(replace(edits.put(EDIT), href="/alice/b.ics"))
    assert edits.at(EDIT.href) is None
    assert edits.all() == (moved,)


def test_the_edits_of_two_calendars_keep_apart(database: Database) -> None:
    Edits(database, "coaching").put(EDIT)
    assert Edits(database, "other").all() == ()
    Edits(database, "other").disown()
    assert all(edit.bound for edit in Edits(database, "coaching").all())
    Edits(database, "coaching").disown()
    assert not any(edit.bound for edit in Edits(database, "coaching").all())


def test_an_edit_waits_until_the_one_before_it_is_gone(database: Database) -> None:
    edits = Edits(database, "coaching")
    first = edits.put(EDIT)
    edits.put(replace(EDIT, href="/alice/second.ics", after=first.row))
    assert [edit.after for edit in edits.all()] == [None, first.row]
    edits.drop([first.row or 0])
    assert [edit.after for edit in edits.all()] == [None]


def test_p12_nothing_of_an_edit_is_on_the_disk_in_clear(database: Database, tmp_path: Path) -> None:
    Edits(database, "coaching").put(EDIT)
    for file in tmp_path.iterdir():
        assert CANARY.encode() not in file.read_bytes(), file.name


def test_an_edit_needs_the_key_it_was_sealed_with(database: Database, tmp_path: Path) -> None:
    Edits(database, "coaching").put(EDIT)
    with closing(open_database(tmp_path, new_device_key())) as other, pytest.raises(WrongKey):
        Edits(other, "coaching").all()


def test_the_text_of_one_edit_does_not_open_as_anothers(database: Database, tmp_path: Path) -> None:
    edits = Edits(database, "coaching")
    edits.put(EDIT)
    edits.put(replace(EDIT, href="/alice/b.ics"))
    with closing(sqlite3.connect(database_file(tmp_path))) as raw, raw:
        raw.execute("UPDATE edits SET body = (SELECT body FROM edits ORDER BY id LIMIT 1)")
    with pytest.raises(WrongKey):
        edits.all()
