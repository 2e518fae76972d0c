"""Options that make no sense beside others: they are refused, never passed over."""

from __future__ import annotations

from coachsync.errors import UsageError
from coachsync.phrases import Phrase, say

_WHY = say("This option does not go with the others.")


def leave_out(option: str, given: object, why: Phrase = _WHY) -> None:
    """Raise UsageError for an option that was given (its value is neither None nor False)."""
    if given is not None and given is not False:
        raise UsageError("option-not-here", why, say("Leave {option} out.", option=option), where=option)
