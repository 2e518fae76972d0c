"""Sorting: saying whose an unsorted record is, in the coach's session alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import meant, typed_name
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.unlocked import unlocked
from coachsync.app.vault import sorting
from coachsync.app.vault.naming import unsorted_of
from coachsync.phrases import say_count


def run(options: Options, names: Sequence[str], code: str, coach: str | None, passphrase_file: Path | None) -> None:
    """Seal the records of these ids anew, to the records of the client of this code: all of them, or none where an id
    is none."""
    typed = typed_name(code)
    with unlocked(options, "note sort", coach, passphrase_file) as (wiring, session):
        client = meant(wiring, code, typed).code
        records = dict.fromkeys(unsorted_of(session.vault.history, session.fingerprint, one) for one in names)
        for record in records:
            sorting.give(session, record, client)
        problems = session.vault.problems
        problems[:] = [one for one in problems if one.code != sorting.OF_NOBODY]  # whoever sorts knows
    if options.json:
        tell_json({"client": client})
    else:
        tell(
            say_count(
                "It is with the records of {client} now.",
                "They are with the records of {client} now.",
                len(records),
                client=client,
            )
        )
