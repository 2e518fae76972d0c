"""What a served share must not contain: everything it serves, compared with what was published, then searched.

What equals what we wrote is ours. Only the rest is searched for what identifies a client, here and never by asking a
server. No finding repeats a character of what it found. `where` is "object 3" for an object that we published, "edited
object 3" for one that somebody has changed since, "foreign object 3" for one that we did not publish, and "collection":
whoever can write into a share can make any finding about a foreign or an edited object, so nothing that others can see
may depend on what the search says about one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from coachsync import contentline
from coachsync.model import Finding
from coachsync.phrases import say
from coachsync.redaction.allowed import Ours, allowed, is_random, is_random_place
from coachsync.redaction.kinds import Kind
from coachsync.redaction.objects import FOREIGN, Examination, Seen, examine
from coachsync.redaction.publication import document
from coachsync.redaction.seeking import Search
from coachsync.redaction.words import without

Journal = Mapping[str, Ours]  # what we published, by href

_NOTHING = allowed(())
# One colour for a whole collection tells nothing of any client, and clients give one on their own.
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
# ETags as servers make them: a hash of the content, SOGo's version number. No text is in them, and most servers have
# these; any other one is searched.
_ETAG = re.compile(r'(?:W/)?"?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|gcs\d{8})"?')
_COUNTER = re.compile(r'"?gcs\d{8}"?')  # SOGo


@dataclass(frozen=True, slots=True)
class Served:
    """One object as the audience gets it, and what the second parser sees in it (None: it cannot read it)."""

    href: str
    body: bytes
    view: Sequence[Seen] | None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """What a collection says of itself; `expected` is the configured name, None when its URL was configured instead.
    `path` is where it lies, without what it has in common with every calendar of the account."""

    name: str = ""
    description: str = ""
    colour: str = ""
    expected: str | None = None
    path: str = ""


def in_collection(
    served: Iterable[Served], journal: Journal, front: Front, search: Search, ours: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """What is wrong with a collection that a share was published to. Hrefs count as equal in any percent-encoding.

    `ours` are words, as `words.said` gives them, that the coach uses for the practice, its calendars and shares.
    """
    published = {unquote(href): entry for href, entry in journal.items()}
    findings = [*_of_front(front, search), *_of_path(front.path, search, ours)]
    for number, item in enumerate(served, 1):
        entry = published.pop(unquote(item.href), None)
        findings += _of_foreign(item, number, search) if entry is None else _of_ours(item, entry, number, search)
        findings += _of_etag(item, number, entry, search, ours)
    if published:
        findings.append(missing(say("collection"), len(published)))
    return tuple(dict.fromkeys(findings))


def missing(where: str, number: int) -> Finding:
    """So many entries were published there and are not served."""
    return Finding(Kind.MISSING_OBJECT, where, say("published and not served: {number}", number=number))


def of_remarks(examination: Examination, where: str, foreign: str, search: Search) -> Iterator[Finding]:
    """The findings of an examination: at `where`, and at `foreign` what stands in events that we did not publish."""
    for code, detail, owner in examination.remarks:
        yield Finding(code, foreign if owner == FOREIGN else where, detail)
    for subject, text, owner in examination.rest:
        yield from search(foreign if owner == FOREIGN else where, subject, text)


def called(item: Served, number: int, entry: Ours | None) -> str:
    """What findings call an object: ours, one of ours that somebody edited, or a foreign one."""
    if entry is None:
        return say("foreign object {number}", number=number)
    if edited(item, entry):
        return say("edited object {number}", number=number)
    return say("object {number}", number=number)


def edited(item: Served, entry: Ours) -> bool:
    """Whether somebody changed an object since it was written: its version is another one, and so is what it says."""
    return _is_other(item, entry) and not _examined(item, entry).clean


def _is_other(item: Served, entry: Ours) -> bool:
    """Whether it is another version than the one that was written. A version that is a counter begins anew with an
    object that somebody deletes and makes again: then the text tells, as it would be written by this very program."""
    if item.etag == entry.etag and _COUNTER.fullmatch(item.etag):
        return item.body != document(entry.uid, entry.slot, entry.text)
    return item.etag != entry.etag


def _examined(item: Served, entry: Ours) -> Examination:
    return examine(contentline.decode(item.body), allowed([entry]), item.view)


def _of_ours(item: Served, entry: Ours, number: int, search: Search) -> Iterator[Finding]:
    examination = _examined(item, entry)
    if not examination.clean and _is_other(item, entry):
        where = say("edited object {number}", number=number)
        yield Finding(Kind.EDITED_OBJECT, where, say("somebody changed it since it was written"))
        yield from _of_entry(item, entry, examination, where, search)
        return
    where = say("object {number}", number=number)
    yield from as_own(_of_entry(item, entry, examination, where, search))
    yield from of_taken(entry.uid, where, search)


def as_own(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings, as what is in our own writing."""
    return (replace(finding, own=True) for finding in findings)


