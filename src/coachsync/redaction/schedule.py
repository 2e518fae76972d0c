"""When shares are written: at the edges of a schedule, so that a write does not tell when something changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from coachsync.redaction.profiles import Publish
from coachsync.redaction.window import midnight


def edge(now: datetime, zone: ZoneInfo, publish: Publish) -> datetime:
    """The last edge of the schedule, in UTC: the full local hour, local midnight, or for "now" the moment itself."""
    local = now.astimezone(zone)
    if publish is Publish.DAILY:
        return midnight(local.date(), zone)
    if publish is Publish.HOURLY:
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    return local.astimezone(UTC)


def next_edge(now: datetime, zone: ZoneInfo, publish: Publish) -> datetime:
    """The next edge, in UTC. For "now" the next local midnight: the window moves on then, whatever else happens."""
    if publish is Publish.HOURLY:
        return edge(now, zone, publish) + timedelta(hours=1)
    return midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
