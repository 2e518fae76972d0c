"""What a command that was given wrongly points to."""

from __future__ import annotations

import pytest

from cli_desk import Desk
from cli_terminal import on_a_terminal


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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "tomorrow"], "“tomorrow” is no day of the form YYYY-MM-DD."),
        (["--days", "0"], "from 1 to 366 days can be shown at once."),
        (["--days", "367"], "from 1 to 366 days can be shown at once."),
    ],
)
def test_what_an_option_takes_is_told_in_words(desk: Desk, words: list[str], told: str) -> None:
    result = desk.run("agenda", *words)
    assert result.code == 2
    assert told in result.err
    assert "%Y" not in result.err
    assert "<=" not in result.err + desk.run("agenda", "--help").out


def test_that_every_event_can_be_read_is_said(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    result = practice.run("agenda", "--unreadable")
    assert (result.out, result.err) == ("", "Every event can be read.\n")


def test_a_terminal_shows_words_and_the_clock_of_the_practice(practice: Desk) -> None:
    assert practice.run("sync").code == 0
    _, shown, _ = on_a_terminal(practice, "share", "list", COLUMNS="120")
    assert b"a calendar" in shown
    assert practice.json("share", "list").document[0]["published"].encode() not in shown
    _, shown, _ = on_a_terminal(practice, "key", "show", COLUMNS="120")
    assert b"a file" in shown
    assert practice.run("key", "show").out.split()[1] == "file"
