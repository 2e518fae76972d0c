"""What a share may call a client: a word that says nothing of anybody, and a number.

The words are of stones, plants, birds, metals, landscapes and the sky, written alike in French and English or nearly
so. None is a first name or a usual surname, none says of whom it is said that they are a man or a woman, or where they
come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from coachsync.clients.comparing import folded, words
from coachsync.model import Pseudonym

WORDS = (
    "Albatros", "Andesite", "Anthracite", "Atoll", "Azurite", "Bamboo", "Baobab", "Basalte",
    "Bauxite", "Cactus", "Calcite", "Canyon", "Cascade", "Catalpa", "Cobalt", "Colibri",
    "Comet", "Condor", "Cormorant", "Crocus", "Cumulus", "Diorite", "Dolomite", "Eclipse",
    "Eider", "Equinox", "Eucalyptus", "Ficus", "Flamingo", "Fluorite", "Geranium", "Geyser", "Ginkgo",
    "Glacier", "Gneiss", "Granite", "Graphite", "Hematite", "Hibiscus", "Horizon", "Ibis", "Kaolin",
    "Lagoon", "Lichen", "Lotus", "Magnetite", "Malachite", "Mangrove", "Meteor", "Mimosa", "Monolith",
    "Nebula", "Nickel", "Nimbus", "Oasis", "Obsidian", "Palladium", "Papyrus", "Pelican", "Planet", "Plateau",
    "Platinum", "Prairie", "Pulsar", "Pyrite", "Quartz", "Quasar", "Rhododendron", "Rhyolite", "Schist",
    "Silex", "Solstice", "Stalactite", "Steppe", "Stratus", "Titanium", "Toucan", "Tourmaline", "Tundra", "Turquoise",
    "Typhoon", "Volcano", "Yucca", "Zenith", "Zeolite", "Zinc", "Zircon",
)  # fmt: skip
_LOWEST, _TRIES = 10, 100  # the first number; drawings before there are ten times as many numbers
_TELLING = 4  # letters from which a word of an identifier counts

Draw = Callable[[int], int]  # a number below the one that it is given, each as likely as another


class Telling:
    """Says of a pseudonym whether it holds a word of what identifies a client, whatever its case and accents: one of
    four letters or more anywhere, one of two or three letters as a whole word."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        known = {word for text in identifiers for word in words(text)}
        self._words = {word for word in known if len(word) >= _TELLING}
        self._short = {word for word in known - self._words if len(word) > 1 and word.isalpha()}

    def __call__(self, pseudonym: str) -> bool:
        if not self._short.isdisjoint(words(pseudonym)):
            return True
        text = folded(pseudonym)
        joined = "".join(words(pseudonym))  # "Mar-tin" is Martin
        return any(word in text or word in joined for word in self._words)


def propose(taken: Collection[str], draw: Draw, identifiers: Iterable[str] = ()) -> Pseudonym:
    """A pseudonym such as `Granite-41` that is not among those taken, now or ever, and tells none of the identifiers.

    `taken` holds those of every share: two shares must have none in common.
    """
    gone, tells = {folded(one) for one in taken}, Telling(identifiers)
    free = [word for word in WORDS if not tells(word)] or list(WORDS)
    numbers = 90
    while True:
        for _ in range(_TRIES):
            found = Pseudonym(f"{free[draw(len(free))]}-{_LOWEST + draw(numbers)}")
            if folded(found) not in gone:
                return found
        numbers *= 10
