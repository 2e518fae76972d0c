"""Killing a process at each of its steps to the disk: before every sync, link, rename, removal, commit and VACUUM."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as SQLiteDialect

from coachsync.adapters.database import engine, vaults

# All of them in continuous integration (`make test-long`): they take longer than all other tests.
_EVERY_STEP = "COACHSYNC_EVERY_STEP" in os.environ

# What works by handles of folders and not by paths; the others call it too, and would have each step twice.
HANDLES = ((os, "rename"), (os, "unlink"), (os, "pwrite"))
_Kept = TypeVar("_Kept")

FILES = ((os, "fsync"), (os, "link"), (Path, "unlink"), (Path, "replace"), (Path, "hardlink_to"), (Path, "rmdir"))


@contextmanager
def before_each(step: Callable[[], None], more: tuple[tuple[Any, str], ...] = ()) -> Iterator[None]:
    """Have something done before every step, while the body runs."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (*FILES, *more):
            patch.setattr(owner, name, _after(step, getattr(owner, name)))
        for module in (engine, vaults):
            patch.setattr(module, "forget", _after(step, engine.forget))
        patch.setattr(SQLiteDialect, "do_commit", _committing(step, SQLiteDialect.do_commit))
        yield


def _committing(step: Callable[[], None], commit: Callable[..., None]) -> Callable[..., None]:
    """Nothing is to be feared of a transaction that has only read."""
    seen: dict[int, int] = {}

    def stepping(dialect: SQLiteDialect, connection: Any) -> None:
        raw = connection.dbapi_connection
        if seen.get(id(raw), 0) != raw.total_changes:
            _in_sqlite(step)
        seen[id(raw)] = raw.total_changes
        commit(dialect, connection)

    return stepping


def _in_sqlite(step: Callable[[], None]) -> None:
    """The system refuses something to SQLite, which tells it in its own way."""
    try:
        step()
    except OSError as problem:
        failure = sqlite3.OperationalError("database or disk is full")
        failure.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise failure from problem


def _after(step: Callable[[], None], done: Callable[..., object]) -> Callable[..., object]:
    def stepping(*given: object, **named: object) -> object:
        step()
        return done(*given, **named)

    return stepping


def counted(number: int, blow: Callable[[], None]) -> Callable[[], None]:
    """Deals the blow at the step of this number, from 0."""
    left = [number]

    def step() -> None:
        left[0] -= 1
        if left[0] == -1:
            blow()

    return step


def numbers(stride: int, first: int = 0) -> Iterator[int]:
    """The numbers of the steps to deal the blow at: one in so many, or every one."""
    return count(first, 1 if _EVERY_STEP else stride)


def some(kept: Sequence[_Kept], stride: int) -> Sequence[_Kept]:
    """Of what was kept at each step, one in so many, or all."""
    return kept if _EVERY_STEP else kept[::stride]


def killed_at(number: int, work: Callable[[], object], more: tuple[tuple[Any, str], ...] = ()) -> bool:
    """Do it in a process of its own that dies before the step of this number; whether it came so far."""
    child = os.fork()
    if not child:
        with before_each(counted(number, lambda: os._exit(9)), more):
            try:
                work()
            except BaseException:  # noqa: BLE001
                os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def no_room() -> None:
    """What the system says on a full disk."""
    raise OSError(errno.ENOSPC, "No space left on device")
