"""A conversation with a command, on a terminal of its own: what is asked, what is typed, what it shows."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cli_desk import SCRIPT, environment

PATIENCE = 60.0  # seconds
_QUIET = 0.05  # seconds without a word: the question is out
INTERRUPT, END = "\x03", "\x04"  # Ctrl-C, Ctrl-D
# The program gets a terminal that is its own: only then do Ctrl-C and a hidden password work as they do for people.
_LAUNCH = (
    "import fcntl,termios,os,sys;os.setsid();fcntl.ioctl(0,termios.TIOCSCTTY,0);os.execv(sys.argv[1],sys.argv[1:])"
)


class Dialogue:
    """One run of a command on a terminal. A question is what ends with a colon and no line ending."""

    def __init__(self, home: Path, *words: str, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(SCRIPT), *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(HOME=str(home), TERM="dumb", TZ="Europe/Paris", **environ),
            cwd=home,
        )
        os.close(theirs)
        self.shown = ""
        self.typed = ""
        self._raw = b""
        self._waiting = False  # a question, for its answer

    def __enter__(self) -> Dialogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def question(self) -> str:
        """Wait for the next question; its line. One that was not answered yet is still the next."""
        if not self._waiting and not self._read(lambda: self._raw.endswith(b": "), fresh=True):
            raise AssertionError(f"no question, but an end: {self.shown!r}")
        self._waiting = True
        return self.shown.splitlines()[-1]

    def sees(self, text: str) -> None:
        """Wait until this is shown."""
        if not self._read(lambda: text in self.shown):
            raise AssertionError(f"no {text!r}: {self.shown!r}")

    def answer(self, text: str) -> None:
        """Type something, as it is; lone surrogates stand for bytes that are no text."""
        self.typed += text
        self._waiting = False
        os.write(self._ours, text.encode(errors="surrogateescape"))

    def answers(self, lines: Iterable[str]) -> list[str]:
        """Answer one question after the other, each with Enter; the questions."""
        asked = []
        for line in lines:
            asked.append(self.question())
            self.answer(f"{line}\n")
        return asked

    def end(self) -> int:
        """Wait for the end; the exit code."""
        if self._read(lambda: False):
            raise AssertionError(f"still there: {self.shown!r}")
        return self.process.wait(PATIENCE)

    def _read(self, enough: Callable[[], bool], *, fresh: bool = False) -> bool:
        """Take in what is shown until it is `enough` (then True) or the end; `fresh`: and something new is among it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not select.select([self._ours], [], [], _QUIET)[0]:
                if enough() and not fresh:
                    return True
                continue
            try:
                self._raw += os.read(self._ours, 65536)
            except OSError:
                return False
            fresh = False
            self.shown = self._raw.decode(errors="replace").replace("\r\n", "\n")
        raise TimeoutError(f"after {PATIENCE} seconds: {self.shown!r}")
