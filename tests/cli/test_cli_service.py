"""`coachsync service`, with a systemctl that writes down what it is asked."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from cli_desk import Desk
from coachsync.adapters.units import shipped
from coachsync.app import service_coaches
from coachsync.app.cli import service

STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "{log}"
case "$*" in *"{failing}"*) echo "Job for coachsync.service failed." >&2; exit 1;; esac
"""


class Systemd:
    """Stands in for systemd's commands; `asked` is what it was told."""

    def __init__(self, folder: Path) -> None:
        self.log, self.folder = folder / "log", folder
        self.log.touch()
        self.fails("nothing at all")

    def fails(self, words: str) -> None:
        """Fail from now on when asked this."""
        for name in ("systemctl", "systemd-sysusers"):
            program = self.folder / name
            program.write_text(STAND_IN.format(log=self.log, failing=words))
            program.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(service, "_ETC", tmp_path / "etc")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return Systemd(folder)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch, systemd: Systemd) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def user_units(desk: Desk) -> Path:
    return desk.folder.parent / ".config" / "systemd" / "user"


def test_one_command_starts_it_now_and_at_each_login(desk: Desk, systemd: Systemd) -> None:
    result = desk.run("service", "install")
    assert (result.code, result.err) == (0, "")
    assert "loginctl enable-linger" in result.out
    unit = user_units(desk) / "coachsync.service"
    assert f"--config {desk.file} run\n" in unit.read_text()
    assert systemd.asked == [
        "systemctl --user daemon-reload",
        "systemctl --user enable coachsync.service",
        "systemctl --user restart coachsync.service",
    ]


