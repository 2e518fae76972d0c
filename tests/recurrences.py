"""Recurring events, generated, and an oracle of what they mean: dateutil's rules over local times without zone, and
zoneinfo, put together here anew.

The oracle says what RFC 5545 says: rule, RDATE and EXDATE speak of local times; a local time that the clock skips has
the offset before the gap and one that it repeats is the first (section 3.3.5); with DTEND an instance lasts exactly,
with DURATION nominally as long as the first (section 3.8.5.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import rrule
from hypothesis import assume
from hypothesis import strategies as st

from coachsync.model import Occurrence, Stand, Window

HORIZON = Window(datetime(2025, 2, 10, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC))
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
CHANGES_OF_THE_CLOCK = [(2025, 3, 9), (2025, 3, 30), (2025, 4, 6), (2025, 10, 5), (2025, 10, 26), (2025, 11, 2)]
LONG = timedelta(days=400)


@dataclass
class Override:
    """What becomes of one instance, or with `onwards` of all from it on."""

    of: datetime
    start: datetime
    minutes: int
    cancelled: bool
    onwards: bool = False
    in_utc: bool = False


@dataclass
class Series:
    """A recurring event in local times (`datetime` without zone; midnight when it lasts all day)."""

    zone: str
    practice: str
    floating: bool
    all_day: bool
    start: datetime
    days: int  # nominal
    minutes: int  # exact
    by_end: bool  # DTEND, or DURATION
    parts: dict[str, object]
    rdates: list[tuple[datetime, int | None]] = field(default_factory=list)  # with minutes: a period
    exdates: list[datetime] = field(default_factory=list)
    dates_in_utc: bool = False
    overrides: list[Override] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------------- the oracle


def utc(local: datetime, zone: str) -> datetime:
    return (local - local.replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()).replace(tzinfo=UTC)


def ruled(start: datetime, parts: dict[str, object]) -> list[datetime]:
    """The instances of a rule up to well after the horizon, RFC 5545 section 3.3.10.

    A week is a whole week, also the first: dateutil would count BYSETPOS from DTSTART there.
    """
    weekday = {name: getattr(rrule, name) for name in WEEKDAYS}
    given = {"interval": parts.get("INTERVAL", 1), "wkst": weekday[parts.get("WKST", "MO")]}
    given |= {name.lower(): parts[name] for name in ("BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYHOUR") if name in parts}
    if "BYDAY" in parts:
        given["byweekday"] = [weekday[name](n) if n else weekday[name] for n, name in parts["BYDAY"]]
    anchor = start
    if parts["FREQ"] == "WEEKLY":
        given.setdefault("byweekday", [start.weekday()])
        anchor = start - timedelta(days=(start.weekday() - WEEKDAYS.index(parts.get("WKST", "MO"))) % 7)
    found = []
    for instance in rrule.rrule(FREQUENCIES[parts["FREQ"]], dtstart=anchor, **given):
        if instance > HORIZON.end.replace(tzinfo=None) + LONG or len(found) == parts.get("COUNT", -1):
            break
        if instance >= start:
            found.append(instance)
    return found


def expected(series: Series) -> list[Occurrence]:
    instances = {series.start, *ruled(series.start, series.parts)}
    if (until := series.parts.get("UNTIL")) is not None:
        instances = {one for one in instances if utc(one, series.zone) <= utc(until, series.zone)}
    periods = {start: minutes for start, minutes in series.rdates if minutes is not None}
    instances = (instances | {start for start, _ in series.rdates}) - set(series.exdates)
    found = [placed(series, one, series.overrides, periods) for one in instances]
    for component, override in enumerate(series.overrides, 1):  # of an instance that nothing else speaks of
        if override.of not in instances:
            found.append(placed(series, override.of, series.overrides, periods))
            assert found[-1].component == component
    return sorted(one for one in found if HORIZON.touches(one.start, one.end) or one.start == one.end == HORIZON.start)


def placed(series: Series, instance: datetime, overrides: list[Override], periods: dict[datetime, int]) -> Occurrence:
    own = [(at, one) for at, one in enumerate(overrides, 1) if one.of == instance]
    earlier = [(one.of, at, one) for at, one in enumerate(overrides, 1) if one.onwards and one.of < instance]
    if own:
        ((component, override),) = own
        return lasting(series, override.start, 0, override.minutes, component, cancelled=override.cancelled)
    if earlier:
        of, component, override = max(earlier, key=lambda one: one[0])
        start = instance + (override.start - of)
        return lasting(series, start, 0, override.minutes, component, cancelled=override.cancelled)
    if instance in periods:
        return lasting(series, instance, 0, periods[instance], 0)
    if series.by_end and not series.all_day:
        exact = utc(series.start + timedelta(days=series.days, minutes=series.minutes), series.zone)
        seconds = (exact - utc(series.start, series.zone)).total_seconds()
        return lasting(series, instance, 0, seconds / 60, 0)
    return lasting(series, instance, series.days, series.minutes, 0)


def lasting(
    series: Series, start: datetime, days: int, minutes: float, component: int, *, cancelled: bool = False
) -> Occurrence:
    stand = Stand.CANCELLED if cancelled else Stand.BUSY
    if series.all_day:
        first = datetime.combine(start.date(), time())
        last = first + timedelta(days=max(days, 1))
        return Occurrence(utc(first, series.practice), utc(last, series.practice), True, stand, component)
    end = utc(start + timedelta(days=days), series.zone) + timedelta(minutes=minutes)
    return Occurrence(utc(start, series.zone), end, False, stand, component)


# ---------------------------------------------------------------------------------------------------- as iCalendar


def stamped(series: Series, name: str, local: datetime, *, in_utc: bool = False, extra: str = "") -> str:
    if series.all_day:
        return f"{name}{extra};VALUE=DATE:{local:%Y%m%d}"
    if in_utc:
        return f"{name}{extra}:{utc(local, series.zone):%Y%m%dT%H%M%SZ}"
    if series.floating:
        return f"{name}{extra}:{local:%Y%m%dT%H%M%S}"
    return f"{name}{extra};TZID={series.zone}:{local:%Y%m%dT%H%M%S}"


def rule(series: Series) -> str:
    written = []
    for name, value in series.parts.items():
        if name == "BYDAY":
            text = ",".join(f"{n or ''}{day}" for n, day in value)
        elif name == "UNTIL":
            text = f"{utc(value, series.zone):%Y%m%dT%H%M%SZ}" if series.dates_in_utc else f"{value:%Y%m%dT%H%M%S}"
            text = f"{value:%Y%m%d}" if series.all_day else text
        else:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        written.append(f"{name}={text}")
    return "RRULE:" + ";".join(written)


def document(series: Series) -> bytes:
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", stamped(series, "DTSTART", series.start)]
    length = timedelta(days=series.days, minutes=series.minutes)
    if series.by_end:
        lines.append(stamped(series, "DTEND", series.start + length, in_utc=True))
    else:
        lines.append(f"DURATION:P{series.days}D" + (f"T{series.minutes}M" if series.minutes else ""))
    lines.append(rule(series))
    for start, minutes in series.rdates:
        line = stamped(
            series, "RDATE", start, in_utc=series.dates_in_utc, extra=";VALUE=PERIOD" * (minutes is not None)
        )
        lines.append(line if minutes is None else f"{line}/PT{minutes}M")
    lines += [stamped(series, "EXDATE", one, in_utc=series.dates_in_utc) for one in series.exdates]
    for one in series.overrides:
        lines += ["END:VEVENT", "BEGIN:VEVENT", "UID:1"]
        onwards = ";RANGE=THISANDFUTURE" * one.onwards
        lines.append(stamped(series, "RECURRENCE-ID", one.of, in_utc=one.in_utc, extra=onwards))
        lines.append(stamped(series, "DTSTART", one.start, in_utc=one.in_utc and not one.onwards))
        lines += ["DURATION:P1D" if series.all_day else f"DURATION:PT{one.minutes}M"]
        lines += ["STATUS:CANCELLED"] * one.cancelled
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


# ------------------------------------------------------------------------------------------------------- generated


@st.composite
def rules(draw) -> dict[str, object]:
    """Rules that give an instance now and then: one that never does is stopped by the time limit, see test_reader."""

    def some(*values, most=3):
        return draw(st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True))

    parts: dict[str, object] = {"FREQ": draw(st.sampled_from(list(FREQUENCIES)))}
    monthly, yearly = parts["FREQ"] == "MONTHLY", parts["FREQ"] == "YEARLY"
    if draw(st.integers(0, 3)) == 0:
        parts["BYMONTH"] = some(*range(1, 13), most=6)
    elif draw(st.booleans()):
        parts["INTERVAL"] = draw(st.integers(2, 5))
    if (monthly or yearly) and draw(st.booleans()):
        parts["BYMONTHDAY"] = list({draw(st.sampled_from([1, 2, 13, 28, -1, -2])), *some(29, 30, 31, -31)})
    if draw(st.booleans()):
        ordinals = [0]
        if "BYMONTHDAY" not in parts:
            ordinals = [0, 1, 2, 4, 5, -1, -2] if monthly or (yearly and "BYMONTH" in parts) else ordinals
            ordinals = [0, 1, 10, 53, -1] if yearly and "BYMONTH" not in parts else ordinals
        parts["BYDAY"] = draw(
            st.lists(
                st.tuples(st.sampled_from(ordinals), st.sampled_from(WEEKDAYS)), min_size=1, max_size=4, unique=True
            )
        )
    if {"BYDAY", "BYMONTHDAY"} & set(parts) and draw(st.booleans()):
        parts["BYSETPOS"] = list({draw(st.sampled_from([1, -1])), *some(1, 2, 3, -1, -2)})
    if draw(st.integers(0, 2)) == 0:
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    return parts


@st.composite
def local_times(draw) -> datetime:
    """Anywhere around the horizon, with a liking for the nights in which the clock changes."""
    if draw(st.booleans()):
        day = datetime(*draw(st.sampled_from(CHANGES_OF_THE_CLOCK)))  # noqa: DTZ001 - local
        return day + timedelta(minutes=15 * draw(st.integers(-8, 16)))
    day = date(2024, 9, 1) + timedelta(days=draw(st.integers(0, 500)))
    return datetime.combine(
        day, time(draw(st.sampled_from([0, 1, 2, 2, 3, 9, 14, 23])), draw(st.sampled_from([0, 15, 30])))
    )


@st.composite
def series(draw) -> Series:
    zone = draw(st.sampled_from(ZONES))
    floating, all_day = draw(st.booleans()), draw(st.integers(0, 4)) == 0
    practice = zone if floating else draw(st.sampled_from(ZONES))
    start, parts = draw(local_times()) - timedelta(days=draw(st.sampled_from([0, 0, 7, 28, 365]))), draw(rules())
    if all_day:
        start = datetime.combine(start.date(), time())
    elif draw(st.integers(0, 4)) == 0:
        parts["BYHOUR"] = draw(st.lists(st.integers(0, 23), min_size=1, max_size=2, unique=True))
        parts.pop("BYSETPOS", None)
    instances = ruled(start, parts)
    assume(instances)
    start = instances[0]  # RFC 5545 leaves open what a DTSTART means that the rule does not give
    limit = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if limit == "COUNT":
        parts["COUNT"] = draw(st.integers(1, 40))
    if limit == "UNTIL":
        parts["UNTIL"] = draw(st.one_of(st.sampled_from(ruled(start, parts)[:60]), local_times()))
        assume(parts["UNTIL"] >= start)
        parts["UNTIL"] = datetime.combine(parts["UNTIL"].date(), time()) if all_day else parts["UNTIL"]
    days, minutes = draw(st.sampled_from([(0, 60), (0, 90), (0, 480), (1, 0), (1, 30), (3, 0)]))
    if all_day:
        days, minutes = max(days, 1), 0
    made = Series(zone, practice, floating, all_day, start, days, minutes, draw(st.booleans()), parts)
    made.dates_in_utc = draw(st.booleans()) and not all_day
    _exceptions(draw, made)
    return made


def _exceptions(draw, made: Series) -> None:
    shape = (lambda one: datetime.combine(one.date(), time())) if made.all_day else (lambda one: one)
    minutes = st.none() if made.all_day else st.one_of(st.none(), st.integers(1, 300))
    added = draw(st.lists(st.tuples(local_times().map(shape), minutes), max_size=3, unique_by=lambda one: one[0]))
    made.rdates = added
    instances = sorted({*ruled(made.start, made.parts)[:80], *(start for start, _ in added)})
    if "UNTIL" in made.parts:
        instances = [one for one in instances if one <= made.parts["UNTIL"]] or instances[:1]
    made.exdates = draw(st.lists(st.sampled_from(instances), max_size=4, unique=True))
    left = [one for one in instances if one not in made.exdates]
    if not left:
        return
    shift = st.sampled_from([0, 15, -60, 90, 1440, -2880, 60 * 24 * 180, -60 * 24 * 180])
    for of in draw(st.lists(st.sampled_from(left), max_size=3, unique=True)):
        start = shape(of + timedelta(minutes=draw(shift)))
        override = Override(of, start, draw(st.sampled_from([30, 60, 600])), draw(st.booleans()))
        override.in_utc = made.dates_in_utc
        made.overrides.append(override)
    if made.overrides and draw(st.integers(0, 2)) == 0:
        first = made.overrides[0]
        first.onwards = True
        first.in_utc = False  # in UTC, the name of a skipped hour is not certain, nor by how much all that follow move
        first.start = shape(first.of + timedelta(minutes=draw(st.sampled_from([0, 15, -60, 90, 1440]))))
