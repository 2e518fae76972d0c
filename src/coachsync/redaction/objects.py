"""One served calendar text against what was written: what differs, and which text is left to be searched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from coachsync import contentline
from coachsync.contentline import Line, Malformed
from coachsync.phrases import say
from coachsync.redaction.publication import DTSTAMP
from coachsync.redaction.vocabulary import component_called, parameter_called, property_called

Path = tuple[str, ...]
# What a parser sees: components from the outside in, name, parameters, value.
Seen = tuple[Path, str, tuple[tuple[str, tuple[str, ...]], ...], str]

_CALENDAR: Path = ("VCALENDAR",)
_EVENT: Path = ("VCALENDAR", "VEVENT")
_TEXTS = frozenset(("SUMMARY", "PRODID", "NAME", "X-WR-CALNAME"))  # servers may escape them in their own way
_TIMES = ("DTSTART", "DTEND")

# What servers put into objects on their own and what says nothing, by exact value.
_HARMLESS = frozenset(
    (
        ("CLASS", "PUBLIC"),  # SOGo adds it; the default (RFC 5545 section 3.8.1.3)
        ("SEQUENCE", "0"),  # the default (section 3.8.7.4): never rescheduled
        ("CREATED", DTSTAMP),  # our own constant: says no time
        ("LAST-MODIFIED", DTSTAMP),
    )
)
# Servers that put their own name in place of ours; any other PRODID is searched for private words.
_SERVER_PRODID = re.compile(
    r"-//(?:SabreDAV//SabreDAV|Sabre//Sabre VObject [0-9.]+|PYVOBJECT//NONSGML Version [0-9.]+"
    r"|Inverse inc\./SOGo [0-9.]+|davical\.org//NONSGML AWL Calendar|CyrusIMAP\.org//Cyrus [0-9.]+)//EN"
)


class Remark(NamedTuple):
    """Something that should not be there: a code and a sentence that repeats nothing of what is served."""

    code: str
    detail: str


@dataclass(slots=True)
class Examination:
    """What one text gave: remarks, the UIDs found of those expected, and (what it is, text) still to be searched."""

    remarks: list[Remark] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    rest: list[tuple[str, str]] = field(default_factory=list)

    def remark(self, code: str, detail: str) -> None:
        self.remarks.append(Remark(code, detail))

    def search(self, lines: Sequence[Line]) -> None:
        """Leave lines to be searched; those that are no properties also joined, for a text may run over several."""
        texts = [(_subject(line), contentline.unfold(line.raw)) for line in lines]
        self.rest += texts
        if any(not line.name for line in lines):
            self.rest.append((say("several lines"), "\n".join(text for _, text in texts)))


@dataclass(frozen=True, slots=True)
class Expected:
    """What was written: calendar properties, and by UID those of each event. Nothing was written with parameters."""

    calendar: Mapping[str, str]
    events: Mapping[str, Mapping[str, str]]


class _Placed(NamedTuple):
    path: Path
    event: int  # ordinal of the VEVENT it is in, 0 outside
    line: Line


def expected(written: bytes) -> Expected:
    """What a text of our own says, as `coachsync.redaction.publication` wrote it."""
    calendar: dict[str, str] = {}
    events: dict[int, dict[str, str]] = {}
    for path, event, line in _placed(contentline.decode(written)):
        if line.name not in ("BEGIN", "END"):
            (calendar if path == _CALENDAR else events.setdefault(event, {}))[line.name] = line.value
    return Expected(calendar, {event["UID"]: event for event in events.values()})


def examine(text: str, written: Expected, view: Sequence[Seen] | None) -> Examination:
    """Compare a served text, as `contentline.decode` gives it, with what was written and with another parser's view.

    Every character of the text either equals what was written, or is left in `rest`, or is tolerated by exact value.
    """
    found = Examination()
    try:
        placed = _placed(text)
    except Malformed:
        found.remark("unreadable-object", say("it is not a whole calendar text: BEGIN and END do not match"))
        found.search(contentline.parse(text))
        return found
    if view is None:
        found.remark("unreadable-object", say("a second calendar reader cannot read it"))
    elif not _agree(placed, view):
        found.remark("parsers-disagree", say("two calendar readers see different things in it"))
    _examine_frame(placed, written, found)
    events: dict[int, list[_Placed]] = {}
    for item in placed:
        if item.event:
            events.setdefault(item.event, []).append(item)
    for event in events.values():
        _examine_event(event, written, found)
    return found


def _placed(text: str) -> list[_Placed]:
    """Each line but blank ones with the components it is in, its own BEGIN and END included. Raises Malformed."""
    path: Path = ()
    event = 0
    placed = []
    for line in contentline.lines(text):
        name = line.value.strip().upper()
        if line.name == "BEGIN":
            path = (*path, name)
            event += path == _EVENT
            if len(path) > contentline.DEEPEST_NESTING:
                raise Malformed("nested-too-deeply")
        if line.name or name:
            placed.append(_Placed(path, event if path[:2] == _EVENT else 0, line))
        if line.name == "END":
            if not path or path[-1] != name:
                raise Malformed("not-nested")
            path = path[:-1]
    if path:
        raise Malformed("not-closed")
    return placed


def _examine_frame(placed: Sequence[_Placed], written: Expected, found: Examination) -> None:
    """Everything outside of events: the calendar's own properties, other components, text around it."""
    if sum(item.path == _CALENDAR and item.line.name == "BEGIN" for item in placed) != 1:
        found.remark("unreadable-object", say("it is not one calendar"))
    _examine_lines([item.line for item in placed if item.path == _CALENDAR], written.calendar, found)
    stray = [item.line for item in placed if not item.path]
    if stray:
        found.remark("unreadable-object", say("there is text outside of the calendar"))
        found.search(stray)
    _examine_components([item for item in placed if item.path and not item.event and item.path != _CALENDAR], found)


