"""The words of a title or a name in their order, with what stands between them and how they are written."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from coachsync.clients.comparing import folded, unaccented

_WORD = re.compile(r"[^\W_]+")
_DASH = re.compile("[-\u2010-\u2015]")
_BREAK = re.compile('[;:/|()\\[\\]{}<>&+=!?"#*\u00ab\u00bb\u201c-\u201e\u2022\u2192\u3001\u3002\u300c-\u300f\n\r]')


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that stand beside a name in a title and are no part of it, as `folded`.
USUAL = _words(
    """
    a the with and or for to of from at in on by re s h am pm today tomorrow
    call meeting session coaching coachee supervision mentoring review
    intake debrief follow up followup kickoff prep check online phone lunch coffee first last new tbc cancelled moved
    monday tuesday wednesday thursday friday saturday sunday
    mr mrs ms miss dr prof
    avec et ou pour de du des d l le la les chez au aux en par seance rdv rendez vous rendezvous entretien reunion point
    bilan appel appeler rappeler voir visio visioconference zoom teams skype meet telephone tel atelier suivi
    tripartite trio groupe preparation premiere premier derniere dernier dejeuner cafe
    annule annulee reporte reportee confirme confirmee facture restitution intervision formation
    aujourd hui demain lundi mardi mercredi jeudi vendredi samedi dimanche
    m mme mlle me docteur maitre madame monsieur
    """
)
# With the word behind them they may go on with a name: "Marie Dupont de Leroy".
PARTICLES = _words("abu al ben bin bint d da das de del della den der des di do dos du el ibn la le ter van von zu")


class Gap(Enum):
    """What stands before a word: nothing that divides, a hyphen or @ that joins two words, a comma, another break."""

    NONE = "none"
    HYPHEN = "hyphen"
    COMMA = "comma"
    BREAK = "break"

    @property
    def divides(self) -> bool:
        """Whether two segments of a title meet here."""
        return self in (Gap.COMMA, Gap.BREAK)


class Token(NamedTuple):
    """One word: as it is compared, and what stands before it. `small`: it begins with a small letter; in many scripts
    no letter is small, and none a capital."""

    word: str
    gap: Gap
    small: bool

    @property
    def may_be_a_name(self) -> bool:
        """Whether it could be a further name of somebody: no number, and no usual word of titles."""
        return self.word.isalpha() and self.word not in USUAL


def tokens(text: str) -> tuple[Token, ...]:
    """The words of a text in their order."""
    text, end = unaccented(text), 0
    found: list[Token] = []
    for match in _WORD.finditer(text):
        written = match.group()
        gap = _gap(text[end : match.start()]) if found else Gap.NONE
        found.append(Token(folded(written), gap, written[0].islower()))
        end = match.end()
    return tuple(found)


def _gap(between: str) -> Gap:
    """Dashes join two words that both touch them; beside a space, they divide."""
    if between.strip() == ",":
        return Gap.COMMA
    if "," in between or _BREAK.search(between):
        return Gap.BREAK
    if between == "@":
        return Gap.HYPHEN
    if _DASH.search(between):
        return Gap.HYPHEN if len(between) == 1 else Gap.BREAK
    return Gap.NONE
