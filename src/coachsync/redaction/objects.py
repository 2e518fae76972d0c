"""One served calendar text against what was written: what differs, and which text is left to be searched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from coachsync import contentline
from coachsync.contentline import Line, Malformed
from coachsync.phrases import say
from coachsync.redaction.allowed import STAMP, Expected
from coachsync.redaction.kinds import Kind
from coachsync.redaction.vocabulary import component_called, parameter_called, property_called

Path = tuple[str, ...]
# What a parser sees: components from the outside in, name, parameters, value.
Seen = tuple[Path, str, tuple[tuple[str, tuple[str, ...]], ...], str]

_CALENDAR: Path = ("VCALENDAR",)
_EVENT: Path = ("VCALENDAR", "VEVENT")
_TEXTS = frozenset(("SUMMARY", "PRODID", "NAME", "X-WR-CALNAME"))  # servers may escape them in their own way
_TIMES = ("DTSTART", "DTEND")
# When something happened to the event: on ours it is always the same moment.
_STAMPS = frozenset(("DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "ACKNOWLEDGED", "X-MOZ-LASTACK"))
# What servers put around the events of a whole calendar that they export; what it says is searched.
EXPORT_FRAME = frozenset(
    (
        *("NAME", "DESCRIPTION", "COLOR", "METHOD", "REFRESH-INTERVAL", "SOURCE", "URL", "UID", "LAST-MODIFIED"),
        *("X-WR-CALNAME", "X-WR-CALDESC", "X-WR-TIMEZONE", "X-WR-RELCALID", "X-PUBLISHED-TTL"),
        *("X-APPLE-CALENDAR-COLOR", "X-OUTLOOK-COLOR", "X-FUNAMBOL-COLOR"),
    )
)
FOREIGN = "?"  # the owner of what stands in an event that was not published

# What servers put into objects on their own and what says nothing, by exact value.
_HARMLESS = frozenset(
    (
        ("CLASS", "PUBLIC"),  # SOGo adds it; the default (RFC 5545 section 3.8.1.3)
        ("SEQUENCE", "0"),  # the default (section 3.8.7.4): never rescheduled
        ("CREATED", STAMP),  # our own constant: says no time
        ("LAST-MODIFIED", STAMP),
    )
)
# Servers that put their own name in place of ours; any other PRODID is searched for private words.
_SERVER_PRODID = re.compile(
    r"-//(?:SabreDAV//SabreDAV|Sabre//Sabre VObject [0-9.]+|PYVOBJECT//NONSGML Version [0-9.]+"
    r"|Inverse inc\./SOGo [0-9.]+|davical\.org//NONSGML AWL Calendar|CyrusIMAP\.org//Cyrus [0-9.]+)//EN"
)


class Remark(NamedTuple):
    """Something that should not be there: a code and a sentence that repeats nothing of what is served. `owner` is the
    UID of the published event that it is about, "" for what stands around events, FOREIGN for any other event."""

    code: Kind
    detail: str
    owner: str = ""


class Rest(NamedTuple):
    """A text that is still to be searched, and what it is."""

    subject: str
    text: str
    owner: str = ""


@dataclass(slots=True)
class Examination:
    """What one text gave: remarks, the UIDs found of those expected, and what is still to be searched."""

    remarks: list[Remark] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    rest: list[Rest] = field(default_factory=list)
    owner: str = ""  # of what is looked at now

    def remark(self, code: Kind, detail: str) -> None:
        self.remarks.append(Remark(code, detail, self.owner))

    def leave(self, subject: str, text: str) -> None:
        self.rest.append(Rest(subject, text, self.owner))

    def search(self, lines: Sequence[Line]) -> None:
        """Leave lines to be searched; those that are no properties also joined, for a text may run over several."""
        texts = [(_subject(line), contentline.unfold(line.raw)) for line in lines]
        for subject, text in texts:
            self.leave(subject, text)
        if any(not line.name for line in lines):
            self.leave(say("several lines"), "\n".join(text for _, text in texts))

    @property
    def clean(self) -> bool:
        """Whether the text says what was written, and no more."""
        return not (self.remarks or self.rest)


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
            values = calendar if path == _CALENDAR else events.setdefault(event, {})
            values[line.name] = contentline.unescape(line.value) if line.name in _TEXTS else line.value
    return Expected(calendar, {event["UID"]: event for event in events.values()})


def examine(
    text: str, written: Expected, view: Sequence[Seen] | None, frame: Collection[str] = frozenset()
) -> Examination:
    """Compare a served text, as `contentline.decode` gives it, with what was written and with another parser's view.

    Every character of the text either equals what was written, or is left in `rest`, or is tolerated by exact value.
    `frame` are properties of the calendar, and time zones, that a server may add: left in `rest`, without a remark.
    """
    found = Examination()
    try:
        placed = _placed(text)
    except Malformed:
        found.remark(Kind.UNREADABLE_OBJECT, say("it is not a whole calendar text: BEGIN and END do not match"))
        found.search(contentline.parse(text))
        return found
    if view is None:
        found.remark(Kind.UNREADABLE_OBJECT, say("a second calendar reader cannot read it"))
    elif not _agree(placed, view):
        found.remark(Kind.PARSERS_DISAGREE, say("two calendar readers see different things in it"))
    _examine_frame(placed, written, found, frame)
    events: dict[int, list[_Placed]] = {}
    for item in placed:
        if item.event:
            events.setdefault(item.event, []).append(item)
    for event in events.values():
        _examine_event(event, _owner(event, events, written), written, found)
    return found


def _owner(event: Sequence[_Placed], events: Mapping[int, object], written: Expected) -> str:
    """Which of the published events this one is: by its UID, and the only one there is whatever its UID."""
    uid = next((item.line.value for item in event if item.path == _EVENT and item.line.name == "UID"), "")
    if uid in written.events:
        return uid
    return next(iter(written.events)) if len(written.events) == len(events) == 1 else FOREIGN


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


def _examine_frame(placed: Sequence[_Placed], written: Expected, found: Examination, frame: Collection[str]) -> None:
    """Everything outside of events: the calendar's own properties, other components, text around it."""
    if sum(item.path == _CALENDAR and item.line.name == "BEGIN" for item in placed) != 1:
        found.remark(Kind.UNREADABLE_OBJECT, say("it is not one calendar"))
    lines = [item.line for item in placed if item.path == _CALENDAR]
    added = [line for line in lines if line.name in frame and line.name not in written.calendar]
    found.search(added)
    _examine_lines([line for line in lines if line not in added], written.calendar, found)
    stray = [item.line for item in placed if not item.path]
    if stray:
        found.remark(Kind.UNREADABLE_OBJECT, say("there is text outside of the calendar"))
        found.search(stray)
    rest = [item for item in placed if item.path and not item.event and item.path != _CALENDAR]
    _examine_components(rest, found, ("VTIMEZONE",) if frame else ())


