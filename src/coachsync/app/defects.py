"""What is told of a defect: which kind of exception, and where; never what it says, for that may be of an event."""

from __future__ import annotations

import traceback
from pathlib import Path

import coachsync
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_PACKAGE = Path(coachsync.__file__).parent


def defect(problem: BaseException) -> CoachsyncError:
    """The error for an exception that nobody foresaw."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames
    at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "unknown"
    return CoachsyncError(
        "defect",
        say(
            "coachsync has a defect: {kind} at {place}. The next run goes on from here.",
            kind=type(problem).__name__,
            place=at,
        ),
        say("Run it again; if it stays, report this line (it holds no name)."),
    )
