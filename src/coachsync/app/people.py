"""Who is named in appointments, and which words are the coach's own."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync import contentline
from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.redaction import words

_INVITING = frozenset(("ATTENDEE", "ORGANIZER"))
_PERSONS = _INVITING | {"CONTACT"}


def own_words(config: Config) -> frozenset[str]:
    """What the coach calls the practice, its calendars and shares, and logs in as; as `words.said` gives it."""
    labels = (text for share in config.shares.values() for text in share.texts.values())
    return house(config) | words.said(labels)


def house(config: Config) -> frozenset[str]:
    """The same without the labels."""
    calendars = (calendar.display_name or "" for calendar in config.calendars.values())
    logins = (account.username for account in config.accounts.values())
    return words.said((config.practice.name, *config.calendars, *calendars, *config.shares, *logins))


def invites(body: bytes) -> bool:
    """Whether an object names people whom a server may write to when it changes (RFC 6638)."""
    return any(contentline.named(contentline.decode(body), _INVITING))


def named(wiring: Wiring) -> Iterator[str]:
    """The lines of source events that name a person, but for those about the coach, by address or by the same name."""
    for lines, coach in _persons(wiring):
        called = {lines[raw].param("CN") for raw in coach} - {None}
        yield from (raw for raw, line in lines.items() if raw not in coach and line.param("CN") not in called)


def own_names(wiring: Wiring) -> Iterator[str]:
    """What the coach is called in source events."""
    for lines, coach in _persons(wiring):
        yield from (name for raw in coach if (name := lines[raw].param("CN")))


def _persons(wiring: Wiring) -> Iterator[tuple[dict[str, contentline.Line], set[str]]]:
    """By calendar: the lines that name a person, and which of them name the coach."""
    clients = wiring.clients.directory().addresses()
    for name, calendar in wiring.config.calendars.items():
        own = wiring.addresses(calendar.account)
        lines = {
            line.raw: line
            for _, body in Copies(wiring.database, name).texts()
            for line in contentline.named(contentline.decode(body), _PERSONS)
        }
        yield (
            lines,
            {
                raw
                for raw, line in lines.items()
                if contentline.is_one_of(contentline.whole_addresses(line), own, clients)
            },
        )
