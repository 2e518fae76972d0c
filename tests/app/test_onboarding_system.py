"""The time zone that this machine is set to."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync.app.onboarding.system import spelled, zone


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/PARIS", "Europe/Paris"),
        ("Paris", "Europe/Paris"),
        ("new york", "America/New_York"),
        ("Mars", "Mars"),
        ("", ""),
    ],
)
def test_a_zone_is_known_in_any_case_and_by_its_city(typed: str, meant: str) -> None:
    assert spelled(typed) == meant


def test_a_city_that_several_zones_name_is_left_to_the_person() -> None:
    assert spelled("Louisville") == "Louisville"  # America/ and America/Kentucky/
