"""Event files in the shapes of the programs that write them (tests/corpus), and what differs between two texts.

Each file is one object, byte for byte as the program would leave it on a server; the people in them are invented. The
name says which program and what is peculiar to it.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer

FOLDER = Path(__file__).parent / "corpus"
CORPUS = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.ics"))}


def differing(before: str, after: str) -> tuple[list[str], list[str]]:
    """The content lines that went and those that came, unfolded, in order; every other line is there byte for byte."""
    old, new = ([line.raw for line in contentline.parse(text)] for text in (before, after))
    parts = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = [raw for kind, first, last, _, _ in parts if kind != "equal" for raw in old[first:last]]
    come = [raw for kind, _, _, first, last in parts if kind != "equal" for raw in new[first:last]]
    return [contentline.unfold(raw) for raw in gone], [contentline.unfold(raw) for raw in come]


def replaced(server: CalendarServer, url: str, href: str, after: bytes) -> bytes:
    """Put another text in the place of the object that the server has there, and fetch it again."""
    (stored,) = server.fetch(url, [href])
    server.update(href, after, stored.etag)
    (again,) = server.fetch(url, [href])
    return again.body
