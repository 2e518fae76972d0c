"""What an import of cards would do to the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from coachsync.clients.cards import Card
from coachsync.clients.comparing import address, folded
from coachsync.clients.directory import Client, Directory
from coachsync.clients.merging import merged, new


@dataclass(frozen=True, slots=True)
class Import:
    """The clients to be written, and how many cards changed nothing, or were left out: groups, other categories."""

    added: tuple[Client, ...] = ()
    changed: tuple[Client, ...] = ()
    unchanged: int = 0
    left_out: int = 0


def plan(directory: Directory, cards: Iterable[Card], fresh: Callable[[], str], category: str = "") -> Import:
    """Each card as a client: known by its UID, else by an address that only one client has, else by all that it says.

    Two cards of one import that share an address and no name are two people. `fresh` gives a code that nobody has. With
    a `category`, only cards of it count; an address book that keeps its groups as cards of their own is understood.
    """
    wanted, others = _chosen(tuple(cards), category)
    book = _Book(directory)
    for card in wanted:
        book.take(card, fresh)
    return Import(*book.result(), left_out=others)


def _chosen(cards: tuple[Card, ...], category: str) -> tuple[list[Card], int]:
    people = [card for card in cards if not card.group]
    if category:
        name = folded(category)
        listed = {uid for card in cards if card.group and name in map(folded, card.names) for uid in card.members}
        people = [card for card in people if card.uid in listed or name in map(folded, card.categories)]
    return people, len(cards) - len(people)


class _Book:
    """The directory while cards go into it."""

    def __init__(self, directory: Directory) -> None:
        self._before = directory.clients
        self._now = dict(directory.clients)
        self._taken: set[str] = set()  # the clients that a card of this import went to
        self._unchanged = 0
        self._by_card: dict[str, str] = {}
        self._by_address: dict[str, set[str]] = {}
        self._by_name: dict[str, set[str]] = {}
        for client in directory.clients.values():
            self._index(client)

    def take(self, card: Card, fresh: Callable[[], str]) -> None:
        """Put one card in."""
        known = self._known(card)
        client = new(fresh(), card) if known is None else merged(known, card)
        self._unchanged += client == known
        self._now[client.code] = client
        self._taken.add(client.code)
        self._index(client)

    def result(self) -> tuple[tuple[Client, ...], tuple[Client, ...], int]:
        """Who is new, who is changed, and how many cards changed nothing."""
        added = tuple(client for code, client in self._now.items() if code not in self._before)
        changed = tuple(self._now[code] for code, client in self._before.items() if self._now[code] != client)
        return added, changed, self._unchanged

    def _known(self, card: Card) -> Client | None:
        if card.uid in self._by_card:
            return self._now[self._by_card[card.uid]]
        return next(self._same(card), None)

    def _same(self, card: Card) -> Iterator[Client]:
        """By an address first: what the client is called there may have changed."""
        named = {folded(name) for name in card.names}
        codes = [self._by_address.get(address(one), set()) for one in card.addresses]
        holders = set().union(*(holder for holder in codes if len(holder) == 1))
        if len(holders) == 1:
            client = self._now[holders.pop()]
            if client.code not in self._taken or not named.isdisjoint(map(folded, client.names)):
                yield client
        likely = sorted(set().union(*(self._by_name.get(name, set()) for name in named)))
        yield from (self._now[code] for code in likely if _says_nothing_new(self._now[code], card))

    def _index(self, client: Client) -> None:
        for uid in client.cards:
            self._by_card[uid] = client.code
        for one in client.addresses:
            self._by_address.setdefault(one, set()).add(client.code)
        for name in client.names:
            self._by_name.setdefault(folded(name), set()).add(client.code)


def _says_nothing_new(client: Client, card: Card) -> bool:
    """Whether a card without an UID that we know says nothing but what is known of this client."""
    if card.uid and client.cards:
        return False  # another card of the same name
    return replace(merged(client, card), cards=client.cards) == client
