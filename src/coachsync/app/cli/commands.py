"""The commands by name. Each is imported when it is called, which keeps the start of the others quick."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import click

from coachsync import __version__

_COMMANDS = {
    "agenda": "coachsync.app.cli.agenda",
    "check": "coachsync.app.cli.check",
    "demo": "coachsync.app.cli.demo",
    "share": "coachsync.app.cli.share",
    "sync": "coachsync.app.cli.sync",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the command."""

    config: str | None
    json: bool


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="The configuration file, instead of the usual places.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document on stdout.")
@click.version_option(__version__, prog_name="coachsync")
@click.pass_context
def cli(context: click.Context, config: str | None, as_json: bool) -> None:
    """Keep a coach's calendar in step and publish shares that tell nothing of a client."""
    context.obj = Options(config, as_json)
