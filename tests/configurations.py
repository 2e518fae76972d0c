"""A good configuration to spoil, and what the program says to a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachsync import config
from coachsync.errors import Misconfigured, Problem

GOOD = """\
version = 1
[practice]
name = "Cabinet"
language = "fr"
timezone = "Europe/Paris"
state = "state"
[accounts.cloud]
url = "https://cloud.example/dav/"
username = "alice"
password = { file = "cloud.password" }
[calendars.coaching]
account = "cloud"
name = "Coaching"
interval = "PT5M"
[shares.office]
from = ["coaching"]
to = { account = "cloud", name = "Office" }
profile = "busy"
label = "Busy"
window = { past = "P0D", future = "P6M" }
round_to = "PT15M"
"""
SECOND = """\
[shares.second]
from = ["coaching"]
to = { account = "cloud", name = "Second" }
profile = "busy"
"""
NOTIFY = """\
[notify]
mail = "me@practice.example"
[notify.smtp]
host = "smtp.practice.example"
"""


def changed(old: str, new: str) -> str:
    """The good configuration with the one place where `old` stands replaced."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def problems_of(folder: Path, content: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with this text as a configuration file in `folder`; something must be."""
    path = folder / "coachsync.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    error = caught.value
    assert (error.code, error.exit_code, error.where) == ("configuration", 78, "coachsync.toml")
    assert error.__context__ is None or error.__suppress_context__
    assert error.problems
    assert all(problem.code and problem.message and problem.hint for problem in error.problems)
    return error.problems


def only_problem(folder: Path, content: str | bytes) -> Problem:
    """The one thing that is wrong with it."""
    found = problems_of(folder, content)
    assert len(found) == 1, found
    return found[0]
