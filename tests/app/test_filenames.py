"""Names of files: data from outside, of which nothing is given back but how they end."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.app.vault.filenames import extension, media_of
from coachsync.inbox.names import readable

NAMES = [
    ("rapport.pdf", ".pdf"), ("Séance 3.PDF", ".pdf"), (".pdf", ".pdf"), ("../../etc/passwd", ""), ("..", ""), ("", ""),
    ("a\nb\x1b[2J.txt", ".txt"), ("\u202egpj.exe", ""), ("start.desktop", ""), ("run.sh", ""), ("x.pdf/../y", ""),
    ("page.html", ""), ("a" * 250 + ".jpeg", ".jpeg"), ("x.txt ", ""), ("x.tar.gz", ".gz"), ("marie.dupont", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "end"), NAMES)
def test_of_a_name_its_end_is_kept_where_programs_know_it_and_it_starts_none(name: str, end: str) -> None:
    assert extension(name) == end


def test_only_what_programs_show_has_a_type() -> None:
    assert media_of("a.Jpg") == "image/jpeg"
    assert media_of("a.desktop") == media_of("a") == media_of("") == "application/octet-stream"


@pytest.mark.parametrize("name", [b"\xff\xfe.pdf", "é.pdf".encode(), b"a\\xff", b"a" * 255, b"\n"])
def test_a_name_that_is_no_text_is_told_all_the_same(name: bytes) -> None:
    text = readable(name)
    text.encode()
    assert readable(os.fsencode(os.fsdecode(name))) == text
    assert extension(text) in ("", ".pdf")


@settings(max_examples=150)
@given(st.text(max_size=300) | st.binary(max_size=255).map(readable))
def test_whatever_it_is_called_its_end_is_no_path(name: str) -> None:
    assert re.fullmatch(r"(\.[a-z0-9]{2,5})?", extension(name))
