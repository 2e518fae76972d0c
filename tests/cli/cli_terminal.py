"""A command on a terminal: what it shows there, and what it is answered."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

from cli_desk import SCRIPT, Desk, environment

PATIENCE = 30.0  # seconds


def on_a_terminal(
    desk: Desk, *words: str, answer: bytes = b"", piped: bool = False, **environ: str
) -> tuple[int, bytes, bytes]:
    """A command's exit code, what its terminal showed, and its stdout where that is `piped` and no terminal.

    `answer` is typed at the first question.
    """
    desk.write()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(SCRIPT), "--config", str(desk.file), *words],
        stdin=theirs,
        stdout=subprocess.PIPE if piped else theirs,
        stderr=theirs,
        env=environment(**{"TERM": "xterm-256color"} | environ),
    )
    os.close(theirs)
    try:
        shown = _shown(ours, answer)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, shown, out or b""


def _shown(terminal: int, answer: bytes) -> bytes:
    """Everything until the last one who writes there has gone."""
    shown, deadline = b"", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            return shown
        if answer and b"?" in shown:
            os.write(terminal, answer)
            answer = b""
    raise TimeoutError(f"the command is still there after {PATIENCE} seconds: {shown!r}")
