"""What a run did and what it could not do: one value for the terminal, for `--json` and for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from coachsync.errors import CoachsyncError, Misconfigured, Problem, Refused, Temporary
from coachsync.phrases import say, say_count

DONE, PARTLY, FINDINGS = 0, 3, 5
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

    @property
    def quarantined(self) -> int:
        """How many events cannot be read, in all."""
        return sum(pulled.quarantined for pulled in self.calendars.values())

    def add(self, other: Outcome) -> None:
        """Take in what another part of the same run did."""
        self.calendars |= other.calendars
        self.shares |= other.shares
        self.failures += other.failures

    def problems(self) -> tuple[Problem, ...]:
        """Everything a person should know, in the order in which it happened."""
        parts: Iterable[Pulled | Published] = [*self.calendars.values(), *self.shares.values()]
        told = [problem for part in parts for problem in part.problems]
        held = [held_problem(name, pulled) for name, pulled in self.calendars.items() if pulled.held]
        news = [problem for pulled in self.calendars.values() for problem in pulled.news]
        failed = [failure.problem(where) for where, failure in self.failures]
        return tuple(dict.fromkeys([*failed, *held, *told, *news]))

    def exit_code(self) -> int:
        """The exit code of `sync`: 77, 75 or 78 when everything failed so, then 5, then 3."""
        causes = {failure.exit_code for _, failure in self.failures}
        wrote = any(share.created or share.deleted for share in self.shares.values())
        if not self.calendars and not wrote and len(causes) == 1:
            cause = causes.pop()
            return cause if cause in WHOLE_RUN else PARTLY
        if any(pulled.held for pulled in self.calendars.values()):
            return FINDINGS
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
