"""When something is tried next: by its interval while it goes well, later and later while it fails. Pure.

Times are seconds since boot (`Moment.boot`); a `draw` is a random number from 0 to 1, which keeps many programs from
asking at the same second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_RETRY = 15.0  # seconds: long enough for a network that has just come up
LAST_RETRY = 900.0
LONGEST_WAIT = 86_400.0  # whatever a server asks for


@dataclass(frozen=True, slots=True)
class Pace:
    """When it is due, and how often it has failed in a row. `asked`: a server has asked for this wait."""

    due: float = 0.0
    failures: int = 0
    asked: bool = False


NEVER = Pace()  # never tried: due at once


def regular(boot: float, every: float, draw: float) -> Pace:
    """After a success: in `every` seconds, give or take a tenth."""
    return Pace(boot + every * (0.9 + 0.2 * draw))


def failed(pace: Pace, boot: float, draw: float, retry_after: float | None = None) -> Pace:
    """After a failure: twice as late as the last time, at most a quarter of an hour; between half and all of that.

    Where the server says how long it wants to be left alone (RFC 9110 section 10.2.3), at least that, at most a day.
    """
    failures = pace.failures + 1
    wait = min(FIRST_RETRY * 2 ** min(failures - 1, 20), LAST_RETRY) * (0.5 + 0.5 * draw)
    if retry_after is None:
        return Pace(boot + wait, failures)
    asked = min(retry_after, LONGEST_WAIT)
    return Pace(boot + max(wait, asked * (1 + 0.1 * draw)), failures, asked=True)


def hurried(pace: Pace, boot: float) -> Pace:
    """Due at once, as after sleep; but a server that has asked for time gets it."""
    return pace if pace.asked else replace(pace, due=min(pace.due, boot))
