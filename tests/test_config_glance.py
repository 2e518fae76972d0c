"""What can be known of a configuration at a glance; it never raises, and agrees with what `load` says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import config
from coachsync.config.glance import Glance, glance
from configurations import GOOD


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "coachsync.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_it_sees_what_load_sees(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    seen, loaded = glance(file), config.load(file)
    assert (seen.language, seen.state) == (loaded.practice.language, loaded.practice.state)
    assert (seen.calendars, seen.shares) == (tuple(loaded.calendars), tuple(loaded.shares))


def test_without_a_state_folder_it_is_the_user_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert glance(written(tmp_path, '[practice]\ntimezone = "UTC"\n')).state == tmp_path / "xdg" / "coachsync"


def test_it_sees_the_language_of_a_configuration_that_has_faults(tmp_path: Path) -> None:
    assert glance(written(tmp_path, 'version = 9\n[practice]\nlanguage = "fr"\nstate = 3\n')) == Glance(language="fr")


@pytest.mark.parametrize("content", ["", "x", "[practice", "practice = 3", b"\xff\xfe", "[practice]\nlanguage = 3"])
def test_what_cannot_be_understood_says_nothing(tmp_path: Path, content: str | bytes) -> None:
    assert glance(written(tmp_path, content)).language is None


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert glance(tmp_path / "gone.toml") == Glance()
    assert glance(tmp_path) == Glance()


def test_what_may_be_no_name_is_left_out(tmp_path: Path) -> None:
    text = '[practice]\n[calendars.good]\n[calendars."Marguerite Canari"]\n[shares]\nx = 1\n'
    assert glance(written(tmp_path, text)).calendars == ("good",)


@given(st.binary(max_size=200))
def test_it_never_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    glance(written(tmp_path_factory.mktemp("glance"), content))
