"""The journal of the inbox: what it is told comes back, and no name stands in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coachsync.adapters.database import Begun, Database, InboxJournal, open_database
from coachsync.inbox.settling import Stamp, Why
from coachsync.vault.rows import new_device_key

STAMP = Stamp(1, 2, 3, 4, 5)
BEGUN = Begun(bytes(16), STAMP, bytes(32))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path, new_device_key())


def test_what_was_begun_comes_back_until_it_has_ended(database: Database) -> None:
    journal, other = InboxJournal(database), replace(BEGUN, record=b"x" * 16)
    journal.begin(BEGUN)
    journal.begin(other)
    assert set(journal.begun()) == {BEGUN, other}
    journal.begin(replace(BEGUN, wiping=True))
    journal.end(other.record)
    assert journal.begun() == (replace(BEGUN, wiping=True),)


def test_a_new_name_makes_no_other_file(database: Database) -> None:
    assert BEGUN.means(STAMP._replace(changed=9))
    assert not any(BEGUN.means(STAMP._replace(**{name: 9})) for name in ("device", "inode", "size", "modified"))


def test_what_was_told_and_left_comes_back(database: Database) -> None:
    journal = InboxJournal(database)
    place = journal.place(b"a\xff")
    assert (journal.told(), journal.left(place)) == ({}, None)
    journal.tell(place, Why.LINK, STAMP)
    left = journal.place(b"/elsewhere/a")
    journal.leave(left, b"r" * 16, b"c" * 32)
    assert journal.told() == {place: (Why.LINK, STAMP)}
    assert journal.left(left) == (b"r" * 16, b"c" * 32)
    journal.forget_told([place, left])
    assert (journal.told(), journal.left(left)) == ({}, (b"r" * 16, b"c" * 32))


def test_no_name_is_in_the_file(database: Database, tmp_path: Path) -> None:
    journal = InboxJournal(database)
    journal.tell(journal.place(b"Marina Zoubrowka"), Why.LINK, STAMP)
    database.close()
    assert all(b"Zoubrowka" not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_row_of_another_key_counts_for_nothing(database: Database, tmp_path: Path) -> None:
    InboxJournal(database).begin(BEGUN)
    database.close()
    assert InboxJournal(open_database(tmp_path, new_device_key())).begun() == ()
