"""`coachsync completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from coachsync.app.cli.commands import COMMANDS, Options, cli, everywhere
from coachsync.app.cli.output import tell_json
from coachsync.phrases import say

# Shells that click writes for, and the variable by which their functions ask a program called coachsync.
_SHELLS = ("bash", "fish", "zsh")
_VARIABLE = "_COACHSYNC_COMPLETE"


@click.command("completion", help=COMMANDS["completion"][1])
@click.argument("shell", type=click.Choice(_SHELLS), metavar=say("SHELL"))
@everywhere
@click.pass_obj
def command(options: Options, shell: str) -> None:
    """Print the script of one shell."""
    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101 - one of click's own
    script = complete(cli, {}, "coachsync", _VARIABLE).source()
    if options.json:
        tell_json({"shell": shell, "script": script})
    else:
        click.echo(script, nl=False)
