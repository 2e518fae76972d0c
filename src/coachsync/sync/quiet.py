"""How a change to an event with people in it is sent so that the server writes to none of them (promise 6), or why not.

A server that schedules (RFC 6638) sends mail, or changes other people's calendars, when such an event is written or
deleted. Only what was seen to keep one quiet is relied on; `docs/servers.md` has the table of what was seen. Quiet
requests carry headers as well, which are all that Cyrus and sabre/dav need.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from coachsync.contentline import Line, fold, lines, unfold
from coachsync.model import Software
from coachsync.phrases import Phrase, say
from coachsync.sync.decide import Side

_AGENT = re.compile(r'"[^"]*"|;SCHEDULE-AGENT=[^;]*', re.IGNORECASE)
_PEOPLE = ("ATTENDEE", "ORGANIZER")
BY_ADDRESS = frozenset({Software.DAVICAL, Software.SOGO})  # kept quiet by who is the account itself, and who is not
_NOT_ASKED = "NEEDS-ACTION"  # what an attendee without PARTSTAT has answered (RFC 5545 section 3.2.12)


@dataclass(frozen=True, slots=True)
class Sending:
    """What to send, one after the other, each under the condition of the version before it: texts, or None to delete.

    None at all when the server cannot be kept quiet; `refused` says why.
    """

    steps: tuple[Side, ...] = ()
    refused: Phrase | None = None


def concerns_others(before: Side, after: Side, own: Iterable[str]) -> bool:
    """Whether one of these versions has other people in it than the account; `own` as for `sending`."""
    return bool(_Change.of(before, after, own).others)


def sending(before: Side, after: Side, own: Iterable[str], software: Software | None, *, schedules: bool) -> Sending:
    """How to make `before`, which the server has, into `after` without a word to anybody; None where there is nothing.

    `own`: the account's calendar addresses, in any case, with or without `mailto:`. `software` and `schedules` as in
    `model.Principal`.
    """
    change = _Change.of(before, after, own)
    if not schedules or not change.others:
        return Sending((after,))
    how = _SERVERS.get(software or Software.OTHER, _unknown)
    try:
        return how(change)
    except ValueError:  # a line that cannot be written anew
        return _unknown(change)


@dataclass(frozen=True, slots=True)
class _Side:
    """The lines of one version that speak of people; their addresses, by property."""

    text: Side
    attendees: frozenset[str]
    organizers: frozenset[str]
    answers: Mapping[str, frozenset[str]]  # PARTSTAT, in capitals, by attendee
    left_out: frozenset[str]  # what EXDATE says
    own_ways: frozenset[str]  # the occurrences that differ: what RECURRENCE-ID says

    @classmethod
    def of(cls, text: Side) -> _Side:
        found = [line for line in lines(text or "") if line.name in (*_PEOPLE, "EXDATE", "RECURRENCE-ID")]
        attendees = [line for line in found if line.name == "ATTENDEE"]
        answers: dict[str, frozenset[str]] = {}
        for line in attendees:
            answer = frozenset({line.param("PARTSTAT").upper() or _NOT_ASKED})
            answers[_address(line.value)] = answers.get(_address(line.value), frozenset()) | answer
        return cls(
            text,
            frozenset(answers),
            frozenset(_address(line.value) for line in found if line.name == "ORGANIZER"),
            answers,
            frozenset(line.value for line in found if line.name == "EXDATE"),
            frozenset(line.value for line in found if line.name == "RECURRENCE-ID"),
        )


@dataclass(frozen=True, slots=True)
class _Change:
    before: _Side
    after: _Side
    own: frozenset[str]

    @classmethod
    def of(cls, before: Side, after: Side, own: Iterable[str]) -> _Change:
        return cls(_Side.of(before), _Side.of(after), frozenset(map(_address, own)) - {""})

    @property
    def organizers(self) -> frozenset[str]:
        return self.before.organizers | self.after.organizers

    @property
    def others(self) -> frozenset[str]:
        return (self.before.attendees | self.after.attendees | self.organizers) - self.own

    @property
    def organizes(self) -> bool:
        """Whether all that there is was called together by the account itself."""
        return bool(self.organizers) and self.organizers <= self.own

    @property
    def drops_people(self) -> bool:
        return self.after.text is not None and not self.before.attendees - self.own <= self.after.attendees

    def neighbours(self, people: Iterable[str]) -> bool:
        """Whether one of these may have a calendar on the same server: an address of the account's own domain, or
        nothing that could be told from one."""
        domains = {address.rpartition("@")[2] for address in self.own if "@" in address}
        return any("@" not in address or address.rpartition("@")[2] in domains for address in people)


def _as_it_is(change: _Change) -> Sending:
    return Sending((change.after.text,))


def _davical(change: _Change) -> Sending:
    """It leaves alone those whom the client takes care of; deleting goes by what is stored."""
    if not change.organizers:
        return _unknown(change)
    if not change.organizes:
        if change.after.text is not None and change.neighbours(change.organizers):
            return _refused(_LOCAL)
        return _as_it_is(change)
    if change.drops_people:
        return _refused(_DROPPED)
    return _marked_first(change, lambda line: line.name == "ATTENDEE" and _address(line.value) not in change.own)


def _sogo(change: _Change) -> Sending:
    """It mails nobody when the client takes care of the organizer, and changes calendars of its own users all the same.

    What goes away (all, or an occurrence that differed) goes by what is stored, so that is marked first. With the mark
    taken away in the end, the server goes on as before; that by itself is no change that it tells anybody.
    """
    if not change.organizers:
        return _unknown(change)
    if not change.organizes:
        return _sogo_guest(change)
    if change.neighbours(change.others):
        return _refused(_LOCAL)
    if change.drops_people:
        return _refused(_DROPPED)
    marked = _marked_first(change, _organizer, restored=True)
    if change.after.text is not None and not change.before.own_ways <= change.after.own_ways:
        return Sending((_marked(change.before.text or "", _organizer), *marked.steps))
    return marked


def _organizer(line: Line) -> bool:
    return line.name == "ORGANIZER"


def _sogo_guest(change: _Change) -> Sending:
    """It tells the organizer what this account answers, and a deletion is a No."""
    if change.after.text is None:
        return _refused(_DECLINES)
    if change.before.text is None:
        if not change.own & change.after.attendees:
            return _refused(_UNKNOWN)
        return _marked_first(change, lambda line: _address(line.value) in change.own, restored=True)
    answered = any(change.before.answers.get(one) != change.after.answers.get(one) for one in change.own)
    if answered or change.before.left_out != change.after.left_out:
        return _refused(_DECLINES)
    return _as_it_is(change)


def _marked_first(change: _Change, which: Callable[[Line], bool], *, restored: bool = False) -> Sending:
    """Sent with SCHEDULE-AGENT=CLIENT on some lines (RFC 6638 section 7.1), `restored`: and then without. What is to be
    deleted is marked first."""
    if change.after.text is None:
        before = change.before.text or ""
        marked = _marked(before, which)
        return Sending((None,) if marked == before else (marked, None))
    marked = _marked(change.after.text, which)
    return Sending((marked, change.after.text) if restored and marked != change.after.text else (marked,))


def _unknown(_: _Change) -> Sending:
    return _refused(_UNKNOWN)


_SERVERS: dict[Software, Callable[[_Change], Sending]] = {
    Software.CYRUS: _as_it_is,
    Software.SABRE: _as_it_is,
    Software.DAVICAL: _davical,
    Software.SOGO: _sogo,
}
_UNKNOWN = say("The server may write to the people in this appointment, and cannot be kept from it.")
_LOCAL = say("People in this appointment may have a calendar on the same server, which would show it at once.")
_DROPPED = say("The server would write to those who are no longer invited.")
_DECLINES = say("The server would tell the organizer that you do not come. Cancel the appointment instead.")


def _refused(why: Phrase) -> Sending:
    return Sending(refused=why)


def _address(value: str) -> str:
    return value.strip().lower().removeprefix("mailto:")


def _marked(text: str, which: Callable[[Line], bool]) -> str:
    return "".join(_mark(line) if line.name in _PEOPLE and which(line) else line.raw for line in lines(text))


def _mark(line: Line) -> str:
    """The line with SCHEDULE-AGENT=CLIENT; as it is when it says that, or that nobody takes care."""
    if line.param("SCHEDULE-AGENT").upper() in ("CLIENT", "NONE"):
        return line.raw
    logical = unfold(line.raw)
    head = logical.removesuffix(line.value).removesuffix(":")
    name, _, params = _AGENT.sub(lambda found: found[0] if found[0].startswith('"') else "", head).partition(";")
    marked = fold(";".join(part for part in (name, "SCHEDULE-AGENT=CLIENT", params) if part) + ":" + line.value)
    return marked if line.raw.endswith("\r\n") else marked.replace("\r\n", "\n")
