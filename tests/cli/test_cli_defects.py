"""A defect of ours is told by where it is, and by nothing that it may hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coachsync.app.cli import carry_out, opening

LIBRARY = "def load(_path):\n    raise ValueError('Marguerite')\n"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library below a folder that is called like the program, as in a clone with its virtual environment."""
    place = tmp_path / "coachsync" / "site-packages" / "library.py"
    space: dict[str, object] = {}
    exec(compile(LIBRARY, str(place), "exec"), space)
    monkeypatch.setattr(opening.config, "load", space["load"])
    (tmp_path / "coachsync.toml").touch()
    monkeypatch.setenv("COACHSYNC_CONFIG", str(tmp_path / "coachsync.toml"))


@pytest.mark.usefixtures("broken")
def test_p12_a_defect_names_our_own_line_and_repeats_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(["--json", "check"]) == 1
    said = capsys.readouterr()
    error = json.loads(said.err)["error"]
    assert error["code"] == "defect"
    assert "ValueError at opening.py:" in error["message"]
    assert "Marguerite" not in said.out + said.err


@pytest.mark.usefixtures("broken")
def test_p12_a_defect_told_to_a_person_repeats_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(["check"]) == 1
    said = capsys.readouterr()
    assert "ValueError at opening.py:" in said.err
    assert "Marguerite" not in said.out + said.err
