"""The cards of a file.

vobject takes their values apart. Its expression for a whole line backtracks exponentially, it raises on one damaged
line of a file, and it drops what stands after a comma that nobody has escaped; so a file is split into cards here,
a line into its parts by `contentline`, and nothing of what vobject finds is left out. What we do not keep (photos,
notes, birthdays) is not even decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from coachsync.adapters.vcards.lines import Damaged, Record, records
from coachsync.adapters.vcards.names import names, nicknames
from coachsync.adapters.vcards.values import Property, fields, listed, properties, text
from coachsync.clients.cards import Card, File, Quarantined
from coachsync.clients.comparing import address, phone, tidy

_MOST = 1000  # lines of one card that we keep: an address book has dozens
_KEPT = frozenset({
    "VERSION", "FN", "N", "NICKNAME", "EMAIL", "TEL", "ORG", "UID", "CATEGORIES", "KIND", "MEMBER", "SORT-STRING",
    "CALADRURI", "X-CATEGORIES", "X-ABLABEL", "X-ABRELATEDNAMES", "X-ANDROID-CUSTOM", "X-ADDRESSBOOKSERVER-KIND",
    "X-ADDRESSBOOKSERVER-MEMBER", "X-PHONETIC-FIRST-NAME", "X-PHONETIC-MIDDLE-NAME", "X-PHONETIC-LAST-NAME",
    "X-MAIDENNAME", "X-MAIDEN-NAME", "X-BIRTHNAME", "X-BIRTH-NAME", "X-FORMER-NAME", "X-FORMERNAME", "X-NICKNAME",
    "X-GEBURTSNAME", "X-CUSTOM",
})  # fmt: skip
_URN = "urn:uuid:"


def read(content: bytes) -> File:
    """The cards of a file, in their order, and which cannot be taken in. Never raises and never logs."""
    cards, bad = [], []
    for record in records(content, _KEPT):
        try:
            cards.append(_card(record))
        except Damaged as damage:
            bad.append(Quarantined(record.position, record.line, damage.code))
        except Exception:  # noqa: BLE001 - a foreign parser on hostile input fails in any way: the card is not taken in
            bad.append(Quarantined(record.position, record.line, "unreadable"))
    return File(tuple(cards), tuple(bad))


def _card(record: Record) -> Card:
    if record.damage or len(record.lines) > _MOST:
        raise Damaged(record.damage or "too-long")
    found = properties(record.lines)

    def all_of(*names: str) -> Iterator[Property]:
        return (one for one in found if one.name in names)

    card = Card(
        names=names(found),
        addresses=_kept(_addresses(found), address),
        phones=_kept(map(_number, map(text, all_of("TEL"))), tidy),
        aliases=_kept(nicknames(found), tidy),
        organisations=_kept((", ".join(filter(None, map(tidy, fields(one)))) for one in all_of("ORG")), tidy),
        categories=_kept((part for one in all_of("CATEGORIES", "X-CATEGORIES") for part in listed(one)), tidy),
        uid=next((_uid(text(one)) for one in all_of("UID")), ""),
        group=any(text(one).strip().lower() == "group" for one in all_of("KIND", "X-ADDRESSBOOKSERVER-KIND")),
        members=_kept((text(one) for one in all_of("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")), _uid),
        position=record.position,
        line=record.line,
    )
    return card if card.names else _named(card)


def _named(card: Card) -> Card:
    """A card without a name is called by what else it says. Raises Damaged when that is nothing."""
    said = (*card.aliases, *card.organisations, *card.addresses, *card.phones)
    if not said:
        raise Damaged("nothing-in-it")
    return replace(card, names=said[:1])


def _addresses(found: Sequence[Property]) -> Iterator[str]:
    for one in found:
        if one.name == "EMAIL":
            whole = text(one)
            parts = [part for piece in listed(one) for part in piece.split(";")]
            yield from map(_bare, parts if all("@" in part for part in parts) else [whole])
        if one.name == "CALADRURI" and text(one).strip().lower().startswith("mailto:"):
            yield unquote(text(one))


def _bare(given: str) -> str:
    """The address of `Somebody <address>`."""
    _, opening, rest = given.rpartition("<")
    return rest.partition(">")[0] if opening and "@" in rest and ">" in rest else given


def _number(given: str) -> str:
    """A phone number without the scheme of its URI (RFC 3966); "" where there is no digit."""
    number = given.strip()
    if number.lower().startswith("tel:"):
        number, *parameters = unquote(number[len("tel:") :]).split(";")
        extension = [one[len("ext=") :] for one in parameters if one.lower().startswith("ext=")]
        number = " ext. ".join([number, *extension])
    return number if phone(number) else ""


def _uid(given: str) -> str:
    uid = tidy(given)
    return uid[len(_URN) :].lower() if uid.lower().startswith(_URN) else uid


def _kept(values: Iterable[str], form: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(form, values))))