def _examine_components(placed: Sequence[_Placed], found: Examination, added: Collection[str] = ()) -> None:
    for path, _, line in placed:
        if line.name == "BEGIN" and not set(path[1:2]) & set(added):
            found.remark(Kind.COMPONENT, component_called(path[-1]))
    found.search([item.line for item in placed])


def _examine_event(event: Sequence[_Placed], owner: str, written: Expected, found: Examination) -> None:
    found.owner = owner
    if owner == FOREIGN:
        found.remark(Kind.FOREIGN_OBJECT, say("an event that was not published here"))
        found.search([item.line for item in event])
        return
    own = [item.line for item in event if item.path == _EVENT]
    if owner in found.uids:
        found.remark(Kind.COMPONENT, say("an event is served more than once"))
    found.uids.add(owner)
    _examine_lines(own, written.events[owner], found)
    _examine_components([item for item in event if item.path != _EVENT], found)
    names = {line.name for line in own}
    for name in _TIMES:
        if name not in names:
            found.remark(Kind.WRONG_TIME, say("property {name} is missing", name=name))
    if "SUMMARY" not in names:
        found.remark(Kind.VALUE, say("the label is missing"))
    if "UID" not in names:
        found.remark(Kind.UID, say("property {name} is missing", name="UID"))


def _examine_lines(lines: Iterable[Line], wanted: Mapping[str, str], found: Examination) -> None:
    """The properties of one component against those that were written."""
    met: set[str] = set()
    strange = []
    for line in lines:
        differs = line.name not in ("BEGIN", "END") and not _same(line, wanted)
        if line.name in met:
            found.remark(Kind.PROPERTY, say("{subject} stands there more than once", subject=_subject(line)))
        if line.name in wanted:
            met.add(line.name)
        for name, _ in line.params:
            found.remark(
                Kind.PARAMETER,
                say("{parameter} on {subject}", parameter=parameter_called(name), subject=_subject(line)),
            )
        if differs and not line.params and _tolerated(line):
            continue
        if differs:
            _remark_difference(line, wanted, found)
            strange.append(line)
        elif line.params:  # the value is ours: what stands before it is not
            text = contentline.unfold(line.raw)
            found.leave(_subject(line), text[: len(text) - len(line.value)])
    found.search(strange)


def _same(line: Line, wanted: Mapping[str, str]) -> bool:
    value = contentline.unescape(line.value) if line.name in _TEXTS else line.value
    return line.name in wanted and value == wanted[line.name]


def _tolerated(line: Line) -> bool:
    return (line.name, line.value) in _HARMLESS or (
        line.name == "PRODID" and _SERVER_PRODID.fullmatch(line.value) is not None
    )


def _remark_difference(line: Line, wanted: Mapping[str, str], found: Examination) -> None:
    name, subject = line.name, _subject(line)
    if name == "PRODID":
        return  # a server's own name is no harm as long as the search finds nothing private in it
    if name == "UID" and name in wanted:
        found.remark(Kind.UID, say("{subject} is not the one that was drawn for it", subject=subject))
    elif name in _STAMPS:
        found.remark(Kind.TIMESTAMP, say("{subject} is a moment that was not written here", subject=subject))
    elif name in _TIMES and name in wanted:
        found.remark(Kind.WRONG_TIME, say("{subject} is not the time that was published", subject=subject))
    elif name in wanted:
        found.remark(Kind.VALUE, say("{subject} has a value that was not written here", subject=subject))
    else:
        found.remark(Kind.PROPERTY, say("{subject} is not among what a share may hold", subject=subject))


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
