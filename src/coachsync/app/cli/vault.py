"""`coachsync vault`."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.adapters.membership import refuse_all_but_coaches, refuse_service
from coachsync.app.cli.accepted import ACCEPT_RESTORED
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.passphrases import COACH, NEW_PASSPHRASE, chosen, fit, tell_code, tell_of_backups
from coachsync.app.cli.unlocked import passphrase, passphrase_named, settle
from coachsync.app.cli.vaultkeyslot import keyslot
from coachsync.app.cli.vaultleaked import renew
from coachsync.app.cli.vaultrecovery import recover
from coachsync.app.cli.vaultrotate import rotate
from coachsync.app.cli.vaulttend import tend
from coachsync.app.cli.vaultunlock import lock, unlock
from coachsync.app.cli.vaultverify import verify_vault
from coachsync.app.vault import making, relocking, unlocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.errors import UsageError
from coachsync.phrases import say


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
    config = configured(options)
    refuse_service(config.practice.state)
    making.refuse_taken(config, coach or COACH)  # before anything is asked
    wanted = fit(passphrase(passphrase_file), typed=passphrase_named(passphrase_file) is None)
    with opened(options, "vault init") as wiring:
        made = making.make(wiring.config, wiring.database.key, coach or COACH, wanted, wiring.now)
    if options.json:
        tell_json({"coach": made.name, "recovery_code": made.code})
        return
    tell(say("The vault is made. This is your recovery code:"), err=True)
    tell_code(made.code)


@command.command("passphrase", help=say("Change the passphrase: the old one opens nothing any more."))
@for_a_coach
@NEW_PASSPHRASE
@click.option(
    "--leaked",
    is_flag=True,
    help=say("Somebody may have the passphrase, the recovery code or an unlocked vault: change every key as well."),
)
@ACCEPT_RESTORED
@everywhere
@click.pass_obj
def change_passphrase(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    new_passphrase_file: Path | None,
    leaked: bool,
    accept_restored: bool,
) -> int:
    """The old one is asked for although the vault is unlocked: whoever sits down here may not be the coach."""
    config = configured(options)
    refuse_service(config.practice.state)
    if leaked:
        return renew(options, coach, passphrase_file, new_passphrase_file, accept=accept_restored)
    if accept_restored:
        raise _only_leaked()
    refuse_all_but_coaches(config.practice.state)
    fingerprint = coach_of(trusted(config), coach)
    given, wanted = passphrase(passphrase_file), chosen(new_passphrase_file)
    with opened(options, "vault passphrase") as wiring, open_vault(wiring.config, wiring.now) as vault:
        person = unlocking.unlock(vault, fingerprint, given, wiring.now)
        settle(wiring, Session(vault, person))
        relocking.change_passphrase(vault, person, wanted)
        tell_problems(vault.problems)
    if options.json:
        tell_json({"changed": ["passphrase"]})
        return 0
    tell(say("The passphrase is changed."))
    tell_of_backups()
    return 0


def _only_leaked() -> UsageError:
    return UsageError(
        "option-not-here",
        say("With a new passphrase alone, a copy that was put back is not accepted."),
        say("Run: coachsync vault unlock --accept-restored"),
        where="--accept-restored",
    )


for _part in (unlock, lock, keyslot, recover, rotate, tend, verify_vault):
    command.add_command(_part)
