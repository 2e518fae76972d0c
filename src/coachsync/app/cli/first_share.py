"""The end of `coachsync init`: what the share would serve, then the share itself, published and verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from coachsync.app import called, jobs
from coachsync.app.checking import LABEL_ADVICE, LABEL_LIKE_A_TITLE
from coachsync.app.cli.asking import Asker
from coachsync.app.cli.output import progress, tell_problems
from coachsync.app.cli.tongue import spoken, tongue
from coachsync.app.dates import long_day, short_moment
from coachsync.app.outcome import DONE, FINDINGS, PARTLY, Outcome
from coachsync.app.recording import record
from coachsync.app.verify import verify
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.config import Config, Share
from coachsync.errors import Problem
from coachsync.model import Finding, Slot
from coachsync.phrases import say, say_count
from coachsync.redaction.publication import text_of

_SHOWN = 3  # slots


@dataclass(slots=True)
class Result:
    """What came of it; `exit_code` is that of `sync`, or 5 when there are findings."""

    slots: int = 0
    published: bool = False
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    exit_code: int = 0

    def note(self, wiring: Wiring, outcome: Outcome) -> None:
        """Keep what a run has to say, here and for `status`."""
        record(wiring, spoken, outcome)
        self.problems = list(dict.fromkeys([*self.problems, *outcome.problems()]))
        self.exit_code = outcome.exit_code() or (PARTLY if self.problems else DONE)


def first_share(asker: Asker, settings: Config, *, publish: bool | None, quiet: bool) -> Result:
    """Read the calendars, show what the share would serve, and publish it after a go.

    `publish` is the answer where it is known already; `quiet`: the problems are told elsewhere.
    """
    result = Result()
    (share,) = settings.shares.values()
    with open_wiring(settings, "init", datetime.now(UTC)) as wiring:
        asker.tell(say("Reading the calendar..."))
        with progress() as wiring.progress:
            outcome = Outcome()
            jobs.take_in(wiring, outcome, settings.calendars)
        result.note(wiring, outcome)
        if all(name in outcome.calendars for name in share.calendars):
            slots = jobs.preview(wiring, share.name)
            result.slots = len(slots)
            _preview(asker, wiring, share, slots)
            if _agreed(asker, wiring, share, publish):
                _publish(asker, wiring, share, result)
    if not quiet:
        tell_problems(result.problems)
    return result


def _agreed(asker: Asker, wiring: Wiring, share: Share, publish: bool | None) -> bool:
    """Whether to publish; asked once more when the label may name somebody."""
    suspicious = called.titled(wiring, share)
    if suspicious:
        asker.tell(LABEL_LIKE_A_TITLE)
    if not asker.confirm(say("Publish this now?"), "--publish", publish):
        return False
    if not suspicious or not asker.interactive:
        return True
    asker.tell(LABEL_ADVICE)
    return asker.confirm(say("Is no name in the label, and shall it be published?"), "--publish", None, usual=False)


def _preview(asker: Asker, wiring: Wiring, share: Share, slots: tuple[Slot, ...]) -> None:
    if not slots:
        asker.tell(say("The share would be empty: nothing in the calendar lies in its time."))
        return
    asker.tell(
        say_count(
            "The share would serve {number} time, and nothing else:",
            "The share would serve {number} times, and nothing else:",
            len(slots),
        )
    )
    for slot in slots[:_SHOWN]:
        asker.tell(f"  {_line(wiring, share, slot)}")
    if len(slots) > _SHOWN:
        asker.tell("  ...")


def _line(wiring: Wiring, share: Share, slot: Slot) -> str:
    start, end = slot.start.astimezone(wiring.zone), slot.end.astimezone(wiring.zone)
    until = f"{end:%H:%M}" if end.date() == start.date() else short_moment(end, tongue().code)
    return f"{long_day(start, tongue().code)}  {start:%H:%M}-{until}  {text_of(slot, share.texts)}"


def _publish(asker: Asker, wiring: Wiring, share: Share, result: Result) -> None:
    """Publish and look at it from outside."""
    asker.tell(say("Publishing..."))
    with progress() as wiring.progress:
        outcome = jobs.sync(wiring)
    result.note(wiring, outcome)
    result.published = share.name in outcome.shares
    if not result.published:
        return
    asker.tell(say("Looking at it from outside..."))
    checked = verify(wiring, [share])
    record(wiring, spoken, checked=checked)
    result.findings = [finding for _, finding in checked.findings]
    result.problems += [failure.problem(where) for where, failure in checked.failures]
    if checked.findings:
        result.exit_code = FINDINGS
    elif checked.failures:
        result.exit_code = result.exit_code or checked.exit_code()
