"""Noticing that a file, or anything in a folder, has changed, with watchdog: its only importer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_READING = frozenset({"opened", "closed_no_write"})  # our own reading of the file raises these
_QUIET = 0.5  # seconds without another event: an editor that saves raises half a dozen
_LONGEST = 5.0  # seconds after the first event, though others follow: a program may write for an hour


@contextmanager
def watching(file: Path, changed: Callable[[], None], quiet: float = _QUIET) -> Iterator[None]:
    """Call `changed`, from another thread, once `quiet` seconds have passed after the file was written or replaced.

    The folder is watched, since editors put a new file in the old one's place; and, where the file is a link, the
    folder of what it leads to. Where the system cannot watch, nothing is called.
    """
    handler = _Handler({str(file), str(file.resolve())}, _Debounce(changed, quiet))
    stop = _started(handler, {file.parent, file.resolve().parent}, inside=False)
    try:
        yield
    finally:
        if stop is not None:
            stop()


class FolderWatch:
    """Calls `changed`, from another thread, once `quiet` seconds have passed after anything in a folder has changed,
    however deep it lies; and after a few seconds where it goes on changing. Where the system cannot watch, nothing is
    called."""

    def __init__(self, changed: Callable[[], None], quiet: float = _QUIET) -> None:
        self._changed, self._quiet = changed, quiet
        self._folder: tuple[Path, object] | None = None
        self._stop: Callable[[], None] | None = None

    def follow(self, folder: Path | None) -> None:
        """Watch this folder from now on, and no other; none where it is None. One that cannot be watched yet is, once
        it can be when this is called again; and so is another one that has come in its place, as when a disk is
        mounted."""
        meant = None if folder is None else (folder, _identity(folder))
        if meant == self._folder and (self._stop is not None or folder is None):
            return
        replaced = self._folder is not None and self._folder[0] == folder
        if self._stop is not None:
            self._stop()
        self._folder, self._stop = meant, None
        if folder is not None:
            self._stop = _started(_Handler(None, _Debounce(self._changed, self._quiet)), {folder}, inside=True)
            if self._stop is not None and replaced:  # with what has come into it meanwhile
                self._changed()

    def close(self) -> None:
        """Watch nothing any more."""
        self.follow(None)


def _identity(folder: Path) -> object:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _started(handler: _Handler, folders: Collection[Path], *, inside: bool) -> Callable[[], None] | None:
    """Begin to watch folders, with all `inside` of them if asked; what ends it. None where the system cannot."""
    observer = Observer()
    observer.daemon = True
    try:
        for folder in folders:
            observer.schedule(handler, str(folder), recursive=inside)
        observer.start()
    except OSError:  # no such folder any more, or the system's watches are used up
        return None

    def stop() -> None:
        observer.stop()
        observer.join(timeout=1)
        handler.close()

    return stop


class _Debounce:
    """Calls once after a row of events; one thread waits, however many there are."""

    def __init__(self, call: Callable[[], None], quiet: float) -> None:
        self._call, self._quiet = call, quiet
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._first = self._last = 0.0

    def again(self) -> None:
        with self._lock:
            self._last = time.monotonic()
            if self._timer is None:
                self._first = self._last
                self._wait(self._quiet)

    def cancel(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            rest = min(self._last + self._quiet, self._first + _LONGEST) - time.monotonic()
            if rest > 0:
                self._wait(rest)
                return
            self._timer = None
        self._call()


class _Handler(FileSystemEventHandler):
    """Minds events about files of these names, about all without any."""

    def __init__(self, names: set[str] | None, debounce: _Debounce) -> None:
        self._names, self._debounce = names, debounce

    def on_any_event(self, event: FileSystemEvent) -> None:
        meant = self._names is None or self._names & {str(event.src_path), str(event.dest_path)}
        if meant and event.event_type not in _READING:
            self._debounce.again()

    def close(self) -> None:
        self._debounce.cancel()
