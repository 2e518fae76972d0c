"""The vault for a command that writes and reads nothing: with nothing unlocked, as the daemon has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import meant
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import tell_problems
from coachsync.app.vault import making
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.wiring import Wiring
from coachsync.vault.keys import Signer


@dataclass(frozen=True, slots=True)
class Ready:
    """An open vault, and who writes to it."""

    wiring: Wiring
    vault: Vault
    daemon: Signer

    def client(self, given: tuple[str, str | None]) -> str:
        """The code of the client who is meant: by a code, or `-` and a name."""
        return meant(self.wiring, *given).code


@contextmanager
def ready(options: Options, command: str) -> Iterator[Ready]:
    """The vault, with nothing unlocked. Raises NotInitialised before it was unlocked once."""
    with opened(options, command) as wiring, open_vault(wiring.config, wiring.now) as vault:
        daemon = making.writer_of(vault.files, wiring.database.key)
        yield Ready(wiring, vault, daemon)
        tell_problems(vault.problems)
