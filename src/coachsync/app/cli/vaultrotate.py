"""`coachsync vault rotate`: new keys for what is stored, while everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from coachsync.adapters.membership import refuse_all_but_coaches
from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import as_document, tell, tell_json, tell_problems
from coachsync.app.cli.unlocked import kept, passphrase, settle
from coachsync.app.outcome import PARTLY
from coachsync.app.vault import making, rotating, unlocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.wiring import Wiring
from coachsync.errors import Problem
from coachsync.phrases import say, say_count
from coachsync.vault.keys import Person


@click.command("rotate", help=say("Seal everything with new keys, and destroy the old ones; notes stay what they are."))
@for_a_coach
@click.option("--client", metavar=say("CODE"), help=say("Only what is kept of this client."))
@everywhere
@click.pass_obj
def rotate(options: Options, coach: str | None, passphrase_file: Path | None, client: str | None) -> int:
    """Some shelves at a time: who waits for the state has it in between."""
    shelves = records = 0
    failed, problems = frozenset[bytes](), tuple[Problem, ...]()
    person, left = _person(options, coach, passphrase_file, client), 1
    while left:
        with _session(options, person) as (wiring, session):
            found = rotating.go_on(session, failed)
            shelves, records, left = shelves + found.shelves, records + found.records, found.left
            failed, problems = failed | found.failed, problems + found.problems
            if not left and client is None:
                making.replace_daemon(session.vault, person, wiring.database.key)
    if options.json:
        document = {"shelves": shelves, "records": records, "problems": [as_document(one) for one in problems]}
        tell_json(document)
    else:
        tell(say_count("{number} record has a new key.", "{number} records have new keys.", records))
        tell_problems(problems)
    return PARTLY if problems else 0


def _person(options: Options, coach: str | None, passphrase_file: Path | None, client: str | None) -> Person:
    """Who has unlocked the vault, once it is noted what is to be done."""
    config = configured(options)
    refuse_all_but_coaches(config.practice.state)
    fingerprint = coach_of(trusted(config), coach)
    person = kept(config, fingerprint)
    given = "" if person is not None else passphrase(passphrase_file, locked=True)
    with opened(options, "vault rotate") as wiring, open_vault(wiring.config, wiring.now) as vault:
        session = Session(vault, person or unlocking.unlock(vault, fingerprint, given, wiring.now))
        settle(wiring, session)
        begun = rotating.begin(session, client)
        tell_problems(vault.problems)
        if not begun:
            tell(say("A run that was cut short is gone on with."), err=True)
        return session.coach


@contextmanager
def _session(options: Options, person: Person) -> Iterator[tuple[Wiring, Session]]:
    with opened(options, "vault rotate") as wiring, open_vault(wiring.config, wiring.now) as vault:
        yield wiring, Session(vault, person)
