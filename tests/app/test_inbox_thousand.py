"""A thousand files at once: each is sealed once or told once, and nothing that they say or are called is in clear
anywhere afterwards."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from coachsync.inbox.settling import EMPTY, FOLDER, SETTLED, UNFINISHED, Why
from inbox_house import CLIENT, OTHER, InboxHouse
from vault_house import VaultHouse

CANARY = "Zoubrowka"
HOSTILE = (
    b"new\nline", b"tab\t", b"..\\..", b"~", b"-rf", b"\xff\xfe", b"\x1b]0;x\x07", b"%s%n", b"'\";--", b"\xe2\x80\xae",
    b" lead", b"trail ", b"...", b"\xc3\x28", b"CON", b"*?", b"`id`", b"$(id)",
)  # fmt: skip


@pytest.fixture
def house(vault_house: VaultHouse) -> InboxHouse:
    house = InboxHouse(vault_house)
    house.register()
    return house


def files() -> list[tuple[bytes, bytes, str]]:
    """Names, contents and whose they are; the same each time."""
    draw = random.Random(7)
    found = []
    for number in range(840):
        client = draw.choice((CLIENT, OTHER, ""))
        place = {CLIENT: b"Tigre/", OTHER: OTHER.encode() + b"/2026/", "": b""}[client]
        odd = draw.choice(HOSTILE) if draw.random() < 0.4 else b""
        name = place + b"%d %s %s" % (number, CANARY.encode(), odd)
        body = f"{CANARY} said {number}".encode()
        kind = draw.random()
        if kind < 0.1:
            body = b"%PDF-1.4 " + body
        elif kind < 0.2:
            body = b"From: x@y.example\nTo: z@y.example\nDate: x\nSubject: " + body + b"\n\n" + body
        elif kind < 0.3:
            body = b"---\ntitle: " + body + b"\n---\ntext"
        found.append((name, body, client))
    long = [(b"x" * 240 + b"%015d" % number, f"long {number}".encode(), "") for number in range(20)]
    return found + long


def test_each_is_sealed_once_or_told_once_and_nothing_is_in_clear(house: InboxHouse) -> None:
    wanted = files()
    for name, body, _ in wanted:
        house.drop(name, body)
    growing = [house.drop(f"{CLIENT} slow {number}.md", "begun") for number in range(40)]
    for number in range(50):
        house.drop(f"{CANARY} empty {number}.md", "")
        house.drop(f"{CANARY} {number}.part", f"half {CANARY}")
    news: Counter[Why] = Counter()
    imported = 0

    def work() -> None:
        nonlocal imported
        while True:
            received = house.look()
            imported += received.imported
            news.update(why for _, why in received.news)
            if not received.more:
                return

    for minute in range(5):  # half-written for minutes
        for file in growing:
            file.write_text(f"{file.read_text()}, {CANARY} {minute}")
        work()
        house.at += SETTLED - 1
    house.at += SETTLED
    work()
    assert imported == len(wanted) + len(growing)
    house.at += EMPTY
    house.restart()  # whoever goes on tells nothing twice, and seals nothing twice
    work()
    house.at += UNFINISHED
    work()
    house.restart()
    work()
    assert news == {Why.EMPTY: 50, Why.UNFINISHED: 50}

    expected = Counter((client, body) for _, body, client in wanted)
    slow = "begun" + "".join(f", {CANARY} {minute}" for minute in range(5))
    expected[CLIENT, slow.encode()] = len(growing)
    assert house.notes() == expected
    left = [path for path in house.folder.iterdir() if path.is_file()]
    assert len(left) == 100
    for path in left:
        path.unlink()
    house.at += FOLDER
    work()
    assert house.names() == [OTHER]
    assert clear(house, CANARY.encode()) == []


def clear(house: InboxHouse, word: bytes) -> list[Path]:
    """Whatever in the practice's folder has the word in its name or in its bytes."""
    everything = list(house.vault.folder.rglob("*"))
    return [
        path for path in everything if word in os.fsencode(path.name) or (path.is_file() and word in path.read_bytes())
    ]
