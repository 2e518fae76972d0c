"""The time zone that this machine is set to."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.app.onboarding.system import zone


@pytest.mark.parametrize("given", ["Europe/Paris", ":Europe/Paris", ":/usr/share/zoneinfo/Europe/Paris"])
def test_the_environment_comes_first(tmp_path: Path, given: str) -> None:
    (tmp_path / "timezone").write_text("Europe/Berlin\n")
    assert zone({"TZ": given}, tmp_path) == "Europe/Paris"


def test_then_the_link_that_the_system_sets(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("../usr/share/zoneinfo/America/Argentina/Salta")
    (tmp_path / "timezone").write_text("Europe/Berlin\n")
    assert zone({}, tmp_path) == "America/Argentina/Salta"


def test_then_the_file_that_older_systems_write(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Europe/Berlin\n")
    assert zone({"TZ": "CET-1CEST"}, tmp_path) == "Europe/Berlin"


@pytest.mark.parametrize("content", [b"Middle/Earth\n", b"\xff\n", b"", b"../../etc/passwd\n", b"Etc/UTC\n"])
def test_what_makes_no_sense_is_not_proposed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "timezone").write_bytes(content)
    (tmp_path / "localtime").write_bytes(b"TZif2")
    assert zone({}, tmp_path) is None
