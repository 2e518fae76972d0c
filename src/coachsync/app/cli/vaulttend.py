"""`coachsync vault tend`: what a session owes the vault, done now and then by the process that keeps it unlocked.

Nobody gives this command: the agent starts it and hands it the seed. It is no use of the vault by the coach. What
stands in its way, the state in use, or a configuration or a vault that has gone, ends it; the next one tries again.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import click

from coachsync.adapters import agent
from coachsync.adapters.heldsecret import end_with_parent, shut_out
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import tell_json, tell_problems
from coachsync.app.cli.tongue import spoken
from coachsync.app.cli.unlocked import settle
from coachsync.app.daemon.opening import remember_returned
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import refuse_none, trusted, vault_folder
from coachsync.config import locate
from coachsync.errors import Locked
from coachsync.phrases import say
from coachsync.vault.keys import Person
from coachsync.vault.suite import SEED_BYTES

_STDIN = 0


def tending_command(options: Options) -> Sequence[str]:
    """What the agent is to run, wherever it runs it."""
    config = locate(options.config, os.environ).absolute()
    return (sys.executable, "-P", "-m", "coachsync", "--config", str(config), "vault", "tend")


@click.command(
    "tend", hidden=True, help=say("Do what an unlocked vault owes: the process that keeps it so starts this.")
)
@everywhere
@click.pass_obj
def tend(options: Options) -> None:
    """A coach whom trust.toml does not name any more is none, and nobody needs to keep that seed; a vault that is not
    there is not made."""
    shut_out()
    end_with_parent(signal.SIGKILL)
    coach, config = _handed(), configured(options)
    if coach.actor.fingerprint not in {one.fingerprint for one in trusted(config).coaches.values()}:
        for kept in agent.sockets_of(coach.actor.fingerprint, config.practice.state):
            agent.lock(kept)
        raise _nobody()
    refuse_none(vault_folder(config))
    with opened(options, "vault tend") as wiring, open_vault(wiring.config, wiring.now) as vault:
        settle(wiring, Session(vault, coach))
        tell_problems(vault.problems)
        remember_returned(wiring, vault.problems, spoken)
        wiring.only_vault = True  # the daemon need not compare its shares anew every ten minutes
    if options.json:
        tell_json({"tended": True})


def _handed() -> Person:
    seed = b"" if sys.stdin.isatty() else os.read(_STDIN, SEED_BYTES)
    if len(seed) != SEED_BYTES:
        raise _nobody()
    return Person(seed)


def _nobody() -> Locked:
    return Locked(
        "nobody-to-tend-for",
        say("The vault is tended by the process that keeps it unlocked."),
        say("Run: coachsync vault unlock"),
    )
