"""What a server says beside the entries: properties of the collection and its members, heads of answers, pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from coachsync.model import Finding, Told
from coachsync.phrases import say
from coachsync.redaction.kinds import Kind
from coachsync.redaction.seeking import Search

# Properties that are looked at elsewhere: ETags with the objects, the rest with the collection.
_ELSEWHERE = frozenset(("getetag",))
_FRONT = frozenset(("displayname", "calendar-description", "calendar-color"))
# What servers say of themselves: moments, numbers, types, states of a sync, the names of components and privileges.
_HARMLESS = re.compile(
    r"\d{1,5}|\d{4}-\d\d-\d\dT[\d:.]+Z?|\d{8}T\d{6}Z"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"
    r"|(?:text/(?:calendar|html|xml)|application/xml|httpd/unix-directory)(?:; ?[\w-]+=\"?[\w-]+\"?)*"
    r"|https?://(?:radicale\.org|sabre\.io|sabredav\.org)/ns/(?:sync|sync-token)/(?:\d+|[0-9a-f-]{16,})"
    r"|(?:urn:uuid:)?\"?[0-9a-f-]{32,}\"?"
    r"|#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?|V(?:EVENT|TODO|JOURNAL|FREEBUSY|TIMEZONE|AVAILABILITY|ALARM|CALENDAR)"
    r"|i;(?:ascii|unicode)-casemap|[TF]|true|false|yes|no"
)
_SIZES = frozenset(("getcontentlength", "quota-available-bytes", "quota-used-bytes", "max-resource-size"))
_TOKENS = frozenset(("sync-token", "getctag", "resource-id", "id", "schedule-tag"))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Heads of an answer that say what the server is and how the answer came about.
_PLAIN_HEADS = _names(
    """
    date server content-length content-type connection transfer-encoding keep-alive vary allow dav cache-control expires
    pragma last-modified strict-transport-security x-content-type-options x-frame-options x-xss-protection
    referrer-policy x-robots-tag x-permitted-cross-domain-policies content-security-policy www-authenticate
    accept-ranges content-encoding x-powered-by alt-svc permissions-policy feature-policy x-request-id age via
    """
)
_SESSION = re.compile(r"(?:[\w-]+=[\w%.+/-]{16,})(?:; .*)?")  # a cookie with a number in it


@dataclass(frozen=True, slots=True)
class House:
    """Words that a server may say: those of the configuration and its addresses, and when one of the others is found,
    what the coach is called in appointments."""

    words: frozenset[str]
    coach: Callable[[], frozenset[str]]


def in_properties(
    told: Iterable[Told], collection: str, place: Callable[[str], str], search: Search, house: House
) -> Iterator[Finding]:
    """Findings in every text of every property; `collection` is the path whose name, description and colour are looked
    at elsewhere, `place` says what a href is."""
    for one in told:
        if one.name in _ELSEWHERE or (one.name in _FRONT and one.href.rstrip("/") == collection.rstrip("/")):
            continue
        if one.text == one.href or _HARMLESS.fullmatch(one.text) or (one.name in _SIZES and one.text.isdecimal()):
            continue
        subject, coded = say("a property that the server tells"), one.name in _TOKENS
        for finding in _findings("", subject, one.text, search, house, coded=coded):
            yield replace(finding, where=place(one.href))


def in_heads(heads: Iterable[tuple[str, str]], where: str, search: Search, house: House) -> Iterator[Finding]:
    """Findings in the heads of answers: the name of a file, links, cookies and whatever else there is."""
    for name, value in heads:
        if name in _PLAIN_HEADS or (name == "set-cookie" and _SESSION.fullmatch(value)):
            continue
        yield from _findings(where, say("a head of the answer"), value, search, house, coded=name == "etag")


def _findings(where: str, subject: str, text: str, search: Search, house: House, *, coded: bool) -> Iterator[Finding]:
    """The first reading of a text that tells something when the words that may stand there are taken out."""
    found = tuple(search.but_for(house.words, where, subject, text, Kind.ANSWER, coded=coded))
    if found:
        yield from search.but_for(house.words | house.coach(), where, subject, text, Kind.ANSWER, coded=coded)
