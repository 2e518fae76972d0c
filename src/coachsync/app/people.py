"""Who is named in appointments, and which words are the coach's own."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync import contentline
from coachsync.adapters.database import Copies
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.redaction import words

_PERSONS = frozenset(("ATTENDEE", "ORGANIZER", "CONTACT"))


def own_words(config: Config) -> frozenset[str]:
    """What the coach calls the practice, its calendars and shares, and logs in as; as `words.said` gives it."""
    calendars = (calendar.display_name or "" for calendar in config.calendars.values())
    labels = (text for share in config.shares.values() for text in share.texts.values())
    logins = (account.username for account in config.accounts.values())
    return words.said((config.practice.name, *config.calendars, *calendars, *config.shares, *labels, *logins))


def invites(body: bytes) -> bool:
    """Whether an object names people whom a server may write to when it changes (RFC 6638)."""
    return any(line.name in ("ATTENDEE", "ORGANIZER") for line in contentline.lines(contentline.decode(body)))


def named(wiring: Wiring) -> Iterator[str]:
    """The lines of source events that name a person, but for those about the coach, by address or by the same name."""
    for name, calendar in wiring.config.calendars.items():
        own = wiring.addresses(calendar.account)
        lines = {
            line.raw: line
            for _, body in Copies(wiring.database, name).texts()
            for line in contentline.lines(contentline.decode(body))
            if line.name in _PERSONS
        }
        coach = {raw for raw, line in lines.items() if not own.isdisjoint(contentline.addresses(line))}
        called = {lines[raw].param("CN") for raw in coach} - {None}
        yield from (raw for raw, line in lines.items() if raw not in coach and line.param("CN") not in called)
