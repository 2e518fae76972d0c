"""Storing something about a client in the vault: with nothing unlocked, as the daemon does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.ready import ready
from coachsync.app.cli.texts import insist, takes_a_while, text
from coachsync.app.vault import notes
from coachsync.app.vault.naming import names
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.wiring import Wiring
from coachsync.phrases import say
from coachsync.vault.bodies import Body


def keep(
    options: Options,
    command: str,
    coach: str | None,
    client: tuple[str, str | None],
    file: Path | None,
    make: Callable[[Wiring, str], Body],
) -> None:
    """Store what `make` makes of a text, and say by which id. Who is meant, and whether it can be kept, is known before
    anybody writes; nobody waits for the state meanwhile. `client` is what was typed: a code, or `-` and a name."""
    fingerprint = coach_of(trusted(configured(options)), coach)
    if takes_a_while(file):
        with ready(options, command) as kept:
            kept.client(client)
            make(kept.wiring, "")

    def store(words: str) -> tuple[str, str]:
        with ready(options, command) as kept:
            code, vault, body = kept.client(client), kept.vault, make(kept.wiring, words)
            written = notes.add(vault, kept.daemon, fingerprint, code, body, kept.wiring.now)
            return names(vault.history, fingerprint)[written.record], code

    with text(file) as words:
        stored, about = insist(lambda: store(words))
    if options.json:
        tell_json({"id": stored, "client": about})
        return
    tell(say("{id} is in the vault, about {client}.", id=stored, client=about))
    tell_left(file)


def tell_left(file: Path | None) -> None:
    """That a file which was given is still there."""
    if file is not None:
        tell(say("The file still holds the text for everybody to read: delete it."), err=True)
