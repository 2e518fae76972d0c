"""Cards from files, taken into the directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coachsync.adapters.database import Clients
from coachsync.adapters.system import reason
from coachsync.adapters.vcards import read
from coachsync.app.clients.keeping import fresh_code
from coachsync.clients.cards import Card, Quarantined
from coachsync.clients.importing import Import, plan
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

_LARGEST = 256 << 20  # bytes of a file: ten thousand cards with photos


@dataclass(frozen=True, slots=True)
class Found:
    """The cards of some files, and those that cannot be taken in, each with the number of its file, from 1."""

    cards: tuple[Card, ...]
    quarantined: tuple[tuple[int, Quarantined], ...]


def gather(files: Sequence[Path]) -> Found:
    """Read the files. Raises CoachsyncError for one that cannot be read or holds no card; it is told by its number: a
    file can be called like a client."""
    cards: list[Card] = []
    bad: list[tuple[int, Quarantined]] = []
    for number, file in enumerate(files, 1):
        found = read(_content(file, number))
        if not found.cards and not found.quarantined:
            raise CoachsyncError(
                "no-cards",
                say("There is no card in the file."),
                say("Export the address book as vCard (.vcf) and give that file."),
                where=_where(number),
            )
        cards += found.cards
        bad += ((number, one) for one in found.quarantined)
    return Found(tuple(cards), tuple(bad))


def planned(clients: Clients, found: Found, category: str = "") -> Import:
    """What taking the cards in would do."""
    given: set[str] = set()

    def fresh() -> str:
        while (drawn := fresh_code(clients)) in given:
            pass
        given.add(drawn)
        return drawn

    return plan(clients.directory(), found.cards, fresh, category)


def carry_out(wanted: Import, clients: Clients) -> None:
    """Store who is new and who is changed."""
    for client in (*wanted.added, *wanted.changed):
        clients.save(client)


def _content(file: Path, number: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as problem:
        raise CoachsyncError(
            "cards-not-read",
            say("The file cannot be read: {reason}.", reason=reason(problem)),
            say("Check its name, and that you may read it."),
            where=_where(number),
        ) from None
    if len(content) > _LARGEST:
        raise CoachsyncError(
            "cards-too-large",
            say("The file is larger than an address book can be."),
            say("Export the address book in parts, or without photos."),
            where=_where(number),
        )
    return content


def _where(number: int) -> str:
    return say("file {number}", number=number)
