from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.config import locate
from coachsync.errors import Misconfigured, NotInitialised


@pytest.fixture
def house(tmp_path: Path) -> dict[str, Path]:
    """A configuration file in every place there is."""
    places = {
        "option": tmp_path / "option.toml",
        "variable": tmp_path / "variable.toml",
        "xdg": tmp_path / "xdg" / "coachsync" / "coachsync.toml",
        "home": tmp_path / "home" / ".config" / "coachsync" / "coachsync.toml",
        "system": tmp_path / "etc" / "coachsync" / "coachsync.toml",
    }
    for path in places.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return places


def environ(house: dict[str, Path]) -> dict[str, str]:
    root = house["option"].parent
    return {
        "COACHSYNC_CONFIG": str(house["variable"]),
        "XDG_CONFIG_HOME": str(root / "xdg"),
        "HOME": str(root / "home"),
    }


def test_order(house: dict[str, Path]) -> None:
    etc = house["system"].parent.parent
    env = environ(house)
    assert locate(str(house["option"]), env, etc) == house["option"]
    assert locate(None, env, etc) == house["variable"]
    env["COACHSYNC_CONFIG"] = ""
    assert locate(None, env, etc) == house["xdg"]
    house["xdg"].unlink()
    assert locate(None, env, etc) == house["system"]
    house["system"].unlink()
    with pytest.raises(NotInitialised):
        locate(None, env, etc)


@pytest.mark.parametrize("xdg", ["", "relative/folder", None])
def test_user_folder_without_xdg_is_below_home(house: dict[str, Path], xdg: str | None) -> None:
    env = {"HOME": environ(house)["HOME"]} | ({} if xdg is None else {"XDG_CONFIG_HOME": xdg})
    assert locate(None, env) == house["home"]


def test_home_that_is_not_in_the_environment(house: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", environ(house)["HOME"])
    assert locate(None, {}) == house["home"]


def test_none_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised) as caught:
        locate(None, {"HOME": str(tmp_path)}, tmp_path)
    assert caught.value.exit_code == 10
    assert "coachsync init" in caught.value.hint


@pytest.mark.parametrize("named", ["--config", "COACHSYNC_CONFIG"])
def test_named_file_that_is_missing_is_no_reason_to_take_another(house: dict[str, Path], named: str) -> None:
    env = environ(house)
    missing = str(house["option"]) + ".none"
    env["COACHSYNC_CONFIG"] = missing
    with pytest.raises(Misconfigured) as caught:
        locate(missing if named == "--config" else None, env, house["system"].parent.parent)
    assert (caught.value.code, caught.value.where, caught.value.exit_code) == ("configuration-missing", named, 78)


def test_relative_option_is_made_absolute(house: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house["option"].parent)
    assert locate("option.toml", {}) == house["option"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_place_that_may_not_be_looked_at_is_not_passed_over(house: dict[str, Path]) -> None:
    folder = house["xdg"].parent
    folder.chmod(0)
    try:
        assert locate(None, {"XDG_CONFIG_HOME": str(folder.parent)}) == house["xdg"]
    finally:
        folder.chmod(0o700)
