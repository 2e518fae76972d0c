"""`coachsync service`: in the background, from one command."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.output import tell_json
from coachsync.app.cli.tongue import spoken
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say

if TYPE_CHECKING:
    from coachsync.app.service import Service
    from coachsync.config import Config

_ETC = Path("/etc")
_for_the_machine = click.option(
    "--system", is_flag=True, help=say("For the whole machine, under a user of its own; needs root.")
)


@click.group("service", help=COMMANDS["service"][1])
@everywhere
def command() -> None:
    """Hold the commands about the service."""


@command.command("install", help=say("Start coachsync now and whenever this user logs in. Again: with what changed."))
@_for_the_machine
@everywhere
@click.pass_obj
def install(options: Options, system: bool) -> None:
    """Write the files of the service; a person's own is started too."""
    from coachsync.app import service as job

    _refuse_the_wrong_user(system=system)
    service = _of_the_machine() if system else _of_this_user(options)
    timers = _timers(system=system)
    if timers is not None and not timers.files.keys() <= service.files.keys():  # backups were given up since
        job.remove(timers)
    try:
        job.install(service)
    except CoachsyncError as problem:
        if problem.code == "systemd-refused":
            problem.hint = _to_see_more(system=system)
        raise
    if options.json:
        tell_json({"files": [str(path) for path in service.files], "started": not system})
    elif system:
        _tell_what_comes_next(backups=any(path.name == "coachsync-backup.timer" for path in service.files))
    else:
        _tell_how_it_goes_on(closed=len(service.files) > 1)


@command.command("remove", help=say("Stop the service and remove it; configuration and state stay."))
@_for_the_machine
@everywhere
@click.pass_obj
def remove(options: Options, system: bool) -> None:
    """Stop the service, and take its files away."""
    from coachsync.app import service as job

    _refuse_the_wrong_user(system=system)
    service = job.for_system(_ETC, "", "") if system else job.for_user(_user_units(), "", "", Path())
    timers = _timers(system=system)
    if timers is not None:
        service = replace(service, files={**service.files, **timers.files}, stopped=(*service.stopped, *timers.stopped))
    try:
        removed = job.remove(service)
    except CoachsyncError as problem:
        if problem.code in ("systemd-refused", "no-systemd"):
            stop = "systemctl stop coachsync" if system else "systemctl --user stop coachsync"
            problem.hint = say(
                "The service's files are removed all the same. If it still runs: {command}", command=stop
            )
        raise
    if options.json:
        tell_json({"removed": removed})
    elif removed:
        click.echo(spoken(say("The service is removed. Your configuration and your data stay.")))
    else:
        click.echo(spoken(say("No service of coachsync was installed here.")))


@command.command("show", help=say("Print the service as `install` would write it."))
@_for_the_machine
@everywhere
@click.pass_obj
def show(options: Options, system: bool) -> None:
    """Print the files of the service."""
    service = _of_the_machine() if system else _of_this_user(options)
    if options.json:
        tell_json({"files": {str(path): text for path, text in service.files.items()}})
        return
    for path, text in service.files.items():
        click.echo(f"# {path}\n{text}")


def _of_this_user(options: Options) -> Service:
    """The service for the configuration that the options mean, which must be good."""
    from coachsync import config
    from coachsync.adapters import units
    from coachsync.app import service as job
    from coachsync.app.backup import scheduling

    path = config.locate(options.config, os.environ)
    settings = config.load(path)
    text = job.starting(units.shipped("user/coachsync.service"), [*_program(), "--config", str(path), "run"])
    folders = None
    if units.users_have_namespaces():
        folders = job.closing(units.shipped("user/folders.conf"), settings.practice.state, settings)
    service = job.for_user(_user_units(), text, folders, settings.practice.state)
    if settings.backup.folder is None:
        return service
    command = [*_program(), "--config", str(path), "backup", "create"]
    backup, timer = units.shipped(f"user/{scheduling.UNIT}"), units.shipped(f"user/{scheduling.TIMER}")
    return scheduling.for_user(service, _user_units(), job.starting(backup, command), timer, folders)


def _of_the_machine() -> Service:
    from coachsync.adapters import units
    from coachsync.app import service as job
    from coachsync.app.backup import scheduling

    configuration = _ETC / "coachsync" / "coachsync.toml"
    text = job.starting(units.shipped("coachsync.service"), [*_program(), "--config", str(configuration), "run"])
    service = job.for_system(_ETC, text, units.shipped("sysusers.conf"))
    settings = _settings(configuration)
    if settings is None or settings.backup.folder is None:
        return service
    command = [*_program(), "--config", str(configuration), "backup", "create"]
    backup = scheduling.writing(units.shipped(scheduling.UNIT), command, settings)
    return scheduling.for_system(service, _ETC, backup, units.shipped(scheduling.TIMER), settings)


def _settings(configuration: Path) -> Config | None:
    """The configuration of the machine; None while there is none, or one with faults: it usually comes later."""
    from coachsync import config

    try:
        return config.load(configuration)
    except CoachsyncError:
        return None


def _timers(*, system: bool) -> Service | None:
    """The timer alone, where it was put in place."""
    from coachsync.app.backup import scheduling
    from coachsync.app.service import Service

    nothing = Service({}, (), (), ())
    if system:
        there = scheduling.is_there(_ETC / "systemd" / "system")
        return scheduling.for_system(nothing, _ETC, "", "") if there else None
    there = scheduling.is_there(_user_units())
    return scheduling.for_user(nothing, _user_units(), "", "", "") if there else None


def _program() -> list[str]:
    """How this very coachsync is started, from any folder."""
    script = Path(sysconfig.get_path("scripts"), "coachsync")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "coachsync"]


def _user_units() -> Path:
    """Where the user's own systemd looks."""
    from coachsync.config.locating import user_folder

    return user_folder(os.environ) / "systemd" / "user"


def _refuse_the_wrong_user(*, system: bool) -> None:
    if system and os.geteuid() != 0:
        raise UsageError("not-root", say("Only root can do this for the whole machine."), say("Put sudo before it."))
    if not system and os.geteuid() == 0:
        raise UsageError(
            "root",
            say("This would run coachsync as root."),
            say("Leave sudo away to run it as yourself, or add --system for the whole machine."),
        )


def _to_see_more(*, system: bool) -> str:
    if system:
        return say("To see why: systemctl status coachsync")
    return say("To see why: systemctl --user status coachsync. It needs a session of your own: log in as yourself.")


def _tell_how_it_goes_on(*, closed: bool) -> None:
    lines = [
        say("coachsync runs in the background now, and will whenever you are logged in."),
        say("To keep it running while you are logged out: loginctl enable-linger"),
        say("After a change of `practice.state` or of a share's file, give this command again."),
    ]
    if not closed:
        lines.append(say("This system does not let users close folders to a service: it can write where you can."))
    for line in lines:
        click.echo(spoken(line))


def _tell_what_comes_next(*, backups: bool) -> None:
    for line in (
        say("The service is in place and not started yet; it runs as the user coachsync."),
        say("Write /etc/coachsync/coachsync.toml, then: systemctl enable --now coachsync"),
    ):
        click.echo(spoken(line))
    if backups:
        click.echo(spoken(say("For a backup every night: systemctl enable --now coachsync-backup.timer")))
