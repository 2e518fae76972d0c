"""A folder in memory, and editors in it: what is written there is on no disk, and gone however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coachsync.adapters import editor, ramfolder
from coachsync.adapters.heldfolders import HeldFolder
from coachsync.adapters.ramfolder import in_memory, ram_folder
from coachsync.errors import CoachsyncError, Temporary
from smalldisk import mounted_on

CANARY = "Zoubrowka"
_SHARED = Path("/dev/shm")
pytestmark = pytest.mark.skipif(not in_memory(_SHARED), reason="/dev/shm is no memory here")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place in memory of the test's own."""
    folder = Path(tempfile.mkdtemp(dir=_SHARED))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


def on_a_disk() -> Path:
    """A folder that is not in memory: of processes, where there is no other."""
    return next(folder for folder in (Path(__file__).parent, Path("/proc/self")) if not in_memory(folder))


def test_it_is_in_memory_for_its_owner_alone_and_gone_afterwards(place: Path) -> None:
    with ram_folder() as folder:
        assert folder.path.parent == place
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert in_memory(folder.path)
    assert list(place.iterdir()) == []


def test_memory_that_all_users_share_is_taken_where_the_runtime_folder_is_on_a_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for elsewhere in (str(on_a_disk()), "relative", "/nowhere", ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", elsewhere)
        with ram_folder() as folder:
            assert folder.path.parent == _SHARED
            assert folder.path.stat().st_mode & 0o777 == 0o700
        assert not folder.path.exists()


def test_without_memory_it_is_refused_and_nothing_is_written(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(on_a_disk()))
    monkeypatch.setattr(ramfolder, "_SHARED", on_a_disk())
    with pytest.raises(CoachsyncError) as refused, ram_folder():
        pytest.fail("there is none")
    assert refused.value.code == "no-memory-folder"
    assert refused.value.hint
    assert list(place.iterdir()) == []


def begin(folder: HeldFolder) -> None:
    """Where there is no room for all of a text; half of one could be taken for one that somebody has saved."""
    try:
        editor.edit(["true"], folder, CANARY * 10_000)
    finally:
        assert editor.saved(folder) == b""


@pytest.mark.parametrize("size", ["64k", "64k,nr_inodes=1"])
def test_where_memory_has_no_room_that_is_told_and_no_text_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    with mounted_on(tmp_path, size) as memory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(memory.folder))
        with pytest.raises(Temporary) as refused, ram_folder() as folder:
            begin(folder)
        assert list(memory.folder.iterdir()) == []
    assert (refused.value.code, "--file" in refused.value.hint) == ("memory-full", True)


def test_what_else_the_system_refuses_in_memory_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(CoachsyncError, match="Too many open files") as refused, ram_folder():
        pytest.fail("there is none")
    assert refused.value.code == "no-memory-folder"


def test_what_an_editor_leaves_beside_the_text_goes_too_overwritten(place: Path) -> None:
    outside = place / "outside"
    outside.write_text(CANARY)
    with ram_folder() as folder:
        (folder.path / "backup").mkdir()
        left = [folder.path / name for name in ("text.txt", ".text.txt.swp", "text.txt~", "backup/text.txt")]
        for file in left:
            file.write_text(CANARY)
        (folder.path / "#lock").symlink_to(outside)
        os.mkfifo(folder.path / "pipe")
        open_still = [file.open("rb") for file in left]
    assert [file.read().strip(b"\0") for file in open_still] == [b""] * len(left)
    for file in open_still:
        file.close()
    assert list(place.iterdir()) == [outside]
    assert outside.read_text() == CANARY


def test_it_goes_also_when_the_body_fails(place: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "text.txt").write_text(CANARY)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), ram_folder() as folder:
        fail(folder.path)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_goes_also_when_the_program_is_told_to_end(place: Path, number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}

    def write(folder: Path) -> None:
        (folder / "text.txt").write_text(CANARY)
        signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt), ram_folder() as folder:
        write(folder.path)
    assert list(place.iterdir()) == []
    assert {one: signal.getsignal(one) for one in before} == before


def test_ctrl_c_is_for_the_editor(place: Path) -> None:
    with ram_folder() as folder:
        signal.raise_signal(signal.SIGINT)
        assert folder.path.exists()
        assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # an editor would inherit that
    assert list(place.iterdir()) == []


def test_what_was_left_is_swept_unless_somebody_still_works_in_it(place: Path) -> None:
    left, used, other = (place / name for name in ("coachsync-text-left", "coachsync-text-used", "other"))
    for folder in (left, used, other):
        folder.mkdir()
        (folder / "text.txt").write_text(CANARY)
    (place / "coachsync-text-link").symlink_to(other)
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with ram_folder() as folder, ram_folder() as second:
        there = (folder.path, second.path, used / "text.txt", other / "text.txt")
        assert [path.exists() for path in (*there, left)] == [True] * len(there) + [False]
    os.close(lock)
    with ram_folder():
        assert not used.exists()


