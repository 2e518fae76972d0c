"""The languages that people are spoken to in: English as it stands in the code, others out of their catalogues."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import coachsync
from coachsync import phrases

LANGUAGES = ("en", "fr")
CATALOGUES = Path(coachsync.__file__).parent / "locale"
DOMAIN = "coachsync"


@dataclass(frozen=True, slots=True)
class Language:
    """One language; `code` is one of LANGUAGES."""

    code: str
    catalogue: gettext.NullTranslations

    def say(self, text: str) -> str:
        """The text in this language: phrases are translated, anything else stays as it is."""
        return phrases.said(text, self.catalogue.gettext, self.catalogue.ngettext)


def language(code: str) -> Language:
    """The language of this code, English where it is none of ours."""
    known = code if code in LANGUAGES else "en"
    return Language(known, gettext.translation(DOMAIN, CATALOGUES, [known], fallback=True))


def usual(environ: Mapping[str, str]) -> str:
    """The code that the environment asks for: LANGUAGE, LC_ALL, LC_MESSAGES, LANG (gettext's order), else English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for wanted in environ.get(name, "").split(":"):
            if wanted[:2] in LANGUAGES:
                return wanted[:2]
        if environ.get(name):
            break
    return "en"
