"""What a command loads before it does anything: a library that it does not need is a wait that nobody asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli_desk import Desk, environment
from coachsync.app.cli.commands import COMMANDS, cli

PROBE = """
import sys
from coachsync.app.cli import carry_out
carry_out(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
NETWORK = {"caldav", "niquests", "lxml"}
EXPANSION = {"icalendar", "recurring_ical_events"}
STATE = {"sqlalchemy", "cryptography"}


def loaded(*words: str | Path) -> set[str]:
    """The packages that are in memory when the command has ended."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True, env=environment()
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["no-such-command"]])
def test_what_needs_nothing_loads_nothing(words: list[str]) -> None:
    assert not loaded(*words) & (NETWORK | EXPANSION | STATE | {"pydantic", "rich", "vobject"})


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert COMMANDS[name][1] == command.get_short_help_str(limit=200)


def test_the_agenda_loads_neither_the_network_nor_the_expander(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    assert not loaded("--config", practice.file, "agenda") & (NETWORK | EXPANSION)


def test_the_status_loads_neither_the_network_nor_the_database_nor_the_configuration_s_checks(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    assert not loaded("--config", practice.file, "status") & (
        NETWORK | EXPANSION | STATE | {"pydantic", "rich", "alembic"}
    )


def test_a_sync_without_news_loads_no_more_than_it_needs(practice: Desk) -> None:
    """What a first run, a change or a search for servers needs is loaded by those alone."""
    assert practice.run("sync").code == 0
    assert not loaded("--config", practice.file, "sync") & {
        *("recurring_ical_events", "dns", "alembic", "mako", "vobject", "rich")
    }
