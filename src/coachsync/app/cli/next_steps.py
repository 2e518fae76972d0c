"""What to do after `coachsync init`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import click

from coachsync import config
from coachsync.app.cli.first_share import Result
from coachsync.app.cli.tongue import spoken
from coachsync.phrases import say


def command_line(path: Path, word: str, *, usual: bool = False) -> str:
    """How to call a command on this configuration; `usual`: it is the one that every command finds."""
    return f"coachsync {word}" if usual else f"coachsync --config {quote(str(path))} {word}"


def following(path: Path, settings: config.Config, result: Result, *, usual: bool) -> list[str]:
    """The commands that lead on: the service first, where all is well."""
    if result.findings:
        (share,) = settings.shares
        return [command_line(path, f"share verify {share}", usual=usual)]
    if not result.published:
        return [command_line(path, word, usual=usual) for word in ("check", "sync")]
    return [command_line(path, word, usual=usual) for word in ("service install", "run")]


def tell(path: Path, settings: config.Config, result: Result, *, usual: bool) -> None:
    """What came of `init`, and what to do now."""
    lines = following(path, settings, result, usual=usual)
    if result.findings:
        for finding in result.findings:
            click.echo(f"! {finding.code}: {finding.where}: {finding.detail}")
        _tell_lines(say("The share says more than it should: show it to nobody yet. Mend that, then run:"), lines)
    elif not result.published:
        _tell_lines(say("Nothing is published yet. When you are ready:"), lines)
    else:
        _tell_done(settings, result, lines)


def _tell_done(settings: config.Config, result: Result, lines: list[str]) -> None:
    (share,) = settings.shares.values()
    if not result.problems:
        _tell_lines(say("Done: the share is published, and looked at from outside it tells these times only."))
    if isinstance(share.to, config.CalDavTarget):
        _tell_lines(
            say(
                'In your calendar program, share the calendar "{name}" with those it is for, to read only. '
                "Never share your own.",
                name=share.to.display_name,
            )
        )
    _tell_lines(say("To keep it up to date in the background, from now on:"), lines[:1])
    _tell_lines(say("Or, to watch it work in this terminal:"), lines[1:])


def _tell_lines(sentence: str, commands: Sequence[str] = ()) -> None:
    click.echo(spoken(sentence))
    for line in commands:
        click.echo(f"  {line}")