def _of_entry(item: Served, entry: Ours, examination: Examination, where: str, search: Search) -> Iterator[Finding]:
    yield from of_remarks(examination, where, where, search)
    yield from _of_names(item, entry, where, search)
    if entry.uid not in examination.uids and not any(code == Kind.FOREIGN_OBJECT for code, *_ in examination.remarks):
        yield Finding(Kind.MISSING_OBJECT, where, say("it holds no event that can be read"))


def _of_names(item: Served, entry: Ours, where: str, search: Search) -> Iterator[Finding]:
    """What an object of ours is called: random names, and an ETag that says nothing."""
    yield from of_uid(entry.uid, where, search)
    place = unquote(item.href).rstrip("/").rpartition("/")[2]
    if not is_random_place(place):
        yield Finding(Kind.HREF, where, say("its address is not a random one"))
        yield from search(where, say("its address"), place, Kind.HREF)


def of_uid(uid: str, where: str, search: Search) -> Iterator[Finding]:
    """What is wrong with a UID that we wrote."""
    if not is_random(uid):
        yield Finding(Kind.UID, where, say("its UID is not a random one"))
        yield from search(where, say("its UID"), uid, Kind.UID)


def of_taken(uid: str, where: str, search: Search) -> Iterator[Finding]:
    """Whether a UID of ours is that of a private event too. No leak of our own: whoever sees a share knows its UIDs,
    and can invite the coach to an event that bears one."""
    if is_random(uid) and search.is_taken(uid):
        yield Finding(Kind.UID, where, say("its UID is that of a private event"))


def _of_etag(item: Served, number: int, entry: Ours | None, search: Search, ours: frozenset[str]) -> Iterator[Finding]:
    if not item.etag or _ETAG.fullmatch(item.etag):
        return
    for finding in search.but_for(ours, "", say("its version (ETag)"), item.etag, Kind.ETAG, coded=True):
        yield replace(finding, where=called(item, number, entry))


def _of_foreign(item: Served, number: int, search: Search) -> Iterator[Finding]:
    where = say("foreign object {number}", number=number)
    yield Finding(Kind.FOREIGN_OBJECT, where, say("an entry that was not published here"))
    yield from search(where, say("its address"), item.href.rstrip("/").rpartition("/")[2], Kind.HREF)
    for subject, text, _ in examine(contentline.decode(item.body), _NOTHING, item.view).rest:
        yield from search(where, subject, text)


def _of_front(front: Front, search: Search) -> Iterator[Finding]:
    """What the collection is called, also where the coach called it so, and what it says beside."""
    where = say("collection")
    configured = front.expected is not None and composed(front.name) == composed(front.expected)
    if front.expected is not None and not configured:
        yield Finding(Kind.DISPLAY_NAME, where, say("its name is not the configured one"))
    if not configured:
        yield from search(where, say("its name"), front.name, Kind.DISPLAY_NAME)
    if front.description:
        yield Finding(Kind.DESCRIPTION, where, say("it has a description that was not written here"))
        yield from search(where, say("its description"), front.description, Kind.DESCRIPTION)
    if front.colour and not _COLOUR.fullmatch(front.colour):
        yield Finding(Kind.COLOUR, where, say("its colour is no colour"))
        yield from search(where, say("its colour"), front.colour, Kind.COLOUR)


def _of_path(path: str, search: Search, ours: frozenset[str]) -> Iterator[Finding]:
    for segment in unquote(path).split("/"):
        if segment and not is_random_place(segment):
            yield from search(say("collection"), say("its address"), without(segment, ours), Kind.PATH)


def composed(name: str) -> str:
    """A name as it is compared, for servers may decompose accents."""
    return unicodedata.normalize("NFC", name)
