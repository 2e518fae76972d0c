"""Reading events in a process of its own, which is killed when an event takes too long.

The parent makes skeletons, so no text of an event leaves it; the child expands them. Questions are sent ahead of their
answers, but the child works on one at a time, and each has the whole time limit for itself.
"""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self, TypeVar

from coachsync.adapters.ical import child
from coachsync.adapters.ical.skeleton import skeleton
from coachsync.errors import CoachsyncError
from coachsync.model import Reading, Window
from coachsync.moments import Unreadable
from coachsync.phrases import say

AHEAD = 64  # questions asked before the first is answered
START_TIMEOUT = 60.0  # seconds until a new child must be ready, on however busy a machine

_GIBIBYTE = 1 << 30
_CHUNK = 1 << 16  # bytes
_GRACE = 10  # seconds beyond the time limit after which a child that nobody watches ends by itself
_MILLISECONDS = 1000

K = TypeVar("K")


class Reader:
    """Reads events, each within `timeout` seconds, in `memory` bytes. A context manager, for one thread at a time.

    The child is started when the first event needs it and stays until `close`.
    """

    def __init__(self, timeout: float = 2.0, memory: int = _GIBIBYTE) -> None:
        self._timeout = timeout
        self._memory = memory
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child. The reader can be used again afterwards."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def read(
        self, texts: Iterable[tuple[K, bytes]], horizon: Window, zone: str, addresses: frozenset[str]
    ) -> Iterator[tuple[K, Reading]]:
        """The reading of each text, in order; see `ical.read`.

        An event that takes too long has the code "too-slow", one at which the child breaks down "unreadable"; the
        others go on. Raises CoachsyncError when no child can be started.
        """
        pending: deque[tuple[K, bytes, str | None]] = deque()  # key; question, or nothing to ask and a code
        source = iter(texts)
        try:
            while True:
                for key, text in islice(source, AHEAD - len(pending)):
                    found = skeleton(text, addresses)
                    question = child.question(found, horizon, zone) if found.events else b""
                    pending.append((key, question, found.code))
                    self._ask(question)
                if not pending:
                    return
                key, question, code = pending[0]
                reading = self._answer([ahead for _, ahead, _ in pending]) if question else Reading(code=code)
                pending.popleft()
                yield key, reading
        finally:
            if any(question for _, question, _ in pending):
                self.close()  # it holds answers that nobody waits for

    def ask(self, question: bytes) -> bytes:
        """The child's answer to one question of `child`. Raises Unreadable: "too-slow", or "unreadable" when it breaks
        down; CoachsyncError when no child can be started. Not while readings are taken out of `read`."""
        self._ask(question)
        assert self._child is not None  # noqa: S101 - a question has been asked
        try:
            return self._child.receive(self._timeout)
        except _Broken as problem:
            self.close()
            raise Unreadable(problem.code) from None

    def _ask(self, question: bytes) -> None:
        if question:
            if self._child is None:
                self._child = _Child(self._memory, math.ceil(self._timeout) + _GRACE)
            self._child.send(question)

    def _answer(self, questions: list[bytes]) -> Reading:
        """The answer to the first question; when it breaks the child, a new one is asked the others."""
        assert self._child is not None  # noqa: S101 - a question has been asked
        try:
            return child.answer(self._child.receive(self._timeout))
        except _Broken as problem:
            self.close()
            for question in questions[1:]:
                self._ask(question)
            return Reading(code=problem.code)


class _Broken(Exception):  # noqa: N818 - no error for anybody else: it becomes a code
    """The child does not answer; `code` is what the event it works on gets."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Child:
    """The process and its two pipes, neither of which ever blocks the parent."""

    def __init__(self, memory: int, patience: int) -> None:
        arguments = ["-E", "-P", "-W", "ignore", "-m", child.__name__, str(memory), str(patience)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter, with our own module
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={},
                cwd="/",
            )
        except OSError as problem:
            raise _cannot_start() from problem
        assert self._process.stdin  # noqa: S101 - a pipe
        assert self._process.stdout  # noqa: S101 - a pipe
        self._to, self._from = self._process.stdin, self._process.stdout
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self._from.fileno(), False)
        self._unsent = bytearray()
        self._received = bytearray()
        try:
            ready = self.receive(START_TIMEOUT) == child.READY
        except _Broken:
            ready = False
        if not ready:
            self.end()
            raise _cannot_start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: bytes) -> None:
        """Send a line as far as the pipe takes it; the rest goes while answers are waited for."""
        self._unsent += line
        self._push()

    def receive(self, timeout: float) -> bytes:
        """The next line, within `timeout` seconds of waiting for it. Raises _Broken."""
        deadline = time.monotonic() + timeout
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            self._wait(deadline - time.monotonic())
        line = bytes(self._received[: end + 1])
        del self._received[: end + 1]
        return line

    def _wait(self, seconds: float) -> None:
        """Until something moves on one of the pipes. Raises _Broken."""
        watched = select.poll()
        watched.register(self._from, select.POLLIN)
        if self._unsent:
            watched.register(self._to, select.POLLOUT)
        moved = watched.poll(max(seconds, 0) * _MILLISECONDS)
        if not moved:
            raise _Broken("too-slow")
        self._push()
        if any(number == self._from.fileno() for number, _ in moved):
            chunk = os.read(self._from.fileno(), _CHUNK)
            if not chunk:
                raise _Broken("too-slow" if self._process.wait() == -signal.SIGALRM else "unreadable")
            self._received += chunk

    def _push(self) -> None:
        try:
            while self._unsent:
                sent = os.write(self._to.fileno(), self._unsent[:_CHUNK])
                del self._unsent[:sent]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._unsent.clear()  # it is gone; waiting for its answer tells

    def end(self) -> None:
        """End the process and let go of its pipes."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()


def _cannot_start() -> CoachsyncError:
    return CoachsyncError(
        "reader-not-started",
        say("The process that reads events cannot be started."),
        say("Check that the installation is complete and that memory is left."),
    )
