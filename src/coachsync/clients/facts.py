"""What an appointment's text says about the people in it: read here, compared, and never passed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from coachsync import contentline
from coachsync.contentline import Component, Line

_CATEGORY = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_PEOPLE = frozenset(("ATTENDEE", "ORGANIZER"))
_BEHIND = frozenset(("SENT-BY", "DELEGATED-FROM", "DELEGATED-TO", "MEMBER"))  # parameters that tell of somebody else
_READ = _PEOPLE | {"BEGIN", "END", "SUMMARY", "CONTACT", "CATEGORIES", "CLASS", "RECURRENCE-ID"}
# Not of iCalendar (RFC 5545 section 3.1), but programs that read vCards understand it here too.
_GROUPED = re.compile(r"\.(?:ATTENDEE|ORGANIZER|CONTACT|SUMMARY)[;:]", re.IGNORECASE)
_GROUP = re.compile(r"^[a-z0-9-]++\.(?=(?:ATTENDEE|ORGANIZER|CONTACT|SUMMARY)[;:])", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one VEVENT: the addresses and names of the others in it, its title, its categories (folded) and its CLASS as
    written. `is_override`: it stands for one date of a series; `also` are then the facts of that series. `mentioned`
    are texts about people who need not be in it: whom to ask, who sent it for somebody, addresses in no usual form."""

    addresses: frozenset[str] = frozenset()
    called: tuple[str, ...] = ()
    title: str = ""
    categories: frozenset[str] = frozenset()
    visibility: str = ""
    is_override: bool = False
    also: Facts | None = None
    mentioned: tuple[str, ...] = ()


def facts(text: str, own: Collection[str], clients: Collection[str] = ()) -> tuple[Facts, ...]:
    """One for each VEVENT of a calendar object, in their order; nothing where BEGIN and END do not nest.

    `own` are the coach's addresses, lower case, of which one that is no more than a first part hides none of `clients`,
    the addresses of the directory. What an override does not say is as its series says it; what it says
    otherwise hides nobody, because it knows what its series says.
    """
    if _GROUPED.search(text):
        text = _GROUP.sub("", text)
    try:
        tops = contentline.components(contentline.named(text, _READ))
    except contentline.Malformed:
        return ()
    events = [_facts(child, own, clients) for top in tops for child in top.children if child.name == "VEVENT"]
    master = next((event for event in events if not event.is_override), Facts())
    return tuple(_completed(event, master) if event.is_override else event for event in events)


def _facts(event: Component, own: Collection[str], clients: Collection[str]) -> Facts:
    people = [line for line in event.lines if line.name in _PEOPLE]
    known = ((line, contentline.whole_addresses(line)) for line in people)
    others = [(line, whole) for line, whole in known if not contentline.is_one_of(whole, own, clients)]
    mentioned = (*_contacts(event), *_behind(people, own), *_unusual(others))
    return Facts(
        addresses=frozenset(address for _, whole in others for address in whole),
        called=tuple(dict.fromkeys(name for line, _ in others if (name := line.param("CN")))),
        title="\n".join(contentline.unescape(line.value) for line in _named(event, "SUMMARY")),
        categories=frozenset(_categories(_named(event, "CATEGORIES"))),
        visibility=next((line.value for line in _named(event, "CLASS")), ""),
        is_override=any(line.name == "RECURRENCE-ID" for line in event.lines),
        mentioned=tuple(dict.fromkeys(mentioned)),
    )


def _contacts(event: Component) -> Iterator[str]:
    return (contentline.unescape(line.value) for line in _named(event, "CONTACT"))


def _behind(people: Iterable[Line], own: Collection[str]) -> Iterator[str]:
    """Who acts for somebody, or somebody for whom: whoever the line is of."""
    for line in people:
        for name, values in line.params:
            if name in _BEHIND:
                yield from (found for one in values if (found := contentline.address(one)) not in own)


def _unusual(others: Iterable[tuple[Line, frozenset[str]]]) -> Iterator[str]:
    """What is no plain address: a telephone number, a path, a name beside an address."""
    for line, whole in others:
        written = line.value.lower().removeprefix("mailto:")
        if "@" not in written or written not in whole:
            yield unquote(line.value)


def _completed(event: Facts, master: Facts) -> Facts:
    return replace(
        event,
        addresses=event.addresses or master.addresses,
        called=event.called or master.called,
        title=event.title or master.title,
        categories=event.categories or master.categories,
        visibility=event.visibility or master.visibility,
        also=master,
        mentioned=event.mentioned or master.mentioned,
    )


def _named(event: Component, name: str) -> Iterator[Line]:
    return (line for line in event.lines if line.name == name)


def _categories(lines: Iterable[Line]) -> Iterator[str]:
    """Each category (RFC 5545 section 3.8.1.2: a list, a comma in one of them is escaped)."""
    for line in lines:
        for category in _CATEGORY.findall(line.value):
            if said := contentline.unescape(category).strip():
                yield said.casefold()
