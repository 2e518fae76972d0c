"""Real users of the system, made for tests by root and removed afterwards; and work that is done as one of them."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import os
import pickle
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest

from coachsync.adapters.ical.reader import Reader
from coachsync.app import wiring

T = TypeVar("T")
_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_BIND, _PRIVATE = 0x1000, 0x44000  # MS_BIND, MS_REC | MS_PRIVATE
_PYTHON = Path(sys.base_prefix)  # with what it needs
_SOURCE = Path(wiring.__file__)


@dataclass(frozen=True)
class User:
    """A user, and the umask of their programs."""

    name: str
    uid: int
    gid: int
    home: Path
    umask: int = 0o022
    environment: tuple[tuple[str, str], ...] = ()

    def does(self, work: Callable[..., T], *given: Any) -> T:
        """What a function gives in a process of this user. What it raises fails the test."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _end_with(writing, self, work, given)
        os.close(writing)
        with os.fdopen(reading, "rb") as file:
            said = file.read()
        os.waitpid(child, 0)
        well, found = pickle.loads(said)
        assert well, found
        return found  # type: ignore[no-any-return]

    def runs(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """A command of coachsync: exit code, stdout, stderr."""
        return self.does(_command, words, stdin)


def administrator(on_behalf_of: User) -> User:
    """Root, as sudo makes one out of a user."""
    return User("root", 0, 0, Path("/root"), environment=(("SUDO_UID", str(on_behalf_of.uid)),))


def _end_with(writing: int, user: User, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    try:
        _become(user)
        said = pickle.dumps((True, work(*given)))
    except BaseException:  # noqa: BLE001 - whatever it is, the test is told
        said = pickle.dumps((False, traceback.format_exc()))
    with os.fdopen(writing, "wb") as file:
        file.write(said)
    os._exit(0)


def _become(user: User) -> None:
    _open_the_way()
    os.initgroups(user.name, user.gid)
    os.setgid(user.gid)
    os.setuid(user.uid)
    os.umask(user.umask)
    for name in [name for name in os.environ if name.startswith(("XDG_", "COACHSYNC_", "DBUS_"))]:
        del os.environ[name]
    os.environ |= {"HOME": str(user.home), "PYTHONPATH": str(_SOURCE.parents[2])} | dict(user.environment)
    wiring.Reader = Reader  # type: ignore[misc] - the one that is lent belongs to another process
    os.chdir("/")


def _command(words: tuple[str, ...], stdin: str) -> tuple[int, str, str]:
    from coachsync.app.cli import carry_out

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), patch("sys.stdin", io.StringIO(stdin)):
        code = carry_out(list(words))
    return code, out.getvalue(), err.getvalue()


def _open_the_way() -> None:
    """Where Python lies in a folder that is root's alone, as under pyenv, it is shown without that in this process."""
    shut = [folder for folder in (_PYTHON, *_PYTHON.parents) if not folder.stat().st_mode & 0o001]
    if not shut:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    kept = tempfile.mkdtemp()

    def mount(what: str, at: Path | str, kind: str | None, flags: int, more: str | None = None) -> None:
        words = [None if word is None else os.fsencode(word) for word in (what, at, kind)]
        if libc.mount(*words, ctypes.c_ulong(flags), None if more is None else more.encode()) != 0:
            raise OSError(ctypes.get_errno(), f"mount {at}")

    if libc.unshare(_NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", "/", None, _PRIVATE)
    mount(str(_PYTHON), kept, None, _BIND)
    mount("none", shut[-1], "tmpfs", 0, "mode=755")
    _PYTHON.mkdir(parents=True)
    mount(kept, _PYTHON, None, _BIND)


def _load_everything() -> None:
    """Once, for all the processes that are made of this one."""
    from coachsync.app.cli.commands import COMMANDS

    for module, _ in COMMANDS.values():
        importlib.import_module(module)


def _starts_python() -> None:
    subprocess.run([sys.executable, "-c", "import coachsync"], check=True)


@contextmanager
def made(*roles: str) -> Iterator[list[User]]:
    """New users, one for each role, with homes of their own; skips where that cannot be done."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("needs root and useradd: real users of the system are made")
    homes = Path(tempfile.mkdtemp(prefix="cs", dir="/tmp"))
    homes.chmod(0o755)
    users: list[User] = []
    try:
        users.extend(_added(f"cs{secrets.token_hex(4)}{role}"[:31], homes) for role in roles)
        _load_everything()
        try:
            users[0].does(_starts_python)
        except AssertionError:
            pytest.skip("other users cannot start this Python, or not read these sources")
        yield users
    finally:
        for user in users:
            subprocess.run(["userdel", user.name], check=False, capture_output=True)
        for user in users:  # a group that another user was in is left by userdel
            subprocess.run(["groupdel", user.name], check=False, capture_output=True)
        shutil.rmtree(homes)


def _added(name: str, homes: Path) -> User:
    home = homes / name
    subprocess.run(["useradd", "--system", "--user-group", "--home-dir", str(home), name], check=True)
    found = pwd.getpwnam(name)
    home.mkdir(mode=0o700)
    os.chown(home, found.pw_uid, found.pw_gid)
    return User(name, found.pw_uid, found.pw_gid, home)
