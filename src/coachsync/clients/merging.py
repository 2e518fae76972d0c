"""What is known of a client, joined with what a card or a person says. A card only adds: nothing known is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from coachsync.clients.cards import Card
from coachsync.clients.comparing import address, phone, tidy
from coachsync.clients.directory import Client

_BETWEEN = "; "  # organisations of one client, who may have several


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes about a client. None leaves a field as it is; `name` becomes the main one.

    What is to go is named as it stands there, or as it would be kept.
    """

    name: str | None = None
    spellings: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    without_spellings: tuple[str, ...] = ()
    without_addresses: tuple[str, ...] = ()
    without_phones: tuple[str, ...] = ()
    without_aliases: tuple[str, ...] = ()
    organisation: str | None = None
    sponsor: str | None = None
    unshared: bool | None = None


class NotAmong(LookupError):  # noqa: N818 - named for what happened, as coachsync.errors does
    """What is to be taken away is not there. `field` is one of names, addresses, phones and aliases; `main`: it is the
    main name, which stays until another one is given."""

    def __init__(self, field: str, *, main: bool = False) -> None:
        super().__init__(field)
        self.field = field
        self.main = main


def new(code: str, card: Card) -> Client:
    """A client of whom nothing was known before."""
    return merged(Client(code, ()), card)


def merged(client: Client, card: Card) -> Client:
    """The client with everything that the card says; the main name stays. Merged twice is merged once."""
    parts = [part for part in client.organisation.split(_BETWEEN) if part]
    organisations = [tidy(one.replace(";", ",")) for one in card.organisations]
    return replace(
        client,
        names=_joined(client.names, card.names, tidy),
        addresses=_joined(client.addresses, card.addresses, address),
        phones=_joined_phones(client.phones, card.phones),
        aliases=_joined(client.aliases, card.aliases, tidy),
        organisation=_BETWEEN.join(_joined(parts, organisations, tidy)),
        cards=_joined(client.cards, [card.uid], str),
    )


def changed(client: Client, change: Change) -> Client:
    """The client as a person wants it. A main name that gives way stays as a spelling. Raises NotAmong."""
    main = () if change.name is None else (change.name,)
    names = _joined(_joined((), main, tidy), client.names, tidy)
    if any(tidy(gone) == names[0] for gone in change.without_spellings):
        raise NotAmong("names", main=True)
    names = _joined(_without("names", names, change.without_spellings, tidy), change.spellings, tidy)
    addresses = _without("addresses", client.addresses, change.without_addresses, address)
    phones = _without("phones", client.phones, change.without_phones, phone)
    aliases = _without("aliases", client.aliases, change.without_aliases, tidy)
    return replace(
        client,
        names=names,
        addresses=_joined(addresses, change.addresses, address),
        phones=_joined_phones(phones, change.phones),
        aliases=_joined(aliases, change.aliases, tidy),
        organisation=client.organisation if change.organisation is None else tidy(change.organisation),
        sponsor=client.sponsor if change.sponsor is None else change.sponsor,
        unshared=client.unshared if change.unshared is None else change.unshared,
    )


def _joined(known: Iterable[str], said: Iterable[str], form: Callable[[str], str]) -> tuple[str, ...]:
    """What is known, then what is new, each as it is kept and once."""
    return tuple(dict.fromkeys(text for text in (*known, *map(form, said)) if text))


def _joined_phones(known: Iterable[str], said: Iterable[str]) -> tuple[str, ...]:
    """As somebody wrote them; one number written twice is kept as it was written first."""
    found: dict[str, str] = {}
    for text in (*known, *map(tidy, said)):
        if text:
            found.setdefault(phone(text) or text, text)
    return tuple(found.values())


def _without(field: str, known: tuple[str, ...], gone: Iterable[str], form: Callable[[str], str]) -> tuple[str, ...]:
    for text in gone:
        left = tuple(one for one in known if form(one) != form(text))
        if left == known:
            raise NotAmong(field)
        known = left
    return known
