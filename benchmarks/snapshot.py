"""One look at a share of an invented practice, and how well `infer` strings the sessions of one client together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from practices import ZONE, Practice, Session

from coachsync.model import Slot
from coachsync.redaction.inference import infer
from coachsync.redaction.profiles import Profile
from coachsync.redaction.slots import slots
from coachsync.redaction.window import midnight, window


@dataclass
class Told:
    """What came out, of all practices together. A slot in which two clients meet the coach is nobody's."""

    slots: int = 0
    attributed: int = 0
    right: int = 0  # of these, whose chain is mostly of the client who comes then
    claimed: int = 0  # pairs of slots in one chain
    found: int = 0  # of these, pairs of the same client
    pairs: int = 0  # of the same client, in a chain or not

    @property
    def of_hundred(self) -> float:
        return 100 * self.attributed / max(self.slots, 1)

    @property
    def attributed_rightly(self) -> float:
        return self.right / max(self.attributed, 1)

    @property
    def precision(self) -> float:
        return self.found / max(self.claimed, 1)

    @property
    def recall(self) -> float:
        return self.found / max(self.pairs, 1)

    def row(self) -> str:
        """The figures as cells of a table."""
        parts = f"{self.attributed_rightly:.0%} | {self.precision:.0%} | {self.recall:.0%}"
        return f"{self.slots} | {self.of_hundred:.0f} | {parts}"


def measured(practices: Iterable[Practice], profile: Profile, day: date) -> Told:
    """Look at the share of each practice on that day."""
    told = Told()
    for practice in practices:
        _measure(told, practice, profile, day)
    return told


def _measure(told: Told, practice: Practice, profile: Profile, day: date) -> None:
    sessions = practice.at(midnight(day, ZONE))
    frame = window(day, profile.past, profile.future, ZONE)
    found = slots((one.occurrence for one in sessions), profile, frame, ZONE)
    owner = _owners(found, sessions)
    inference = infer(found, profile, ZONE)
    told.slots += inference.slots
    told.attributed += inference.attributed
    told.pairs += sum(count * (count - 1) // 2 for client, count in Counter(owner.values()).items() if client >= 0)
    for chain in inference.chains:
        if chain.several:
            continue
        clients = [owner[slot] for slot in chain.slots]
        ours = Counter(client for client in clients if client >= 0)
        told.right += max(ours.values(), default=0)
        told.claimed += len(clients) * (len(clients) - 1) // 2
        told.found += sum(one == other >= 0 for one, other in combinations(clients, 2))


def _owners(found: Iterable[Slot], sessions: Iterable[Session]) -> dict[Slot, int]:
    """The client whose sessions lie in each slot; -1 for several."""
    days: dict[date, list[Session]] = {}
    for session in sessions:
        days.setdefault(session.start.date(), []).append(session)
    owners = {}
    for slot in found:
        near = (slot.start.date() + timedelta(days=shift) for shift in (-1, 0, 1))
        inside = [one for day in near for one in days.get(day, ()) if slot.start <= one.start and one.end <= slot.end]
        clients = {one.client for one in inside}
        owners[slot] = clients.pop() if len(clients) == 1 else -1
    return owners
