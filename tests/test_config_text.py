"""Files that are no TOML, no text or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync import config
from coachsync.errors import Misconfigured
from configurations import GOOD, only_problem


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("version = 1\n[practice\n", "line 2", "Line 2, column 10"),
        ("version = 1\nname = Cabinet\n", "line 2", "quotes"),
        ("version = \n", "line 1", "quotes"),
        ("version = 1\nversion = 1\n", "line 2", "twice"),
        ("[a]\nb = 1\n[a]\n", "line 3", "twice"),
        ("a = { b = 1, b = 2 }\n", "line 1", "twice"),
        ('a = "C:\\Users"\n', "line 1", "backslash"),
        ("a = [1,\n2", "line 2", "end of the file"),
        ('a = "open\n', "line 1", "quote"),
        ("a 1\n", "line 1", '"="'),
        ("a = 1 2\n", "line 1", "left over"),
        ("a = 2025-13-45\n", "line 1", "Line 1"),
        ("a = " + "[" * 5000, "line 1", "Line 1"),
        ("a = " + "1" * 5000 + "\n", "line 1", "Line 1"),
    ],
)
def test_syntax_is_shown_by_line_and_column(tmp_path: Path, text: str, place: str, said: str) -> None:
    found = only_problem(tmp_path, text)
    assert (found.code, found.where) == ("toml-syntax", place)
    assert said in found.message + found.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("version = 1\n# é\n".encode("latin-1"), "not-utf-8"),
        (GOOD.encode("utf-16"), "not-utf-8"),
        (b"#" * ((1 << 20) + 1), "configuration-too-long"),
        (b"\x00", "toml-syntax"),
    ],
)
def test_file_that_is_no_text_for_us(tmp_path: Path, content: bytes, code: str) -> None:
    assert only_problem(tmp_path, content).code == code


def test_line_of_the_first_byte_that_is_not_utf_8(tmp_path: Path) -> None:
    assert only_problem(tmp_path, "version = 1\n\nname = 'é'\n".encode("latin-1")).where == "line 3"


@pytest.mark.parametrize("kind", ["missing", "folder", "below a file"])
def test_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    path = {"missing": tmp_path / "none", "folder": tmp_path, "below a file": tmp_path / "file" / "x"}[kind]
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    expected = "configuration-missing" if kind == "missing" else "configuration-unreadable"
    assert [problem.code for problem in caught.value.problems] == [expected]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "coachsync.toml"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    assert caught.value.problems[0].code == "configuration-unreadable"
