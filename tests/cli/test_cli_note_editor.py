"""`coachsync note` with an editor: it works in memory, and what is written in it is never on a disk."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli_dialogue import END, INTERRUPT, Dialogue
from cli_vault import CANARY, VaultDesk
from coachsync.adapters.ramfolder import in_memory
from processes import eventually, running

_SHARED = Path("/dev/shm")
pytestmark = pytest.mark.skipif(not in_memory(_SHARED), reason="/dev/shm is no memory here")
# An editor that writes (the word stands nowhere in it), says so, and stays until somebody writes into the pipe.
WAITING = f'printf "{CANARY[:4]}%s" {CANARY[4:]} > "$1"; echo $$ > "$READY"; read line < "$PIPE"; exit ${{line:-0}}'


class Editing:
    """`coachsync note` on a terminal, with an editor that is a shell script."""

    def __init__(self, vaulted: VaultDesk, memory: Path, script: str) -> None:
        self.vaulted, self.memory = vaulted, memory
        folder = vaulted.desk.folder
        self.editor, self.ready, self.pipe = folder / "editor", folder / "ready", folder / "pipe"
        self.editor.write_text(f"#!/bin/sh\n{script}\n")
        self.editor.chmod(0o700)
        os.mkfifo(self.pipe)
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def run(self, *words: str, **more: str) -> Dialogue:
        environ = {
            "EDITOR": str(self.editor), "XDG_RUNTIME_DIR": str(self.memory), "READY": str(self.ready),
            "PIPE": str(self.pipe), "TMPDIR": str(self.scratch),
        }  # fmt: skip
        words = ("--config", str(self.vaulted.desk.file), "note", *words)
        return Dialogue(self.vaulted.desk.folder, *words, environ=environ | more)

    def add(self, **more: str) -> Dialogue:
        return self.run("add", self.vaulted.client, **more)

    def begun(self) -> int:
        """Wait until the editor has written; its process."""
        assert eventually(lambda: self.ready.exists() and self.ready.read_text().endswith("\n"), 30)
        return int(self.ready.read_text())

    def release(self, code: str = "0") -> None:
        """Let the editor end, if it is there still: one that dies with its terminal never reads."""
        editor = self.begun()
        assert eventually(lambda: self._read(f"{code}\n") or not running(editor), 30)

    def _read(self, line: str) -> bool:
        """Whether somebody took this line from the pipe."""
        try:
            pipe = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody reads
                return False
            raise
        with suppress(BrokenPipeError), os.fdopen(pipe, "wb", buffering=0) as writing:  # it has gone since
            writing.write(line.encode())
        return True

    def left(self) -> list[str]:
        """What is in memory still."""
        return [path.name for path in self.memory.glob("coachsync-text-*")]


@pytest.fixture
def memory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=_SHARED))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def waiting(vaulted: VaultDesk, memory: Path) -> Editing:
    return Editing(vaulted, memory, WAITING)


def test_a_note_is_written_in_memory_and_nobody_waits_meanwhile(waiting: Editing) -> None:
    with waiting.add() as dialogue:
        editor = waiting.begun()
        for process in (editor, dialogue.process.pid):
            for what in ("cmdline", "environ"):
                assert CANARY.encode() not in Path(f"/proc/{process}/{what}").read_bytes()
        [folder] = waiting.left()
        assert CANARY not in folder
        assert waiting.vaulted.leaks(CANARY) == []
        assert waiting.vaulted.ids() == []  # the state is free for other commands
        waiting.release()
        assert dialogue.end() == 0
        assert CANARY not in dialogue.shown
    assert waiting.left() == []
    assert waiting.vaulted.leaks(CANARY) == []
    assert waiting.vaulted.unlocked("note", "show", waiting.vaulted.ids()[0]).out == f"{CANARY}\n"


def test_kill_9_leaves_the_note_on_no_disk_and_the_next_editor_sweeps(waiting: Editing) -> None:
    with waiting.add() as dialogue:
        editor = waiting.begun()
        dialogue.process.kill()
        dialogue.process.wait()
        assert waiting.vaulted.leaks(CANARY) == []
        [folder] = waiting.left()
        assert in_memory(waiting.memory / folder)
        waiting.release()
        assert eventually(lambda: not running(editor))
    assert waiting.vaulted.ids() == []
    waiting.ready.unlink()
    with waiting.add() as dialogue:
        waiting.begun()
        assert folder not in waiting.left()
        waiting.release()
        assert dialogue.end() == 0
    assert waiting.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_leaves_nothing(waiting: Editing, number: signal.Signals) -> None:
    with waiting.add() as dialogue:
        editor = waiting.begun()
        dialogue.process.send_signal(number)
        assert dialogue.end() == 130
        assert not running(editor)
    assert (waiting.left(), waiting.vaulted.ids(), waiting.vaulted.leaks(CANARY)) == ([], [], [])


def test_an_editor_that_fails_or_is_interrupted_stores_nothing(waiting: Editing) -> None:
    for typed in ("", INTERRUPT):
        with waiting.add() as dialogue:
            waiting.begun()
            if typed:
                dialogue.answer(typed)
            else:
                waiting.release("3")
            dialogue.sees("Open the editor on it again?")
            assert "nothing was stored" in dialogue.shown
            dialogue.answer("n\n")
            assert dialogue.end() == 1
        waiting.ready.unlink()
    assert (waiting.left(), waiting.vaulted.ids(), waiting.vaulted.leaks(CANARY)) == ([], [], [])


# What an editor does at first, and once it is opened again; and what is told of the first. Its script holds no word.
_SAVE = f'printf "{CANARY[:4]}%s" "$(printf "{CANARY[4:]}'
_GOES_WRONG = {
    "it fails after saving": (f'{_SAVE}")" > "$1"; exit 1', 'printf " again" >> "$1"', "ended with an error"),
    "it saves latin-1": (
        f'{_SAVE}\\351")" > "$1"; exit 0',
        'iconv -f latin1 -t utf-8 "$1" > "$1~" && mv "$1~" "$1"',
        "no text in UTF-8",
    ),
}


@pytest.mark.parametrize("wrong", _GOES_WRONG)
def test_what_an_editor_has_saved_and_could_not_be_taken_is_not_lost(
    vaulted: VaultDesk, memory: Path, wrong: str
) -> None:
    first, then, told = _GOES_WRONG[wrong]
    editing = Editing(vaulted, memory, f'if [ ! -e "$READY" ]; then touch "$READY"; {first}; fi; {then}')
    with editing.add() as dialogue:
        dialogue.sees("Open the editor on it again?")
        assert told in dialogue.shown
        assert (len(editing.left()), vaulted.leaks(CANARY)) == (1, [])
        dialogue.answer("\n")
        assert dialogue.end() == 0
        assert CANARY not in dialogue.shown
    assert vaulted.unlocked("note", "show", vaulted.ids()[0]).out in (f"{CANARY} again\n", f"{CANARY}é\n")
    assert (editing.left(), vaulted.leaks(CANARY)) == ([], [])


def test_where_nothing_was_written_nothing_is_asked(vaulted: VaultDesk, memory: Path) -> None:
    editing = Editing(vaulted, memory, "exit 1")
    with editing.run("amend", vaulted.note(CANARY), *vaulted.key) as dialogue:
        assert dialogue.end() == 1
        assert "again" not in dialogue.shown


def test_what_cannot_be_kept_is_told_before_anybody_writes(waiting: Editing) -> None:
    for words in (("add", "C-000000"), ("add", waiting.vaulted.client, "--about", "ZZZZZ"), ("amend", "abc")):
        with waiting.run(*words, *(waiting.vaulted.key if words[0] == "amend" else ())) as dialogue:
            assert dialogue.end() in (2, 10)
    assert not waiting.ready.exists()


def test_what_could_not_be_stored_can_be_tried_again(waiting: Editing) -> None:
    trust = waiting.vaulted.desk.folder / "trust.toml"
    with waiting.add() as dialogue:
        waiting.begun()
        trust.rename(f"{trust}.away")
        waiting.release()
        dialogue.sees("Try again?")
        Path(f"{trust}.away").rename(trust)
        dialogue.answer("\n")
        assert dialogue.end() == 0
    assert len(waiting.vaulted.ids()) == 1
    assert waiting.left() == []


def test_a_note_is_amended_from_what_it_says(vaulted: VaultDesk, memory: Path) -> None:
    name = vaulted.note(f"{CANARY}, un")
    editing = Editing(vaulted, memory, 'sed "s/un/deux/" "$1" > "$1~" && cat "$1~" > "$1"')
    for shown in ("This is version 2 now.", "Nothing is different."):
        with editing.run("amend", name, *vaulted.key) as dialogue:
            assert dialogue.end() == 0
            assert shown in dialogue.shown
    assert vaulted.unlocked("note", "show", name).out == f"{CANARY}, deux\n"
    assert (editing.left(), vaulted.leaks(CANARY)) == ([], [])


def test_without_an_editor_a_note_is_typed(vaulted: VaultDesk, memory: Path) -> None:
    with Editing(vaulted, memory, "exit 1").add(EDITOR="") as dialogue:
        dialogue.sees("Ctrl-D")
        dialogue.answer(f"{CANARY}\n{END}")
        assert dialogue.end() == 0
    assert vaulted.unlocked("note", "show", vaulted.ids()[0]).out == f"{CANARY}\n"
