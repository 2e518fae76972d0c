"""The client directory: who the clients are, and who pays for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of one client.

    `names`: the main one first, then other spellings and former names. `addresses` are lower case and without
    `mailto:`, `phones` as somebody wrote them. `aliases` are what the coach calls them in an appointment. `sponsor` is
    the code of who pays. `unshared`: no share may show anything of this client. `cards` are the UIDs of the vCards
    that it came from.
    """

    code: str
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    organisation: str = ""
    sponsor: str = ""
    unshared: bool = False
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Who pays for a client, and is not the client."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody, by code."""

    clients: Mapping[str, Client] = field(default_factory=dict)
    sponsors: Mapping[str, Sponsor] = field(default_factory=dict)

    def identifiers(self) -> Iterator[str]:
        """Every string that could tell a client: each name, address, phone, alias, organisation and sponsor's name."""
        for client in self.clients.values():
            yield from client.names
            yield from client.addresses
            yield from client.phones
            yield from client.aliases
            if client.organisation:
                yield client.organisation
        for sponsor in self.sponsors.values():
            yield sponsor.name

    def addresses(self) -> frozenset[str]:
        """Every address of a client."""
        return frozenset(address for client in self.clients.values() for address in client.addresses)

    def digest(self) -> str:
        """What changes if and only if anything in the directory does; the same in every process.

        Whoever knows all of a small directory but a name can find it by trying: to be sealed, or blinded with the
        device key, wherever it is kept.
        """
        everything = (self.clients, self.sponsors)
        plain = [[asdict(one[code]) for code in sorted(one)] for one in everything]
        return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