def _examine_components(placed: Sequence[_Placed], found: Examination) -> None:
    for path, _, line in placed:
        if line.name == "BEGIN":
            found.remark("component", component_called(path[-1]))
    found.search([item.line for item in placed])


def _examine_event(event: Sequence[_Placed], written: Expected, found: Examination) -> None:
    own = [item.line for item in event if item.path == _EVENT]
    uid = next((line.value for line in own if line.name == "UID"), "")
    if uid not in written.events:
        found.remark("foreign-object", say("an event that was not published here"))
        found.search([item.line for item in event])
        return
    if uid in found.uids:
        found.remark("component", say("an event is served more than once"))
    found.uids.add(uid)
    _examine_lines(own, written.events[uid], found)
    _examine_components([item for item in event if item.path != _EVENT], found)
    names = {line.name for line in own}
    for name in _TIMES:
        if name not in names:
            found.remark("wrong-time", say("property {name} is missing", name=name))
    if "SUMMARY" not in names:
        found.remark("value", say("the label is missing"))


def _examine_lines(lines: Iterable[Line], wanted: Mapping[str, str], found: Examination) -> None:
    """The properties of one component against those that were written."""
    met: set[str] = set()
    strange = []
    for line in lines:
        differs = line.name not in ("BEGIN", "END") and not _same(line, wanted)
        if line.name in met:
            found.remark("property", say("{subject} stands there more than once", subject=_subject(line)))
        if line.name in wanted:
            met.add(line.name)
        for name, _ in line.params:
            found.remark(
                "parameter",
                say("{parameter} on {subject}", parameter=parameter_called(name), subject=_subject(line)),
            )
        if differs and not line.params and _tolerated(line):
            continue
        if differs:
            found.remarks += _difference(line, wanted)
            strange.append(line)
        elif line.params:  # the value is ours: what stands before it is not
            text = contentline.unfold(line.raw)
            found.rest.append((_subject(line), text[: len(text) - len(line.value)]))
    found.search(strange)


def _same(line: Line, wanted: Mapping[str, str]) -> bool:
    value = wanted.get(line.name)
    if value is None:
        return False
    return line.value == value or (
        line.name in _TEXTS and contentline.unescape(line.value) == contentline.unescape(value)
    )


def _tolerated(line: Line) -> bool:
    return (line.name, line.value) in _HARMLESS or (
        line.name == "PRODID" and _SERVER_PRODID.fullmatch(line.value) is not None
    )


def _difference(line: Line, wanted: Mapping[str, str]) -> Iterator[Remark]:
    subject = _subject(line)
    if line.name == "PRODID":
        return  # a server's own name is no harm as long as the search finds nothing private in it
    if line.name in _TIMES and line.name in wanted:
        yield Remark("wrong-time", say("{subject} is not the time that was published", subject=subject))
    elif line.name in wanted:
        yield Remark("value", say("{subject} has a value that was not written here", subject=subject))
    else:
        yield Remark("property", say("{subject} is not among what a share may hold", subject=subject))


def _subject(line: Line) -> str:
    return property_called(line.name) if line.name else say("a line that is no property")


def _agree(placed: Iterable[_Placed], view: Iterable[Seen]) -> bool:
    """Whether another parser sees the same properties in the same components, with the same values and parameters."""
    theirs = Counter((path, name, frozenset(key for key, _ in params), value) for path, name, params, value in view)
    for path, _, line in placed:
        if line.name in ("BEGIN", "END"):
            continue
        names = frozenset(name for name, _ in line.params)
        for value in (line.value, contentline.unescape(line.value)):
            if theirs[path, line.name, names, value] > 0:
                theirs[path, line.name, names, value] -= 1
                break
        else:
            return False
    return not +theirs
