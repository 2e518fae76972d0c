import pytest

from coachsync.app.outcome import Outcome, Published, Pulled, Pushed
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
        (Outcome({"a": Pulled()}, pushed={"a": Pushed(changed=2)}), 0),
        (Outcome({"a": Pulled()}, pushed={"a": Pushed(waiting=2)}), 0),
        (Outcome({"a": Pulled()}, pushed={"a": Pushed(waiting=2, problems=(NEWS,))}), 3),
        (Outcome({"a": Pulled()}, pushed={"a": Pushed(waiting=1, conflicts=1, problems=(NEWS,))}), 4),
        (Outcome({"a": Pulled()}, pushed={"a": Pushed(conflicts=1, held=1, why="mass-deletion")}), 5),
        (Outcome({"a": Pulled(held=1)}, pushed={"a": Pushed(conflicts=1)}), 5),
        (Outcome({"a": Pulled()}, {}, failed(Temporary).failures, {"a": Pushed(conflicts=1)}), 4),
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


def test_changes_that_wait_are_told_with_what_to_do() -> None:
    pushed = Pushed(waiting=5, conflicts=2, held=3, why="collection-replaced", problems=(NEWS,))
    held, conflict, news = Outcome(pushed={"a": pushed}).problems()
    assert (held.code, held.where) == ("changes-held-collection-replaced", "calendars.a")
    assert "--accept-deletions a" in held.hint
    assert (conflict.code, "conflict list" in conflict.hint) == ("conflict", True)
    assert news == NEWS


def test_what_another_part_of_the_run_sent_is_taken_in() -> None:
    outcome = Outcome(pushed={"a": Pushed(changed=1)})
    outcome.add(Outcome(pushed={"b": Pushed(conflicts=2)}))
    assert (list(outcome.pushed), outcome.conflicts) == (["a", "b"], 2)


def test_what_was_sent_before_everything_else_failed_is_no_whole_failure() -> None:
    outcome = Outcome(
        failures=[("calendars.coaching", Temporary("timeout", "It takes too long."))],
        pushed={"coaching": Pushed(changed=1)},
    )
    assert outcome.exit_code() == 3
