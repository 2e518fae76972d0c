"""The commands by name. Each is imported when it is called, which keeps the start of the others quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from gettext import gettext
from importlib import import_module
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from coachsync import __version__
from coachsync.app.cli.help import in_tongue
from coachsync.app.cli.tongue import spoken
from coachsync.phrases import Phrase, say

# Each command, its module and the line that the list of commands shows: to list them, none is imported.
COMMANDS: dict[str, tuple[str, Phrase]] = {
    "agenda": (
        "coachsync.app.cli.agenda",
        say("List the appointments as last synced, with their titles: for the coach's eyes."),
    ),
    "agreement": (
        "coachsync.app.cli.agreement",
        say("The signed agreements with clients, in the vault."),
    ),
    "appointment": (
        "coachsync.app.cli.appointment",
        say("Add, move, cancel and bring back appointments; your calendar follows at the next sync."),
    ),
    "backup": (
        "coachsync.app.cli.backup",
        say("Backups, and coming back from them: on this machine or a new one."),
    ),
    "check": (
        "coachsync.app.cli.check",
        say("Try everything a sync needs, and say what to do where something is missing."),
    ),
    "client": (
        "coachsync.app.cli.client",
        say("The clients: what each is called, by you and in each share."),
    ),
    "completion": (
        "coachsync.app.cli.completion",
        say("Print what lets a shell complete the commands of coachsync."),
    ),
    "conflict": (
        "coachsync.app.cli.conflict",
        say("Appointments that were changed both here and in the calendar: decide which version stays."),
    ),
    "demo": (
        "coachsync.app.cli.demo",
        say("Show what coachsync does, on an invented practice and a calendar server on this machine."),
    ),
    "disclosure": (
        "coachsync.app.cli.disclosure",
        say("What was said to others, and why: each time that confidentiality was lifted, in the vault."),
    ),
    "init": (
        "coachsync.app.cli.init",
        say("Set everything up: ask, try each answer, write the configuration, publish and verify the first share."),
    ),
    "key": (
        "coachsync.app.cli.key",
        say("The device key and the passwords: where they are kept."),
    ),
    "log": (
        "coachsync.app.cli.log",
        say("What was done with the vault, signed entry by entry, in codes alone."),
    ),
    "note": (
        "coachsync.app.cli.note",
        say("Notes about clients, in the vault: written at any time, read only by you."),
    ),
    "run": (
        "coachsync.app.cli.run",
        say("Work in the background: look at the calendars by their intervals, and keep the shares up to date."),
    ),
    "service": (
        "coachsync.app.cli.service",
        say("Run coachsync in the background, always."),
    ),
    "share": (
        "coachsync.app.cli.share",
        say("Shares: what others may see."),
    ),
    "status": (
        "coachsync.app.cli.status",
        say("Say how calendars and shares stand, as the last runs left them: asks no server."),
    ),
    "sync": (
        "coachsync.app.cli.sync",
        say("Read the private calendars and bring every share up to date, now."),
    ),
    "vault": (
        "coachsync.app.cli.vault",
        say("The vault: where notes are kept, which nobody but the coach can read."),
    ),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What every command takes, before its name or after it."""

    config: str | None
    json: bool


_CONFIG_HELP = say("The configuration file, instead of the usual places.")
_JSON_HELP = say("Answer with one JSON document on stdout.")
_HELP_HELP = say("Show this message and exit.")
_FILE = say("FILE")
_HELP_OPTIONS = ("-h", "--help")
_Function = TypeVar("_Function", bound=Callable[..., object])


def everywhere(function: _Function) -> _Function:
    """Let a command take `--help`, and `--config` and `--json` after its name too; what stands last counts."""
    for option in (
        click.help_option(*_HELP_OPTIONS, help=_HELP_HELP),
        click.option(
            "--config",
            type=click.Path(),
            metavar=_FILE,
            help=_CONFIG_HELP,
            expose_value=False,
            is_eager=True,
            callback=_take_config,
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
        return in_tongue(command)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The commands that begin so, and the options of `coachsync` itself: to complete a name, none is imported."""
        named = [CompletionItem(name, help=spoken(line)) for name, (_, line) in sorted(COMMANDS.items())]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [item for item in named if item.value.startswith(incomplete)] + options

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help."""
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, spoken(line)) for name, (_, line) in sorted(COMMANDS.items())])


@click.group(
    cls=_Commands, help=say("Keep a coach's calendar in step and publish shares that tell nothing of a client.")
)
@click.option("--config", type=click.Path(), metavar=_FILE, help=_CONFIG_HELP)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.version_option(__version__, prog_name="coachsync", help=say("Show the version and exit."))
@click.help_option(*_HELP_OPTIONS, help=_HELP_HELP)
@click.pass_context
def cli(context: click.Context, config: str | None, as_json: bool) -> None:
    """The program itself."""
    context.obj = Options(config, as_json)
