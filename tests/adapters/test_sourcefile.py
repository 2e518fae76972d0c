"""A file that somebody has named: read as it is, and nothing that is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.adapters.sourcefile import source_file
from coachsync.errors import CoachsyncError, UsageError

CONTENT = b"Zoubrowka"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "file"
    found.write_bytes(CONTENT)
    return found


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as problem, source_file(path):
        pytest.fail("it was opened")
    assert problem.value.hint
    return problem.value.code


@pytest.mark.parametrize("name", ["file", "a\nb", "é", "-rf", " ", "x" * 255])
def test_a_file_of_any_name_is_read_twice(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)
    with source_file(tmp_path / name) as source:
        assert (source.read(), source.seekable(), source.seek(0), source.read()) == (CONTENT, True, 0, CONTENT)


def test_a_name_that_is_no_text_is_one(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe"
    Path(os.fsdecode(name)).write_bytes(CONTENT)
    with source_file(Path(os.fsdecode(name))) as source:
        assert source.read() == CONTENT


def test_what_is_no_file_is_refused_and_nobody_waits_for_it(tmp_path: Path, file: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "dead").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "link") == refused(tmp_path / "dead") == "file-is-link"
    assert refused(tmp_path / "pipe") == refused(tmp_path) == refused(Path("/dev/zero")) == "no-file"
    assert refused(tmp_path / "none") == "no-such-file"
    assert refused(tmp_path / "file" / "below") == refused(tmp_path / ("x" * 256)) == "file-not-read"


def test_what_it_says_of_a_failure_names_nothing(tmp_path: Path) -> None:
    with pytest.raises(CoachsyncError) as problem, source_file(tmp_path / "Anna Martin"):
        pass
    assert "Anna" not in f"{problem.value.message} {problem.value.hint} {problem.value.where}"
