"""Noticing that a file has changed, with watchdog: its only importer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_READING = frozenset({"opened", "closed_no_write"})  # our own reading of the file raises these
_QUIET = 0.5  # seconds without another event: an editor that saves raises half a dozen


@contextmanager
def watching(file: Path, changed: Callable[[], None], quiet: float = _QUIET) -> Iterator[None]:
    """Call `changed`, from another thread, once `quiet` seconds have passed after the file was written or replaced.

    The folder is watched, since editors put a new file in the old one's place; and, where the file is a link, the
    folder of what it leads to. Where the system cannot watch, nothing is called.
    """
    observer = Observer()
    observer.daemon = True
    handler = _Handler({str(file), str(file.resolve())}, _Debounce(changed, quiet))
    try:
        for folder in {file.parent, file.resolve().parent}:
            observer.schedule(handler, str(folder))
        observer.start()
    except OSError:  # no such folder any more, or the system's watches are used up
        yield
        return
    try:
        yield
    finally:
        observer.stop()
        observer.join(timeout=1)
        handler.close()


class _Debounce:
    """Calls once after a row of events."""

    def __init__(self, call: Callable[[], None], quiet: float) -> None:
        self._call, self._quiet = call, quiet
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def again(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(self._quiet, self._call)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()


class _Handler(FileSystemEventHandler):
    def __init__(self, names: set[str], debounce: _Debounce) -> None:
        self._names, self._debounce = names, debounce

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _READING and self._names & {str(event.src_path), str(event.dest_path)}:
            self._debounce.again()

    def close(self) -> None:
        self._debounce.cancel()