def test_only_the_state_can_be_written(desk: Desk, systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.adapters.units.users_have_namespaces", lambda: True)
    assert desk.run("service", "install").code == 0
    drop_in = user_units(desk) / "coachsync.service.d" / "folders.conf"
    assert f"\nReadWritePaths={desk.state}\n" in drop_in.read_text()
    assert desk.state.stat().st_mode & 0o777 == 0o700  # systemd refuses to start what may write a folder that is not


def test_where_folders_stay_open_it_is_said(desk: Desk, systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.adapters.units.users_have_namespaces", lambda: False)
    assert "does not let users close folders" in desk.run("service", "install").out
    assert [path.name for path in user_units(desk).iterdir()] == ["coachsync.service"]


def test_twice_is_once(desk: Desk, systemd: Systemd) -> None:
    desk.run("service", "install")
    before = [(path, path.read_text()) for path in sorted(user_units(desk).rglob("*")) if path.is_file()]
    assert desk.run("service", "install").code == 0
    assert before == [(path, path.read_text()) for path in sorted(user_units(desk).rglob("*")) if path.is_file()]


def test_remove_leaves_the_configuration_and_the_state(desk: Desk, systemd: Systemd) -> None:
    desk.run("service", "install")
    (user_units(desk) / "other.service").touch()
    assert systemd.asked
    result = desk.run("service", "remove")
    assert result.code == 0
    assert systemd.asked == ["systemctl --user disable --now coachsync.service", "systemctl --user daemon-reload"]
    assert [path.name for path in user_units(desk).iterdir()] == ["other.service"]
    assert desk.file.exists()
    assert desk.state.exists()
    assert "No service" in desk.run("service", "remove").out
    assert systemd.asked == []


@pytest.mark.parametrize("refused", ["disable", "daemon-reload", "systemctl"])
def test_a_service_that_cannot_be_stopped_is_taken_away_and_it_is_said(
    desk: Desk, systemd: Systemd, refused: str
) -> None:
    desk.run("service", "install")
    systemd.fails("" if refused == "systemctl" else refused)
    result = desk.run("service", "remove")
    assert result.code == 1
    assert "systemctl --user stop coachsync" in result.err
    assert list(user_units(desk).iterdir()) == []


def test_a_service_that_systemd_does_not_look_at_leaves_no_file(desk: Desk, systemd: Systemd) -> None:
    systemd.fails("daemon-reload")
    assert desk.run("service", "install").code == 1
    assert list(user_units(desk).iterdir()) == []


def test_a_service_that_was_there_stays_when_systemd_does_not_look_at_it(desk: Desk, systemd: Systemd) -> None:
    desk.run("service", "install")
    systemd.fails("daemon-reload")
    assert desk.run("service", "install").code == 1
    assert (user_units(desk) / "coachsync.service").exists()


def test_a_service_that_does_not_start_stays_to_be_looked_into(desk: Desk, systemd: Systemd) -> None:
    systemd.fails("restart")
    assert desk.run("service", "install").code == 1
    assert (user_units(desk) / "coachsync.service").exists()


def test_a_service_that_does_not_start_says_how_to_see_why(desk: Desk, systemd: Systemd) -> None:
    systemd.fails("restart")
    result = desk.run("service", "install")
    assert (result.code, result.out) == (1, "")
    assert "systemctl --user status coachsync" in result.err
    assert "Job for coachsync.service failed." in result.err
    assert desk.json("service", "install").error["code"] == "systemd-refused"


def test_a_wrong_configuration_is_told_before_anything_is_written(desk: Desk, systemd: Systemd) -> None:
    desk.text = desk.text.replace('"session"', '"sessions"')
    assert desk.refused("service", "install")[0].code == 78
    assert not user_units(desk).exists()
    assert systemd.asked == []


def test_without_systemd_coachsync_says_what_to_start(
    desk: Desk, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(desk.folder))
    result, error = desk.refused("service", "install")
    assert (result.code, error["code"]) == (1, "no-systemd")
    assert "coachsync run" in error["hint"]
    assert list(user_units(desk).iterdir()) == []


def test_root_is_asked_what_is_meant(desk: Desk, as_root: None, systemd: Systemd) -> None:
    result, error = desk.refused("service", "install")
    assert (result.code, error["code"]) == (2, "root")
    assert "--system" in error["hint"]
    assert systemd.asked == []


def test_the_service_of_the_machine_needs_root(desk: Desk, systemd: Systemd) -> None:
    for word in ("install", "remove"):
        result, error = desk.refused("service", word, "--system")
        assert (result.code, error["code"]) == (2, "not-root")
    assert systemd.asked == []


def test_the_service_of_the_machine_is_prepared_and_taken_away(
    desk: Desk, as_root: None, systemd: Systemd, tmp_path: Path
) -> None:
    result = desk.run("service", "install", "--system")
    assert result.code == 0
    assert "systemctl enable --now coachsync" in result.out
    unit = tmp_path / "etc" / "systemd" / "system" / "coachsync.service"
    users = tmp_path / "etc" / "sysusers.d" / "coachsync.conf"
    assert f"--config {tmp_path}/etc/coachsync/coachsync.toml run\n" in unit.read_text()
    assert "\nu coachsync " in users.read_text()
    assert systemd.asked == [f"systemd-sysusers {users}", "systemctl daemon-reload"]
    assert desk.run("service", "remove", "--system").code == 0
    assert systemd.asked == ["systemctl disable --now coachsync.service", "systemctl daemon-reload"]
    assert not unit.exists()
    assert not users.exists()


def test_show_prints_what_install_would_write(desk: Desk, systemd: Systemd) -> None:
    shown = desk.run("service", "show").out
    assert systemd.asked == []
    assert not user_units(desk).exists()
    desk.run("service", "install")
    assert (user_units(desk) / "coachsync.service").read_text() in shown


def test_each_answers_in_json(desk: Desk, systemd: Systemd) -> None:
    unit = str(user_units(desk) / "coachsync.service")
    assert unit in desk.json("service", "show").document["files"]
    assert desk.json("service", "install").document["started"] is True
    assert desk.json("service", "remove").document == {"removed": True}
    assert desk.json("service", "remove").document == {"removed": False}


COACH, COLLEAGUE = "nobody", "daemon"  # users that there are everywhere


@pytest.fixture
def machine(desk: Desk, as_root: None, systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose service has this user and group. The state folder is where the service has it."""
    monkeypatch.setattr(service_coaches, "account", lambda: (os.getuid(), os.getgid()))
    monkeypatch.setattr(service, "_STATE", tmp_path / "lib")
    return tmp_path / "etc"


def drop_in(etc: Path) -> Path:
    return etc / "systemd" / "system" / "coachsync.service.d" / "coaches.conf"


def accounts(etc: Path) -> list[str]:
    return [line for line in (etc / "sysusers.d" / "coachsync.conf").read_text().splitlines() if line[0] != "#"]


def test_coaches_are_let_into_the_group_and_the_state_of_the_service(
    desk: Desk, systemd: Systemd, machine: Path, tmp_path: Path
) -> None:
    result = desk.run("service", "install", "--system", "--coach", COACH, "--coach", COLLEAGUE)
    assert (result.code, result.err) == (0, "")
    assert "sudo coachsync vault init" in result.out
    assert accounts(machine)[1:] == [f"m {COACH} coachsync", f"m {COLLEAGUE} coachsync"]
    assert {"StateDirectoryMode=2770", "UMask=0007"} <= set(drop_in(machine).read_text().splitlines())
    assert (tmp_path / "lib").stat().st_mode & 0o7777 == 0o2770
    assert systemd.asked == [
        f"systemd-sysusers {machine}/sysusers.d/coachsync.conf",
        "systemctl daemon-reload",
        "systemctl try-restart coachsync.service",
    ]


def test_twice_is_once_for_coaches_too_and_who_comes_later_shuts_nobody_out(desk: Desk, machine: Path) -> None:
    def written() -> dict[Path, str]:
        return {path: path.read_text() for path in machine.rglob("*") if path.is_file()}

    desk.run("service", "install", "--system", "--coach", COACH)
    before = written()
    assert desk.json("service", "install", "--system", "--coach", COACH).document["coaches"] == [COACH]
    assert written() == before
    assert desk.run("service", "install", "--system").code == 0  # after an upgrade
    assert written() == before
    with (machine / "sysusers.d" / "coachsync.conf").open("a") as file:
        file.write("m left-long-ago coachsync\n")  # systemd would make such a user anew
    desk.run("service", "install", "--system", "--coach", COLLEAGUE)
    assert accounts(machine)[1:] == [f"m {COACH} coachsync", f"m {COLLEAGUE} coachsync"]


def test_without_coaches_the_state_is_the_services_alone(desk: Desk, machine: Path, tmp_path: Path) -> None:
    assert desk.run("service", "install", "--system").code == 0
    assert not drop_in(machine).exists()
    assert not (tmp_path / "lib").exists()


def test_removing_takes_away_what_lets_coaches_in(desk: Desk, systemd: Systemd, machine: Path, tmp_path: Path) -> None:
    desk.run("service", "install", "--system", "--coach", COACH)
    assert systemd.asked
    assert desk.run("service", "remove", "--system").code == 0
    assert systemd.asked == ["systemctl disable --now coachsync.service", "systemctl daemon-reload"]
    assert [path for path in machine.rglob("*") if path.is_file()] == []
    assert not drop_in(machine).parent.exists()
    assert (tmp_path / "lib").exists()


def test_the_folders_that_the_configuration_names_are_shared(desk: Desk, machine: Path, tmp_path: Path) -> None:
    (machine / "coachsync").mkdir(parents=True)
    text = f'version = 1\n[practice]\nstate = "{tmp_path}/elsewhere"\n[inbox]\nfolder = "{tmp_path}/my inbox"\n'
    (machine / "coachsync" / "coachsync.toml").write_text(text)
    command = ("service", "install", "--system", "--coach", COACH)
    missing = desk.json(*command)
    assert (missing.code, missing.error["code"]) == (1, "folder-not-shared")
    (tmp_path / "my inbox").mkdir()
    foreign = desk.json(*command)
    assert (foreign.code, foreign.error["code"]) == (1, "folder-of-another")
    if os.getuid() == 0:
        os.chown(tmp_path / "my inbox", pwd.getpwnam(COACH).pw_uid, -1)
        assert desk.run(*command).code == 0
        assert (tmp_path / "my inbox").stat().st_mode & 0o7777 == 0o2770
    assert (tmp_path / "elsewhere").stat().st_mode & 0o7777 == 0o2770
    assert f'BindPaths="-{tmp_path}/my inbox"' in drop_in(machine).read_text()


@pytest.mark.parametrize(("inbox", "home"), [("/home/alice/in", "ProtectHome=tmpfs\n"), ("/srv/in:box", "")])
def test_of_a_home_the_service_sees_the_inbox_alone(inbox: str, home: str) -> None:
    text = service_coaches.reaching("[Service]\n", Path(inbox))
    assert text.startswith(f'[Service]\n# Where the coaches drop files.\n{home}BindPaths="-{inbox}"\n')


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--system", "--coach", "nobody-of-that-name"], "no-such-user"),
        (["--system", "--coach", "root"], "coach-is-the-service"),
        (["--coach", COACH], "option-not-here"),
    ],
)
def test_who_can_be_no_coach_is_told_before_anything_is_written(
    desk: Desk, systemd: Systemd, machine: Path, words: list[str], code: str
) -> None:
    for command in ("install", "show"):
        result, error = desk.refused("service", command, *words)
        assert (result.code, error["code"]) == (2, code)
    assert systemd.asked == []
    assert not machine.exists()


def test_show_prints_what_lets_coaches_in(desk: Desk, systemd: Systemd, machine: Path) -> None:
    files = desk.json("service", "show", "--system", "--coach", COACH).document["files"]
    assert f"m {COACH} coachsync" in files[f"{machine}/sysusers.d/coachsync.conf"]
    assert "StateDirectoryMode=2770" in files[str(drop_in(machine))]
    assert not machine.exists()


# --------------------------------------------------------------------------------------------- a backup every night


BACKUP = '[backup]\nfolder = "/media/backup"\nmirror = "/media/stick/mirror"\n'


def test_where_backups_are_configured_a_timer_makes_them(
    desk: Desk, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coachsync.adapters.units.users_have_namespaces", lambda: True)
    desk.text += BACKUP
    assert desk.run("service", "install").code == 0
    units = user_units(desk)
    assert f"--config {desk.file} backup create\n" in (units / "coachsync-backup.service").read_text()
    open_folders = f"\nReadWritePaths={desk.state} -/media/backup -/media/stick/mirror\n"
    for name in ("coachsync", "coachsync-backup"):
        assert open_folders in (units / f"{name}.service.d" / "folders.conf").read_text()
    assert systemd.asked[-1] == "systemctl --user enable --now coachsync-backup.timer"
    assert desk.run("service", "remove").code == 0
    assert "systemctl --user disable --now coachsync-backup.timer" in systemd.asked
    assert [path for path in units.rglob("*") if path.is_file()] == []


def test_a_timer_goes_with_the_section(desk: Desk, systemd: Systemd) -> None:
    desk.text += BACKUP
    assert desk.run("service", "install").code == 0
    assert (user_units(desk) / "coachsync-backup.timer").exists()
    desk.text = desk.text.replace(BACKUP, "")
    assert systemd.asked
    assert desk.run("service", "install").code == 0
    assert not list(user_units(desk).glob("coachsync-backup*"))
    assert (user_units(desk) / "coachsync.service").exists()
    assert systemd.asked[0] == "systemctl --user disable --now coachsync-backup.timer"


def test_the_machine_has_a_timer_too(desk: Desk, systemd: Systemd, as_root: None, tmp_path: Path) -> None:
    configuration = tmp_path / "etc" / "coachsync" / "coachsync.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(
        'version = 1\n[practice]\ntimezone = "Europe/Paris"\nstate = "/var/lib/coachsync"\n' + BACKUP
    )
    result = desk.run("service", "install", "--system")
    assert result.code == 0
    assert "systemctl enable --now coachsync-backup.timer" in result.out
    units = tmp_path / "etc" / "systemd" / "system"
    unit = (units / "coachsync-backup.service").read_text()
    assert f"--config {configuration} backup create\n" in unit
    assert "\nReadWritePaths=-/media/backup -/media/stick/mirror\n" in unit
    of_daemon = (units / "coachsync.service.d" / "backup.conf").read_text()
    assert of_daemon == "[Service]\nReadWritePaths=-/media/backup -/media/stick/mirror\n"
    assert not [line for line in systemd.asked if "coachsync-backup" in line]  # what it needs comes next
    configuration.write_text("broken")
    assert desk.run("service", "install", "--system").code == 0
    assert not (units / "coachsync-backup.timer").exists()
    assert (units / "coachsync.service").exists()


def test_the_backup_of_a_state_that_coaches_share_shuts_nobody_out(desk: Desk, machine: Path, tmp_path: Path) -> None:
    """systemd sets the mode of the state folder whenever a unit starts that names it."""
    (machine / "coachsync").mkdir(parents=True)
    (machine / "coachsync" / "coachsync.toml").write_text(
        f'version = 1\n[practice]\nname = "x"\nlanguage = "en"\ntimezone = "UTC"\nstate = "{tmp_path}/lib"\n{BACKUP}'
    )
    unit = machine / "systemd" / "system" / "coachsync-backup.service"
    wanted = {line for line in shipped("coaches.conf").splitlines() if line[:1].isupper()}
    assert desk.run("service", "install", "--system").code == 0
    alone = set(unit.read_text().splitlines())
    assert {"StateDirectoryMode=0700", "UMask=0077"} <= alone
    assert desk.run("service", "install", "--system", "--coach", COACH).code == 0
    assert set(unit.read_text().splitlines()) - alone == wanted == {"StateDirectoryMode=2770", "UMask=0007"}
