"""Whose vault a command works on, and where the passphrase comes from: its options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from coachsync.phrases import say

_Function = TypeVar("_Function", bound=Callable[..., object])


def for_a_coach(function: _Function) -> _Function:
    """Let a command take `--coach` and `--passphrase-file`."""
    for option in (
        click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault.")),
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path),
            metavar=say("FILE"),
            help=say("A file that only you can read, with the passphrase on one line."),
        ),
    ):
        function = option(function)
    return function


def of_a_coach(function: _Function) -> _Function:
    """Let a command that reads nothing take `--coach`."""
    option = click.option("--coach", metavar=say("NAME"), help=say("Whose notes, where several coaches share a vault."))
    return option(function)
