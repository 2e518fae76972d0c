"""`coachsync vault`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from coachsync.adapters import agent
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.unlocked import for_a_coach, passphrase, settle
from coachsync.app.vault import making, unlocking
from coachsync.app.vault.opening import coach_of, open_vault, trusted
from coachsync.app.vault.reading import Session
from coachsync.errors import UsageError
from coachsync.phrases import say

_SHORTEST = 12  # signs of a passphrase
_COACH = "coach"  # what the only coach of a practice is called


@click.group("vault", help=COMMANDS["vault"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command("init", help=say("Make the vault, or let another coach into it, and print the recovery code, once."))
@for_a_coach
@everywhere
@click.pass_obj
def init(options: Options, coach: str | None, passphrase_file: Path | None) -> None:
    """The code is data: it stands alone on stdout."""
    chosen = _new_passphrase(passphrase_file)
    with opened(options, "vault init") as wiring:
        made = making.make(wiring.config, wiring.database.key, coach or _COACH, chosen)
    if options.json:
        tell_json({"coach": made.name, "recovery_code": made.code})
        return
    tell(say("The vault is made. This is your recovery code:"), err=True)
    click.echo(made.code)
    tell(
        say(
            "Print it and lock it away, not beside this computer: with it you get in when the passphrase is lost. "
            "It is not shown again."
        ),
        err=True,
    )


@command.command("unlock", help=say("Unlock the vault, until it is locked or has not been used for a while."))
@for_a_coach
@everywhere
@click.pass_obj
def unlock(options: Options, coach: str | None, passphrase_file: Path | None) -> None:
    """A process of its own keeps it unlocked."""
    fingerprint = coach_of(trusted(configured(options)), coach)
    given = passphrase(passphrase_file)
    with opened(options, "vault unlock") as wiring, open_vault(wiring.config) as vault:
        person = unlocking.unlock(vault, fingerprint, given, wiring.now)
        settle(wiring, Session(vault, person))
        kept, idle = agent.socket_of(fingerprint, wiring.config.practice.state), wiring.config.lock_after
        agent.start(kept, person.seed, idle.total_seconds())
    if options.json:
        tell_json({"unlocked": True, "lock_after": int(idle.total_seconds())})
        return
    tell(say("The vault is unlocked. To lock it: coachsync vault lock"))


@command.command("lock", help=say("Lock the vault."))
@click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
@everywhere
@click.pass_obj
def lock(options: Options, coach: str | None) -> None:
    """Twice is once."""
    config = configured(options)
    agent.lock(agent.socket_of(coach_of(trusted(config), coach), config.practice.state))
    if options.json:
        tell_json({"unlocked": False})
        return
    tell(say("The vault is locked."))


def _new_passphrase(file: Path | None) -> str:
    """A passphrase that is chosen now: twice when it is typed. Raises UsageError for a short one."""
    chosen = passphrase(file)
    if len(chosen) < _SHORTEST:
        raise UsageError(
            "passphrase-short",
            say("A passphrase has at least {number} signs.", number=_SHORTEST),
            say("Take four or five words that do not belong together."),
        )
    if file is None and sys.stdin.isatty():
        again = Asker(accept=False).hidden(say("The same again"), "--passphrase-file")
        if again != chosen:
            raise UsageError("passphrases-differ", say("These were two different ones."), say("Try again."))
    return chosen
