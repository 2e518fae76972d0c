"""The ledger of erasures: whatever cut a line short, it is whole the next time."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.adapters.ledger import NAME, Ledger
from coachsync.errors import CoachsyncError, Temporary
from stepping import before_each, counted, no_room

LINE, OTHER = b'{"actor":"00"}', b'{"actor":"01"}'


def lines(folder: Path) -> list[bytes]:
    return list(Ledger(folder).lines())


def test_a_line_is_there_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    assert lines(tmp_path) == []
    for line in (LINE, OTHER, LINE):
        Ledger(tmp_path).bury(line)
    assert lines(tmp_path) == [LINE, OTHER]
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("length", range(1, len(LINE) + 1))
def test_half_of_a_line_is_completed(tmp_path: Path, length: int) -> None:
    (tmp_path / NAME).write_bytes(OTHER + b"\n" + LINE[:length])
    Ledger(tmp_path).bury(LINE)
    assert lines(tmp_path) == [OTHER, LINE]


def test_what_a_power_cut_has_left_does_not_spoil_the_next_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(OTHER + b"\n" + bytes(100))
    Ledger(tmp_path).bury(LINE)
    assert lines(tmp_path) == [OTHER, LINE]
    (tmp_path / NAME).write_bytes(OTHER[:5])
    Ledger(tmp_path).bury(LINE.replace(b"actor", b"x"))
    assert len(lines(tmp_path)) == 2


def test_a_full_disk_is_told_and_a_folder_that_is_not_there_too(tmp_path: Path) -> None:
    with before_each(counted(0, no_room)), pytest.raises(Temporary):
        Ledger(tmp_path).bury(LINE)
    with pytest.raises(CoachsyncError):
        Ledger(tmp_path / "nowhere").bury(LINE)
