"""What somebody learns who sees nothing but a share: which of its times belong together, by the pattern of times alone.

A *place* in the week is a local weekday, a local time and a length. Slots that return to a place, again within `_PAUSE`
weeks and at least `_FEWEST` times, are a *chain*: most probably the regular meetings of one person. A fortnightly
meeting that was left out once is four weeks away from the one before; two slots that meet by chance are common, three
are not. What the two make of the result was measured on invented practices (docs/inference.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coachsync.model import Slot
from coachsync.redaction.profiles import Profile

_PAUSE = 4  # weeks
_FEWEST = 3  # slots
_FEW = 20  # a length or an hour that one slot in so many has is that of few; one slot alone always is
_USUAL = 5  # a length that one block in so many has is a usual one
_SEVERAL = (
    1.5  # times the shortest usual length, or a step of the rounding more: a longer block may be several meetings
)
_SATURDAY = 5
_HUNDRED = 100


class Place(NamedTuple):
    """A place in the week by the local clock: weekday (Monday is 0), start, elapsed length."""

    weekday: int
    start: time
    length: timedelta


class _Dated(NamedTuple):
    """One slot at its place: the local week (counted from year 1), the place, the hour it stands out by, its slot."""

    week: int
    place: Place
    hour: tuple[bool, int]  # whether on a weekend; the local hour
    slot: Slot


@dataclass(frozen=True, slots=True)
class Chain:
    """Slots that return to one place, sorted. `several`: they may hold the meetings of more than one person."""

    place: Place
    slots: tuple[Slot, ...]
    several: bool = False

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, slots=True)
class Inference:
    """What the slots of one share tell by themselves; every number counts slots, but for `places`."""

    slots: int = 0
    places: int = 0  # how many different ones there are
    chains: tuple[Chain, ...] = ()  # longest first
    linked: int = 0  # by a pseudonym or a series number that the share shows on purpose, in a chain or not
    attributed: int = 0  # linked, or in a chain of one person's meetings
    odd_lengths: int = 0  # of a length that few others have
    odd_hours: int = 0  # at an hour of the day, or of the weekend, at which few others are

    @property
    def of_hundred(self) -> int:
        """Of 100 slots, how many can be attributed to one person's regular meetings; rounded up, 0 for no slots."""
        return -(-_HUNDRED * self.attributed // self.slots) if self.slots else 0

    @property
    def longest(self) -> int:
        """The slots of the longest chain that may be one person's."""
        return max((len(chain) for chain in self.chains if not chain.several), default=0)

    @property
    def in_chains(self) -> int:
        """Slots in chains that may be one person's."""
        return sum(len(chain) for chain in self.chains if not chain.several)

    @property
    def together(self) -> int:
        """Slots in chains that may hold several people's meetings."""
        return sum(len(chain) for chain in self.chains if chain.several)


def infer(slots: Iterable[Slot], profile: Profile, zone: ZoneInfo) -> Inference:
    """What the slots tell, read by the local clock of `zone`; whoever looks is taken to know the zone and the profile.

    In a merged share a block that is much longer than the usual short one may hold several meetings, and nobody can
    tell whose they are.
    """
    dated = sorted(_dated(slot, zone) for slot in set(slots))
    found = _chains(dated)
    longest = _longest_single(dated, profile)
    told = {one.slot for one in dated if _told(one.slot)}
    single = {one.slot for run in found for one in run if one.place.length <= longest}
    made = [Chain(run[0].place, tuple(one.slot for one in run), run[0].place.length > longest) for run in found]
    return Inference(
        slots=len(dated),
        places=len({one.place for one in dated}),
        chains=tuple(sorted(made, key=lambda chain: (-len(chain), chain.slots))),
        linked=len(told),
        attributed=len(told | single),
        odd_lengths=_with_few([one.place.length for one in dated]),
        odd_hours=_with_few([one.hour for one in dated]),
    )


def _chains(dated: Iterable[_Dated]) -> list[list[_Dated]]:
    """The chains in slots that are sorted by week: longest runs at one place without a longer pause than `_PAUSE`."""
    places: dict[Place, list[_Dated]] = defaultdict(list)
    for one in dated:
        places[one.place].append(one)
    return [run for stays in places.values() for run in _runs(stays) if len(run) >= _FEWEST]


def _runs(stays: Sequence[_Dated]) -> Iterator[list[_Dated]]:
    run = [stays[0]]
    for one in stays[1:]:
        if one.week - run[-1].week > _PAUSE:
            yield run
            run = []
        run.append(one)
    yield run


def _dated(slot: Slot, zone: ZoneInfo) -> _Dated:
    start = slot.start.astimezone(zone)
    weekday = start.weekday()
    place = Place(weekday, start.time().replace(fold=0), slot.end - slot.start)
    return _Dated((start.toordinal() - 1) // 7, place, (weekday >= _SATURDAY, start.hour), slot)


def _told(slot: Slot) -> bool:
    """Whether the slot says itself which others belong to it."""
    return slot.pseudonym is not None or slot.series > 0


def _longest_single(dated: Sequence[_Dated], profile: Profile) -> timedelta:
    """How long a slot can be and still be taken for one meeting; any length where nothing is merged or usual."""
    lengths = Counter(one.place.length for one in dated)
    usual = [length for length, count in lengths.items() if count * _USUAL >= len(dated)]
    if not profile.merge or not usual:
        return timedelta.max
    return max(min(usual) * _SEVERAL, min(usual) + (profile.round_to or timedelta()))


def _with_few(signs: Sequence[Hashable]) -> int:
    """How many of these have a sign that few others have; none where all are alike."""
    counts = Counter(signs)
    few = max(len(signs) // _FEW, 1)
    return sum(count for count in counts.values() if count <= few) if len(counts) > 1 else 0
