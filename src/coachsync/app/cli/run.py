"""`coachsync run`: the daemon's process. Here are its clocks, its signals and its waiting."""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from coachsync import config
from coachsync.adapters import lock
from coachsync.adapters.files import make_state_folder
from coachsync.adapters.lowering import as_owner_of
from coachsync.adapters.systemd import ServiceManager
from coachsync.adapters.watching import FolderWatch, watching
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.tongue import spoken
from coachsync.app.daemon.daemon import Daemon
from coachsync.app.daemon.moment import Moment
from coachsync.app.daemon.settings import Settings
from coachsync.app.noticing import bell
from coachsync.app.progress import Progress
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.phrases import say

_SLICE = 10.0  # seconds of waiting in one piece: after sleep, or when the clock was set, it is looked at what is due
_BREATH = 0.2  # seconds between two steps, whatever is due: a command that waits for the state gets it
_GRACE = 4.0  # seconds a pass may take to end once it was told to stop; the state survives being left at any point
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_LONGEST_SILENCE = 30 * 60.0  # seconds without any progress in a pass after which it may be taken for dead


class Stopped(BaseException):
    """The process was told to end. No handler of errors is meant to catch it."""


@click.command("run", help=COMMANDS["run"][1])
@everywhere
@click.pass_obj
def command(options: Options) -> int:
    """Work until the process is told to stop."""
    settings = Settings(config.locate(options.config, os.environ))
    state = settings.config.practice.state
    make_state_folder(state)
    with as_owner_of(state), lock.hold(state, "run", name=lock.DAEMON):
        _serve(settings, ServiceManager(os.environ))
    return 0


def moment() -> Moment:
    """The clocks, read now."""
    return Moment(datetime.now(UTC), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())


def _serve(settings: Settings, manager: ServiceManager) -> None:
    """Step after step, with the signals, the watcher and the service manager connected."""
    heart = _Heart(manager)
    daemon = Daemon(settings, _opened, _journal, random.SystemRandom().random, heart.beat)
    wake = threading.Event()

    def queued() -> None:
        daemon.queued()
        wake.set()

    def dropped() -> None:
        daemon.dropped()
        wake.set()

    try:
        with (
            _signals(daemon, wake, manager),
            watching(settings.file, wake.set),
            watching(_bell(settings), queued),
            closing(FolderWatch(dropped)) as inbox,
        ):
            manager.tell("READY=1")
            if sys.stderr.isatty():
                click.echo(spoken(say("coachsync is at work; Ctrl-C ends it.")), err=True)
            while True:
                inbox.follow(settings.config.inbox.folder if settings.config.inbox else None)
                _once(daemon, wake, heart, manager)
    except Stopped:
        manager.tell("STOPPING=1")


def _bell(settings: Settings) -> Path:
    return bell(settings.config.practice.state)


def _once(daemon: Daemon, wake: threading.Event, heart: _Heart, manager: ServiceManager) -> None:
    begun = moment().boot
    delay = daemon.step(moment())
    heart.beat()
    manager.tell("READY=1", f"STATUS={daemon.summary}")
    rest = delay - (moment().boot - begun)
    if rest > 0:
        wake.wait(min(rest, _SLICE))
    wake.clear()
    time.sleep(_BREATH)


@contextmanager
def _signals(daemon: Daemon, wake: threading.Event, manager: ServiceManager) -> Iterator[None]:
    """SIGTERM and SIGINT end the process from wherever it is, SIGHUP makes it look at everything again."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    def reload(_number: int, _frame: FrameType | None) -> None:
        manager.tell("RELOADING=1")
        daemon.reload()
        wake.set()

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
    try:
        with _last_resort():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _last_resort() -> Iterator[None]:
    """End the process some seconds after it was told to stop, even while it waits where no handler can run, as for a
    name server: the system itself writes each signal into a pipe, which a thread reads."""
    reading, writing = socket.socketpair()
    writing.settimeout(0)
    before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_after, args=(reading,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writing.close()


def _end_after(signals: socket.socket) -> None:
    with signals:
        while told := signals.recv(1):
            if told[0] in _STOPPING:
                time.sleep(_GRACE)
                os._exit(0)


class _Heart:
    """Signs of life for the watchdog, from a thread of their own, as long as the work itself goes on."""

    def __init__(self, manager: ServiceManager) -> None:
        self._manager = manager
        self._last = time.monotonic()
        if manager.watchdog is not None:
            threading.Thread(target=self._run, args=(manager.watchdog / 3,), daemon=True).start()

    def beat(self) -> None:
        """The work has got one step further."""
        self._last = time.monotonic()

    def _run(self, every: float) -> None:
        while True:
            if time.monotonic() - self._last < _LONGEST_SILENCE:
                self._manager.tell("WATCHDOG=1")
            time.sleep(every)


@contextmanager
def _opened(settings: config.Config, now: datetime, progress: Progress) -> Iterator[Wiring]:
    with open_wiring(settings, "run", now, progress) as wiring:
        yield wiring


def _journal(line: str) -> None:
    click.echo(line, err=True)
