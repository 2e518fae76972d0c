"""In which language the terminal is spoken to: one for the whole process, chosen before anything is said."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise

from coachsync.app.language import CATALOGUES, DOMAIN, LANGUAGES, Language, language, usual
from coachsync.config.glance import glance
from coachsync.config.locating import locate
from coachsync.errors import CoachsyncError

_TONGUE: ContextVar[Language | None] = ContextVar("tongue", default=None)


# Click looks its own words up in the catalogue of the process, in the language that LANGUAGE names.
_CLICK_READS = "LANGUAGE"
gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
gettext.textdomain(DOMAIN)


def speak(code: str) -> None:
    """Speak this language from now on."""
    _TONGUE.set(language(code))
    os.environ[_CLICK_READS] = code


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak this language while the body runs."""
    before, asked = _TONGUE.get(), os.environ.get(_CLICK_READS)
    speak(code)
    try:
        yield
    finally:
        _TONGUE.set(before)
        if asked is None:
            del os.environ[_CLICK_READS]
        else:
            os.environ[_CLICK_READS] = asked


def tongue() -> Language:
    """The language that is spoken."""
    return _TONGUE.get() or language("en")


def spoken(text: str) -> str:
    """The text in the language of the terminal: phrases are translated, anything else stays as it is."""
    return tongue().say(text)


def wanted(words: Sequence[str]) -> str:
    """The language for a command line: what the configuration says that it means, else what the environment says."""
    try:
        known = glance(locate(_named(words), os.environ)).language
    except CoachsyncError:
        known = None
    return known if known in LANGUAGES else usual(os.environ)


def _named(words: Sequence[str]) -> str | None:
    """The configuration file that is named on the command line: what stands last counts."""
    given = [value for word, value in pairwise(words) if word == "--config"]
    given += [word.partition("=")[2] for word in words if word.startswith("--config=")]
    return given[-1] if given else None
