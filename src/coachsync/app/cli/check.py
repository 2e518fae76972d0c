"""`coachsync check`."""

from __future__ import annotations

from itertools import chain

import click

from coachsync.app.checking import Check, Grade, check
from coachsync.app.checking_channels import check_channels
from coachsync.app.checking_users import check_users
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import tell_json
from coachsync.app.cli.tongue import spoken
from coachsync.app.outcome import FINDINGS
from coachsync.phrases import say

_MARK = {Grade.GOOD: say("ok"), Grade.NOTE: say("note"), Grade.BAD: say("FAILED")}


@click.command("check", help=COMMANDS["check"][1])
@click.option("--notify", is_flag=True, help=say("Send one trial message each way that [notify] names."))
@everywhere
@click.pass_obj
def command(options: Options, notify: bool) -> int:
    """Each check is told as soon as it is known, and what is merely worth knowing after them."""
    checks, notes = [], []
    with opened(options, "check") as wiring:
        ways = check_channels(wiring.config, wiring.now, send_trial=notify)
        for tried in chain(ways, check(wiring), check_users(wiring.config)):
            if tried.grade is Grade.NOTE:
                notes.append(tried)
                continue
            checks.append(tried)
            if not options.json:
                _tell(tried)
    if not options.json:
        for note in notes:
            _tell(note)
    checks += notes
    if options.json:
        tell_json({"checks": [_document(tried) for tried in checks]})
    return FINDINGS if any(tried.grade is Grade.BAD for tried in checks) else 0


def _tell(tried: Check) -> None:
    width = max(len(spoken(mark)) for mark in _MARK.values())
    told = spoken(say("{where}: {message}", where=tried.where, message=tried.message))
    click.echo(f"{spoken(_MARK[tried.grade]):<{width}} {told}")
    for more in filter(None, (tried.hint, tried.aside)):
        click.echo(f"{'':<{width}} {spoken(more)}")


def _document(tried: Check) -> dict[str, object]:
    return {
        "code": tried.code,
        "where": tried.where,
        "ok": tried.grade is not Grade.BAD,
        "grade": tried.grade.value,
        "message": spoken(tried.message),
        "hint": " ".join(filter(None, (spoken(tried.hint), spoken(tried.aside)))),
    }
