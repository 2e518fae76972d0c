import errno
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from coachsync.adapters import lock
from coachsync.errors import CoachsyncError, Temporary

HOLDER = """
import sys
from pathlib import Path
from coachsync.adapters import lock
with lock.hold(Path(sys.argv[1]), "share publish"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_waits_briefly_and_names_the_holder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Temporary) as caught, lock.hold(tmp_path, "agenda", patience=0.2):
            pass
        assert f"(share publish, process {holder.pid})" in caught.value.message
        holder.kill()
    with lock.hold(tmp_path, "agenda", patience=0.2):
        assert (tmp_path / "lock").read_text() == f"agenda {os.getpid()}"


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.hold(tmp_path, "sync"):
        1 / 0  # noqa: B018
    with lock.hold(tmp_path, "sync", patience=0):
        pass


def test_a_lock_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(CoachsyncError) as caught, lock.hold(tmp_path, "sync"):
        pass
    assert (caught.value.code, caught.value.where) == ("state-not-writable", "practice.state")
    assert str(tmp_path) not in caught.value.message + caught.value.hint


def test_a_holder_cannot_steer_the_terminal(tmp_path: Path) -> None:
    with lock.hold(tmp_path, "sync"):
        (tmp_path / "lock").write_bytes(b"\x1b[2J\xff 12\x07")
        with pytest.raises(Temporary) as caught, lock.hold(tmp_path, "agenda", patience=0):
            pass
    assert caught.value.message.isprintable()


def came_in_between(state: Path) -> bool:
    with lock.hold(state, "run") as held:
        return not held.undisturbed


def test_the_one_who_held_it_last_is_told_so(tmp_path: Path) -> None:
    assert came_in_between(tmp_path)
    assert not came_in_between(tmp_path)
    with lock.hold(tmp_path, "sync") as held:
        assert not held.undisturbed
    assert came_in_between(tmp_path)


def test_who_has_changed_nothing_of_interest_is_named_while_at_work_and_not_after(tmp_path: Path) -> None:
    for name in ("run", "a much longer name than that"):
        assert came_in_between(tmp_path) == (name == "run")
        with lock.hold(tmp_path, name) as held:
            assert (tmp_path / "lock").read_bytes().startswith(name.encode())
            held.unseen = True
        assert not came_in_between(tmp_path)
    with suppress(ZeroDivisionError), lock.hold(tmp_path, "sync") as held:
        held.unseen = True
        raise ZeroDivisionError
    assert came_in_between(tmp_path)


def test_a_lock_is_seen_from_outside(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path, lock.DAEMON)
    with lock.hold(tmp_path, "run", name=lock.DAEMON):
        assert lock.is_held(tmp_path, lock.DAEMON)
        assert not lock.is_held(tmp_path, lock.WRITER)
    assert not lock.is_held(tmp_path, lock.DAEMON)
    assert not lock.is_held(tmp_path / "gone", lock.DAEMON)


def test_a_disk_without_room_for_a_name_keeps_nobody_from_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with lock.hold(tmp_path, "sync"):
        assert lock.is_held(tmp_path, lock.WRITER)


def test_who_waited_while_another_folder_took_the_place_locks_that_one(tmp_path: Path) -> None:
    """A restore moves the state away that somebody waits for."""
    state = tmp_path / "state"
    state.mkdir()

    def exchanged(_: float) -> None:
        if not (tmp_path / "aside").exists():
            state.rename(tmp_path / "aside")
            state.mkdir()
            holder.close()

    holder = ExitStack()
    holder.enter_context(lock.hold(state, "backup restore"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lock.time, "sleep", exchanged)
        with lock.hold(state, "sync"):
            with pytest.raises(Temporary), lock.hold(state, "agenda", patience=0):
                pass
            with lock.hold(tmp_path / "aside", "agenda", patience=0):
                pass
