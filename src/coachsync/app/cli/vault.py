"""`coachsync vault`."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.adapters import agent, secrets
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.unlocked import passphrase, passphrase_named, settle, unlocked
from coachsync.app.cli.vaultverify import verify_vault
from coachsync.app.vault import accepting, making, relocking, unlocking
from coachsync.app.vault.opening import coach_of, open_vault, trusted
from coachsync.app.vault.reading import Session
from coachsync.errors import UsageError
from coachsync.phrases import Phrase, say
from coachsync.vault import recovery

_SHORTEST = 12  # signs of a passphrase
_COACH = "coach"  # what the only coach of a practice is called
_ACCEPTED = say("The copy that was put back is the vault now; the log that it had until then is given up.")
_NOTHING_TO_ACCEPT = say("There was nothing to accept: the vault is the one that was there.")
_NEW_PASSPHRASE = click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("A file that only you can read, with the new passphrase on one line."),
)


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
    chosen = _fit(passphrase(passphrase_file), typed=passphrase_named(passphrase_file) is None)
    with opened(options, "vault init") as wiring:
        made = making.make(wiring.config, wiring.database.key, coach or _COACH, chosen, wiring.now)
    if options.json:
        tell_json({"coach": made.name, "recovery_code": made.code})
        return
    tell(say("The vault is made. This is your recovery code:"), err=True)
    _tell_code(made.code)


@command.command("unlock", help=say("Unlock the vault, until it is locked or has not been used for a while."))
@for_a_coach
@click.option(
    "--accept-restored",
    is_flag=True,
    help=say("You have put a backup of the vault back: go on with it, and give up what was written since."),
)
@everywhere
@click.pass_obj
def unlock(options: Options, coach: str | None, passphrase_file: Path | None, accept_restored: bool) -> None:
    """A process of its own keeps it unlocked."""
    fingerprint = coach_of(trusted(configured(options)), coach)
    given = passphrase(passphrase_file)
    with opened(options, "vault unlock") as wiring:
        accepted = accept_restored and accepting.accept(wiring.config, fingerprint, given, wiring.now)
        with open_vault(wiring.config, wiring.now) as vault:
            person = unlocking.unlock(vault, fingerprint, given, wiring.now)
            settle(wiring, Session(vault, person))
        kept, idle = agent.socket_of(fingerprint, wiring.config.practice.state), wiring.config.lock_after
        agent.start(kept, person.seed, idle.total_seconds())
    if options.json:
        told = {"accepted_restored": accepted} if accept_restored else {}
        tell_json({"unlocked": True, "lock_after": int(idle.total_seconds())} | told)
        return
    if accept_restored:
        tell(_ACCEPTED if accepted else _NOTHING_TO_ACCEPT)
    tell(say("The vault is unlocked. To lock it: coachsync vault lock"))


@command.command("lock", help=say("Lock the vault."))
@click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
@everywhere
@click.pass_obj
def lock(options: Options, coach: str | None) -> None:
    """Twice is once."""
    config = configured(options)
    for kept in agent.sockets_of(coach_of(trusted(config), coach), config.practice.state):
        agent.lock(kept)
    if options.json:
        tell_json({"unlocked": False})
        return
    tell(say("The vault is locked."))


@command.command("passphrase", help=say("Change the passphrase: the old one opens nothing any more."))
@for_a_coach
@_NEW_PASSPHRASE
@everywhere
@click.pass_obj
def change_passphrase(
    options: Options, coach: str | None, passphrase_file: Path | None, new_passphrase_file: Path | None
) -> None:
    """The old one is asked for although the vault is unlocked: whoever sits down here may not be the coach."""
    fingerprint = coach_of(trusted(configured(options)), coach)
    given, chosen = passphrase(passphrase_file), _chosen(new_passphrase_file)
    with opened(options, "vault passphrase") as wiring, open_vault(wiring.config, wiring.now) as vault:
        person = unlocking.unlock(vault, fingerprint, given, wiring.now)
        settle(wiring, Session(vault, person))
        relocking.change_passphrase(vault, person, chosen)
        tell_problems(vault.problems)
    if options.json:
        tell_json({"changed": ["passphrase"]})
        return
    tell(say("The passphrase is changed."))
    _tell_of_backups()


@command.command("recovery", help=say("Print a new recovery code, or with --use get in by the one you have."))
@for_a_coach
@click.option("--use", is_flag=True, help=say("The passphrase is lost: get in by the code, and choose another one."))
@click.option(
    "--code-file", type=click.Path(path_type=Path), metavar=say("FILE"), help=say("A file with the recovery code.")
)
@_NEW_PASSPHRASE
@everywhere
@click.pass_obj
def recover(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    use: bool,
    code_file: Path | None,
    new_passphrase_file: Path | None,
) -> None:
    """The code is data: it stands alone on stdout."""
    if use:
        _refuse(passphrase_file, "--passphrase-file", say("With --use, the recovery code opens the vault."))
        code = _use_code(options, coach, code_file, new_passphrase_file)
    else:
        _refuse(code_file, "--code-file", say("The recovery code is needed with --use only."))
        _refuse(new_passphrase_file, "--new-passphrase-file", say("A new passphrase is chosen with --use only."))
        with unlocked(options, "vault recovery", coach, passphrase_file) as (_, session):
            code = relocking.new_code(session.vault, session.coach)
    if options.json:
        tell_json({"changed": ["passphrase", "recovery"] if use else ["recovery"], "recovery_code": code})
        return
    if use:
        tell(say("You are in again, with the new passphrase."), err=True)
    tell(say("This is your new recovery code; the old one opens nothing any more:"), err=True)
    _tell_code(code)
    _tell_of_backups()


def _use_code(options: Options, coach: str | None, code_file: Path | None, new_passphrase_file: Path | None) -> str:
    fingerprint = coach_of(trusted(configured(options)), coach)
    if code_file is not None:
        given = secrets.from_file(code_file)
    else:
        given = Asker(accept=False).hidden(say("Recovery code"), "--code-file")
    recovery.typed(given)  # a slip is told before anything else is asked
    chosen = _chosen(new_passphrase_file)
    with opened(options, "vault recovery") as wiring, open_vault(wiring.config, wiring.now) as vault:
        found = relocking.use_code(vault, fingerprint, given, chosen)
        settle(wiring, Session(vault, found.coach))
        tell_problems(vault.problems)
    return found.code


def _refuse(given: Path | None, option: str, why: Phrase) -> None:
    if given is not None:
        raise UsageError("option-not-here", why, say("Leave {option} out.", option=option), where=option)


def _chosen(file: Path | None) -> str:
    """A passphrase that is chosen now, beside another one that is in use. Raises UsageError as `_fit` does."""
    if file is not None:
        return _fit(secrets.from_file(file), typed=False)
    asker = Asker(accept=False)
    return _fit(asker.hidden(say("New passphrase"), "--new-passphrase-file"), typed=True)


def _fit(chosen: str, *, typed: bool) -> str:
    """The passphrase that was chosen, asked for once more where it was typed. Raises UsageError for a short one."""
    if len(chosen) < _SHORTEST:
        raise UsageError(
            "passphrase-short",
            say("A passphrase has at least {number} signs.", number=_SHORTEST),
            say("Take four or five words that do not belong together."),
        )
    if typed and Asker(accept=False).hidden(say("The same again"), "--passphrase-file") != chosen:
        raise UsageError("passphrases-differ", say("These were two different ones."), say("Try again."))
    return chosen


def _tell_code(code: str) -> None:
    click.echo(code)
    tell(
        say(
            "Print it and lock it away, not beside this computer: with it you get in when the passphrase is lost. "
            "It is not shown again."
        ),
        err=True,
    )


def _tell_of_backups() -> None:
    tell(say("A backup that was made before still opens with the old one."), err=True)


command.add_command(verify_vault)
