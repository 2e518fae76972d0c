"""`coachsync client erase`: what would go, a question, and the certificate."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from coachsync.adapters.files import create_atomically
from coachsync.app.cli.asking import Declined, agreed
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.clients.finding import by_code, by_name
from coachsync.app.noticing import make_known
from coachsync.app.vault.counting import has_vault, records_of
from coachsync.app.vault.erasing_client import Gone, erase, erase_without_vault, is_mentioned
from coachsync.app.vault.opening import open_vault
from coachsync.app.wiring import Wiring
from coachsync.clients.codes import Kind, recognised
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say, say_count

_PARTLY = 3
_COMMAND = "client erase"


def run(
    options: Options,
    given: str,
    name: str | None,
    certificate: Path | None,
    coach: str | None,
    passphrase_file: Path | None,
    *,
    yes: bool,
) -> int:
    """Nobody else has to wait for the state while a person thinks."""
    vault = has_vault(configured(options))
    _refuse(certificate, vault=vault)
    with opened(options, _COMMAND) as wiring:
        code, number = _meant(wiring, given, name)
    if sys.stdin.isatty() and not yes:
        _ask(code, number)
    if vault:
        with unlocked(options, _COMMAND, coach, passphrase_file) as (wiring, session):
            gone = erase(wiring, session, code)
            make_known(wiring)
    else:
        with opened(options, _COMMAND) as wiring:
            gone = erase_without_vault(wiring, code)
            make_known(wiring)
    problem = None if certificate is None else _write(certificate, gone)
    _tell(options, code, gone, None if problem else certificate)
    if problem is not None:
        _not_in_the_file(problem)
    return _PARTLY if gone.stays or gone.aside or not gone.mirrored or problem else 0


def _refuse(certificate: Path | None, *, vault: bool) -> None:
    """Before anything is erased."""
    if certificate is None:
        return
    if not vault:
        raise UsageError(
            "no-certificate",
            say("Without a vault there is nobody who could sign a certificate."),
            say("Leave --certificate out, or make the vault first: coachsync vault init"),
            where="--certificate",
        )
    folder = certificate.absolute().parent
    if certificate.exists() or certificate.is_symlink() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(
            "certificate-file",
            say("There is a file of that name already, or no folder for it where you can write."),
            say("Give the name of a new file."),
            where="--certificate",
        )


def _write(certificate: Path, gone: Gone) -> CoachsyncError | None:
    """Why that is not possible: the client is erased by then, and the certificate is told in another way."""
    try:
        create_atomically(certificate.absolute(), gone.certificate or b"")
    except CoachsyncError as problem:
        return problem
    return None


def _not_in_the_file(problem: CoachsyncError) -> None:
    tell(say("The certificate could not be written into the file, and is shown instead: keep what is shown."), err=True)
    tell(problem.message, err=True)


def _meant(wiring: Wiring, given: str, name: str | None) -> tuple[str, int]:
    """Whose code it is, and how many records would go. Who cannot be read, or is only in the vault, or was erased by a
    run that was cut short, is erased by the code."""
    mentioned, number = False, 0
    code = recognised(Kind.CLIENT, given) if name is None else None
    try:
        code = by_code(wiring.clients, given).code if name is None else by_name(wiring.clients, name).code
        known = True
    except CoachsyncError as problem:
        if code is None:
            raise
        known, failure = code in wiring.clients.unreadable() or code in wiring.clients.keys.buried()[0], problem
    if has_vault(wiring.config):
        with open_vault(wiring.config, wiring.now) as vault:
            mentioned, number = is_mentioned(vault, code), records_of(vault, code).total()
    if not known and not mentioned:
        raise failure
    return code, number


def _ask(code: str, number: int) -> None:
    tell(say("{code} would be erased, with all that is known of this client, and for ever.", code=code), err=True)
    tell(say_count("{number} record would go.", "{number} records would go.", number), err=True)
    tell(
        say(
            "Appointments stay in your calendar; shares show them as nobody's, or not at all where the client was kept "
            "out of shares. Cancel or delete them first."
        ),
        err=True,
    )
    if not agreed(say("Erase?")):
        raise Declined


def _tell(options: Options, code: str, gone: Gone, certificate: Path | None) -> None:
    if options.json:
        told = None if gone.certificate is None else gone.certificate.decode()
        facts = {"code": code, "erased": True, "records": gone.records, "key_files": gone.keys}
        reached = {"directory": not gone.stays, "mirror": gone.mirrored, "moved_away": list(gone.aside)}
        tell_json(facts | reached | {"certificate": None if certificate else told})
        return
    if gone.certificate is not None and certificate is None:
        click.echo(gone.certificate, nl=False)
    done = say("Your records of {code} were erased.", code=code) if gone.stays else say("{code} was erased.", code=code)
    tell(done, err=gone.certificate is not None and certificate is None)
    if gone.stays:
        tell(
            say(
                "Another coach of the practice keeps records of this client, or has some that are not sorted yet: what "
                "the directory says stays. Once that coach has unlocked the vault and erased them, erase again."
            ),
            err=True,
        )
    for line in _not_reached(gone):
        tell(line, err=True)
    tell(
        say(
            "Out of reach are: backups that were made before, your calendar server with its trash, phones, whoever has "
            "taken a copy of a share, folders that were exported. None of them has a date."
        ),
        err=True,
    )


def _not_reached(gone: Gone) -> Iterator[str]:
    """What is ours, and still has the keys of the client."""
    if not gone.mirrored:
        yield say(
            "The mirror could not be reached and still has the keys. Connect its disk: it forgets them with the next "
            "command. Then erase again, for a certificate without it."
        )
    for name in gone.aside:
        yield say(
            "A restore has moved what was here before into the folder {name}, beside the state folder; it still has "
            "all of this client. Remove it, and erase again, for a certificate without it.",
            name=name,
        )
