"""The commands by name. Each is imported when it is called, which keeps the start of the others quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TypeVar

import click

from coachsync import __version__

# Each command, its module and the line that the list of commands shows: to list them, none is imported.
COMMANDS = {
    "agenda": (
        "coachsync.app.cli.agenda",
        "List the appointments as last synced, with their titles: for the coach's eyes.",
    ),
    "check": (
        "coachsync.app.cli.check",
        "Try everything a sync needs, and say what to do where something is missing.",
    ),
    "demo": (
        "coachsync.app.cli.demo",
        "Show what coachsync does, on an invented practice and a calendar server on this machine.",
    ),
    "run": (
        "coachsync.app.cli.run",
        "Work in the background: look at the calendars by their intervals, and keep the shares up to date.",
    ),
    "share": (
        "coachsync.app.cli.share",
        "Shares: what others may see.",
    ),
    "status": (
        "coachsync.app.cli.status",
        "Say how calendars and shares stand, as the last runs left them: asks no server.",
    ),
    "sync": (
        "coachsync.app.cli.sync",
        "Read the source calendars and bring every share up to date, now.",
    ),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What every command takes, before its name or after it."""

    config: str | None
    json: bool


_CONFIG_HELP = "The configuration file, instead of the usual places."
_JSON_HELP = "Answer with one JSON document on stdout."
_Function = TypeVar("_Function", bound=Callable[..., object])


def everywhere(function: _Function) -> _Function:
    """Let a command take `--config` and `--json` after its name too; what stands last counts."""
    for option in (
        click.option(
            "--config", metavar="FILE", help=_CONFIG_HELP, expose_value=False, is_eager=True, callback=_take_config
        ),
        click.option("--json", is_flag=True, help=_JSON_HELP, expose_value=False, is_eager=True, callback=_take_json),
    ):
        function = option(function)
    return function


def _take_config(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None and isinstance(context.obj, Options):
        context.obj = replace(context.obj, config=value)


def _take_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and isinstance(context.obj, Options):
        context.obj = replace(context.obj, json=True)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help=_CONFIG_HELP)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.version_option(__version__, prog_name="coachsync")
@click.pass_context
def cli(context: click.Context, config: str | None, as_json: bool) -> None:
    """Keep a coach's calendar in step and publish shares that tell nothing of a client."""
    context.obj = Options(config, as_json)
