"""What no share may tell: everything private that is stored here, read when something has to be searched for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote, urlsplit

from coachsync import contentline
from coachsync.adapters.database import Copies, SignIns
from coachsync.app.people import named, own_words
from coachsync.app.wiring import Wiring
from coachsync.redaction import words
from coachsync.redaction.seeking import Private


def private(wiring: Wiring) -> Private:
    """Everything that nobody else may read, each part read when first asked for."""
    held = cache(lambda: [Copies(wiring.database, calendar).holding() for calendar in wiring.config.calendars])
    return Private(
        texts=lambda: _texts(wiring),
        people=lambda: named(wiring),
        clients=lambda: wiring.clients.directory().identifiers(),
        taken=lambda uid: any(holds(uid) for holds in held()),
    )


def _texts(wiring: Wiring) -> Iterator[str]:
    """The texts of every source event, and what its object is called."""
    for calendar in wiring.config.calendars:
        copies = Copies(wiring.database, calendar)
        for copy in copies.all():
            yield unquote(copy.href).rpartition("/")[2]
        for _, body in copies.texts():
            yield contentline.decode(body)


def house_words(wiring: Wiring) -> frozenset[str]:
    """Words that a server may say of the account itself: what the coach calls things, and where the accounts lie."""
    places = []
    for account, settings in wiring.config.accounts.items():
        known = SignIns(wiring.database).find(account)
        urls = (settings.url, *((known.principal, *known.homes, *known.addresses) if known else ()))
        places += [unquote(f"{url} {urlsplit(url).netloc}") for url in urls]
    return own_words(wiring.config) | words.said(places)
