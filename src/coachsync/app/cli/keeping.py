"""Storing something about a client in the vault: with nothing unlocked, as the daemon does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from coachsync.app.cli.client import meant
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell, tell_json, tell_problems
from coachsync.app.cli.texts import insist, takes_a_while, text
from coachsync.app.vault import making, notes
from coachsync.app.vault.naming import names
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.wiring import Wiring
from coachsync.errors import NotInitialised
from coachsync.phrases import say
from coachsync.vault.bodies import Body
from coachsync.vault.keys import Signer

_Function = TypeVar("_Function", bound=Callable[..., object])


def of_a_coach(function: _Function) -> _Function:
    """Let a command that reads nothing take `--coach`."""
    option = click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
    return option(function)


@dataclass(frozen=True, slots=True)
class Ready:
    """An open vault, and who writes to it."""

    wiring: Wiring
    vault: Vault
    daemon: Signer

    def client(self, given: tuple[str, str | None]) -> str:
        """The code of the client who is meant: by a code, or `-` and a name."""
        return meant(self.wiring, *given).code


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


@contextmanager
def ready(options: Options, command: str) -> Iterator[Ready]:
    """The vault, with nothing unlocked. Raises NotInitialised before it was unlocked once."""
    with opened(options, command) as wiring, open_vault(wiring.config, wiring.now) as vault:
        daemon = making.daemon_of(vault.files, wiring.database.key)
        if daemon is None:
            raise NotInitialised(
                "no-daemon",
                say("Nothing can be written to the vault before it was unlocked once."),
                say("Run: coachsync vault unlock"),
            )
        yield Ready(wiring, vault, daemon)
        tell_problems(vault.problems)
