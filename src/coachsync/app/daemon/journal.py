"""One line for each pass: names out of the configuration, counts and codes, nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from coachsync.app.daemon.passing import Pass
from coachsync.errors import Problem


def line(done: Pass) -> str:
    """What a pass did, e.g. `calendars coaching +1 ~0 -0; shares office +1 -0; problems timeout@calendars.team`."""
    outcome = done.outcome
    calendars = [
        f"{name} +{pulled.added} ~{pulled.changed} -{pulled.removed}" + (f" held {pulled.held}" if pulled.held else "")
        for name, pulled in outcome.calendars.items()
    ]
    sent = [
        f"{name} +{pushed.added} ~{pushed.changed} -{pushed.removed} waiting {pushed.waiting}"
        for name, pushed in outcome.pushed.items()
        if pushed.added or pushed.changed or pushed.removed or pushed.waiting
    ]
    shares = [f"{name} +{share.created} -{share.deleted}" for name, share in outcome.shares.items()]
    codes = ", ".join(dict.fromkeys(finding.code for checked in done.checked for _, finding in checked.findings))
    checks = f"{sum(len(checked.shares) for checked in done.checked)} findings {done.findings()}"
    looked = [f"{checks} ({codes})" if codes else checks] if done.checked else []
    parts = (("calendars", calendars), ("sent", sent), ("shares", shares), ("checked", looked))
    return "; ".join([f"{what} {', '.join(told)}" for what, told in parts if told] + problems(done.problems()))


def problems(found: Iterable[Problem]) -> list[str]:
    """The codes of problems with their places, in one part of a line; none when there are none."""
    told = dict.fromkeys(f"{problem.code}@{problem.where}" for problem in found)
    return [f"problems {', '.join(told)}"] if told else []
