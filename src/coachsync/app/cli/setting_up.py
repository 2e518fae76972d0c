"""From nothing to a verified share, by way of a conversation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from coachsync import config
from coachsync.app.cli import interview
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.commands import Options
from coachsync.app.cli.first_share import Result, first_share
from coachsync.app.cli.given import Given
from coachsync.app.cli.next_steps import command_line, following, tell
from coachsync.app.cli.output import as_document, finding_document, tell_json
from coachsync.app.cli.signing_in import sign_in
from coachsync.app.cli.tongue import spoken
from coachsync.app.onboarding import placing
from coachsync.app.onboarding.answers import Answers, toml
from coachsync.app.onboarding.keeping import NewPassword
from coachsync.config.loading import understand
from coachsync.config.locating import destination
from coachsync.errors import CoachsyncError
from coachsync.phrases import say


@dataclass(slots=True)
class _Progress:
    """How far it has come, for whoever interrupts it."""

    path: Path
    usual: bool
    written: bool = False


def set_up(options: Options, given: Given, *, accept: bool) -> int:
    """The whole of `coachsync init`; its exit code. `accept`: nothing is asked, and what is usual is taken."""
    asker = Asker(accept=accept)
    path, usual = destination(options.config, os.environ)
    placing.refuse_existing(path)
    with _interruptible(_Progress(path, usual=usual)) as progress:
        settings = _configure(asker, given, progress, usual=usual)
        result = first_share(asker, settings, publish=_decided(asker, given), quiet=options.json)
    if options.json:
        tell_json(_document(path, settings, result, usual=usual))
    else:
        tell(path, settings, result, usual=usual)
    return result.exit_code


def _decided(asker: Asker, given: Given) -> bool | None:
    """Whether to publish, where it is known before anything is shown. Raises UsageError where nobody can say."""
    return given.publish if asker.interactive else asker.confirm(say("Publish this now?"), "--publish", given.publish)


def _configure(asker: Asker, given: Given, progress: _Progress, *, usual: bool) -> config.Config:
    """Ask everything, then write the configuration and keep the password."""
    interview.refuse_contradictions(given)
    interview.refuse_missing(asker, given)
    path = progress.path
    answers, secret = _ask(asker, given, path, usual=usual)
    text = toml(answers, spoken)
    settings = understand(text, path)
    placing.place(path, text, secret)
    progress.written = True
    asker.tell(say("The configuration is written: {path}", path=path))
    return settings


def _ask(asker: Asker, given: Given, path: Path, *, usual: bool) -> tuple[Answers, NewPassword | None]:
    """Every answer; and the password, where it is not kept anywhere yet."""
    code = interview.language(asker, given)
    asker.tell(
        say(
            "This takes two minutes; Ctrl-C ends it. Nothing is written while it asks for your settings, and nothing "
            "is published without your yes."
        )
    )
    zone, practice = interview.timezone(asker, given), interview.practice(asker, given)
    login, file = sign_in(asker, given)
    with closing(login.server):
        sources = interview.sources(asker, given, login)
        profile = interview.profile(asker, given)
        share = interview.share(asker, given, code)
        label = interview.label(asker, given, code, profile)
        to_name, to_file = interview.target(asker, given, login, sources, share)
        account = login.place.provider.key
        new = bool(login.password) and file is None
        secret = interview.keeping(asker, given, login.password, path.parent, account) if new else None
    made = secret.file.name if secret and secret.file else ""
    answers = Answers(
        language=code,
        timezone=zone,
        practice=practice,
        state="" if usual else f"{path.stem}.state",
        account=account,
        url=login.place.url,
        username=login.username,
        password_file=str(file.absolute()) if file else made,
        password_entry=secret.entry if secret else "",
        ca_file=str(given.ca_file.absolute()) if given.ca_file else "",
        sources=sources,
        share=share,
        profile=profile,
        label=label,
        to_name=to_name,
        to_file=to_file,
    )
    return answers, secret


@contextmanager
def _interruptible(progress: _Progress) -> Iterator[_Progress]:
    """Whoever ends it learns what is there now."""
    try:
        yield progress
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        if not progress.written:
            raise CoachsyncError("interrupted", say("Stopped; nothing was written.")) from None
        raise CoachsyncError(
            "interrupted",
            say("Stopped. The configuration is written: {path}", path=progress.path),
            say(
                "To publish: {sync}. To keep it up to date in the background from then on: {service}",
                sync=command_line(progress.path, "sync", usual=progress.usual),
                service=command_line(progress.path, "service install", usual=progress.usual),
            ),
        ) from None


def _document(path: Path, settings: config.Config, result: Result, *, usual: bool) -> dict[str, Any]:
    return {
        "configuration": str(path),
        "calendars": list(settings.calendars),
        "shares": list(settings.shares),
        "slots": result.slots,
        "published": result.published,
        "findings": [finding_document(finding) for finding in result.findings],
        "problems": [as_document(problem) for problem in result.problems],
        "next": following(path, settings, result, usual=usual),
    }
