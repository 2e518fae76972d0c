"""The option by which a text comes from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from coachsync.phrases import say

_Function = TypeVar("_Function", bound=Callable[..., object])


def from_a_file(function: _Function) -> _Function:
    """Let a command take `--file`."""
    option = click.option(
        "--file",
        type=click.Path(path_type=Path),
        metavar=say("FILE"),
        help=say("A file with the text; without one, it is read from stdin, or your $EDITOR opens."),
    )
    return option(function)
