"""What a command that was given wrongly points to."""

from __future__ import annotations

import pytest

from cli_desk import Desk


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["agenda", "--from", "tomorrow"], "coachsync agenda"),
        (["share", "publish"], "coachsync share publish"),
        (["share", "publisch"], "coachsync share"),
        (["key", "move", "--to", "drawer"], "coachsync key move"),
        (["no-such-command"], "coachsync"),
        (["--no-such-option"], "coachsync"),
    ],
)
def test_a_usage_error_points_to_the_help_of_the_command_that_was_meant(
    desk: Desk, words: list[str], command: str
) -> None:
    result = desk.run(*words)
    assert result.code == 2
    assert result.err.splitlines()[1:] == [f"  See: {command} --help"]
