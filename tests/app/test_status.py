"""The file in which things stand: what is written can be read, and whatever else is there counts as nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.app import status
from coachsync.app.status import CalendarStatus, Found, ShareStatus, Status, Trouble
from coachsync.errors import CoachsyncError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIME = st.none() | st.integers(0, 1 << 40)
TROUBLE = st.builds(Trouble, TEXT, TEXT, TEXT, TEXT)
FOUND = st.lists(st.builds(Found, TEXT, TEXT, TEXT), max_size=2).map(tuple)
COUNT = st.integers(0, 9)
CALENDAR = st.builds(CalendarStatus, TIME, TIME, TIME, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, st.none() | TROUBLE)
SHARE = st.builds(
    ShareStatus, TIME, TIME, TIME, st.integers(0, 9), TIME, FOUND, st.none() | TROUBLE, owed=st.booleans()
)
STATUS = st.builds(
    Status,
    calendars=st.dictionaries(TEXT, CALENDAR, max_size=2),
    shares=st.dictionaries(TEXT, SHARE, max_size=2),
    exposed=FOUND,
    refused=st.dictionaries(TEXT, TEXT, max_size=2),
    configuration=st.lists(TROUBLE, max_size=2).map(tuple),
    channels=st.lists(TROUBLE, max_size=2).map(tuple),
)


@given(known=STATUS)
@settings(max_examples=50)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, known: Status) -> None:
    folder = tmp_path_factory.mktemp("state")
    status.save(folder, known)
    assert status.load(folder) == known


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert status.load(tmp_path) == Status()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 2}', b'{"version": 1, "calendars": {"x": 3}}',
        b'{"version": 1, "calendars": {"x": {"unknown": 3, "trouble": null}}, "shares": {}}',
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "status.json").write_bytes(content)
    assert status.load(tmp_path) == Status()
    status.save(tmp_path, Status().with_calendar("coaching", waiting=1))
    assert status.load(tmp_path).calendar("coaching").waiting == 1


def test_the_same_is_not_written_twice(tmp_path: Path) -> None:
    known = Status().with_share("office", as_of=5)
    status.save(tmp_path, known)
    before = (tmp_path / "status.json").stat().st_ino
    status.save(tmp_path, known)
    assert (tmp_path / "status.json").stat().st_ino == before
    status.save(tmp_path, known.with_share("office", as_of=6))
    assert (tmp_path / "status.json").stat().st_ino != before


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    status.save(tmp_path, Status())
    assert (tmp_path / "status.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CoachsyncError):
        status.save(tmp_path / "gone", Status())


def test_a_pardon_is_for_one_account() -> None:
    known = Status(refused={"cloud": "a", "other": "b"})
    assert known.pardoned("cloud").refused == {"other": "b"}
    assert known.pardoned("nobody") is known
