"""What a run did and what it could not do: one value for the terminal, for `--json` and for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from coachsync.errors import CoachsyncError, Misconfigured, Problem, Refused, Temporary
from coachsync.phrases import say, say_count

DONE, PARTLY, CONFLICTS, FINDINGS = 0, 3, 4, 5
MASS_DELETION, REPLACED, VANISHED = (
    "mass-deletion",
    "collection-replaced",
    "calendar-vanished",
)  # why something waits for a person
CONFLICT = "conflict"  # the code of a change that clashes with what the server has
WHOLE_RUN = (Refused.exit_code, Temporary.exit_code, Misconfigured.exit_code)  # exit codes of a run that failed so


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came in from one calendar. `held` counts appointments whose disappearance waits for a person, `why` says
    with which code; `held_rows` are their rows in the state. `quarantined` counts what cannot be read, `news` lists
    what could not be read for the first time now."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    held: int = 0
    why: str = ""
    held_rows: frozenset[int] = frozenset()
    quarantined: int = 0
    news: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What went out to one calendar. `waiting` counts changes that its server does not have yet, `conflicts` those of
    them between which and the server's a person must decide, and `held` those that wait for a person for the reason
    `why`. `rejected` counts
    those that the server would not take again and again."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    waiting: int = 0
    conflicts: int = 0
    held: int = 0
    why: str = ""
    rejected: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What went out to one share, in slots. `held_back` counts slots that stay until a person decides."""

    created: int = 0
    deleted: int = 0
    held_back: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Outcome:
    """A whole run, calendar by calendar and share by share; failures by the place where they happened."""

    calendars: dict[str, Pulled] = field(default_factory=dict)
    shares: dict[str, Published] = field(default_factory=dict)
    failures: list[tuple[str, CoachsyncError]] = field(default_factory=list)
    pushed: dict[str, Pushed] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)  # conflicts of calendars that could not be sent to
    left_behind: tuple[Problem, ...] = ()  # what is here, or still shown, of what is not configured any more

    @property
    def quarantined(self) -> int:
        """How many events cannot be read, in all."""
        return sum(pulled.quarantined for pulled in self.calendars.values())

    @property
    def conflicts(self) -> int:
        """How many changes wait for a person to decide, in all."""
        return sum(pushed.conflicts for pushed in self.pushed.values()) + sum(self.undecided.values())

    def add(self, other: Outcome) -> None:
        """Take in what another part of the same run did."""
        self.calendars |= other.calendars
        self.pushed |= other.pushed
        self.undecided |= other.undecided
        self.shares |= other.shares
        self.failures += other.failures

    def problems(self) -> tuple[Problem, ...]:
        """Everything a person should know, in the order in which it happened."""
        parts: Iterable[Pulled | Pushed | Published] = [
            *self.calendars.values(),
            *self.pushed.values(),
            *self.shares.values(),
        ]
        told = [problem for part in parts for problem in part.problems]
        held = [held_problem(name, pulled) for name, pulled in self.calendars.items() if pulled.held]
        waiting = self.pushed | {name: Pushed(conflicts=number) for name, number in self.undecided.items()}
        held += [problem for name, pushed in waiting.items() for problem in waiting_problems(name, pushed)]
        held += self.left_behind
        news = [problem for pulled in self.calendars.values() for problem in pulled.news]
        failed = [failure.problem(where) for where, failure in self.failures]
        return tuple(dict.fromkeys([*failed, *held, *told, *news]))

    def exit_code(self) -> int:
        """The exit code of `sync`: 77, 75 or 78 when everything failed so, then 5, 4, 3."""
        causes = {failure.exit_code for _, failure in self.failures}
        wrote = any(share.created or share.deleted for share in self.shares.values())
        wrote |= any(pushed.added or pushed.changed or pushed.removed for pushed in self.pushed.values())
        if not self.calendars and not wrote and len(causes) == 1:
            cause = causes.pop()
            return cause if cause in WHOLE_RUN else PARTLY
        pulled, pushed = self.calendars.values(), self.pushed.values()
        if any(part.held for part in pulled) or any(part.held for part in pushed):
            return FINDINGS
        if self.conflicts:
            return CONFLICTS
        return PARTLY if self.problems() else DONE


def held_problem(name: str, pulled: Pulled) -> Problem:
    """That appointments wait for a person, and for which."""
    return Problem(
        pulled.why,
        f"calendars.{name}",
        say_count(
            "{number} appointment is no longer found in the private calendar; it stays here and in the shares.",
            "{number} appointments are no longer found in the private calendar; they stay here and in the shares.",
            pulled.held,
        ),
        say("If they were really deleted, run: coachsync sync --accept-deletions {calendar}", calendar=name),
    )


def waiting_problems(name: str, pushed: Pushed) -> tuple[Problem, ...]:
    """What of the coach's changes waits for a person."""
    where, found = f"calendars.{name}", []
    if pushed.held:
        hint = say("If that is right, run: coachsync sync --accept-deletions {calendar}", calendar=name)
        found.append(Problem(f"changes-held-{pushed.why}", where, _not_sent(pushed), hint))
    if pushed.conflicts:
        message = say_count(
            "{number} appointment was changed both here and in the calendar; both versions are kept.",
            "{number} appointments were changed both here and in the calendar; both versions are kept.",
            pushed.conflicts,
        )
        hint = say("To see them, and to decide, run: coachsync conflict list")
        found.append(Problem(CONFLICT, where, message, hint))
    return tuple(found)


def _not_sent(pushed: Pushed) -> str:
    if pushed.why == MASS_DELETION:
        return say_count(
            "{number} deletion of yours is not sent: it would leave hardly anything in the calendar.",
            "{number} deletions of yours are not sent: too many of the calendar's appointments would go at once.",
            pushed.held,
        )
    return say_count(
        "{number} change of yours is not sent: this may not be the calendar that it was made for.",
        "{number} changes of yours are not sent: this may not be the calendar that they were made for.",
        pushed.held,
    )
