"""What the tests of editing share: a practice in Paris, and an edit as a person means it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from coachsync.editing import cancelling, deleting, moving
from coachsync.editing.target import Edited, Scope, Target

PARIS = ZoneInfo("Europe/Paris")
ZONES: Mapping[str, tzinfo] = {
    "": PARIS,
    "Europe/Paris": PARIS,
    "America/New_York": ZoneInfo("America/New_York"),
    "UTC": UTC,
}
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
STAMP = "20261126T093000Z"
NEW_UID = "new-uid@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ALL = Target(Scope.ALL)


def one(original: object) -> Target:
    return Target(Scope.ONE, original)  # type: ignore[arg-type]


def following(original: object) -> Target:
    return Target(Scope.FOLLOWING, original)  # type: ignore[arg-type]


def paris(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS)


def event(*properties: str, uid: str = "1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *properties, "END:VEVENT"])


def document(*events: str) -> str:
    """One object, CRLF."""
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).replace("\n", "\r\n")


def moved(text: str, target: Target, start: object, duration: timedelta | None = None, **options: object) -> Edited:
    given = {"zones": ZONES, "stamp": NOW, "new_uid": NEW_UID, **options}
    return moving.move(text, target, start, duration, **given)  # type: ignore[arg-type]


def cancelled(text: str, target: Target, **options: object) -> Edited:
    given = {"zones": ZONES, "stamp": NOW, "new_uid": NEW_UID, **options}
    return cancelling.cancel(text, target, **given)  # type: ignore[arg-type]


def deleted(text: str, target: Target, **options: object) -> Edited:
    return deleting.delete(text, target, **{"zones": ZONES, "stamp": NOW, **options})  # type: ignore[arg-type]
