"""`coachsync vault keyslot`: what opens the vault beside passphrase and recovery code, where a coach wants that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from coachsync.adapters.membership import refuse_all_but_coaches, user_name
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.key import steps_document, tell_steps, this_command
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems, tell_table
from coachsync.app.cli.unlocked import passphrase, settle, unlocked
from coachsync.app.outcome import PARTLY
from coachsync.app.vault import credentialsteps, machines, unlocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, name_of, trusted, vault_folder
from coachsync.phrases import say
from coachsync.vault.keyslots import By

_CALLED = {
    By.PASSPHRASE: say("your passphrase"),
    By.RECOVERY: say("the printed recovery code"),
    By.KEYRING: say("the keyring of your desktop: coachsync vault unlock --keyring"),
    By.CREDENTIAL: say("a systemd credential: coachsync vault unlock --credential"),
}
_KIND = click.argument("kind", type=click.Choice([by.value for by in machines.KINDS]))


@click.group("keyslot", help=say("What opens the vault: beside your passphrase and code, this machine, if you want."))
@everywhere
def keyslot() -> None:
    """Nothing by itself."""


@keyslot.command("list", help=say("Say what opens the vault; nothing is opened."))
@click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
@everywhere
@click.pass_obj
def show(options: Options, coach: str | None) -> None:
    """The keyring is not asked."""
    config = configured(options)
    found = list(machines.kinds_of(VaultFiles(vault_folder(config)), coach_of(trusted(config), coach)))
    if options.json:
        tell_json({"keyslots": [_document(by) for by in found]})
        return
    tell_table([say("Kind"), say("Opens by")], [[by.value, _CALLED[by]] for by in found])


@keyslot.command("add", help=say("Let this machine open the vault without your passphrase, when it is asked to."))
@_KIND
@for_a_coach
@everywhere
@click.pass_obj
def add(options: Options, kind: str, coach: str | None, passphrase_file: Path | None) -> int:
    """The passphrase is asked for although the vault is unlocked: whoever sits down here may not be the coach."""
    by, config = By(kind), configured(options)
    refuse_all_but_coaches(config.practice.state)
    trust = trusted(config)
    fingerprint = coach_of(trust, coach)
    name = name_of(trust, fingerprint)
    if by is By.CREDENTIAL and machines.secret(by, fingerprint, name) is None:
        steps = credentialsteps.steps(name, user_name(os.geteuid()), this_command(options))
        if options.json:
            tell_json({"added": None, "steps": steps_document(steps)})
        else:
            tell_steps(steps)
        return PARTLY
    given = passphrase(passphrase_file)
    with opened(options, "vault keyslot") as wiring, open_vault(wiring.config, wiring.now) as vault:
        person = unlocking.unlock(vault, fingerprint, given, wiring.now)
        settle(wiring, Session(vault, person))
        machines.add(vault, person, name, by)
        tell_problems(vault.problems)
    if options.json:
        tell_json({"added": kind})
        return 0
    tell(say("From now on the vault opens by {way}", way=_CALLED[by]))
    tell(say("Whoever sits down at this machine while you are signed in can read your notes by it."), err=True)
    return 0


@keyslot.command("remove", help=say("Let this machine open the vault no more: its keyslot is overwritten."))
@_KIND
@for_a_coach
@everywhere
@click.pass_obj
def remove(options: Options, kind: str, coach: str | None, passphrase_file: Path | None) -> int:
    """Twice is once."""
    with unlocked(options, "vault keyslot", coach, passphrase_file) as (_, session):
        problems = machines.remove(session.vault, session.coach, By(kind))
    if options.json:
        tell_json({"removed": kind, "problems": [as_document(problem) for problem in problems]})
        return PARTLY if problems else 0
    tell(say("The keyslot is removed: the vault does not open in this way any more."))
    tell_problems(problems)
    return PARTLY if problems else 0


def _document(by: By) -> dict[str, Any]:
    return {"kind": by.value, "portable": by.is_portable, "deliberate": by.is_deliberate}
