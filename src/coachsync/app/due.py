"""What is done again after a while, by a wall clock that may be put forward or back."""

from __future__ import annotations

from datetime import datetime, timedelta


def due(now: datetime, last: int | None, every: timedelta) -> bool:
    """Whether what was done at `last` (seconds since 1970, None for never) is to be done again.

    A time that lies ahead says that the clock was wrong then or is wrong now: it is done again, once.
    """
    return last is None or not 0 <= now.timestamp() - last < every.total_seconds()
