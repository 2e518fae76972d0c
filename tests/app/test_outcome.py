import pytest

from coachsync.app.outcome import Outcome, Published, Pulled
from coachsync.errors import CoachsyncError, Misconfigured, Problem, Refused, Temporary

NEWS = Problem("event-no-start", "calendars.a/ABCDE", "An event cannot be read.")


def failed(*causes: type[CoachsyncError]) -> Outcome:
    return Outcome(failures=[(f"calendars.{number}", cause("code", "message")) for number, cause in enumerate(causes)])


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(), 0),
        (Outcome({"a": Pulled(added=3)}, {"s": Published(created=2)}), 0),
        (failed(Refused), 77),
        (failed(Refused, Refused), 77),
        (failed(Temporary), 75),
        (failed(Misconfigured), 78),
        (failed(Refused, Temporary), 3),
        (failed(CoachsyncError), 3),
        (Outcome({}, {"s": Published()}, failed(Refused).failures), 77),
        (Outcome({}, {"s": Published(created=1)}, failed(Refused).failures), 3),
        (Outcome({"a": Pulled()}, {}, failed(Refused).failures), 3),
        (Outcome({"a": Pulled(held=5, why="mass-deletion")}), 5),
        (Outcome({"a": Pulled(held=5, why="mass-deletion")}, {}, failed(Temporary).failures), 5),
        (Outcome({"a": Pulled(quarantined=1, news=(NEWS,))}), 3),
        (Outcome({"a": Pulled(quarantined=1)}), 0),  # known before: reported once
        (Outcome({}, {"s": Published(problems=(NEWS,))}), 3),
    ],
)
def test_the_exit_code_says_the_worst_that_a_person_must_know(outcome: Outcome, code: int) -> None:
    assert outcome.exit_code() == code


def test_problems_are_told_once_with_the_place_where_they_happened() -> None:
    outcome = Outcome({"a": Pulled(held=2, why="calendar-vanished", news=(NEWS, NEWS))}, {}, failed(Refused).failures)
    assert [(problem.code, problem.where) for problem in outcome.problems()] == [
        ("code", "calendars.0"),
        ("calendar-vanished", "calendars.a"),
        ("event-no-start", "calendars.a/ABCDE"),
    ]
