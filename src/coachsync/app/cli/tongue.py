"""In which language the terminal is spoken to: one for the whole process, chosen before anything is said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import pairwise

from coachsync.app.language import Language, language, usual
from coachsync.config.glance import glance
from coachsync.config.locating import locate
from coachsync.errors import CoachsyncError

_TONGUE: ContextVar[Language] = ContextVar("tongue")


def speak(code: str) -> None:
    """Speak this language from now on."""
    _TONGUE.set(language(code))


def tongue() -> Language:
    """The language that is spoken."""
    return _TONGUE.get(None) or language("en")


def spoken(text: str) -> str:
    """The text in the language of the terminal: phrases are translated, anything else stays as it is."""
    return tongue().say(text)


def wanted(words: Sequence[str]) -> str:
    """The language for a command line: what the configuration says that it means, else what the environment says."""
    try:
        known = glance(locate(_named(words), os.environ)).language
    except CoachsyncError:
        known = None
    return known or usual(os.environ)


def _named(words: Sequence[str]) -> str | None:
    """The configuration file that is named on the command line: what stands last counts."""
    given = [value for word, value in pairwise(words) if word == "--config"]
    given += [word.partition("=")[2] for word in words if word.startswith("--config=")]
    return given[-1] if given else None
