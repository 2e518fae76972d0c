"""What a served share must not contain: everything it serves, compared with what was published, then searched.

What equals what we wrote is ours. Only the rest is searched for what identifies a client, here and never by asking a
server. No finding repeats a character of what it found. `where` is "object 3" for an object that we published, "foreign
object 3" for one that we did not, "file" and "collection": whoever can write into a share can make any finding about a
foreign object, so nothing that others can see may depend on what the search says about one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from coachsync import contentline
from coachsync.model import Finding, Label, Slot
from coachsync.phrases import say
from coachsync.redaction.objects import Examination, Expected, Seen, examine, expected
from coachsync.redaction.publication import document, feed
from coachsync.redaction.words import Words, identifiers, search, without

Journal = Mapping[str, tuple[str, Slot]]  # what we published: href -> (UID, slot)
Private = Callable[[], Iterable[str]]  # texts that nobody else may read: events whole, names of their objects

_NOTHING = Expected({}, {})
# One colour for a whole collection tells nothing of any client, and clients give one on their own.
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")


@dataclass(frozen=True, slots=True)
class Served:
    """One object as the audience gets it, and what the second parser sees in it (None: it cannot read it)."""

    href: str
    body: bytes
    view: Sequence[Seen] | None


@dataclass(frozen=True, slots=True)
class Front:
    """What a collection says of itself; `expected` is the configured name, None when its URL was configured instead."""

    name: str = ""
    description: str = ""
    colour: str = ""
    expected: str | None = None


class _Search:
    """Looks for what is private; the private texts are read at the first question, and never without one."""

    def __init__(self, private: Private) -> None:
        self._private = private
        self._words: Words | None = None

    def __call__(self, code: str, where: str, subject: str, text: str) -> Iterator[Finding]:
        if not text.strip():
            return
        if self._words is None:
            self._words = Words(identifiers(self._private()))
        how = search(text, self._words)
        if how:
            yield Finding(
                code, where, say("{subject} holds a word of a private event, {how}", subject=subject, how=how)
            )


def in_collection(
    served: Iterable[Served], journal: Journal, texts: Mapping[Label, str], front: Front, private: Private
) -> tuple[Finding, ...]:
    """What is wrong with a collection that a share was published to. Hrefs count as equal in any percent-encoding."""
    seek = _Search(private)
    published = {unquote(href): entry for href, entry in journal.items()}
    findings = list(_of_front(front, seek))
    for number, item in enumerate(served, 1):
        entry = published.pop(unquote(item.href), None)
        if entry is None:
            findings += _of_foreign(item, say("foreign object {number}", number=number), seek)
            continue
        uid, slot = entry
        written = expected(document(uid, slot, texts[slot.label]))
        examination = examine(contentline.decode(item.body), written, item.view)
        findings += _of_examination(examination, say("object {number}", number=number), seek)
        if uid not in examination.uids and not any(code == "foreign-object" for code, _ in examination.remarks):
            findings.append(
                Finding(
                    "missing-object", say("object {number}", number=number), say("it holds no event that can be read")
                )
            )
    if published:
        findings.append(
            Finding(
                "missing-object", say("collection"), say("published and not served: {number}", number=len(published))
            )
        )
    return tuple(dict.fromkeys(findings))


def in_names(names: Iterable[tuple[str, str]], ours: frozenset[str], people: Private) -> tuple[Finding, ...]:
    """Which of the names that the coach gave to a target name a person: (the configuration key, the decoded name).

    `people` gives the lines of private events about others; `ours` are words, as `words.said` gives them, that the
    coach uses for the practice, its calendars and shares: they may stand in a name whatever appointments say.
    """
    left = [(where, rest) for where, name in names if (rest := without(name, ours))]
    if not left:
        return ()
    others = Words(identifiers(people()))
    detail = say("it holds a word that names a person in an appointment; a name of your own can stand in practice.name")
    return tuple(Finding("target-name", where, detail) for where, rest in left if search(rest, others))


def in_file(
    body: bytes,
    view: Sequence[Seen] | None,
    entries: Iterable[tuple[str, Slot]],
    texts: Mapping[Label, str],
    name: str,
    private: Private,
) -> tuple[Finding, ...]:
    """What is wrong with a share that is one calendar file; `entries` (UID, slot) and `name` as given to `feed`."""
    written = expected(feed(entries, texts, name))
    examination = examine(contentline.decode(body), written, view)
    findings = list(_of_examination(examination, say("file"), _Search(private)))
    missing = len(written.events.keys() - examination.uids)
    if missing:
        findings.append(
            Finding("missing-object", say("file"), say("published and not served: {number}", number=missing))
        )
    return tuple(dict.fromkeys(findings))


def _of_examination(examination: Examination, where: str, seek: _Search) -> Iterator[Finding]:
    for code, detail in examination.remarks:
        yield Finding(code, where, detail)
    for subject, text in examination.rest:
        yield from seek("identifier", where, subject, text)


def _of_foreign(item: Served, where: str, seek: _Search) -> Iterator[Finding]:
    yield Finding("foreign-object", where, say("an entry that was not published here"))
    yield from seek("href", where, say("its address"), item.href.rstrip("/").rpartition("/")[2])
    for subject, text in examine(contentline.decode(item.body), _NOTHING, item.view).rest:
        yield from seek("identifier", where, subject, text)


def _of_front(front: Front, seek: _Search) -> Iterator[Finding]:
    """What the collection is called, also where the coach called it so, and what it says beside."""
    configured = front.expected is not None and _composed(front.name) == _composed(front.expected)
    if front.expected is not None and not configured:
        yield Finding("collection-text", say("collection"), say("its name is not the configured one"))
    if not configured:
        yield from seek("identifier", say("collection"), say("its name"), front.name)
    if front.description:
        yield Finding("collection-text", say("collection"), say("it has a description that was not written here"))
        yield from seek("identifier", say("collection"), say("its description"), front.description)
    if front.colour and not _COLOUR.fullmatch(front.colour):
        yield Finding("collection-text", say("collection"), say("its colour is no colour"))
        yield from seek("identifier", say("collection"), say("its colour"), front.colour)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
