"""`coachsync key`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from coachsync.adapters.keyplaces import Place, described
from coachsync.app import keys
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import as_document, tell_json, tell_problems, tell_table
from coachsync.app.cli.tongue import spoken
from coachsync.app.outcome import PARTLY
from coachsync.config import locate
from coachsync.errors import Temporary
from coachsync.phrases import say

_PLACES = {
    "file": say("a file"),
    "command": say("a program"),
    "keyring": say("the keyring"),
    "credential": say("a systemd credential"),
}


@click.group("key", help=COMMANDS["key"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command("show", help=say("Say where the device key and each password is kept, and open none of them."))
@everywhere
@click.pass_obj
def show(options: Options) -> None:
    """The keyring is not asked."""
    kept = keys.kept(configured(options))
    places = {"practice.state": kept.device_key.value if kept.device_key else None}
    places |= {key: secret.kind for key, secret in kept.passwords.items()}
    if options.json:
        tell_json({"device_key": places.pop("practice.state"), "copies": list(kept.copies), "passwords": places})
        return
    people = sys.stdout.isatty()
    rows = [(key, _PLACES[place] if people and place else place or "-") for key, place in places.items()]
    tell_table((say("secret"), say("kept in")), rows)
    for place in kept.copies:
        click.echo(spoken(say("A copy of the device key may also be in {place}.", place=described(place))))


@command.command("move", help=say("Bring the device key to another place, and remove it from the old one."))
@click.option(
    "--to", "to", required=True, type=click.Choice([place.value for place in Place]), help=say("The new place.")
)
@everywhere
@click.pass_obj
def move(options: Options, to: str) -> int:
    """Only an administrator can make a credential: then the steps are told, and nothing is changed."""
    config, place = configured(options), Place(to)
    if place is Place.CREDENTIAL:
        steps = keys.steps_to_credential(config, this_command(options, "key", "move", "--to", Place.CREDENTIAL))
        if steps:
            _tell_steps(options, steps)
            return PARTLY
    before = keys.kept(config).device_key
    problems = keys.move(config, place)
    if options.json:
        tell_json({"device_key": to, "problems": [as_document(problem) for problem in problems]})
    else:
        was = say("The device key was already in {place}.", place=described(place))
        click.echo(spoken(was if place is before else say("The device key is now in {place}.", place=described(place))))
        if place is not Place.FILE:
            click.echo(spoken(say("A backup of the state folder no longer holds it, and opens only together with it.")))
        tell_problems(problems)
    return PARTLY if problems else 0


@command.command("rotate", help=say("Replace the device key by another one: everything here is sealed anew with it."))
@everywhere
@click.pass_obj
def rotate(options: Options) -> None:
    """The daemon takes the new one up at its next pass. The mirror follows, and then the last backup opens no client's
    name any more."""
    config = configured(options)
    keys.rotate(config)
    if config.backup.mirror is not None:
        with suppress(Temporary), opened(options, "key rotate"):  # whoever has the state has the mirror follow
            pass
    if options.json:
        tell_json({"rotated": ["device_key"]})
        return
    click.echo(spoken(say("There is another device key, and everything here is sealed with it.")))
    click.echo(spoken(say("A backup that was made before opens with the old key alone.")))


def _tell_steps(options: Options, steps: tuple[keys.Step, ...]) -> None:
    if options.json:
        tell_json({"device_key": Place.FILE, "steps": steps_document(steps)})
        return
    tell_steps(steps)


def steps_document(steps: Sequence[keys.Step]) -> list[dict[str, str]]:
    """What the administrator does, as `--json` shows it."""
    return [{"why": spoken(step.why), "what": step.what} for step in steps]


def tell_steps(steps: Sequence[keys.Step]) -> None:
    """The same for people."""
    click.echo(spoken(say("Nothing was changed yet. Only the administrator can make a credential; as root:")))
    for step in steps:
        click.echo(f"\n{spoken(step.why)}")
        click.echo("\n".join(f"    {line}" for line in step.what.splitlines()))


def this_command(options: Options, *words: str) -> list[str]:
    """This program with the configuration that is in force, as the administrator can give it."""
    called = Path(sys.argv[0])
    program = str(called.absolute()) if called.name == "coachsync" else "coachsync"
    config = locate(options.config, os.environ).absolute()
    return [program, "--config", str(config), *words]