def test_no_crash_writes_memory_to_a_disk(place: Path, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with ram_folder() as folder:
            assert editor.edit([script(tmp_path, 'ulimit -S -c > "$1"')], folder, "") == b"0\n"
        assert resource.getrlimit(resource.RLIMIT_CORE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


# --- editors ------------------------------------------------------------------------------------------------------


def script(folder: Path, text: str, name: str = "editor") -> str:
    """An editor, as a shell script."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return str(file)


def test_an_editor_is_chosen_as_other_programs_do() -> None:
    assert editor.chosen({}) is editor.chosen({"EDITOR": " "}) is None
    assert editor.chosen({"EDITOR": "nano"}) == ("nano",)
    assert editor.chosen({"EDITOR": "nano", "VISUAL": "'my editor' --wait"}) == ("my editor", "--wait")
    with pytest.raises(CoachsyncError):
        editor.chosen({"EDITOR": "my 'editor"})


def test_an_editor_starts_from_a_text_and_keeps_its_scraps_beside_it(place: Path, tmp_path: Path) -> None:
    command = script(tmp_path, 'mktemp > /dev/null; test -s "$2" && printf "%s, $1" "$(cat "$2")" > "$2"')
    with ram_folder() as folder:
        assert editor.edit([command, "again"], folder, "Élan") == "Élan, again".encode()
        assert len(list(folder.path.iterdir())) == 2  # $TMPDIR is in memory too


def test_an_editor_may_put_another_file_in_the_place_or_none(place: Path, tmp_path: Path) -> None:
    with ram_folder() as folder:
        renaming = script(tmp_path, 'printf new > "$1.new"; mv "$1.new" "$1"')
        assert editor.edit([renaming], folder, "old") == b"new"
        assert editor.edit([script(tmp_path, 'rm "$1"')], folder, "old") == b""


@pytest.mark.parametrize("command", ["/nowhere/editor", "false"])
def test_an_editor_that_fails_is_told(place: Path, command: str) -> None:
    with pytest.raises(CoachsyncError) as refused, ram_folder() as folder:
        editor.edit([command], folder, CANARY)
    assert (refused.value.code, CANARY in str(refused.value)) == ("editor-failed", False)
    assert list(place.iterdir()) == []


def test_an_editor_does_not_outlive_us(place: Path, tmp_path: Path) -> None:
    command = script(tmp_path, f"kill -TERM {os.getpid()}; exec sleep 60")
    with pytest.raises(KeyboardInterrupt), ram_folder() as folder:
        editor.edit([command], folder, CANARY)
    assert list(place.iterdir()) == []


def test_an_editor_is_told_to_end_and_may_do_what_it_does_then(place: Path, tmp_path: Path) -> None:
    """It may set the terminal right, or keep what was written."""
    said = tmp_path / "said"
    trap = f"sleep 60 & trap 'kill $!; echo ended > {said}; exit' TERM"
    command = script(tmp_path, f"{trap}\nsleep 0.1; kill -TERM {os.getpid()}; wait")  # once it is waited for
    with pytest.raises(KeyboardInterrupt), ram_folder() as folder:
        editor.edit([command], folder, CANARY)
    assert said.read_text() == "ended\n"


def test_an_editor_that_outlives_us_keeps_its_folder_locked(place: Path, tmp_path: Path) -> None:
    command = script(tmp_path, 'readlink /proc/$$/fd/* > "$1"; true')
    with ram_folder() as folder:
        assert str(folder.path) in editor.edit([command], folder, "").decode().splitlines()


def test_vim_is_told_to_write_nowhere_else(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vim = script(tmp_path, 'for last in "$@"; do :; done; printf "%s\\n" "$@" > "$last"', "vim.basic")
    (tmp_path / "vi").symlink_to(vim)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with ram_folder() as folder:
        said = editor.edit(["vi"], folder, CANARY).decode().splitlines()
        assert said[:3] == ["-n", "-i", "NONE"]
        assert editor.edit([script(tmp_path, 'printf "$#" > "$1"')], folder, "") == b"1"


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_vim_itself_leaves_nothing_in_the_home_folder(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vimrc").write_text("set undofile undodir=~ backup backupdir=~ directory=~ viminfo='100,<50\n")
    with ram_folder() as folder:
        command = ["vim", "--not-a-term", "-T", "dumb", "-c", f"normal yyp:s/.*/{CANARY}/\r", "-c", "wq"]
        assert CANARY.encode() in editor.edit(command, folder, "secret word\n")
    assert [file.name for file in tmp_path.iterdir()] == [".vimrc"]


def test_what_has_its_name_elsewhere_is_in_use_there_and_not_overwritten(place: Path) -> None:
    with ram_folder() as folder:
        (folder.path / "file").write_text(CANARY)
        (place / "copy").hardlink_to(folder.path / "file")
    assert [path.name for path in place.iterdir()] == ["copy"]
    assert (place / "copy").read_text() == CANARY


def test_a_file_that_nobody_may_write_is_overwritten_too(place: Path) -> None:
    with ram_folder() as folder:
        file = folder.path / "file"
        file.write_text(CANARY)
        file.chmod(0o400)
        held = file.open("rb")
    assert held.read().strip(b"\0") == b""
    held.close()


def test_how_much_room_there_is(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "meminfo"
    monkeypatch.setattr(ramfolder, "_MEMORY", told)
    with ram_folder() as folder:
        free = ramfolder.room(folder)  # where nobody tells how much memory is free, the folder alone counts
        assert free > 0
        told.write_text("MemTotal:  9 kB\nMemAvailable:       3 kB\n")
        assert ramfolder.room(folder) == 3072
        told.write_text(f"MemAvailable: {1 << 50} kB\n")
        assert 0 < ramfolder.room(folder) < 1 << 50
