"""`coachsync vault unlock` and `lock`: with the passphrase, or by what this machine keeps where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from coachsync.adapters import agent
from coachsync.adapters.membership import refuse_all_but_coaches
from coachsync.app.cli.accepted import ACCEPT_RESTORED, tell_accepted
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.unlocked import passphrase, settle
from coachsync.app.cli.vaulttend import tending_command
from coachsync.app.vault import accepting, machines, unlocking
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, name_of, trusted
from coachsync.app.vault.unlocking import Unlocked
from coachsync.config import Config
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say
from coachsync.vault.keyslots import By


@click.command("unlock", help=say("Unlock the vault, until it is locked or has not been used for a while."))
@for_a_coach
@click.option("--keyring", is_flag=True, help=say("By the secret in the keyring of your desktop."))
@click.option("--credential", is_flag=True, help=say("By the systemd credential that this process was handed."))
@ACCEPT_RESTORED
@everywhere
@click.pass_obj
def unlock(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    keyring: bool,
    credential: bool,
    accept_restored: bool,
) -> None:
    """A process of its own keeps it unlocked."""
    by = _way_in(passphrase_file, keyring=keyring, credential=credential, accept_restored=accept_restored)
    config = configured(options)
    refuse_all_but_coaches(config.practice.state)
    fingerprint = coach_of(trusted(config), coach)
    given = passphrase(passphrase_file) if by is By.PASSPHRASE else ""
    with opened(options, "vault unlock") as wiring:
        accepted = accept_restored and accepting.accept(wiring.config, fingerprint, given, wiring.now)
        with open_vault(wiring.config, wiring.now) as vault:
            found = _unlocked(vault, fingerprint, by, given, wiring.now)
            settle(wiring, Session(vault, found.coach))
            tell_problems(vault.problems)
        kept, idle = agent.socket_of(fingerprint, wiring.config.practice.state), wiring.config.lock_after
        agent.start(kept, found.coach.seed, idle.total_seconds(), found.by, tending_command(options))
    if options.json:
        told = {"accepted_restored": accepted} if accept_restored else {}
        tell_json({"unlocked": True, "lock_after": int(idle.total_seconds()), "by": found.by} | told)
        return
    if accept_restored:
        tell_accepted(accepted=accepted)
    tell(say("The vault is unlocked. To lock it: coachsync vault lock"))


def _way_in(file: Path | None, *, keyring: bool, credential: bool, accept_restored: bool) -> By:
    """How it is to be unlocked. Raises UsageError for two ways at once: only a passphrase accepts another copy."""
    if (keyring and credential) or ((keyring or credential) and (file is not None or accept_restored)):
        raise UsageError(
            "one-way-in",
            say("The vault is unlocked in one way: by the keyring, by the credential, or with the passphrase."),
            say("Give only one of these; with --accept-restored, give the passphrase."),
        )
    return By.KEYRING if keyring else By.CREDENTIAL if credential else By.PASSPHRASE


def _unlocked(vault: Vault, coach: bytes, by: By, given: str, now: datetime) -> Unlocked:
    if by is By.PASSPHRASE:
        return Unlocked(unlocking.unlock(vault, coach, given, now), by)
    return Unlocked(machines.unlock(vault, coach, name_of(vault.trust, coach), by), by)


@click.command("lock", help=say("Lock the vault."))
@click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
@everywhere
@click.pass_obj
def lock(options: Options, coach: str | None) -> None:
    """Twice is once, and where nobody can tell any more whose the vault is, it is everybody's."""
    for kept in _sockets(configured(options), coach):
        agent.lock(kept)
    if options.json:
        tell_json({"unlocked": False})
        return
    tell(say("The vault is locked."))


def _sockets(config: Config, coach: str | None) -> Iterator[Path]:
    """Where those may listen who keep the vault unlocked: for this coach, or without a name for every one; also with a
    seed of before."""
    state = config.practice.state
    try:
        trust = trusted(config)
    except CoachsyncError:
        yield from agent.all_sockets(state)
        return
    for name in trust.coaches if coach is None else [coach]:
        now = coach_of(trust, name)
        for fingerprint in (now, *(former.fingerprint for former in trust.coaches[name].former)):
            yield from agent.sockets_of(fingerprint, state)
