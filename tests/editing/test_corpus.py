"""Event files of many programs, moved by an hour and a day: what is sent differs in the lines that had to change.

What each line must become is worked out here by other means than the code's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from coachsync import contentline
from coachsync.adapters.ical import instances as places
from coachsync.adapters.ical.instances import Instance
from coachsync.adapters.ical.reader import Reader
from coachsync.adapters.memory import MemoryServer
from coachsync.editing.target import Scope, Target
from coachsync.errors import NotEditable
from coachsync.model import Window
from edits import DAY, HOUR, PARIS, STAMP, cancelled, deleted, moved
from eventfiles import CORPUS, differing, replaced

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 1, 15, tzinfo=UTC))
HERE = "Europe/Paris"
PROGRAMS = {"google", "outlook", "exchange", "apple", "nextcloud", "thunderbird", "android", "plain"}
TIME = re.compile(r"(\d{8})(?:T(\d{6}))?")
MOVING = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
OF_SERIES = ("RRULE", "RDATE", "EXDATE")

# What the rules that name a day must become a day later; the others keep their wording, but for UNTIL.
RULES = {
    "FREQ=WEEKLY;WKST=MO;UNTIL=20270330T215959Z;BYDAY=TU": "FREQ=WEEKLY;WKST=MO;UNTIL=20270331T225959Z;BYDAY=WE",
    "FREQ=WEEKLY;BYDAY=WE,FR": "FREQ=WEEKLY;BYDAY=TH,SA",
    "FREQ=WEEKLY;COUNT=12;BYDAY=TH": "FREQ=WEEKLY;COUNT=12;BYDAY=FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=10": "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR;COUNT=10",
    "FREQ=MONTHLY;COUNT=12;BYMONTHDAY=15": "FREQ=MONTHLY;COUNT=12;BYMONTHDAY=16",
    "FREQ=WEEKLY;UNTIL=20270601T080000Z;INTERVAL=1;BYDAY=TU;WKST=MO":
        "FREQ=WEEKLY;UNTIL=20270602T090000Z;INTERVAL=1;BYDAY=WE;WKST=MO",
    "FREQ=WEEKLY;COUNT=15;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;WKST=SU":
        "FREQ=WEEKLY;COUNT=15;INTERVAL=1;BYDAY=TU,WE,TH,FR,SA;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=1;UNTIL=20270223T225959Z": "FREQ=WEEKLY;INTERVAL=1;UNTIL=20270224T235959Z",
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=10": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=11",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=14": "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=15",
    "FREQ=DAILY;UNTIL=20261211T080000Z": "FREQ=DAILY;UNTIL=20261212T090000Z",
    "FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=MO,WE": "FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=TU,TH",
    "FREQ=WEEKLY;BYDAY=TH": "FREQ=WEEKLY;BYDAY=FR",
    "FREQ=DAILY;UNTIL=20261231T170000Z": "FREQ=DAILY;UNTIL=20270101T180000Z",
    "freq=weekly;byday=tu;count=4": "freq=weekly;byday=WE;count=4",
}  # fmt: skip
SERIES = [
    name
    for name, body in CORPUS.items()
    for top in contentline.components(contentline.lines(contentline.decode(body)))
    if any(child.name == "VEVENT" and "RRULE" in {line.name for line in child.lines} for child in top.children)
]
# Files whose rule has no day later, and which therefore move by an hour alone.
BY_AN_HOUR = {"google-monthly-nth-weekday", "exchange-monthly-last-friday"}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(timeout=20) as made:
        yield made


_opened: dict[str, Opened] = {}


def opened(reader: Reader, name: str) -> Opened:
    """A file as it is in the corpus, read once."""
    if name not in _opened:
        _opened[name] = Opened(reader, name)
    return _opened[name]


class Opened:
    """One file of the corpus as the reader sees it."""

    def __init__(self, reader: Reader, name: str, body: bytes | None = None) -> None:
        self.body = CORPUS[name] if body is None else body
        self.text = contentline.decode(self.body)
        self.zones = places.zones(reader, self.body, HERE)
        self.found: list[Instance] = places.instances(reader, self.body, WINDOW, HERE)
        self.all_day = self.found[0].all_day
        self.step = HOUR if name in BY_AN_HOUR else DAY + HOUR * (not self.all_day)

    @property
    def recurring(self) -> bool:
        return self.found[0].original is not None

    def later(self, instance: Instance) -> datetime | date:
        """The start that a person in Paris gives to move it by the step, on its own clock."""
        original = instance.original
        if self.all_day:
            day = original or instance.start.astimezone(PARIS).date()
            return day + self.step
        zone: tzinfo = original.tzinfo if isinstance(original, datetime) else PARIS
        local = (original or instance.start.astimezone(PARIS)).replace(tzinfo=None)
        return (local + self.step).replace(tzinfo=zone).astimezone(PARIS)


def logical(text: str) -> list[str]:
    return [contentline.unfold(line.raw) for line in contentline.parse(text)]


def by(step: timedelta, value: str) -> str:
    """The same value with each time in it put later; there is no change of the clock where the files have their times.

    The length that ends a period is no time, and stays.
    """

    def put(found: re.Match[str]) -> str:
        form = "%Y%m%dT%H%M%S" if found[2] else "%Y%m%d"
        return (datetime.strptime(found[0], form) + step).strftime(form)  # noqa: DTZ007 - as written

    return TIME.sub(put, value)


def expected(text: str, step: timedelta, series: bool = True) -> list[str]:
    """Every logical line of the text after the move. With `series`, what was moved by hand before stays where it is."""
    lines, within, by_hand = [], [], False
    parsed = contentline.parse(text)
    for position, line in enumerate(parsed):
        whole = contentline.unfold(line.raw)
        head = whole[: len(whole) - len(line.value)]
        if line.name == "BEGIN":
            within.append(line.value.strip().upper())
            by_hand = series and _stands_elsewhere(parsed, position) if within[-1] == "VEVENT" else by_hand
        elif line.name == "END":
            within.pop()
        elif within == ["VCALENDAR", "VEVENT"]:
            whole = head + _becomes(line, step, by_hand)
        lines.append(whole)
    return lines


def _stands_elsewhere(lines: tuple[contentline.Line, ...], begin: int) -> bool:
    own: dict[str, str] = {}
    for line in lines[begin:]:
        if line.name == "END":
            break
        own.setdefault(line.name, line.value)
    return "RECURRENCE-ID" in own and own["RECURRENCE-ID"] != own["DTSTART"]


def _becomes(line: contentline.Line, step: timedelta, by_hand: bool) -> str:
    if line.name in ("DTSTAMP", "LAST-MODIFIED"):
        return STAMP
    if line.name == "SEQUENCE":
        return str(int(line.value) + 1)
    if line.name == "RRULE" and step >= DAY:
        assert line.value in RULES or not re.search("BY|UNTIL", line.value, re.IGNORECASE)
        return RULES.get(line.value, line.value)
    if line.name in MOVING and not (by_hand and line.name in ("DTSTART", "DTEND")):
        return by(step, line.value)
    return line.value


# --- the corpus ---------------------------------------------------------------------------------------------------


def test_the_corpus_has_the_shapes_of_many_programs():
    assert len(CORPUS) >= 60
    assert {name.partition("-")[0] for name in CORPUS} == PROGRAMS
    unfolded = [line for body in CORPUS.values() for line in logical(contentline.decode(body))]
    assert any('CN="Aubrac, Delphine"' in line for line in unfolded)
    everything = b"\n".join(CORPUS.values())
    shapes = (
        b"X-MICROSOFT-CDO-", b"X-APPLE-STRUCTURED-LOCATION", b"X-GOOGLE-CONFERENCE", b"X-MOZ-LASTACK", b"X-WR-ALARMUID",
        b"ACKNOWLEDGED", b"Romance Standard Time", b"Customized Time Zone", b"X-LIC-LOCATION", b"ENCODING=BASE64",
        b"GEO:", b"X-ALT-DESC", b"\r\n\t", b"\nDT\r\n START", b"dtstart;tzid", b"\xf0\x9f\x8e\xaf", b"CONFERENCE;",
        b"VALUE=PERIOD", b"DURATION:PT1H15M", b"\xef\xbb\xbfBEGIN",
        b"DTSTART:20261205T073000\r",
    )  # fmt: skip
    assert [shape for shape in shapes if shape not in everything] == []
    assert any(b"\r" not in body for body in CORPUS.values())
    folded = CORPUS["thunderbird-folded-inside-characters"]
    assert any(_splits_a_character(piece) for piece in folded.split(b"\r\n "))


def _splits_a_character(piece: bytes) -> bool:
    return piece[:1] in {bytes([octet]) for octet in range(0x80, 0xC0)}


@pytest.mark.parametrize("name", CORPUS)
def test_every_file_can_be_read(reader, name):
    assert opened(reader, name).found


# --- moving -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPUS)
def test_a_move_changes_the_lines_that_must_change_and_no_other_byte(reader, name):
    file = opened(reader, name)
    first = file.found[0]
    target = Target(Scope.ALL, first.original)
    after = moved(file.text, target, file.later(first), zones=file.zones).text
    assert logical(after) == expected(file.text, file.step)
    gone, come = differing(file.text, after)
    assert len(gone) == len(come) > 0
    pairs = zip(contentline.parse(file.text), contentline.parse(after), strict=True)
    assert all(
        one.raw == other.raw for one, other in pairs if contentline.unfold(one.raw) == contentline.unfold(other.raw)
    )
    again = Opened(reader, name, contentline.encode(after))
    assert again.found[0].start == first.start + file.step
    assert _regular_starts(again.found) == _regular_starts(file.found, file.step)


@pytest.mark.parametrize("name", SERIES)
def test_one_occurrence_that_moves_adds_lines_and_changes_none(reader, name):
    file = opened(reader, name)
    one = next(seen for seen in file.found[1:] if seen.component == 0)
    after = moved(file.text, Target(Scope.ONE, one.original), file.later(one), zones=file.zones).text
    gone, come = differing(file.text, after)
    assert gone == []
    master = _block(file.text)
    apart = [line for line in master if contentline.parse(line)[0].name not in OF_SERIES]
    since = timedelta(days=one.start.astimezone(PARIS).toordinal() - file.found[0].start.astimezone(PARIS).toordinal())
    wanted = expected("\n".join(["BEGIN:VCALENDAR", *apart, "END:VCALENDAR"]), since + file.step, series=False)[1:-1]
    ids = [line for line in come if line.startswith("RECURRENCE-ID")]
    assert _turned(come) == _turned([*wanted, *ids])
    assert [contentline.parse(line)[0].params for line in ids] == [_parsed(master, "DTSTART").params]
    assert [line.partition(":")[2] for line in ids] == [by(since, _parsed(master, "DTSTART").value).strip()]
    again = Opened(reader, name, contentline.encode(after))
    assert sorted((seen.original, seen.start) for seen in again.found) == sorted(
        (seen.original, seen.start + file.step * (seen == one)) for seen in file.found
    )


def _block(text: str) -> list[str]:
    lines = logical(text)
    begin = next(at for at, line in enumerate(lines) if line.upper() == "BEGIN:VEVENT")
    end = next(at for at, line in enumerate(lines) if line.upper() == "END:VEVENT")
    return lines[begin : end + 1]


def _parsed(lines: list[str], name: str) -> contentline.Line:
    return next(line for line in contentline.parse("\n".join(lines)) if line.name == name)


def _turned(lines: list[str]) -> list[str]:
    """A block that stands between its like can be seen to begin anywhere in it."""
    return sorted(lines)


@pytest.mark.parametrize("name", sorted(BY_AN_HOUR))
def test_a_rule_that_fits_no_other_day_is_refused_one(reader, name):
    file = opened(reader, name)
    with pytest.raises(NotEditable) as refused:
        moved(file.text, Target(Scope.ALL), file.later(file.found[0]) + DAY, zones=file.zones)
    assert refused.value.code == "rule-not-movable"


@pytest.mark.parametrize("name", CORPUS)
def test_a_move_and_a_move_back_leave_the_times_as_they_were(reader, name):
    file = opened(reader, name)
    first = file.found[0]
    target = Target(Scope.ALL, first.original)
    there = moved(file.text, target, file.later(first), zones=file.zones).text
    other = Opened(reader, name, contentline.encode(there))
    other.step = -file.step
    begin = other.found[0]
    back = moved(there, Target(Scope.ALL, begin.original), other.later(begin), zones=file.zones).text
    names = {contentline.parse(line)[0].name for side in differing(file.text, back) for line in side}
    rewritten = {"plain-lower-case": {"RRULE"}, "plain-folded-names": {"DTSTART", "DTEND"}}  # capitals; folds
    assert names <= {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", *rewritten.get(name, ())}


# --- what else a person does --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPUS)
def test_cancelling_says_so_in_one_line_of_each_event(reader, name):
    file = opened(reader, name)
    after = cancelled(file.text, Target(Scope.ALL), zones=file.zones).text
    gone, come = differing(file.text, after)
    assert {contentline.parse(line)[0].name for line in gone} <= {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS"}
    events = sum(line.upper() == "BEGIN:VEVENT" for line in logical(file.text))
    before = sum(line.upper() == "STATUS:CANCELLED" for line in logical(file.text))
    assert come.count("STATUS:CANCELLED") == events - before


@pytest.mark.parametrize("name", SERIES)
def test_deleting_one_occurrence_leaves_it_out(reader, name):
    file = opened(reader, name)
    one = file.found[1]
    after = deleted(file.text, Target(Scope.ONE, one.original), zones=file.zones).text
    left = Opened(reader, name, contentline.encode(after)).found
    assert [seen.original for seen in left] == [seen.original for seen in file.found if seen != one]


@pytest.mark.parametrize("name", SERIES)
def test_a_series_cut_in_two_has_the_same_occurrences(reader, name):
    file = opened(reader, name)
    one = file.found[1]
    place = places.place(reader, file.body, one.original, HERE)
    assert place is not None
    later = file.later(next(seen for seen in file.found if seen.original == one.original))
    edited = moved(
        file.text, Target(Scope.FOLLOWING, one.original), later, zones=file.zones, before=place.before
    )  # fmt: skip
    assert edited.new is not None
    first = Opened(reader, name, contentline.encode(edited.text)).found
    second = Opened(reader, name, contentline.encode(edited.new)).found
    assert [seen.original for seen in first] == [seen.original for seen in file.found[: file.found.index(one)]]
    rest = file.found[file.found.index(one) :]
    assert _regular_starts(second) == _regular_starts(rest, file.step)
    assert sum(map(_by_hand, second)) == sum(map(_by_hand, rest))


def _regular_starts(found: list[Instance], step: timedelta = timedelta()) -> list[datetime]:
    """Where those start, a step later, that stand where their series puts them, well inside the window."""
    starts = [seen.start + step for seen in found if not _by_hand(seen)]
    return [start for start in starts if start < WINDOW.end - 2 * DAY]


def _by_hand(instance: Instance) -> bool:
    return isinstance(instance.original, datetime) and instance.original != instance.start


# --- through a server ---------------------------------------------------------------------------------------------


def test_what_a_server_that_keeps_bytes_holds_differs_in_the_same_lines(reader):
    server = MemoryServer()
    url = f"{server.home('coach')}private/"
    server.add(url)
    calendars = server.account("coach")
    for name, body in CORPUS.items():
        href = f"/coach/private/{name}.ics"
        calendars.create(href, body)
        (stored,) = calendars.fetch(url, [href])
        file = Opened(reader, name, stored.body)
        first = file.found[0]
        edited = moved(file.text, Target(Scope.ALL, first.original), file.later(first), zones=file.zones)
        after = replaced(calendars, url, href, contentline.encode(edited.text))
        assert logical(contentline.decode(after)) == expected(file.text, file.step)
    assert server.requests["update"] == len(CORPUS)
