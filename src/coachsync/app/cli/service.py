"""`coachsync service`: in the background, from one command."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Sequence
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
    from coachsync.config.glance import Glance

_ETC = Path("/etc")
_STATE = Path("/var/lib/coachsync")  # StateDirectory= of the unit
_for_the_machine = click.option(
    "--system", is_flag=True, help=say("For the whole machine, under a user of its own; needs root.")
)
_for_coaches = click.option(
    "--coach",
    "coaches",
    multiple=True,
    metavar=say("USER"),
    help=say("With --system: a user who works beside the service, as another user than it. Several times for several."),
)


@click.group("service", help=COMMANDS["service"][1])
@everywhere
def command() -> None:
    """Hold the commands about the service."""


@command.command("install", help=say("Start coachsync now and whenever this user logs in. Again: with what changed."))
@_for_the_machine
@_for_coaches
@everywhere
@click.pass_obj
def install(options: Options, system: bool, coaches: tuple[str, ...]) -> None:
    """Write the files of the service; a person's own is started too."""
    from coachsync.app import service as job
    from coachsync.app.backup import scheduling

    _refuse_coaches(coaches, system=system)
    _refuse_the_wrong_user(system=system)
    coaches = _all_coaches(coaches) if system else ()
    service = _of_the_machine(coaches) if system else _of_this_user(options)
    timers = _timers(system=system)
    if timers is not None and not timers.files.keys() <= service.files.keys():  # backups were given up since
        job.remove(timers)
    try:
        job.install(service)
    except CoachsyncError as problem:
        if problem.code == "systemd-refused":
            problem.hint = _to_see_more(system=system)
        raise
    sure = _let_in(coaches)
    if options.json:
        told = {"coaches": list(coaches)} if coaches else {}
        tell_json({"files": [str(path) for path in service.files], "started": not system} | told)
    elif system:
        backups = any(path.name == scheduling.TIMER for path in service.files)
        _tell_what_comes_next(coaches, sure=sure, backups=backups)
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
    service = job.for_system(_ETC, "", "", "") if system else job.for_user(_user_units(), "", "", Path())
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
@_for_coaches
@everywhere
@click.pass_obj
def show(options: Options, system: bool, coaches: tuple[str, ...]) -> None:
    """Print the files of the service."""
    _refuse_coaches(coaches, system=system)
    service = _of_the_machine(_all_coaches(coaches)) if system else _of_this_user(options)
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


def _of_the_machine(coaches: Sequence[str]) -> Service:
    from coachsync.adapters import units
    from coachsync.app import service as job
    from coachsync.app import service_coaches as beside
    from coachsync.app.backup import scheduling

    text = job.starting(units.shipped("coachsync.service"), [*_program(), "--config", str(_configuration()), "run"])
    users = beside.accounts_with(units.shipped("sysusers.conf"), coaches)
    drop_in = beside.reaching(units.shipped("coaches.conf"), _folders().inbox) if coaches else None
    service = job.for_system(_ETC, text, users, drop_in)
    settings = _settings()
    if settings is None or settings.backup.folder is None:
        return service
    command = [*_program(), "--config", str(_configuration()), "backup", "create"]
    backup = scheduling.writing(units.shipped(scheduling.UNIT), command, settings, shared=bool(coaches))
    return scheduling.for_system(service, _ETC, backup, units.shipped(scheduling.TIMER), settings)


def _settings() -> Config | None:
    """The configuration of the machine; None while there is none, or one with faults: it usually comes later."""
    from coachsync import config

    try:
        return config.load(_configuration())
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


def _all_coaches(coaches: Iterable[str]) -> tuple[str, ...]:
    """These, and those who were let in before: an upgrade shuts nobody out."""
    from coachsync.app import service as job
    from coachsync.app import service_coaches as beside

    return tuple(dict.fromkeys((*beside.let_in_before(job.accounts_of(_ETC)), *coaches)))


def _let_in(coaches: Sequence[str]) -> bool:
    from coachsync.app import service_coaches as beside

    if not coaches:
        return True
    return beside.let_in(_folders().state or _STATE, _folders().inbox, coaches)


def _folders() -> Glance:
    """What the configuration of the machine says of folders, as far as there is one yet."""
    from coachsync.config.glance import glance

    return glance(_configuration())


def _configuration() -> Path:
    return _ETC / "coachsync" / "coachsync.toml"


def _program() -> list[str]:
    """How this very coachsync is started, from any folder."""
    script = Path(sysconfig.get_path("scripts"), "coachsync")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "coachsync"]


def _user_units() -> Path:
    """Where the user's own systemd looks."""
    from coachsync.config.locating import user_folder

    return user_folder(os.environ) / "systemd" / "user"


def _refuse_coaches(coaches: Sequence[str], *, system: bool) -> None:
    from coachsync.app import service_coaches as beside

    if coaches and not system:
        raise UsageError(
            "option-not-here",
            say("Your own service works as you; only the one of the machine is another user."),
            say("Add --system, or leave --coach out."),
            where="--coach",
        )
    beside.refuse_nobody(coaches)


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
        say("After a change of a folder in the configuration, give this command again."),
    ]
    if not closed:
        lines.append(say("This system does not let users close folders to a service: it can write where you can."))
    for line in lines:
        click.echo(spoken(line))


def _tell_what_comes_next(coaches: Sequence[str], *, sure: bool, backups: bool) -> None:
    lines = [
        say("The service is in place and not started yet; it runs as the user coachsync."),
        say("Write /etc/coachsync/coachsync.toml, then: systemctl enable --now coachsync"),
    ]
    if coaches:
        lines += [
            say("These coaches work beside it, once they have logged in again: {names}", names=", ".join(coaches)),
            say("Each comes into the vault by: sudo coachsync vault init --coach NAME. What follows needs no sudo."),
        ]
    if not sure:
        lines.append(say("This disk knows no access control lists: files in the inbox need the rights of their group."))
    for line in lines:
        click.echo(spoken(line))
    if backups:
        click.echo(spoken(say("For a backup every night: systemctl enable --now coachsync-backup.timer")))
