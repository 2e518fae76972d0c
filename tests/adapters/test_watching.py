"""Noticing changes of one file, however an editor writes it, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coachsync.adapters.watching import FolderWatch, watching

QUIET = 0.1
SOON, NOT = 5.0, 0.5  # seconds to wait for a call, and for none


class Calls:
    def __init__(self) -> None:
        self._event, self.count = threading.Event(), 0

    def __call__(self) -> None:
        self.count += 1
        self._event.set()

    def came(self, within: float) -> bool:
        came = self._event.wait(within)
        self._event.clear()
        return came


@contextmanager
def watched(file: Path) -> Iterator[Calls]:
    calls = Calls()
    with watching(file, calls, quiet=QUIET):
        yield calls


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "coachsync.toml"
    path.write_text("old")
    return path


def overwrite(file: Path) -> None:
    file.write_text("new")


def replace(file: Path) -> None:
    scratch = file.with_name("scratch")
    scratch.write_text("new")
    scratch.replace(file)


def move_away_and_back(file: Path) -> None:
    file.rename(file.with_name("backup"))
    file.write_text("new")


@pytest.mark.parametrize("save", [overwrite, replace, move_away_and_back])
def test_a_saved_file_is_noticed_once(file: Path, save: Callable[[Path], None]) -> None:
    with watched(file) as calls:
        save(file)
        assert calls.came(SOON)
        assert not calls.came(NOT)
        assert calls.count == 1


def test_reading_the_file_is_no_change(file: Path) -> None:
    with watched(file) as calls:
        file.read_text()
        assert not calls.came(NOT)


def test_another_file_is_no_change(file: Path) -> None:
    with watched(file) as calls:
        file.with_name("other").write_text("new")
        assert not calls.came(NOT)


def test_a_link_that_leads_elsewhere_and_what_it_leads_to_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "file.toml", tmp_path / "coachsync.toml"
    real.write_text("old")
    link.symlink_to(real)
    with watched(link) as calls:
        real.write_text("new")
        assert calls.came(SOON)
        link.unlink()
        link.symlink_to(tmp_path / "nowhere")
        assert calls.came(SOON)


def test_a_folder_that_is_not_there_is_not_watched_and_no_error(tmp_path: Path) -> None:
    with watched(tmp_path / "gone" / "coachsync.toml") as calls:
        assert not calls.came(0.01)


def test_nothing_is_called_after_the_end(file: Path) -> None:
    with watched(file) as calls:
        file.write_text("new")
    assert not calls.came(NOT)


def test_a_folder_is_watched_with_all_below_it_until_another_is(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "deep").mkdir(parents=True)
    second.mkdir()
    calls = Calls()
    watch = FolderWatch(calls, quiet=QUIET)
    watch.follow(first)
    (first / "deep" / "a.md").write_text("new")
    assert calls.came(SOON)
    watch.follow(second)
    (first / "b.md").write_text("new")
    assert not calls.came(NOT)
    (second / "c.md").write_text("new")
    assert calls.came(SOON)
    watch.close()
    (second / "d.md").write_text("new")
    assert not calls.came(NOT)


def test_a_folder_that_is_not_there_is_followed_once_it_is(tmp_path: Path) -> None:
    calls, folder = Calls(), tmp_path / "later"
    watch = FolderWatch(calls, quiet=QUIET)
    watch.follow(folder)
    assert not calls.came(0.01)
    folder.mkdir()
    watch.follow(folder)
    (folder / "a.md").write_text("new")
    assert calls.came(SOON)
    watch.close()


def test_what_goes_on_changing_is_told_before_it_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.adapters.watching._LONGEST", 3 * QUIET)
    before = threading.active_count()
    with watched(file) as calls:
        begun = time.monotonic()
        while not calls.count and time.monotonic() < begun + SOON:
            file.write_text("and so on")
        assert time.monotonic() > begun + 2 * QUIET
        assert calls.count
        assert threading.active_count() < before + 10  # one waits, however many changes there are


def test_another_folder_in_the_place_of_one_is_watched(tmp_path: Path) -> None:
    """As when a disk is connected again."""
    folder, calls = tmp_path / "inbox", Calls()
    folder.mkdir()
    watch = FolderWatch(calls, quiet=QUIET)
    watch.follow(folder)
    folder.rename(tmp_path / "old")
    watch.follow(folder)
    calls.came(NOT)
    folder.mkdir()
    (folder / "before.md").write_text("new")
    watch.follow(folder)
    assert calls.came(0)
    watch.follow(folder)
    assert not calls.came(0)
    (folder / "a.md").write_text("new")
    assert calls.came(SOON)
    watch.close()
