"""Where a text comes from that nobody else may see: stdin, a file, or an editor that works in memory. Never an
argument, and never a file of ours on a disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from coachsync.adapters import editor
from coachsync.adapters.files import read_if_there
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.adapters.ramfolder import ram_folder
from coachsync.app.cli.asking import agreed
from coachsync.app.cli.output import tell, tell_error
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say
from coachsync.vault.envelope import LONGEST

_T = TypeVar("_T")


def takes_a_while(file: Path | None) -> bool:
    """Whether a person writes the text now: nobody should wait for the state meanwhile."""
    return file is None and sys.stdin.isatty()


@contextmanager
def text(file: Path | None, begun: str = "") -> Iterator[str]:
    """The text. What an editor has written stays in memory until the body ends; `begun` is what it starts from.

    Raises UsageError for nothing, or what is no text.
    """
    if file is not None:
        content = read_if_there(file, LONGEST + 1)  # of a device there is no end
        if content is None:
            raise UsageError("no-such-file", say("There is no such file."), say("Look at the name."), where="--file")
        yield _text(content)
        return
    command = editor.chosen(os.environ) if sys.stdin.isatty() else None
    if command is None:
        yield _text(_typed())
        return
    with ram_folder() as folder:
        yield _edited(command, folder, begun)


def _edited(command: Sequence[str], folder: HeldFolder, begun: str) -> str:
    """What the editor has written. Where it fails, or saves what is no text, it can be opened again: what it has saved
    is nowhere else."""

    opened = partial(editor.edit, command, folder, begun)
    while True:
        try:
            return _text(opened())
        except CoachsyncError as problem:
            if editor.saved(folder).strip() in (b"", begun.strip().encode()):
                raise
            tell_error(problem, as_json=False)
            if not agreed(say("What you have written is kept in memory. Open the editor on it again?"), usual=True):
                raise
            opened = partial(editor.edit_again, command, folder)


def insist(store: Callable[[], _T]) -> _T:
    """Store what a person has written. What fails can be tried again on a terminal: the text would be lost."""
    while True:
        try:
            return store()
        except CoachsyncError as problem:
            if not sys.stdin.isatty():
                raise
            tell_error(problem, as_json=False)
            if not agreed(say("It is not stored yet. Try again?"), usual=True):
                raise


def _typed() -> bytes:
    if sys.stdin.isatty():
        tell(say("Type the text; Ctrl-D on an empty line ends it."), err=True)
    try:
        return sys.stdin.read().encode()
    except ValueError:  # bytes that are no text in the language of this system
        raise _no_text() from None


def _text(content: bytes) -> str:
    try:
        found = content.decode("utf-8-sig")
    except ValueError:
        raise _no_text() from None
    found = found.replace("\r\n", "\n").rstrip()
    if not found.strip():
        raise UsageError(
            "text-missing",
            say("The text is empty; nothing was stored."),
            say("Write something. An editor with a window of its own must wait: EDITOR='code --wait'"),
        )
    return found


def _no_text() -> UsageError:
    return UsageError("no-text", say("That is no text in UTF-8."), say("Save it as UTF-8, and give it again."))
