"""The inbox folder: nothing is reached through a link, and what goes is what was found."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coachsync.adapters.inbox import DEEPEST, Found, Inbox, opened_by
from coachsync.errors import CoachsyncError
from coachsync.inbox.settling import Form, Open


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def inbox(folder: Path) -> Iterator[Inbox]:
    with closing(Inbox(folder)) as inbox:
        yield inbox


def one(inbox: Inbox, name: bytes) -> Found:
    (found,) = [found for found in inbox.look().found if found.name == name]
    return found


def test_a_look_says_what_lies_there(inbox: Inbox, folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "note.md").write_text("text")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "note.md").write_text("text")
    (folder / "link").symlink_to("a")
    os.mkfifo(folder / "pipe")
    found = {one.path: (one.form, one.entries) for one in inbox.look().found}
    assert found == {
        b"a": (Form.FOLDER, 1), b"a/b": (Form.FOLDER, 1), b"a/b/note.md": (Form.FILE, None),
        b".hidden": (Form.FOLDER, None), b"link": (Form.LINK, None), b"pipe": (Form.SPECIAL, None),
    }  # fmt: skip
    assert one(inbox, b"note.md").ours


def test_a_look_has_an_end(inbox: Inbox, folder: Path) -> None:
    for number in range(5):
        (folder / f"{number}").write_text("")
    (folder / "a" / "b").mkdir(parents=True)
    assert len(inbox.look(most=3).found) == 3
    assert not inbox.look(most=3).whole
    assert not inbox.look(most=6).whole
    assert inbox.look(most=7).whole
    deep = folder / "/".join(["d"] * (DEEPEST + 3))
    deep.mkdir(parents=True)
    assert max(len(found.folders) for found in inbox.look().found) == DEEPEST


def test_what_is_not_as_it_was_found_is_not_opened(inbox: Inbox, folder: Path) -> None:
    (folder / "a").write_text("text")
    found = one(inbox, b"a")
    file = inbox.opened(found)
    assert file is not None
    with file:
        assert file.read() == b"text"
    (folder / "a").write_text("texT")
    assert inbox.opened(found) is None
    (folder / "a").unlink()
    assert inbox.opened(found) is None


def test_a_link_in_the_place_of_a_file_or_folder_is_not_followed(inbox: Inbox, folder: Path, tmp_path: Path) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "a").write_text("text")
    found = one(inbox, b"a")
    (folder / "d").rename(tmp_path / "elsewhere")
    (folder / "d").symlink_to(tmp_path / "elsewhere")
    assert inbox.opened(found) is None
    with pytest.raises(OSError, match=r"[Ll]inks|directory"):
        inbox.set_aside(found, b"aside")
    with pytest.raises(OSError, match=r"[Ll]inks|directory"):
        inbox.destroy(found)
    assert (tmp_path / "elsewhere" / "a").read_text() == "text"


def test_a_file_is_set_aside_and_put_back(inbox: Inbox, folder: Path) -> None:
    (folder / "a").write_text("text")
    found = one(inbox, b"a")
    assert inbox.set_aside(found, b"aside")
    assert [path.name for path in folder.iterdir()] == ["aside"]
    aside = inbox.at((), b"aside")
    assert aside is not None
    assert aside.stamp[:4] == found.stamp[:4]
    inbox.put_back(aside, b"a")
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_file_that_has_changed_is_not_set_aside(inbox: Inbox, folder: Path) -> None:
    (folder / "a").write_text("text")
    found = one(inbox, b"a")
    (folder / "a").write_text("longer text")
    assert not inbox.set_aside(found, b"aside")
    (folder / "a").unlink()
    assert not inbox.set_aside(found, b"aside")


def test_what_came_in_its_place_in_that_moment_gets_its_name_back(
    inbox: Inbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a").write_text("text")
    (folder / "b").write_text("another")
    found, rename = one(inbox, b"a"), os.rename

    def racing(name: bytes, to: bytes, **where: int) -> None:
        monkeypatch.undo()
        (folder / "b").rename(folder / "a")
        rename(name, to, **where)

    monkeypatch.setattr(os, "rename", racing)
    assert not inbox.set_aside(found, b"aside")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "another"}


def test_nothing_is_put_back_over_a_file(inbox: Inbox, folder: Path) -> None:
    (folder / "a").write_text("text")
    found = one(inbox, b"a")
    inbox.set_aside(found, b"aside")
    (folder / "a").write_text("new")
    aside = inbox.at((), b"aside")
    assert aside is not None
    inbox.put_back(aside, b"a")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "new", "aside": "text"}


@pytest.mark.parametrize(("mode", "size"), [(0o600, 5), (0o400, 5), (0o600, (1 << 20) + 7)])
def test_what_goes_is_overwritten_first(
    inbox: Inbox, folder: Path, monkeypatch: pytest.MonkeyPatch, mode: int, size: int
) -> None:
    (folder / "a").write_bytes(b"x" * size)
    (folder / "a").chmod(mode)
    found, seen, unlink = one(inbox, b"a"), [], os.unlink

    def looking(name: bytes, **where: int) -> None:
        seen.append((folder / "a").read_bytes())
        unlink(name, **where)

    monkeypatch.setattr(os, "unlink", looking)
    inbox.destroy(found)
    assert seen == [bytes(size)]
    assert list(folder.iterdir()) == []
    inbox.destroy(found)  # and a second time there is nothing to do


def test_what_has_a_second_name_is_not_overwritten(inbox: Inbox, folder: Path, tmp_path: Path) -> None:
    (folder / "a").write_text("text")
    os.link(folder / "a", tmp_path / "mine")
    inbox.destroy(one(inbox, b"a"))
    assert list(folder.iterdir()) == []
    assert (tmp_path / "mine").read_text() == "text"


def test_who_has_a_file_open_to_write_is_seen(inbox: Inbox, folder: Path) -> None:
    (folder / "a").write_text("text")
    file = inbox.opened(one(inbox, b"a"))
    assert file is not None
    with file:
        assert opened_by(file) is Open.NOBODY
        with (folder / "a").open("rb"):
            assert opened_by(file) is Open.NOBODY
        with (folder / "a").open("ab"):
            assert opened_by(file) is Open.SOMEBODY
        assert opened_by(file) is Open.NOBODY


def test_a_folder_goes_only_when_nothing_is_in_it(inbox: Inbox, folder: Path) -> None:
    (folder / "d").mkdir()
    found = one(inbox, b"d")
    (folder / "d" / "a").write_text("text")
    assert not inbox.remove_folder(found)
    (folder / "d" / "a").unlink()
    assert inbox.remove_folder(found)
    assert not inbox.remove_folder(found)


def test_a_folder_whose_entries_cannot_be_looked_at_stops_no_other(
    inbox: Inbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which may be listed and not entered (mode r--), or lies on a disk that fails."""
    (folder / "b").mkdir()
    for name in ("a", "b/1", "b/2", "c"):
        (folder / name).write_text("text")
    real = os.stat

    def refused(path: Any, **given: Any) -> os.stat_result:
        if path == b"2":
            raise PermissionError(errno.EACCES, "no")
        return real(path, **given)

    monkeypatch.setattr(os, "stat", refused)
    found = inbox.look().found
    assert [(one.path, one.entries) for one in found] == [(b"a", None), (b"b", None), (b"c", None)]


