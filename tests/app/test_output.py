"""What goes to stdout and stderr of a run, for people and for machines."""

from __future__ import annotations

import json

import pytest

from coachsync.app.cli.output import tell_json, tell_outcome
from coachsync.app.outcome import Outcome, Pulled
from coachsync.errors import CoachsyncError, Problem, Refused, Temporary


def test_json_can_be_decoded_whatever_a_uid_holds(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    uid = "lone \udcff, C1 \x9b2J, é, 🎾, \u202e"
    tell_json({"uid": uid})
    out = capfdbinary.readouterr().out
    assert out.isascii()
    assert json.loads(out)["uid"] == uid


def failed(*failures: tuple[str, CoachsyncError]) -> Outcome:
    return Outcome(failures=list(failures))


def test_a_run_that_failed_as_a_whole_tells_a_machine_why(capsys: pytest.CaptureFixture[str]) -> None:
    tell_outcome(failed(("calendars.coaching", Refused("login-refused", "No.", "Check."))), as_json=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert json.loads(said.err)["error"] == {
        "code": "login-refused",
        "message": "No.",
        "hint": "Check.",
        "where": "calendars.coaching",
    }


def test_a_run_that_failed_in_part_tells_a_machine_nothing_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = failed(("calendars.other", Temporary("timeout", "Slow.")))
    outcome.calendars["coaching"] = Pulled(problems=(Problem("x", "calendars.coaching", "Something."),))
    tell_outcome(outcome, as_json=True)
    assert capsys.readouterr().err == ""
    tell_outcome(outcome, as_json=False)
    assert "[timeout]" in capsys.readouterr().err
