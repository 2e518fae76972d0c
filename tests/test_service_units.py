"""The units, judged by systemd's own tools as far as these judge without running anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from coachsync.adapters import units
from coachsync.app.service_coaches import reaching

ANALYZE = shutil.which("systemd-analyze") or ""
SYSTEM, USER, FOLDERS = "coachsync.service", "user/coachsync.service", "user/folders.conf"
COACHES = reaching(units.shipped("coaches.conf"), Path("/home/alice/in box"))

needs_analyze = pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")


def harmless(name: str, *more: str) -> str:
    """The unit with what stands in its drop-ins, starting nothing of ours and with no page of a manual to look for."""
    text = "\n".join([units.shipped(name), *more])
    for key, value in (("Documentation", ""), ("ExecStart", "/bin/true")):
        text = re.sub(rf"^{key}=.*$", f"{key}={value}", text, flags=re.M)
    return text


def judged(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    unit = folder / "coachsync.service"
    unit.write_text(text, encoding="utf-8")
    runtime = folder / "r"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(
        [ANALYZE, *words, str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C.UTF-8"},
    )


@needs_analyze
@pytest.mark.parametrize("more", ["", COACHES], ids=["alone", "with coaches"])
def test_the_system_unit_is_hardened_to_two_of_ten(tmp_path: Path, more: str) -> None:
    done = judged(tmp_path, harmless(SYSTEM, more), "security", "--offline=true", "--threshold=20", "--no-pager")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@needs_analyze
def test_a_unit_that_is_not_hardened_would_be_noticed(tmp_path: Path) -> None:
    text = re.sub(r"^(Protect|Private|Restrict|System|Capab|User|Group|NoNew).*$", "", harmless(SYSTEM), flags=re.M)
    assert judged(tmp_path, text, "security", "--offline=true", "--threshold=20", "--no-pager").returncode == 1


@needs_analyze
@pytest.mark.parametrize(
    ("name", "more", "options"),
    [
        (SYSTEM, "", []),
        (SYSTEM, COACHES, []),
        (USER, "", ["--user"]),
        (USER, units.shipped(FOLDERS), ["--user"]),
    ],
    ids=["system", "system with coaches", "user", "user with closed folders"],
)
def test_systemd_finds_nothing_to_complain_of(tmp_path: Path, name: str, more: str, options: list[str]) -> None:
    done = judged(tmp_path, harmless(name, more), "verify", *options)
    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
def test_a_setting_that_systemd_does_not_know_would_be_noticed(tmp_path: Path) -> None:
    assert "Unknown key" in judged(tmp_path, harmless(SYSTEM, "[Service]\nProtectCoach=yes"), "verify").stderr


def settings(name: str) -> dict[str, list[str]]:
    """Each setting of a unit with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in units.shipped(name).splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", [SYSTEM, USER])
def test_the_units_agree_with_the_program_about_how_it_starts_and_ends(name: str) -> None:
    unit = settings(name)
    assert unit["Type"] == ["notify"]
    assert unit["ExecStart"][0].endswith(" run")
    assert unit["RestartPreventExitStatus"] == ["78 10"]
    assert int(unit["TimeoutStopSec"][0]) >= 5
    assert int(unit["WatchdogSec"][0]) > 0
    assert unit["UMask"] == ["0077"]
    assert unit["LimitCORE"] == ["0"]
    assert "PYTHON_CALDAV_COMMDUMP" in unit["UnsetEnvironment"][0].split()


def test_the_system_service_can_write_its_state_and_nothing_that_is_not_asked_for() -> None:
    unit = settings(SYSTEM)
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["ProtectHome"] == ["yes"]
    assert unit["StateDirectory"] == unit["RuntimeDirectory"] == ["coachsync"]
    assert not unit.keys() & {"ReadWritePaths", "ConfigurationDirectory", "CacheDirectory", "LogsDirectory"}
    assert unit["User"] == ["coachsync"]


def test_the_user_of_the_system_service_has_its_state_as_home() -> None:
    (line,) = [line for line in units.shipped("sysusers.conf").splitlines() if not line.startswith("#")]
    assert line.split()[:2] == ["u", "coachsync"]
    assert line.endswith(" /var/lib/coachsync")


# ------------------------------------------------------------------------------------------------------- the backup

BACKUP, USERS_BACKUP = "coachsync-backup.service", "user/coachsync-backup.service"


@needs_analyze
def test_the_unit_of_the_backup_is_hardened_as_well(tmp_path: Path) -> None:
    text = harmless(BACKUP).replace("ReadWritePaths=\n", "ReadWritePaths=-/media/backup\n")
    done = judged(tmp_path, text, "security", "--offline=true", "--threshold=20", "--no-pager")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@needs_analyze
@pytest.mark.parametrize(
    ("name", "more", "options"),
    [(BACKUP, "", []), (USERS_BACKUP, "", ["--user"]), (USERS_BACKUP, units.shipped(FOLDERS), ["--user"])],
    ids=["system", "user", "user with closed folders"],
)
def test_systemd_finds_nothing_wrong_with_the_backup(tmp_path: Path, name: str, more: str, options: list[str]) -> None:
    done = judged(tmp_path, harmless(name, more), "verify", *options)
    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
@pytest.mark.parametrize("name", ["coachsync-backup.timer", "user/coachsync-backup.timer"])
def test_the_timer_comes_every_night_and_makes_up_for_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "coachsync-backup.timer").write_text(
        units.shipped(name).replace("Documentation=man:coachsync(1)\n", "")
    )
    (tmp_path / "coachsync-backup.service").write_text(harmless(BACKUP))
    command = [ANALYZE, "verify", str(tmp_path / "coachsync-backup.timer")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert settings(name)["Persistent"] == ["yes"]


@pytest.mark.parametrize("name", [BACKUP, USERS_BACKUP])
def test_the_backup_needs_no_network_and_no_secret(name: str) -> None:
    unit = settings(name)
    assert unit["ExecStart"][0].endswith(" backup create")
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert unit["UMask"] == ["0077"]
    assert not unit.keys() & {"LoadCredential", "LoadCredentialEncrypted", "EnvironmentFile"}


def test_of_what_coaches_drop_the_service_sees_whose_it_is_and_who_writes_it() -> None:
    """Both are hidden where users are mapped (PrivateUsers=), and the latter of another's files without CAP_LEASE."""
    assert {"PrivateUsers=no", "CapabilityBoundingSet=CAP_LEASE", "AmbientCapabilities=CAP_LEASE"} <= set(
        COACHES.splitlines()
    )
    assert "CAP_LEASE" not in reaching(units.shipped("coaches.conf"), None)
