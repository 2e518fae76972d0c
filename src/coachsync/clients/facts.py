"""What an appointment's text says about the people in it: read here, compared, and never passed on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from coachsync import contentline
from coachsync.contentline import Component, Line

_CATEGORY = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_PEOPLE = frozenset(("ATTENDEE", "ORGANIZER"))
_READ = _PEOPLE | {"BEGIN", "END", "SUMMARY", "CATEGORIES", "CLASS", "RECURRENCE-ID"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one VEVENT: the addresses and names of the others in it, its title, its categories (folded) and its CLASS as
    written. `is_override`: it stands for one date of a series; `also` are then the facts of that series."""

    addresses: frozenset[str] = frozenset()
    called: tuple[str, ...] = ()
    title: str = ""
    categories: frozenset[str] = frozenset()
    visibility: str = ""
    is_override: bool = False
    also: Facts | None = None


def facts(text: str, own: Collection[str]) -> tuple[Facts, ...]:
    """One for each VEVENT of a calendar object, in their order; nothing where BEGIN and END do not nest.

    `own` are the coach's addresses, lower case. What an override does not say is as its series says it; what it says
    otherwise hides nobody, because it knows what its series says.
    """
    try:
        tops = contentline.components(contentline.named(text, _READ))
    except contentline.Malformed:
        return ()
    events = [_facts(child, own) for top in tops for child in top.children if child.name == "VEVENT"]
    master = next((event for event in events if not event.is_override), Facts())
    return tuple(_completed(event, master) if event.is_override else event for event in events)


def _facts(event: Component, own: Collection[str]) -> Facts:
    people = [line for line in event.lines if line.name in _PEOPLE]
    others = [line for line in people if contentline.addresses(line).isdisjoint(own)]
    return Facts(
        addresses=frozenset(address for line in others for address in contentline.addresses(line)),
        called=tuple(dict.fromkeys(name for line in others if (name := line.param("CN")))),
        title=next((contentline.unescape(line.value) for line in _named(event, "SUMMARY")), ""),
        categories=frozenset(_categories(_named(event, "CATEGORIES"))),
        visibility=next((line.value for line in _named(event, "CLASS")), ""),
        is_override=any(line.name == "RECURRENCE-ID" for line in event.lines),
    )


def _completed(event: Facts, master: Facts) -> Facts:
    return replace(
        event,
        addresses=event.addresses or master.addresses,
        called=event.called or master.called,
        title=event.title or master.title,
        categories=event.categories or master.categories,
        visibility=event.visibility or master.visibility,
        also=master,
    )


def _named(event: Component, name: str) -> Iterator[Line]:
    return (line for line in event.lines if line.name == name)


def _categories(lines: Iterable[Line]) -> Iterator[str]:
    """Each category (RFC 5545 section 3.8.1.2: a list, a comma in one of them is escaped)."""
    for line in lines:
        for category in _CATEGORY.findall(line.value):
            if said := contentline.unescape(category).strip():
                yield said.casefold()
