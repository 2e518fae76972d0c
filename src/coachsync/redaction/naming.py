"""What the coach calls things that others see: the target of a share, and what its entries say."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from coachsync.model import Finding
from coachsync.phrases import say
from coachsync.redaction.allowed import Ours
from coachsync.redaction.kinds import Kind
from coachsync.redaction.seeking import Search
from coachsync.redaction.words import without


def in_names(names: Iterable[tuple[str, str]], ours: frozenset[str], search: Search) -> tuple[Finding, ...]:
    """Which of the names that the coach gave to a target name a person: (the configuration key, the decoded name).

    `ours` are words, as `words.said` gives them, that the coach uses for the practice, its calendars and shares: they
    may stand in a name whatever appointments say.
    """
    left = [(where, rest) for where, name in names if (rest := without(name, ours))]
    detail = say(
        "it holds a word that names a client or a person in an appointment; a name of your own can stand in "
        "practice.name"
    )
    return tuple(Finding(Kind.TARGET_NAME, where, detail) for where, rest in left if search.names_somebody(rest))


def in_texts(entries: Iterable[Ours], may_say: Collection[str], search: Search) -> tuple[Finding, ...]:
    """Which texts of entries name somebody. `may_say`: labels of the configuration and pseudonyms of the share, which
    are looked through for clients of the directory alone; any other text names nobody who is in an event either."""
    texts = {_bare(entry) for entry in entries}
    bad = [text for text in texts if search.names_client(text) or (text not in may_say and search.names_somebody(text))]
    if not bad:
        return ()
    detail = say("what its entries say names a client or a person in an appointment")
    return (Finding(Kind.LABEL, say("label"), detail, own=True),)


def _bare(entry: Ours) -> str:
    """A text without the number of its series."""
    return entry.text.removesuffix(f" {entry.slot.series}") if entry.slot.series else entry.text
