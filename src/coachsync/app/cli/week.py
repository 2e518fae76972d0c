"""A private week and what others see of it, side by side in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table
from rich.text import Text

from coachsync.app.dates import short_day
from coachsync.app.language import language as speaker
from coachsync.phrases import say
from coachsync.redaction.window import midnight

SATURDAY = 5


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Something in a week: two UTC instants and what stands beside them."""

    start: datetime
    end: datetime
    text: str


Line = tuple[Entry | None, Entry | None]


def week(
    left: Sequence[Entry], right: Sequence[Entry], monday: date, zone: ZoneInfo, titles: tuple[str, str], language: str
) -> Table:
    """The week that begins on `monday` as a table: a day's own entries on the left, what is shared of it on the right.

    An entry of the right stands beside one of the left that it shares time with. Times are local; a weekend
    day without entries is left out. `titles` head the two sides, `language` is "en" or "fr".
    """
    table = Table(box=box.MINIMAL, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column(_plain(titles[0]))  # what does not fit is cut here: its cells end in an ellipsis
    table.add_column(_plain(titles[1]), no_wrap=True, style="green")
    for offset in range(7):
        day = monday + timedelta(days=offset)
        lines = _beside(_of(left, day, zone), _of(right, day, zone))
        if not lines and offset >= SATURDAY:
            continue
        table.add_section()
        heading = short_day(day, language)
        for mine, shared in lines or [(None, None)]:
            table.add_row(heading, _cell(mine, day, zone, language), _cell(shared, day, zone, language))
            heading = ""
    return table


def _of(entries: Sequence[Entry], day: date, zone: ZoneInfo) -> list[Entry]:
    """The entries that take place on a local day, by start; one that goes past midnight belongs to both days."""
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return sorted(entry for entry in entries if entry.start < end and (entry.end > start or entry.start >= start))


def _beside(left: Sequence[Entry], right: Sequence[Entry]) -> list[Line]:
    """The lines of one day, by time: each of the right beside whom of the left it shares time with, else alone.

    Where several share time with it (a block of several sessions, an all-day entry), the one with the nearest start.
    """
    beside: list[list[Entry]] = [[] for _ in left]
    lines: list[Line] = []
    for entry in right:
        shared = [place for place, mine in enumerate(left) if mine.start < entry.end and entry.start < mine.end]
        if shared:
            beside[min(shared, key=lambda place: abs(left[place].start - entry.start))].append(entry)
        else:
            lines.append((None, entry))
    for mine, found in zip(left, beside, strict=True):
        lines += [(mine, found[0] if found else None), *((None, entry) for entry in found[1:])]
    return sorted(lines, key=lambda line: min(entry.start for entry in line if entry is not None))


def _cell(entry: Entry | None, day: date, zone: ZoneInfo, language: str) -> Text:
    if entry is None:
        return Text()
    return _plain(f"{_times(entry, day, zone, language):<13}{entry.text}")


def _times(entry: Entry, day: date, zone: ZoneInfo, language: str) -> str:
    """The part of an entry that lies on a local day: "09:00–10:30", "22:00–24:00", "all day"."""
    begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    if entry.start <= begins and entry.end >= ends:
        return speaker(language).say(say("all day"))
    start = "00:00" if entry.start < begins else f"{entry.start.astimezone(zone):%H:%M}"
    end = "24:00" if entry.end >= ends else f"{entry.end.astimezone(zone):%H:%M}"
    return f"{start}–{end}"


def _plain(text: str) -> Text:
    """Text that cannot steer the terminal: a title comes from outside, and may hold escape sequences or markup."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return Text(plain, no_wrap=True, overflow="ellipsis")
