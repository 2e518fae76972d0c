"""What somebody sees of a calendar that they were let into, by what its server makes of the CLASS of its events.

Measured on real servers with a second user, in November 2026 (versions below). What is not known counts as seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from coachsync import contentline
from coachsync.model import Grant, Grantee, Secrecy, Software

Classes = Mapping[str, int]  # how many events there are of each CLASS, as `declared` gives it

_FOLD = re.compile(rb"\r?\n[ \t]")
_COMPONENTS = frozenset({"VEVENT", "VTODO", "VJOURNAL"})


@dataclass(frozen=True, slots=True)
class Sight:
    """How many events somebody sees in full, how many by their times only, and how many not at all.

    `searchable` counts those of the last two whose hidden text can be found by a search: whoever guesses a name learns
    whether it is there. `assumed`: nobody has measured what this server hides, and it counts as showing everything.
    """

    full: int = 0
    times_only: int = 0
    hidden: int = 0
    searchable: int = 0
    assumed: bool = False


class _Shown(Enum):
    FULL = auto()
    TIMES = auto()
    SEARCHED = auto()  # times, and a search in the text
    HIDDEN = auto()


_Rule = Callable[[Grant, str], _Shown]


def declared(body: bytes) -> str:
    """The CLASS of a calendar object, letter by letter; "" without one, which means PUBLIC.

    The first component counts, as on Nextcloud. Where others of the same object say something else, it is "" as well:
    Nextcloud shows a confidential occurrence of a public series in full, and of other servers it is not known.
    """
    if b"CLASS" not in _FOLD.sub(b"", body).upper():
        return ""
    found: list[str] = []
    inside: list[str] = []
    for line in contentline.lines(contentline.decode(body)):
        if line.name == "BEGIN":
            inside.append(line.value.strip().upper())
            if inside[-1] in _COMPONENTS:
                found.append("")
        elif line.name == "END" and inside:
            inside.pop()
        elif line.name == "CLASS" and inside and inside[-1] in _COMPONENTS and not found[-1]:
            found[-1] = line.value
    return found[0] if len(set(found)) == 1 else ""


def marked(classes: Classes) -> int:
    """How many events the coach has marked as private or confidential, or with a word that no server knows."""
    return sum(number for name, number in classes.items() if name.strip().upper() not in ("", "PUBLIC"))


def visible(software: Software | None, grant: Grant, classes: Classes) -> Sight:
    """What somebody sees who was let in by this server as `grant` says.

    The rules are in `_RULES`, one for each server. Free-busy gives the times of everything (RFC 4791 section 7.10).
    """
    rule = _RULES.get(software or Software.OTHER)
    shown: Counter[_Shown] = Counter()
    for name, number in classes.items():
        shown[_shown(rule, grant, name)] += number
    return Sight(
        shown[_Shown.FULL],
        shown[_Shown.TIMES] + shown[_Shown.SEARCHED],
        shown[_Shown.HIDDEN],
        shown[_Shown.SEARCHED],
        assumed=rule is None and grant.reads,
    )


def by_class(software: Software | None, grant: Grant) -> bool:
    """Whether what somebody sees depends on the CLASS of each event."""
    return grant.reads or grant.whole is not None or software is Software.DAVICAL


def _shown(rule: _Rule | None, grant: Grant, name: str) -> _Shown:
    if grant.unlimited:
        return _Shown.FULL
    if not (grant.reads or grant.times_only):
        return _Shown.HIDDEN
    if rule is not None:
        return rule(grant, name)
    return _Shown.FULL if grant.reads else _Shown.TIMES


def _everything(grant: Grant, _: str) -> _Shown:
    """Cyrus 3.6.1, Radicale 3.9.0: CLASS hides nothing from those who may read. Free-busy cannot be searched."""
    return _Shown.FULL if grant.reads else _Shown.TIMES


def _sabre(grant: Grant, _: str) -> _Shown:
    """sabre/dav 1.8.12 and Baikal (sabre/dav 4.7.0): CLASS hides nothing from those who may read.

    Whoever may ask for free-busy, by default everybody with a login, gets from 1.8.12 the addresses of the events in
    which a calendar-query finds a word, of whatever CLASS; nobody has measured a later one, which counts as the same.
    """
    return _Shown.FULL if grant.reads else _Shown.SEARCHED


def _davical(grant: Grant, name: str) -> _Shown:
    """DAViCal 1.1.12: CLASS counts when it is in capitals, also for those who may write.

    PRIVATE is refused and not found; CONFIDENTIAL shows its times and can be searched. (In small letters it is hidden
    in a GET and given by a REPORT.) Whoever may ask for free-busy, by default everybody with a login, can search all
    but PRIVATE.
    """
    if name == "PRIVATE":
        return _Shown.HIDDEN
    return _Shown.FULL if grant.reads and name != "CONFIDENTIAL" else _Shown.SEARCHED


def _nextcloud(grant: Grant, name: str) -> _Shown:
    """Nextcloud 32.0.1: CLASS counts letter by letter, and what is unknown hides as PRIVATE does.

    People, groups and links that only read get the times of CONFIDENTIAL and can search it; those who write get all of
    it (nextcloud/server #54533). PRIVATE is not there for them. Delegates use the owner's own calendar, from which
    nothing is hidden (`isShared` in apps/dav/lib/CalDAV/Calendar.php).
    """
    if not grant.reads:
        return _Shown.TIMES
    if grant.kind is Grantee.DELEGATE or name in ("", "PUBLIC"):
        return _Shown.FULL
    if name != "CONFIDENTIAL":
        return _Shown.HIDDEN
    return _Shown.FULL if grant.writes else _Shown.SEARCHED


def _sogo(grant: Grant, name: str) -> _Shown:
    """SOGo 5.8.0: by the role that each was given for each CLASS, in letters of either case, without blanks; what is
    unknown counts as PUBLIC. A search for a word finds everything that may be seen, whether the word is in it or not.
    """
    if grant.whole is None:
        return _Shown.FULL if grant.reads else _Shown.TIMES
    known = name.lower()
    secrecy = Secrecy(known) if known in set(Secrecy) else Secrecy.PUBLIC
    if secrecy in grant.whole:
        return _Shown.FULL
    return _Shown.TIMES if secrecy in grant.times else _Shown.HIDDEN


_RULES: Mapping[Software, _Rule] = {
    Software.CYRUS: _everything,
    Software.RADICALE: _everything,
    Software.SABRE: _sabre,
    Software.DAVICAL: _davical,
    Software.NEXTCLOUD: _nextcloud,
    Software.SOGO: _sogo,
}
