"""`coachsync service`: in the background, from one command."""

from __future__ import annotations

import os
import sys
import sysconfig
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
    try:
        job.install(service)
    except CoachsyncError as problem:
        if problem.code == "systemd-refused":
            problem.hint = _to_see_more(system=system)
        raise
    if options.json:
        tell_json({"files": [str(path) for path in service.files], "started": not system})
    elif system:
        _tell_what_comes_next()
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
    removed = job.remove(service)
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

    path = config.locate(options.config, os.environ)
    settings = config.load(path)
    text = job.starting(units.shipped("user/coachsync.service"), [*_program(), "--config", str(path), "run"])
    folders = None
    if units.users_have_namespaces():
        folders = job.closing(units.shipped("user/folders.conf"), settings.practice.state, settings)
    return job.for_user(_user_units(), text, folders, settings.practice.state)


def _of_the_machine() -> Service:
    from coachsync.adapters import units
    from coachsync.app import service as job

    configuration = _ETC / "coachsync" / "coachsync.toml"
    text = job.starting(units.shipped("coachsync.service"), [*_program(), "--config", str(configuration), "run"])
    return job.for_system(_ETC, text, units.shipped("sysusers.conf"))


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


def _tell_what_comes_next() -> None:
    for line in (
        say("The service is in place and not started yet; it runs as the user coachsync."),
        say("Write /etc/coachsync/coachsync.toml, then: systemctl enable --now coachsync"),
    ):
        click.echo(spoken(line))
