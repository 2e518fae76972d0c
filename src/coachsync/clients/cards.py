"""What somebody says of a client: a card of an address book, or a person at a terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, as we keep it: the fields of `Client`, the main name first.

    `organisations` are one string each, `uid` is the card's own ("" without one). `group`: the card is of a list of
    people and not of one; `members` are then the UIDs of those in it. `position` and `line` say where in its file it
    begins, counted from 1.
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    uid: str = ""
    group: bool = False
    members: tuple[str, ...] = ()
    position: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A card that cannot be taken in, and the code of the reason. Nothing of what it says."""

    position: int
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class File:
    """The cards of one file, in their order, and those that cannot be taken in."""

    cards: tuple[Card, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
