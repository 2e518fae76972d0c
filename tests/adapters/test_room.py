import errno
import sqlite3
from pathlib import Path

import pytest

from coachsync.adapters import room


def sqlite_error(code: int) -> sqlite3.OperationalError:
    problem = sqlite3.OperationalError("in SQLite's own words")
    problem.sqlite_errorcode = code
    return problem


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, ""), OSError(errno.EDQUOT, ""), sqlite_error(13)])
def test_what_the_system_and_sqlite_call_full_is_full(problem: Exception) -> None:
    assert room.is_full(problem)


@pytest.mark.parametrize("problem", [OSError(errno.EACCES, ""), ValueError("No space left"), sqlite_error(8), None])
def test_other_troubles_are_not(problem: Exception | None, tmp_path: Path) -> None:
    assert not room.is_full(problem, tmp_path)


@pytest.mark.parametrize("code", [10, 14, 10 | 19 << 8])  # SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_IOERR_SHMSIZE
def test_trouble_with_the_disk_is_a_full_one_where_no_room_is_left(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not room.is_full(sqlite_error(code), tmp_path)
    monkeypatch.setattr(room, "_room", lambda _: 4096)
    assert room.is_full(sqlite_error(code), tmp_path)
    assert not room.is_full(sqlite_error(code))
