"""How somebody is called, by everything on a card that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from coachsync.adapters.vcards.values import Property, fields, listed, text, unescaped
from coachsync.clients.comparing import tidy, words

_FORMER = frozenset({
    "X-MAIDENNAME", "X-MAIDEN-NAME", "X-BIRTHNAME", "X-BIRTH-NAME", "X-FORMER-NAME", "X-FORMERNAME", "X-GEBURTSNAME",
})  # fmt: skip
_FORMER_WHERE_SAID = frozenset({"NICKNAME", "X-NICKNAME", "X-ABRELATEDNAMES", "X-CUSTOM", "N", "FN"})
_PHONETIC = ("X-PHONETIC-FIRST-NAME", "X-PHONETIC-MIDDLE-NAME", "X-PHONETIC-LAST-NAME")
_SORTING = ("N", "FN")  # the properties whose SORT-AS is a name
ANDROID = "X-ANDROID-CUSTOM"
_ANDROID_MAIDEN = "3"


def names(found: Sequence[Property]) -> tuple[str, ...]:
    """Every name, the main one first: as it is shown, as its parts make it in both orders, former names, and spellings
    for sorting and pronouncing where they have a word that no other has."""
    said = [text(one) for one in found if one.name == "FN" and not one.former]
    parts = [fields(one) for one in found if one.name == "N"]
    said += [name for part in parts for name in _orders(part)]
    given = next((tidy(part[1]) for part in parts if len(part) > 1), "")
    said += [_with_given(given, name) for name in _former(found)]
    known = list(dict.fromkeys(filter(None, map(tidy, said))))
    written = {word for one in known for word in words(one)}
    extra = (*_phonetic(found), *_sorted(found))
    return tuple(dict.fromkeys((*known, *(tidy(name) for name in extra if not set(words(name)) <= written))))


def android(one: Property, kind: str) -> list[str]:
    """The values of one of Android's own properties, [] when it is of another kind."""
    what, *values = map(unescaped, one.value.split(";"))
    return values if one.name == ANDROID and what.strip().endswith(f"/{kind}") else []


def is_maiden(values: Sequence[str]) -> bool:
    """Whether Android's nickname is a maiden name."""
    return list(values[1:2]) == [_ANDROID_MAIDEN]


def _orders(part: list[str]) -> Iterator[str]:
    """Family, given, additional, prefixes, suffixes, and in vCard 4.0 (RFC 9554) a second surname."""
    family, given, additional, _, _, second, *_ = [*part, *[""] * 6]
    yield f"{given} {family}"
    yield f"{family} {given}"
    if additional.strip():
        yield f"{given} {additional} {family}"
        yield f"{family} {given} {additional}"
    if second.strip():
        yield f"{given} {family} {second}"


def _former(found: Iterable[Property]) -> Iterator[str]:
    for one in found:
        if one.name in _FORMER or (one.former and one.name in _FORMER_WHERE_SAID):
            yield " ".join(fields(one)) if one.name == "N" else text(one)
        values = android(one, "nickname")
        if is_maiden(values):
            yield values[0]


def _with_given(given: str, name: str) -> str:
    """A surname alone goes with the given name that stays."""
    return f"{given} {name}" if given and len(name.split()) == 1 else name


def _phonetic(found: Sequence[Property]) -> Iterator[str]:
    said = [next((text(one) for one in found if one.name == name), "") for name in _PHONETIC]
    yield " ".join(said)
    yield " ".join(reversed(said))


def _sorted(found: Iterable[Property]) -> Iterator[str]:
    for one in found:
        if one.name == "SORT-STRING":
            yield text(one)
        if one.name in _SORTING:
            yield from (" ".join(values).replace(",", " ") for key, values in one.params if key == "SORT-AS")


def nicknames(found: Iterable[Property]) -> Iterator[str]:
    """What somebody is called besides their name."""
    for one in found:
        if one.name in ("NICKNAME", "X-NICKNAME") and not one.former:
            yield from listed(one)
        values = android(one, "nickname")
        if values and not is_maiden(values):
            yield values[0]
