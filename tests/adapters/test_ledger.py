"""The ledger of erasures: whatever cut a line short, it is whole the next time."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.adapters.ledger import NAME, Ledger
from coachsync.errors import CoachsyncError, Temporary
from stepping import before_each, counted, no_room

LINE, OTHER, DEVICE = b'{"actor":"00"}', b'{"actor":"01"}', b'{"client":"C-7KQ2MA","mark":"02"}'


def lines(folder: Path) -> list[bytes]:
    return list(Ledger(folder).lines())


def test_a_line_is_there_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    assert lines(tmp_path) == []
    for line in (LINE, OTHER, LINE):
        Ledger(tmp_path).bury(line)
    assert lines(tmp_path) == [LINE, OTHER]
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("of_device", [False, True])
@pytest.mark.parametrize("length", range(len(DEVICE)))
def test_half_of_a_line_is_none_and_goes_with_the_next(tmp_path: Path, length: int, *, of_device: bool) -> None:
    """Whoever has begun it writes it again; and whatever line comes first, none is left that nobody has written."""
    half, file = (DEVICE if of_device else LINE)[:length], tmp_path / NAME
    for zeros in (b"", bytes(100)):  # a power cut has left room for the rest
        for line in (LINE, DEVICE):
            file.write_bytes(OTHER + b"\n" + half + zeros)
            whole = [half] if half == LINE else []
            assert lines(tmp_path) == [OTHER, *whole]
            Ledger(tmp_path).bury(line)
            assert lines(tmp_path) == [OTHER, *(one for one in whole if one != line), line]
            assert file.read_bytes().endswith(line + b"\n")


def test_a_line_that_only_its_break_is_missing_from_is_not_lost(tmp_path: Path) -> None:
    for zeros in (b"", bytes(100)):
        (tmp_path / NAME).write_bytes(LINE + zeros)
        assert lines(tmp_path) == [LINE]
        for line in (OTHER, LINE):
            Ledger(tmp_path).bury(line)
            assert (tmp_path / NAME).read_bytes() == LINE + b"\n" + OTHER + b"\n"


def test_bytes_of_zero_around_a_line_do_not_count(tmp_path: Path) -> None:
    """Blocks that were never written before the power went."""
    zeros = bytes(100)
    (tmp_path / NAME).write_bytes(zeros + LINE + zeros + b"\n" + zeros + b"\n" + OTHER + b"\n")
    assert lines(tmp_path) == [LINE, OTHER]


def test_what_is_no_line_of_ours_stays_to_be_told(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"[\n" + LINE)
    Ledger(tmp_path).bury(OTHER)
    assert lines(tmp_path) == [b"[", LINE, OTHER]


def test_a_full_disk_is_told_and_a_folder_that_is_not_there_too(tmp_path: Path) -> None:
    with before_each(counted(0, no_room)), pytest.raises(Temporary):
        Ledger(tmp_path).bury(LINE)
    with pytest.raises(CoachsyncError):
        Ledger(tmp_path / "nowhere").bury(LINE)
