"""Names of files: data from outside, of which as much is given back as every file system takes."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.app.vault.filenames import extension, media_of, safe, told

NAMES = [
    ("rapport.pdf", ".pdf", "rapport.pdf"),
    ("Séance 3.PDF", ".pdf", "Séance 3.pdf"),
    ("../../etc/passwd", "", "etc-passwd"),
    ("..", "", "file"),
    (".pdf", ".pdf", "file.pdf"),
    ("", "", "file"),
    ("a\nb\x1b[2J.txt", ".txt", "a-b-2J.txt"),
    ("\u202egpj.exe", "", "gpj-exe"),
    ("start.desktop", "", "start-desktop"),
    ("run.sh", "", "run-sh"),
    ("x.pdf/../y", "", "x-pdf-y"),
    ("a" * 250 + ".jpeg", ".jpeg", "a" * 60 + ".jpeg"),
    ("-rf.txt", ".txt", "rf.txt"),
    ("con:aux*?.txt ", "", "con-aux-txt"),
]


@pytest.mark.parametrize(("name", "end", "given_back"), NAMES)
def test_as_much_of_a_name_is_kept_as_is_safe(name: str, end: str, given_back: str) -> None:
    assert (extension(name), safe(name)) == (end, given_back)


def test_only_what_programs_show_has_a_type() -> None:
    assert media_of("a.Jpg") == "image/jpeg"
    assert media_of("a.desktop") == media_of("a") == media_of("") == "application/octet-stream"


@pytest.mark.parametrize("name", [b"\xff\xfe.pdf", "é.pdf".encode(), b"a\\xff", b"a" * 255, b"\n"])
def test_a_name_that_is_no_text_is_told_all_the_same(name: bytes) -> None:
    text = told(name)
    text.encode()
    assert told(os.fsencode(os.fsdecode(name))) == text
    assert extension(text) in ("", ".pdf")


@settings(max_examples=150)
@given(st.text(max_size=300) | st.binary(max_size=255).map(told))
def test_whatever_it_is_called_the_name_is_one_word_of_a_path(name: str) -> None:
    found = safe(name)
    assert re.fullmatch(r"[^/\0.]+(\.[a-z0-9]{2,4})?", found)
    assert found.isprintable()
    assert len(found.encode()) <= 255
    assert not found.startswith("-")
