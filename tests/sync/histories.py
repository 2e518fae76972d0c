"""Appointments as calendars hold them, and small edits of them as people make them: strategies and what they are of.

`bases` draws an object; `edits` draws what somebody does to it. An edit is a function of text that changes no other
line. `rewritten` is what a server does: the same object, written differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from hypothesis import strategies as st

from coachsync import contentline
from coachsync.contentline import Component, Line

Edit = Callable[[str], str]

PARIS = (
    "BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
    "DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
DAYS = (8, 15, 22)  # of October 2026, Thursdays; the series begins on the 1st
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT{minutes}M\r\nEND:VALARM\r\n"
ATTENDEE = "ATTENDEE;CN=Jade;PARTSTAT={partstat}:mailto:{name}@example.org"


@dataclass(frozen=True, slots=True)
class Kind:
    """How an object states its times: a zone that it defines, UTC (zone ""), or whole days (zone None)."""

    zone: str | None = "Europe/Paris"

    def at(self, name: str, day: int, hour: int = 10) -> str:
        """A property with one time in October 2026."""
        if self.zone is None:
            return f"{name};VALUE=DATE:202610{day:02}"
        return f"{name};TZID={self.zone}:{self.moment(day, hour)}" if self.zone else f"{name}:{self.moment(day, hour)}Z"

    def moment(self, day: int, hour: int) -> str:
        return f"202610{day:02}T{hour:02}0000"


def appointment(*extra: str, kind: Kind | None = None, overrides: Sequence[str] = ()) -> str:
    """An object: `extra` are further logical lines (or alarms) of its master, `overrides` whole components."""
    kind = kind or Kind()
    own = "".join(one if one.endswith("\r\n") else contentline.fold(one) for one in extra)
    times = contentline.fold(kind.at("DTSTART", 1)) + contentline.fold(
        kind.at("DTEND", 2 if kind.zone is None else 1, 11)
    )
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
        f"{PARIS.format(tzid=kind.zone) if kind.zone else ''}"
        "BEGIN:VEVENT\r\nUID:5f0c\r\nDTSTAMP:20260901T080000Z\r\n"
        f"{times}SUMMARY:Jade\r\n{own}END:VEVENT\r\n{''.join(overrides)}END:VCALENDAR\r\n"
    )


def override(day: int, *extra: str, kind: Kind | None = None, hour: int = 14) -> str:
    """An override of one date of a series, moved to `hour`."""
    kind = kind or Kind()
    times = (kind.at("RECURRENCE-ID", day), kind.at("DTSTART", day, hour), kind.at("DTEND", day + 1, hour + 1))
    lines = ("BEGIN:VEVENT", "UID:5f0c", "DTSTAMP:20260901T080000Z", *times, "SUMMARY:Jade", *extra, "END:VEVENT")
    return "".join(map(contentline.fold, lines))


# ------------------------------------------------------------------------------------------------------------ edits


def events(text: str) -> tuple[tuple[Line, ...], list[Component]]:
    """The lines of an object and its VEVENTs, the master first."""
    lines = contentline.parse(text)
    (calendar,) = contentline.components(lines)
    found = [child for child in calendar.children if child.name == "VEVENT"]
    return lines, sorted(found, key=lambda child: any(line.name == "RECURRENCE-ID" for line in child.lines))


def put(name: str, *contents: str, of: int = 0) -> Edit:
    """Replace every property `name` of an event (0 is the master; the last one when there are fewer)."""

    def edit(text: str) -> str:
        lines, found = events(text)
        component = found[min(of, len(found) - 1)]
        return "".join(line.raw for line in contentline.replace(lines, component, name, contents))

    return edit


def append(content: str) -> Edit:
    """One more line of a property that the master may have several of; nothing when it is there."""

    def edit(text: str) -> str:
        _, (master, *_) = events(text)
        name = content.partition(":")[0].partition(";")[0]
        there = [contentline.unfold(line.raw) for line in master.lines if line.name == name]
        return text if content in there else put(name, *there, content)(text)

    return edit


def swap(old: str, new: str) -> Edit:
    """Replace a stretch of text, the first time it stands there."""
    return lambda text: text.replace(old, new, 1)


def insert(component: str) -> Edit:
    """Add an override, unless it is there."""
    date = next(line for line in component.split("\r\n") if line.startswith("RECURRENCE-ID"))
    return lambda text: text if date in text else text.replace("END:VCALENDAR", component + "END:VCALENDAR")


def remove_override(text: str) -> str:
    """Take the last override away; nothing when there is none."""
    lines, found = events(text)
    if len(found) == 1:
        return text
    return "".join(line.raw for at, line in enumerate(lines) if not found[-1].first <= at <= found[-1].last)


def together(edits: Sequence[Edit]) -> Edit:
    """One edit after the other."""

    def edit(text: str) -> str:
        for one in edits:
            text = one(text)
        return text

    return edit


# ------------------------------------------------------------------------------------------------------- strategies

KINDS = (Kind(), Kind("Cabinet"), Kind(""), Kind(None))
WORDS = ("Jade", "Séance 🦉", "a\\, b", "long " * 30)
OPTIONAL = (
    "LOCATION:Lyon", "DESCRIPTION:" + "étape \\n" * 12, "STATUS:CONFIRMED", "CLASS:PRIVATE", "X-NOTE:1", "SEQUENCE:2",
    "CATEGORIES:coaching,paid", "GEO:48.85;2.35", "ORGANIZER:mailto:me@example.org", "COMMENT:first",
    ATTENDEE.format(name="jade", partstat="ACCEPTED"), ALARM.format(minutes="15"),
)  # fmt: skip


def _chosen(draw: st.DrawFn, things: Sequence[str]) -> list[str]:
    bits = draw(st.integers(0, 2 ** len(things) - 1))
    return [thing for at, thing in enumerate(things) if bits >> at & 1]


@st.composite
def bases(draw: st.DrawFn) -> tuple[str, Kind]:
    """An object and how it states its times: one event, or a series with overrides and excluded dates."""
    kind = draw(st.sampled_from(KINDS))
    extra = _chosen(draw, OPTIONAL)
    if not draw(st.booleans()):
        return appointment(*extra, kind=kind), kind
    extra += ["RRULE:FREQ=WEEKLY;COUNT=10", *_chosen(draw, [kind.at("EXDATE", 29)])]
    return appointment(*extra, kind=kind, overrides=_chosen(draw, [override(day, kind=kind) for day in DAYS])), kind


def edits(kind: Kind) -> st.SearchStrategy[Edit]:
    """One small edit of an object."""
    return st.one_of(st.sampled_from(_plain_edits()), st.sampled_from(_timely_edits(kind)))


@cache
def _plain_edits() -> list[Edit]:
    return [
        *(put(name, f"{name}:{word}", of=of) for name in ("SUMMARY", "LOCATION") for word in WORDS for of in range(3)),
        *(put("DESCRIPTION", f"DESCRIPTION:{word}") for word in WORDS),
        *(put(name) for name in ("DESCRIPTION", "LOCATION", "COMMENT", "CATEGORIES", "ATTENDEE", "ORGANIZER")),
        *(append(f"COMMENT:{word}") for word in WORDS),
        *(append(line) for line in ("CATEGORIES:urgent,paid", "CATEGORIES:paid", "X-NOTE:2")),
        *(append(ATTENDEE.format(name=name, partstat="NEEDS-ACTION")) for name in ("jade", "paul", "ines")),
        *(swap("PARTSTAT=ACCEPTED", f"PARTSTAT={now}") for now in ("DECLINED", "TENTATIVE")),
        *(swap("TRIGGER:-PT15M", f"TRIGGER:-PT{minutes}M") for minutes in (5, 60)),
        *(swap("END:VEVENT", ALARM.format(minutes=minutes) + "END:VEVENT") for minutes in (5, 60)),
        swap(ALARM.format(minutes="15"), ""),
        swap("coaching,paid", "coaching"),
        put("TRANSP", "TRANSP:TRANSPARENT"),
        *(put("SEQUENCE", f"SEQUENCE:{number}") for number in (3, 4)),
        *(put("DTSTAMP", f"DTSTAMP:2026110{day}T080000Z") for day in (1, 2)),
    ]


@cache
def _timely_edits(kind: Kind) -> list[Edit]:
    return [
        *(_moved(kind, hour, of) for hour in (9, 16) for of in range(3)),
        *(put("STATUS", "STATUS:CANCELLED", of=of) for of in range(3)),
        *(swap("COUNT=10", f"COUNT={count}") for count in (11, 12)),
        *(append(kind.at("EXDATE", day)) for day in DAYS),
        *(insert(override(day, kind=kind, hour=hour)) for day in DAYS for hour in (9, 16)),
        remove_override,
    ]


def _moved(kind: Kind, hour: int, of: int) -> Edit:
    day = (1 if of == 0 else 9) + (hour == 16)
    return together([
        put("DTSTART", kind.at("DTSTART", day, hour), of=of),
        put("DTEND", kind.at("DTEND", day + 1, hour), of=of),
    ])  # fmt: skip


@st.composite
def histories(draw: st.DrawFn, most: int = 3) -> tuple[str, str, str]:
    """(base, ours, theirs): an object and what two sides made of it."""
    base, kind = draw(bases())
    ours, theirs = (together(draw(st.lists(edits(kind), min_size=1, max_size=most)))(base) for _ in range(2))
    return base, ours, theirs


@st.composite
def rewritings(draw: st.DrawFn) -> Edit:
    """What servers do to a text without changing what it says: order, folds, line breaks, stamps and remarks.

    Lines of one name that may stand once keep their order, for that can be read as well.
    """
    line_break, width = draw(st.sampled_from(["\r\n", "\n"])), draw(st.sampled_from([20, 75, 1000]))
    order = Random(draw(st.integers(0, 99)))

    def written(component: Component) -> list[str]:
        own = [contentline.unfold(line.raw) for line in component.lines if line.name not in ("PRODID", "DTSTAMP")]
        parts = [[line] for line in [*own, "PRODID:-//Server//EN", "X-RADICALE-NAME:x"]]
        parts += [written(child) for child in component.children]
        order.shuffle(parts)
        notes = iter([line for line in own if line.startswith("X-NOTE")])
        parts = [[next(notes)] if part[0].startswith("X-NOTE") else part for part in parts]
        return [f"BEGIN:{component.name}", *(line for part in parts for line in part), f"END:{component.name}"]

    def edit(text: str) -> str:
        (calendar,) = contentline.components(contentline.parse(text))
        folded = ((line[at : at + width] for at in range(0, len(line), width)) for line in written(calendar))
        return "".join((line_break + " ").join(pieces) + line_break for pieces in folded)

    return edit


@st.composite
def damages(draw: st.DrawFn) -> Edit:
    """What bad software and bad disks do to a text: lines get lost, come twice or stand elsewhere."""
    hits = draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.booleans()), min_size=1, max_size=3))

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        for taken, placed, repeated in hits:
            line = lines[taken % len(lines)] if repeated else lines.pop(taken % len(lines))
            lines.insert(placed % (len(lines) + 1), line if placed % 3 else "")
        return "".join(lines)

    return edit
