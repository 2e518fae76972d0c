"""What names tell: that a file is not whole, whose it is."""

from __future__ import annotations

import pytest

from coachsync.inbox.names import Sort, aside, codes_in, readable, set_aside_as, sort_of

RECORD = bytes(range(16))


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        (b"note.md", Sort.FILE), (b"note", Sort.FILE), (b".note", Sort.FILE), (b"partial.md", Sort.FILE),
        (b"a (conflicted copy 2026-03-02).md", Sort.FILE), (b"a.sync-conflict-20260302-101112-ABC.md", Sort.FILE),
        (b"a.md.PART", Sort.PARTIAL), (b"Unconfirmed 12.crdownload", Sort.PARTIAL), (b"a\nb.tmp", Sort.PARTIAL),
        (b".~lock.a b.odt#", Sort.PARTIAL), (b"~$Note.docx", Sort.PARTIAL), (b".a.md.swx", Sort.PARTIAL),
        (b".goutputstream-AB12CD", Sort.PARTIAL), (b".coachsync-abc", Sort.PARTIAL), (b"4913", Sort.PARTIAL),
        (b"49130", Sort.FILE), (b".DS_Store", Sort.LITTER), (b"._a.pdf", Sort.LITTER), (b"Thumbs.db", Sort.LITTER),
        (b".sync_1a2b.db-wal", Sort.LITTER), (aside(RECORD), Sort.ASIDE), (aside(RECORD) + b"0", Sort.FILE),
    ],
)  # fmt: skip
def test_the_sort_of_a_file(name: bytes, sort: Sort) -> None:
    assert sort_of(name) is sort


def test_a_file_that_was_set_aside_names_its_record() -> None:
    assert set_aside_as(aside(RECORD)) == RECORD
    assert set_aside_as(b".coachsync-sealed-xyz") is None


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("C-7F3K2M.md", {"C-7F3K2M"}), ("2026 C-7F3K2M_scan (1).pdf", {"C-7F3K2M"}), ("c-7f3k2m", {"c-7f3k2m"}),
        ("C-7F3K2M and C-2M9Q7K", {"C-7F3K2M", "C-2M9Q7K"}), ("C-7F3K2MX", set()), ("XC-7F3K2M", set()),
        ("C-7F3K2I", set()), ("ABC-7F3K2M", set()), ("éC-7F3K2M", set()), ("C7F3K2M", set()),
    ],
)  # fmt: skip
def test_codes_are_words_of_a_name(name: str, codes: set[str]) -> None:
    assert codes_in(name.encode()) == codes


def test_no_two_names_read_alike() -> None:
    assert readable(b"a\xff") == "a\\xff"
    assert readable("é\n".encode()) == "é\n"
