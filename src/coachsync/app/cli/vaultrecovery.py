"""`coachsync vault recovery`: another recovery code; or the one there is gets a coach in who has lost the passphrase,
and writes a trust.toml that was lost anew."""

from __future__ import annotations

from pathlib import Path

import click

from coachsync.adapters import secrets
from coachsync.adapters.membership import refuse_service
from coachsync.app.cli.accepted import ACCEPT_RESTORED, tell_accepted
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.passphrases import COACH, NEW_PASSPHRASE, chosen, tell_code, tell_of_backups
from coachsync.app.cli.refusing import leave_out
from coachsync.app.cli.unlocked import settle, unlocked
from coachsync.app.vault import accepting, relocking, retrusting
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.phrases import say, say_count
from coachsync.vault import recovery


@click.command("recovery", help=say("Print a new recovery code, or with --use get in by the one you have."))
@for_a_coach
@click.option("--use", is_flag=True, help=say("The passphrase is lost: get in by the code, and choose another one."))
@click.option(
    "--code-file", type=click.Path(path_type=Path), metavar=say("FILE"), help=say("A file with the recovery code.")
)
@NEW_PASSPHRASE
@ACCEPT_RESTORED
@everywhere
@click.pass_obj
def recover(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    use: bool,
    code_file: Path | None,
    new_passphrase_file: Path | None,
    accept_restored: bool,
) -> None:
    """The code is data: it stands alone on stdout."""
    changed = ["passphrase", "recovery"] if use else ["recovery"]
    accepted = False
    if use:
        leave_out("--passphrase-file", passphrase_file, say("With --use, the recovery code opens the vault."))
        given = _code(options, coach, code_file)
        if retrusting.is_lost(configured(options)):
            coach = _trust_anew(options, coach, given)
            if coach is None:
                return
            changed.insert(0, "trust")
        code, accepted = _use_code(options, coach, given, new_passphrase_file, accept=accept_restored)
    else:
        leave_out("--code-file", code_file, say("The recovery code is needed with --use only."))
        leave_out("--new-passphrase-file", new_passphrase_file, say("A new passphrase is chosen with --use only."))
        leave_out(
            "--accept-restored",
            accept_restored,
            say("A copy that was put back is accepted with --use, or by: coachsync vault unlock --accept-restored"),
        )
        with unlocked(options, "vault recovery", coach, passphrase_file) as (_, session):
            code = relocking.new_code(session.vault, session.coach)
    if options.json:
        told = {"accepted_restored": accepted} if accept_restored else {}
        tell_json({"changed": changed, "recovery_code": code} | told)
        return
    if accept_restored:
        tell_accepted(accepted=accepted, err=True)
    if use:
        tell(say("You are in again, with the new passphrase."), err=True)
    tell(say("This is your new recovery code; the old one opens nothing any more:"), err=True)
    tell_code(code)
    tell_of_backups()


def _code(options: Options, coach: str | None, file: Path | None) -> str:
    """The recovery code that is used. A slip is told before anything else is asked, and first of all whose it is."""
    config = configured(options)
    refuse_service(config.practice.state)
    if not retrusting.is_lost(config):
        coach_of(trusted(config), coach)
    given = Asker(accept=False).hidden(say("Recovery code"), "--code-file") if file is None else secrets.from_file(file)
    recovery.typed(given)
    return given


def _use_code(
    options: Options, coach: str | None, given: str, new_passphrase_file: Path | None, *, accept: bool
) -> tuple[str, bool]:
    """The new code, and whether a copy that was put back was accepted on the way."""
    config = configured(options)
    fingerprint = coach_of(trusted(config), coach)
    wanted = chosen(new_passphrase_file)
    with opened(options, "vault recovery") as wiring:
        accepted = accept and accepting.accept_by_code(wiring.config, fingerprint, given, wiring.now)
        with open_vault(wiring.config, wiring.now) as vault:
            found = relocking.use_code(vault, fingerprint, given, wanted)
            settle(wiring, Session(vault, found.coach))
            tell_problems(vault.problems)
    return found.code, accepted


def _trust_anew(options: Options, coach: str | None, code: str) -> str | None:
    """Write a lost trust.toml anew: what the coach is called in it, None as long as others have to do the same."""
    if not options.json:
        tell(say("The file trust.toml, which says whose the vault is, is lost: your code writes it anew."), err=True)
    asker = Asker(accept=False)
    if coach is None and asker.interactive:
        coach = asker.ask(say("What you are called in it"), "--coach", None, str, COACH)
    name = coach or COACH
    with opened(options, "vault recovery") as wiring:
        renewed = retrusting.renew(wiring.config, name, code)
    names = ", ".join(sorted(renewed.trust.coaches))
    if not renewed.missing:
        if not options.json:
            tell(say("It is there again, and names: {names}. Nobody else may be in it.", names=names), err=True)
        return name
    if options.json:
        tell_json({"changed": [], "missing": renewed.missing})
        return None
    tell(say("Written down so far: {names}.", names=names))
    tell(
        say_count(
            "{number} more coach has to do the same, with their own code and name: the vault opens again after that.",
            "{number} more coaches have to do the same, each with their own code and name: the vault opens again after "
            "that.",
            renewed.missing,
        )
    )
    return None
