"""`coachsync check`."""

from __future__ import annotations

from itertools import chain

import click

from coachsync.app.checking import Check, Grade, check
from coachsync.app.checking_channels import check_channels
from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import tell_json
from coachsync.app.outcome import FINDINGS

_MARK = {Grade.GOOD: "ok    ", Grade.NOTE: "note  ", Grade.BAD: "FAILED"}


@click.command("check")
@click.option("--notify", is_flag=True, help="Send one trial message each way that [notify] names.")
@everywhere
@click.pass_obj
def command(options: Options, notify: bool) -> int:
    """Try everything a sync needs, and say what to do where something is missing."""
    checks = []
    with opened(options, "check") as wiring:
        for tried in chain(check(wiring), check_channels(wiring.config, wiring.now, send_trial=notify)):
            checks.append(tried)
            if not options.json:
                _tell(tried)
    if options.json:
        tell_json({"checks": [_document(tried) for tried in checks]})
    return FINDINGS if any(tried.grade is Grade.BAD for tried in checks) else 0


def _tell(tried: Check) -> None:
    click.echo(f"{_MARK[tried.grade]} {tried.where}: {tried.message}")
    if tried.hint:
        click.echo(f"       {tried.hint}")


def _document(tried: Check) -> dict[str, object]:
    return {
        "code": tried.code,
        "where": tried.where,
        "ok": tried.grade is not Grade.BAD,
        "grade": tried.grade.value,
        "message": tried.message,
        "hint": tried.hint,
    }
