"""`coachsync note open` on a terminal: the file is in memory until it is closed, and gone however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_dialogue import INTERRUPT, Dialogue
from cli_vault import CANARY, VaultDesk
from coachsync.adapters.ramfolder import in_memory
from processes import eventually, running

_SHARED = Path("/dev/shm")
pytestmark = pytest.mark.skipif(not in_memory(_SHARED), reason="/dev/shm is no memory here")
CONTENT = f"What {CANARY} has said.\n".encode()
ENTER = "press Enter here"


class Opening:
    """`coachsync note open` on a terminal, with a desktop that is a shell script."""

    def __init__(self, vaulted: VaultDesk, memory: Path) -> None:
        self.vaulted, self.memory = vaulted, memory
        folder = vaulted.desk.folder
        source = folder.parent.parent / f"{folder.parent.name}-outside" / f"{CANARY}.pdf"
        source.parent.mkdir()
        source.write_bytes(CONTENT)
        note = vaulted.note("A note.")
        vaulted.given("", "note", "attach", note, str(source))
        shutil.rmtree(source.parent)
        self.id = str(vaulted.document("note", "show", note)["attached"][0]["id"])
        self.bin, self.seen = folder / "bin", folder / "seen"
        self.bin.mkdir()
        self.program("xdg-open", 'echo "$1" > "$SEEN"')
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def program(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o700)

    def run(self, *words: str, key: tuple[str, ...] | None = None) -> Dialogue:
        environ = {
            "PATH": f"{self.bin}:{os.environ['PATH']}", "DISPLAY": ":99", "XDG_RUNTIME_DIR": str(self.memory),
            "SEEN": str(self.seen), "TMPDIR": str(self.scratch),
        }  # fmt: skip
        words = ("--config", str(self.vaulted.desk.file), "note", "open", self.id, *words)
        words += self.vaulted.key if key is None else key
        return Dialogue(self.vaulted.desk.folder, *words, environ=environ)

    def shown(self) -> Path:
        """Where the desktop was told that the file is."""
        assert eventually(lambda: self.seen.exists() and self.seen.read_text().endswith("\n"), 30)
        return Path(self.seen.read_text().strip())

    def left(self) -> list[Path]:
        return list(self.memory.iterdir())


@pytest.fixture
def memory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=_SHARED))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def opening(vaulted: VaultDesk, memory: Path) -> Opening:
    return Opening(vaulted, memory)


def test_p12_the_desktop_shows_it_until_enter_and_nothing_names_anybody(opening: Opening) -> None:
    with opening.run() as dialogue:
        dialogue.sees(ENTER)
        file = opening.shown()
        assert (file.name, file.parent.parent, file.read_bytes()) == ("file.pdf", opening.memory, CONTENT)
        for what in ("cmdline", "environ"):
            assert CANARY.encode() not in Path(f"/proc/{dialogue.process.pid}/{what}").read_bytes()
        assert opening.vaulted.leaks(CANARY, "What") == []
        assert len(opening.vaulted.ids()) == 1  # the state is free for other commands
        dialogue.answer("\n")
        assert dialogue.end() == 0
    assert (opening.left(), opening.vaulted.leaks(CANARY)) == ([], [])
    assert CANARY not in dialogue.shown


@pytest.mark.parametrize("how", [INTERRUPT, signal.SIGTERM, signal.SIGHUP])
def test_however_the_waiting_ends_it_is_gone(opening: Opening, how: str | signal.Signals) -> None:
    with opening.run() as dialogue:
        dialogue.sees(ENTER)
        if isinstance(how, str):
            dialogue.answer(how)
        else:
            dialogue.process.send_signal(how)
        assert dialogue.end() == 130
    assert opening.left() == []


def test_whoever_is_asked_for_the_passphrase_can_end_it(opening: Opening) -> None:
    with opening.run(key=()) as dialogue:
        dialogue.sees("assphrase")
        dialogue.answer(INTERRUPT)
        assert dialogue.end() == 130
    assert (opening.left(), opening.seen.exists()) == ([], False)


def test_kill_9_leaves_it_on_no_disk_and_the_next_one_sweeps(opening: Opening) -> None:
    with opening.run() as dialogue:
        dialogue.sees(ENTER)
        dialogue.process.kill()
        dialogue.process.wait()
    [folder] = opening.left()
    assert in_memory(folder)
    assert opening.vaulted.leaks(CANARY, "What") == []
    with opening.run() as dialogue:
        dialogue.sees(ENTER)
        assert folder not in opening.left()
        dialogue.answer("\n")
        assert dialogue.end() == 0
    assert opening.left() == []


def test_a_program_that_is_at_work_ends_with_us(opening: Opening) -> None:
    opening.program("viewer", 'echo "$1 $$" > "$SEEN"; exec sleep 60')
    with opening.run("--with", "viewer") as dialogue:
        _, process = opening.shown().name.split()
        dialogue.process.send_signal(signal.SIGTERM)
        assert dialogue.end() == 130
        assert not running(int(process))
    assert opening.left() == []


def test_a_program_that_hands_the_file_on_and_ends_at_once_is_waited_for(opening: Opening) -> None:
    opening.program("viewer", 'echo "$1" > "$SEEN"')
    with opening.run("--with", "viewer") as dialogue:
        dialogue.sees(ENTER)
        assert opening.shown().read_bytes() == CONTENT
        dialogue.answer("\n")
        assert dialogue.end() == 0
    assert opening.left() == []


def test_a_desktop_that_has_nothing_for_it_says_so(opening: Opening) -> None:
    opening.program("xdg-open", "exit 3")
    with opening.run() as dialogue:
        assert dialogue.end() == 1
        assert "--with PROGRAM" in dialogue.shown
    assert opening.left() == []
