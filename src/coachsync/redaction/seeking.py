"""Looking for what is private in a served text, here and never by asking a server. No finding repeats it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from coachsync.model import Finding
from coachsync.phrases import say
from coachsync.redaction.decodings import readings
from coachsync.redaction.kinds import Kind
from coachsync.redaction.spellings import Spellings
from coachsync.redaction.words import Words, comparable, identifiers, names_in, without

Texts = Callable[[], Iterable[str]]


def _none() -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Private:
    """What nobody else may read. Each is read at the first question that needs it, and never without one.

    `texts`: private events whole, and what their objects are called. `people`: lines of private events about somebody
    else than the coach. `clients`: the strings that identify a client of the directory. `taken`: whether a UID is one
    of a private event's.
    """

    texts: Texts = _none
    people: Texts = _none
    clients: Texts = _none
    taken: Callable[[str], bool] = field(default=lambda _: False)

    @cached_property
    def directory(self) -> Spellings:
        """The clients' identifiers, in every spelling."""
        return Spellings(self.clients())

    @cached_property
    def named(self) -> tuple[Words, Spellings]:
        """Who is named in events: by words, addresses and numbers, and as names in every spelling."""
        lines = tuple(self.people())
        return Words(identifiers(lines)), Spellings(names_in(lines))

    @cached_property
    def words(self) -> Words:
        """Every word of the events."""
        return Words(identifiers(self.texts()))


class Search:
    """Searches what is served; the same text is searched once."""

    def __init__(self, private: Private) -> None:
        self._private = private
        self._known: dict[tuple[str, bool], tuple[Kind, str] | None] = {}

    def __call__(
        self, where: str, subject: str, text: str, code: Kind | None = None, *, coded: bool = False
    ) -> Iterator[Finding]:
        """What a text tells, under the code of its kind or of its place; `coded` as for `Spellings.within`."""
        found = self.kind(text, coded=coded)
        if found is None:
            return
        kind, how = found
        if kind is Kind.IDENTIFIER:
            detail = say(
                "{subject} holds what identifies a client or somebody named in an appointment, {how}",
                subject=subject,
                how=how,
            )
        else:
            detail = say("{subject} holds a word of a private event, {how}", subject=subject, how=how)
        yield Finding(code or kind, where, detail)

    def but_for(
        self, ours: frozenset[str], where: str, subject: str, text: str, code: Kind, *, coded: bool = False
    ) -> Iterator[Finding]:
        """The first reading of a text that tells something when the words that may stand there are taken out."""
        for _, reading in readings(text):
            found = tuple(self(where, subject, without(reading, ours), code, coded=coded))
            if found:
                yield from found
                return

    def kind(self, text: str, *, coded: bool = False) -> tuple[Kind, str] | None:
        """What of private things a text holds, and how it is written there; None when it holds nothing."""
        if not text.strip():
            return None
        if (text, coded) not in self._known:
            self._known[text, coded] = self._sought(text, coded=coded)
        return self._known[text, coded]

    def is_taken(self, uid: str) -> bool:
        """Whether a private event has this UID."""
        return self._private.taken(uid)

    def names_client(self, text: str) -> bool:
        """Whether a text holds an identifier of a client of the directory."""
        return any(self._private.directory.within(reading) for _, reading in readings(text))

    def names_somebody(self, text: str) -> bool:
        """The same, for a client or somebody named in an event."""
        return self.names_client(text) or any(self._named(reading, coded=False) for _, reading in readings(text))

    def _sought(self, text: str, *, coded: bool) -> tuple[Kind, str] | None:
        all_readings = list(readings(text))
        for how, reading in all_readings:
            if self._private.directory.within(reading, coded=coded) or self._named(reading, coded=coded):
                return Kind.IDENTIFIER, how
        for how, reading in all_readings:
            if self._private.words.within(comparable(reading), coded=coded):
                return Kind.SOURCE_WORD, how
        return None

    def _named(self, reading: str, *, coded: bool) -> bool:
        words, spellings = self._private.named
        return words.within(comparable(reading), coded=coded) or spellings.within(reading, coded=coded)