def test_a_folder_that_was_removed_and_is_still_held_is_none(tmp_path: Path) -> None:
    """As a service sees it, where its own mount of the folder keeps it."""
    (tmp_path / "inbox").mkdir()
    handle = os.open(tmp_path / "inbox", os.O_RDONLY)
    try:
        (tmp_path / "inbox").rmdir()
        with pytest.raises(CoachsyncError) as refused:
            Inbox(Path(f"/proc/self/fd/{handle}"))
    finally:
        os.close(handle)
    assert refused.value.code == "inbox-removed"


@pytest.mark.parametrize("what", ["nothing", "a file"])
def test_an_inbox_that_is_no_folder_is_an_error(tmp_path: Path, what: str) -> None:
    if what == "a file":
        (tmp_path / "inbox").write_text("")
    with pytest.raises(CoachsyncError) as refused:
        Inbox(tmp_path / "inbox")
    assert (refused.value.code, refused.value.where) == ("inbox-missing", "inbox.folder")


def test_what_could_not_be_removed_is_not_opened_for_that(
    inbox: Inbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that is mounted to be read only."""
    (folder / "a").write_text("text")
    found = one(inbox, b"a")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(PermissionError):
        inbox.opened(found)
    file = inbox.opened(found, stays=True)
    assert file is not None
    file.close()
