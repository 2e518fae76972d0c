"""`coachsync vault verify`: everything that can be checked, each finding with its place and what to do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.tongue import spoken
from coachsync.app.cli.unlocked import kept, passphrase, passphrase_named, settle
from coachsync.app.outcome import FINDINGS
from coachsync.app.vault.verifying import Verified, verify
from coachsync.errors import CoachsyncError, Problem
from coachsync.phrases import Phrase, say, say_count

if TYPE_CHECKING:
    from coachsync.app.wiring import Wiring
    from coachsync.vault.keys import Person


_MENDED = "head-missing"  # it is written anew with the next opening


@click.command("verify", help=say("Check all of the vault; unlocked, or with the passphrase, open every record too."))
@for_a_coach
@everywhere
@click.pass_obj
def verify_vault(options: Options, coach: str | None, passphrase_file: Path | None) -> int:
    """An unlocked vault first ends the erasures that were begun."""
    given = None if passphrase_named(passphrase_file) is None else passphrase(passphrase_file)
    with opened(options, "vault verify") as wiring:
        coaches = _coaches(wiring, coach, given)
        healed = [problem for person in coaches for problem in _end_erasures(wiring, person)]
        result = verify(wiring.config, wiring.now, coaches, wiring.database.key)
        result.found(healed)
    if options.json:
        tell_json(_document(result))
    else:
        _tell(result)
    return FINDINGS if result.findings else 0


def problem_document(problem: Problem) -> dict[str, str]:
    """A finding as `--json` shows it."""
    message, hint = spoken(problem.message), spoken(problem.hint)
    return {"code": problem.code, "where": spoken(problem.where), "message": message, "hint": hint}


def tell_findings(findings: list[Problem]) -> None:
    """Each finding on stdout: it is what the command is asked for."""
    for one in findings:
        tell(say("{where}: {message} [{code}]", where=one.where, message=one.message, code=one.code))
        if one.hint:
            click.echo(f"    {spoken(one.hint)}")


def _coaches(wiring: Wiring, coach: str | None, given: str | None) -> list[Person]:
    """Who has unlocked the vault: now, with a passphrase, or before."""
    from coachsync.adapters.vaultfiles import VaultFiles
    from coachsync.app.vault.trusting import coach_of, trusted, vault_folder
    from coachsync.app.vault.unlocking import unlock_files
    from coachsync.errors import Altered

    try:
        trust = trusted(wiring.config)
    except Altered:  # the vault is looked at all the same, which says so
        return []
    if given is not None:
        files = VaultFiles(vault_folder(wiring.config))
        return [unlock_files(files, trust.vault, coach_of(trust, coach), given, wiring.now)]
    named = trust.coaches if coach is None else {coach: coach_of(trust, coach)}
    found = (kept(wiring.config, coach_of(trust, name)) for name in named)
    return [person for person in found if person is not None]


def _end_erasures(wiring: Wiring, person: Person) -> list[Problem]:
    """End what was begun, as every session does; what that mends without a trace. A vault that does not open is looked
    at all the same."""
    from coachsync.app.vault.opening import open_vault
    from coachsync.app.vault.reading import Session

    with suppress(CoachsyncError), open_vault(wiring.config, wiring.now) as vault:
        settle(wiring, Session(vault, person))
        return [problem for problem in vault.problems if problem.code == _MENDED]
    return []


def _tell(result: Verified) -> None:
    tell_findings(result.findings + result.notes)
    if result.findings:
        tell(say_count("{number} finding.", "{number} findings.", len(result.findings)))
        return
    tell(
        say(
            "The vault is sound: {entries}, {shelves}, {records}.",
            entries=say_count("{number} entry of the log", "{number} entries of the log", result.entries),
            shelves=say_count("{number} shelf", "{number} shelves", result.shelves),
            records=say_count("{number} record", "{number} records", result.records),
        )
    )
    if result.files:
        tell(say_count("{number} attached file was compared.", "{number} attached files were compared.", result.files))
    tell(_of_opening(result))


def _of_opening(result: Verified) -> Phrase:
    if result.opened is None:
        return say("No record was opened: for that too, unlock the vault first, or give --passphrase-file.")
    return say_count("{number} record was opened.", "{number} records were opened.", result.opened)


def _document(result: Verified) -> dict[str, Any]:
    return {
        "findings": [problem_document(one) for one in result.findings],
        "notes": [problem_document(one) for one in result.notes],
        "entries": result.entries,
        "shelves": result.shelves,
        "records": result.records,
        "files": result.files,
        "opened": result.opened,
    }
