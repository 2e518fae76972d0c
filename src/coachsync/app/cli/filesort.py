"""Sorting: saying whose an unsorted record is, in the coach's session alone."""

from __future__ import annotations

from pathlib import Path

from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.vault import sorting
from coachsync.app.vault.naming import unsorted_of
from coachsync.phrases import say


def run(options: Options, name: str, code: str, coach: str | None, passphrase_file: Path | None) -> None:
    """Seal the record of this id anew, to the records of the client of this code."""
    typed = typed_name(code)
    with unlocked(options, "note sort", coach, passphrase_file) as (wiring, session):
        client = meant(wiring, code, typed).code
        record = unsorted_of(session.vault.history, session.fingerprint, name)
        sorting.give(session, record, client)
        session.vault.problems[:] = [one for one in session.vault.problems if record.hex() not in str(one.where)]
    if options.json:
        tell_json({"client": client})
    else:
        tell(say("It is with the records of {client} now.", client=client))
