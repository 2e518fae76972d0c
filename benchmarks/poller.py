"""Somebody who looks at a share all the time, and what they make of what disappears and appears together.

The share is written as coachsync writes it: at the edges of its schedule, by the difference of two sets of slots, under
names and in an order that tell nothing. So the poller has the times alone, and pairs each time that disappeared with
one that appeared in the same write. They know the settings of the share: what the window lets go of or takes in is
left out, and in a merged share they compare the time that became free with the time that was taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from practices import ZONE, Change, Practice, Session

from coachsync.model import Window
from coachsync.redaction import publication
from coachsync.redaction.profiles import Profile, Publish
from coachsync.redaction.schedule import next_edge
from coachsync.redaction.slots import slots
from coachsync.redaction.window import midnight, window

LOOK = timedelta(minutes=5)  # how often a calendar is looked at unless the configuration says otherwise
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)

Stretch = tuple[datetime, datetime]
Likeness = Callable[[Stretch, Stretch], tuple[timedelta, ...]]  # the smaller, the likelier it is one moved session


@dataclass
class Tally:
    """Moved sessions whose old and new time the share shows, links that were claimed and those that are right, of each
    way to pair; and how long after a change it could be seen."""

    moved: int = 0
    claimed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    delay: timedelta = timedelta()  # the longest
    waited: timedelta = timedelta()  # all together
    seen: int = 0

    @property
    def best(self) -> str:
        """The way to pair that finds most."""
        return max(WAYS, key=lambda way: self.right[way])

    @property
    def linked(self) -> float:
        """The part of the moved sessions that are linked rightly, in the best way."""
        return self.right[self.best] / self.moved if self.moved else 0.0

    @property
    def precision(self) -> float:
        """The part of these links that are right."""
        return self.right[self.best] / self.claimed[self.best] if self.claimed[self.best] else 0.0

    def add(self, other: Tally) -> None:
        """Count what another practice gave too."""
        self.moved += other.moved
        self.seen += other.seen
        self.waited += other.waited
        self.delay = max(self.delay, other.delay)
        for way in WAYS:
            self.claimed[way] += other.claimed[way]
            self.right[way] += other.right[way]


def watch(practice: Practice, profile: Profile, publish: Publish, first: date, last: date) -> Tally:
    """Look at the share from the first day to the last: what was learnt."""
    tally = Tally()
    begin, end = midnight(first, ZONE), midnight(last, ZONE)
    state = practice.at(begin - _SECOND)
    for written, changes in _writes(practice, publish, begin, end):
        before = _Served(state, profile, written - _SECOND)
        for change in changes:
            state = (state - {change.before}) | ({change.after} - {None})
            tally.delay = max(tally.delay, written - change.at)
            tally.waited += written - change.at
            tally.seen += 1
        _count(tally, before, _Served(state, profile, written), changes)
    return tally


class _Served:
    """What the share holds once it has been written at a moment."""

    def __init__(self, state: Iterable[Session], profile: Profile, moment: datetime) -> None:
        self.window = window(moment.astimezone(ZONE).date(), profile.past, profile.future, ZONE)
        self.slots = slots((one.occurrence for one in state), profile, self.window, ZONE)
        self.merged, self.moment = profile.merge, moment


def _writes(
    practice: Practice, publish: Publish, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, Sequence[Change]]]:
    """The moments at which something is written, and the changes that had been made until then."""
    together: Mapping[datetime, list[Change]] = defaultdict(list)
    for change in practice.changes:
        if begin <= change.at < end:
            together[_written(change.at, begin, publish)].append(change)
    return iter(sorted(together.items()))


def _written(at: datetime, begin: datetime, publish: Publish) -> datetime:
    if publish is Publish.NOW:
        return begin + ((at - begin) // LOOK + 1) * LOOK
    return next_edge(at, ZONE, publish)


def _count(tally: Tally, before: _Served, after: _Served, changes: Iterable[Change]) -> None:
    """Pair in every way, and compare with what happened."""
    gone, come = _difference(before, after)
    moved = [
        (_stretch(change.before), _stretch(change.after))
        for change in changes
        if change.before and change.after and change.before.start > after.moment
        if before.window.touches(*_stretch(change.before)) and after.window.touches(*_stretch(change.before))
        if before.window.touches(*_stretch(change.after)) and after.window.touches(*_stretch(change.after))
    ]
    tally.moved += len(moved)
    for way, likeness in WAYS.items():
        claims = list(_paired(gone, come, likeness))
        tally.claimed[way] += len(claims)
        tally.right[way] += sum(any(_meet(old, a) and _meet(new, b) for a, b in claims) for old, new in moved)


def _difference(before: _Served, after: _Served) -> tuple[list[Stretch], list[Stretch]]:
    """What disappeared and what appeared, but for what the sliding window explains."""
    if before.merged:
        was, is_ = [[(slot.start, slot.end) for slot in served.slots] for served in (before, after)]
        gone, come = _without(was, is_), _without(is_, was)
    else:
        changes = publication.plan(after.slots, before.slots)
        gone = [(slot.start, slot.end) for slot in changes.delete]
        come = [(slot.start, slot.end) for slot in changes.create]
    return _within(gone, after.window), _within(come, before.window)


def _within(stretches: Iterable[Stretch], frame: Window) -> list[Stretch]:
    return [stretch for stretch in stretches if frame.touches(*stretch)]


def _without(stretches: Iterable[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The parts of stretches that none of the others covers; both sorted and without overlaps."""
    left = []
    for begin, end in stretches:
        start = begin
        for other_start, other_end in others:
            if other_end <= start or other_start >= end:
                continue
            if other_start > start:
                left.append((start, other_start))
            start = max(start, other_end)
        if start < end:
            left.append((start, end))
    return left


def _paired(gone: Iterable[Stretch], come: Sequence[Stretch], likeness: Likeness) -> Iterator[tuple[Stretch, Stretch]]:
    """The likeliest pair first; each stretch once."""
    free_gone, free_come = set(gone), set(come)
    for _, one, other in sorted((likeness(one, other), one, other) for one in free_gone for other in free_come):
        if one in free_gone and other in free_come:
            yield one, other
            free_gone.remove(one)
            free_come.remove(other)


def _length(one: Stretch, other: Stretch) -> timedelta:
    return abs((one[1] - one[0]) - (other[1] - other[0]))


def _clock(one: Stretch, other: Stretch) -> timedelta:
    return abs(_since_midnight(one[0]) - _since_midnight(other[0]))


def _distance(one: Stretch, other: Stretch) -> timedelta:
    return abs(one[0] - other[0])


WAYS: Mapping[str, Likeness] = {
    "length, time of day, nearest": lambda *pair: (_length(*pair), _clock(*pair), _distance(*pair)),
    "length, nearest": lambda *pair: (_length(*pair), _distance(*pair)),
    "nearest": lambda *pair: (_distance(*pair),),
}


def _since_midnight(moment: datetime) -> timedelta:
    return moment.astimezone(ZONE).replace(tzinfo=None) - datetime.combine(moment.astimezone(ZONE).date(), time())


def _stretch(session: Session) -> Stretch:
    return session.start, session.end


def _meet(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]
