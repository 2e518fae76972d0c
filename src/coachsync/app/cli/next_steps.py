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

_BACKGROUND = say("To keep it up to date in the background, from now on:")


def command_line(path: Path, word: str, *, usual: bool = False) -> str:
    """How to call a command on this configuration; `usual`: it is the one that every command finds."""
    return f"coachsync {word}" if usual else f"coachsync --config {quote(str(path))} {word}"


def following(path: Path, settings: config.Config, result: Result, *, usual: bool) -> list[str]:
    """The commands that lead on: the service first, where all is well."""
    if result.findings:
        (share,) = settings.shares
        return [command_line(path, f"share verify {share}", usual=usual)]
    if not result.published:
        return [command_line(path, word, usual=usual) for word in ("check", "sync", "service install")]
    return [command_line(path, word, usual=usual) for word in ("service install", "run")]


def tell(path: Path, settings: config.Config, result: Result, *, usual: bool) -> None:
    """What came of `init`, and what to do now."""
    lines = following(path, settings, result, usual=usual)
    if result.findings:
        for finding in result.findings:
            click.echo(f"! {finding.code}: {finding.where}: {finding.detail}")
        _tell_lines(say("The share says more than it should: show it to nobody yet. Mend that, then run:"), lines)
    elif not result.published:
        _tell_lines(say("Nothing is published yet. When you are ready:"), lines[:2])
        _tell_lines(_BACKGROUND, lines[2:])
        _tell_kept(path, settings)
    else:
        _tell_done(settings, result, lines)
        _tell_kept(path, settings)


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
    else:
        _tell_lines(say("Those it is for need this file, and nothing else of yours: {file}", file=share.to.path))
    _tell_lines(_BACKGROUND, lines[:1])
    _tell_lines(say("Or, to watch it work in this terminal:"), lines[1:])


def _tell_kept(path: Path, settings: config.Config) -> None:
    """Where everything is, and what makes it keep working."""
    _tell_lines(say("To keep it running while you are logged out: loginctl enable-linger"))
    _tell_lines(
        say("Your settings are in this file; with [notify] in it coachsync writes to you when something needs you:"),
        [str(path)],
    )
    for account in settings.accounts.values():
        if account.password is not None and account.password.file is not None:
            _tell_lines(say("The password is in this file, which nobody else can read:"), [str(account.password.file)])
        elif account.password is not None and account.password.keyring is not None:
            _tell_lines(say("The password is in the keyring of your desktop."))


def _tell_lines(sentence: str, commands: Sequence[str] = ()) -> None:
    click.echo(spoken(sentence))
    for line in commands:
        click.echo(f"  {line}")
