"""How long work tells how far it has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def silent(_what: str, _done: int, _total: int) -> None:
    """No progress is shown."""
