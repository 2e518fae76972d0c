"""A share that is served in one piece: the calendar file, and what a public link gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from coachsync import contentline
from coachsync.model import Finding
from coachsync.phrases import say
from coachsync.redaction.allowed import Ours, allowed
from coachsync.redaction.kinds import Kind
from coachsync.redaction.leaks import as_own, composed, missing, of_remarks, of_taken, of_uid
from coachsync.redaction.objects import EXPORT_FRAME, FOREIGN, Examination, Seen, examine
from coachsync.redaction.seeking import Search

# What servers write around the events of an export and what says nothing: intervals, methods, colours, moments.
_HARMLESS = re.compile(
    r"P(?:T?\d{1,3}[DHMW])+|PUBLISH|#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?|[+-]\d{4}|\d{8}T\d{6}Z?|STANDARD|DAYLIGHT|VTIMEZONE"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a public link's events from elsewhere: UIDs of entries that somebody edited, and what the
    account sees of all UIDs. `texts` may stand around them: the configured name, the practice's time zone."""

    edited: Set[str] = frozenset()
    seen: Set[str] = frozenset()
    texts: Set[str] = frozenset()


def in_file(
    body: bytes, view: Sequence[Seen] | None, entries: Iterable[Ours], search: Search, *, edited: bool = False
) -> tuple[Finding, ...]:
    """What is wrong with a share that is one calendar file. `edited`: its content is not the one that was written."""
    written = {entry.uid: entry for entry in entries}
    examination = examine(contentline.decode(body), allowed(written.values()), view)
    where = say("edited file") if edited and not examination.clean else say("file")
    findings = list(of_remarks(examination, where, where, search))
    if edited and not examination.clean:
        findings.append(Finding(Kind.EDITED_OBJECT, where, say("somebody changed it since it was written")))
    for uid in written:
        findings += of_uid(uid, where, search)
    gone = written.keys() - examination.uids
    if gone:
        findings.append(missing(where, len(gone)))
    mine = findings if edited and not examination.clean else as_own(findings)
    taken = (finding for uid in written for finding in of_taken(uid, where, search))
    return tuple(dict.fromkeys((*mine, *taken)))


def in_export(
    body: bytes, view: Sequence[Seen] | None, entries: Iterable[Ours], search: Search, known: Known
) -> tuple[Finding, ...]:
    """What is wrong with the calendar that a public link gives. The server may write a frame of its own around the
    events; each line of it is searched, unless it is among what may stand there."""
    examination = examine(contentline.decode(body), allowed(entries), view, EXPORT_FRAME)
    shown, marks = _shown(body), _without_known(examination, known)
    findings = list(_marked(marks, known, search))
    if shown != known.seen:
        detail = say("it does not show the same entries as the account: {number}", number=len(shown ^ known.seen))
        findings.append(Finding(Kind.PUBLIC_OBJECT, say("public link"), detail))
    return tuple(dict.fromkeys(findings))


def uids(body: bytes) -> frozenset[str]:
    """The UIDs of the events in a text."""
    return _shown(body)


def _shown(body: bytes) -> frozenset[str]:
    path: list[str] = []
    found = set()
    for line in contentline.lines(contentline.decode(body)):
        if line.name == "BEGIN":
            path.append(line.value.strip().upper())
        elif line.name == "END" and path:
            path.pop()
        elif line.name == "UID" and path[1:] == ["VEVENT"]:
            found.add(line.value)
    return frozenset(found)


def _without_known(examination: Examination, known: Known) -> Examination:
    """The same without the lines of the frame that say what they may."""
    texts = {composed(text) for text in known.texts}
    left = [rest for rest in examination.rest if rest.owner or not _may_stand(rest.text, texts)]
    return Examination(examination.remarks, examination.uids, left)


def _may_stand(line: str, texts: Set[str]) -> bool:
    value = line.partition(":")[2]
    plain = line.partition(":")[0].upper().removesuffix(";VALUE=TEXT").count(";") == 0
    return plain and (composed(contentline.unescape(value)) in texts or _HARMLESS.fullmatch(value) is not None)


def _marked(examination: Examination, known: Known, search: Search) -> Iterator[Finding]:
    """Findings where the event is that they are about: ours, edited, or foreign."""
    owners = {mark.owner for mark in examination.remarks} | {mark.owner for mark in examination.rest}
    for owner in sorted(owners):
        where = _place(owner, known)
        of_one = Examination(
            [remark for remark in examination.remarks if remark.owner == owner],
            rest=[rest for rest in examination.rest if rest.owner == owner],
        )
        yield from of_remarks(of_one, where, where, search)


def _place(owner: str, known: Known) -> str:
    if owner == FOREIGN:
        return say("foreign object in the public link")
    return say("edited object in the public link") if owner in known.edited else say("public link")
