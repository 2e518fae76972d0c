"""What each kind of share says by default: its label, its rounding, its window, how often it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from types import MappingProxyType

from coachsync.model import Label
from coachsync.span import Span

LONGEST_BUFFER = timedelta(hours=4)  # what readings have to spare beyond a window is a day
_HOUR = timedelta(hours=1)


class AllDay(StrEnum):
    """What becomes of an event that lasts whole days."""

    NO = "no"  # it is not published
    WORKING_HOURS = "working-hours"  # it takes the working hours of the working days it covers


class Publish(StrEnum):
    """How soon the daemon writes a change to the share: the moment of a write is a signal too."""

    NOW = "now"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Local times of day and the weekdays they hold on (Monday is 0). Raises ValueError unless start is before end."""

    start: time = time(9)
    end: time = time(17)
    weekdays: frozenset[int] = frozenset(range(5))

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("working hours end after they start, on the same day")
        if not self.weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are numbered 0 (Monday) to 6 (Sunday)")


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules that turn occurrences into slots.

    `round_to` divides an hour, else ValueError; None leaves times as they are. With `merge` slots that touch become one
    block per local day. `before` and `after` are kept free around each time. With `hours_only` nothing outside of the
    working hours is told: blocks are cut to them, single times that do not touch them are left out. `pseudonyms`: each
    time says the client's pseudonym; `sure_only`: nothing is told whose client is not sure; `series`: the times of one
    series bear one number.
    """

    key: str
    label: Label
    merge: bool
    round_to: timedelta | None
    past: Span
    future: Span
    publish: Publish = Publish.HOURLY
    all_day: AllDay = AllDay.NO
    hours: WorkingHours = WorkingHours()
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)
    hours_only: bool = False
    pseudonyms: bool = False
    sure_only: bool = False
    series: bool = False

    def __post_init__(self) -> None:
        if not all(timedelta(0) <= buffer <= LONGEST_BUFFER for buffer in (self.before, self.after)):
            raise ValueError("a buffer is at most four hours long")
        if self.merge and (self.pseudonyms or self.series):
            raise ValueError("merged times belong to nobody")
        if self.round_to is None:
            return
        if not timedelta(0) < self.round_to <= _HOUR or self.round_to.microseconds or _HOUR % self.round_to:
            raise ValueError("times are rounded to whole seconds or minutes that divide an hour")


BUSY = Profile("busy", Label.BUSY, merge=True, round_to=timedelta(minutes=15), past=Span(), future=Span(months=3))
SESSION = Profile("session", Label.SESSION, merge=False, round_to=None, past=Span(), future=Span(months=6))
PSEUDONYM = Profile(
    "pseudonym",
    Label.SESSION,
    merge=False,
    round_to=None,
    past=Span(days=35),
    future=Span(months=12),
    publish=Publish.NOW,
    pseudonyms=True,
)
SPONSOR = Profile(
    "sponsor",
    Label.SESSION,
    merge=False,
    round_to=None,
    past=Span(days=35),
    future=Span(months=6),
    publish=Publish.DAILY,
    sure_only=True,
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.key: profile for profile in (BUSY, SESSION, PSEUDONYM, SPONSOR)}
)

# What a label says where the configuration does not say it, by language.
LABELS: Mapping[str, Mapping[Label, str]] = MappingProxyType(
    {
        "en": MappingProxyType({Label.BUSY: "Busy", Label.SESSION: "Session"}),
        "fr": MappingProxyType({Label.BUSY: "Indisponible", Label.SESSION: "Séance"}),
    }
)
