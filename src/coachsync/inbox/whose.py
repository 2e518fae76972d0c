"""Whose a dropped file is: by the folder that it lies in, by what it says, by its name. Never by a guess."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from coachsync import folding
from coachsync.inbox.names import CODE, codes_in, readable

_EVERYWHERE = re.compile(rf"\s*({CODE.pattern})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class People:
    """Whom a file can be of. `codes` of all clients who are known, nobody where no directory is kept; `gone` are those
    who were erased. `called` and `reached` are the codes of those whom a name (as `compared`) or an address tells."""

    codes: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    called: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reached: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def coded(self, written: str) -> str | None:
        """The client of a code. Where nobody is known, a code in capitals is believed."""
        code = written.upper()
        if code in self.gone or (self.codes and code not in self.codes):
            return None
        return code if self.codes or code == written else None

    def meant(self, written: str) -> str | None:
        """The client whom a code, a whole name, an alias or an address tells; None where it is nobody, or two."""
        if found := _EVERYWHERE.fullmatch(written):
            return self.coded(found[1])
        return _one(self.called.get(compared(written), ())) or self.reaching([written.strip().lower()])

    def reaching(self, addresses: Iterable[str]) -> str | None:
        """The one client among these addresses."""
        return _one({code for address in addresses for code in self.reached.get(address, ())})


@dataclass(frozen=True, slots=True)
class Hints:
    """What tells it: the folders below the inbox, the outermost first, and the name; whom the text says that it is
    about; the addresses in a message or card."""

    folders: tuple[bytes, ...] = ()
    name: bytes = b""
    said: str = ""
    addresses: frozenset[str] = frozenset()


def client_of(hints: Hints, people: People) -> str | None:
    """The client, None where nothing tells exactly one: the folder comes first, then what it says, then its name."""
    for folder in reversed(hints.folders):
        if found := people.meant(readable(folder)) or _by_code(folder, people):
            return found
    if hints.said and (found := people.meant(hints.said)):
        return found
    return people.reaching(hints.addresses) or _by_code(hints.name, people)


def compared(name: str) -> str:
    """A name as it is compared."""
    return folding.plain(" ".join(name.split()))


def _by_code(name: bytes, people: People) -> str | None:
    written = codes_in(name)
    return people.coded(next(iter(written))) if len(written) == 1 else None


def _one(codes: Collection[str]) -> str | None:
    return next(iter(codes)) if len(codes) == 1 else None
