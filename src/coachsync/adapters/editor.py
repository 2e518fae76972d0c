"""The coach's editor, at work in a folder in memory."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from coachsync.adapters import ramfolder
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_FILE = "text.txt"
_LAST_WORDS = 2.0  # seconds for an editor that was told to end
# What keeps vim from writing parts of the text elsewhere, whatever the coach's settings say: registers, undo, backups.
_VIM = ("-n", "-i", "NONE", "-c", "set noundofile nobackup nowritebackup")


def chosen(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command that $VISUAL or $EDITOR names, None without one. Raises CoachsyncError for none that can be read."""
    named = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        return tuple(shlex.split(named)) or None
    except ValueError:
        raise _refused(say("$EDITOR is no command that can be understood.")) from None


def edit(command: Sequence[str], folder: HeldFolder, text: str) -> bytes:
    """What is in the file when the editor ends; `text` is there before. Raises CoachsyncError when the editor does not
    start or fails; what it has saved is still there then. Temporary where memory has no room for the text."""
    file = folder.path / _FILE
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        file.unlink(missing_ok=True)  # half of a text is none that anybody has saved
        raise ramfolder.refused(problem) from None
    return edit_again(command, folder)


def edit_again(command: Sequence[str], folder: HeldFolder) -> bytes:
    """The same, with what is in the file already."""
    file = folder.path / _FILE
    try:
        process = subprocess.Popen(  # noqa: S603 - the coach's own editor
            [command[0], *_discreet(command[0]), *command[1:], str(file)],
            env=os.environ | {"TMPDIR": str(folder.path)},
            pass_fds=(folder.lock,),
        )
    except OSError as problem:
        raise _refused(say("The editor cannot be started: {reason}.", reason=reason(problem))) from None
    if ended(process) != 0:
        raise _refused(say("The editor ended with an error; nothing was stored."))
    return saved(folder)


def saved(folder: HeldFolder) -> bytes:
    """What the editor has saved so far; nothing where it took the file away."""
    try:
        return (folder.path / _FILE).read_bytes()
    except OSError:
        return b""


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a program that a person works with, which does not outlive us when we are told to end."""
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WORDS)
        process.kill()
        process.wait()
        raise


def _discreet(program: str) -> tuple[str, ...]:
    """Options by which an editor that is known writes nowhere else, whatever it is called here."""
    found = shutil.which(program)
    name = Path(found).resolve().name if found else ""
    return _VIM if name.startswith(("vim", "nvim")) else ()


def _refused(message: str) -> CoachsyncError:
    return CoachsyncError(
        "editor-failed", message, say("Set $EDITOR to an editor that waits until you close the file, such as: nano")
    )
