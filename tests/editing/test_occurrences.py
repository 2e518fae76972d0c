"""What an edit does to the occurrences, as the real reader sees them: the intended difference, and nothing else.

The series are generated (zones, changes of the clock, rules, RDATE, EXDATE, overrides: see `recurrences`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.adapters.ical import expansion, placing
from coachsync.adapters.ical.skeleton import skeleton
from coachsync.editing.target import Edited, Scope, Target
from coachsync.errors import NotEditable
from coachsync.model import Stand, Window
from coachsync.moments import Moment, in_zone, instant, midnight
from edits import cancelled, deleted, moved
from recurrences import HORIZON, Series, document, series

AROUND = Window(HORIZON.start - timedelta(days=200), HORIZON.end + timedelta(days=200))
SHIFTS = [0, 15, 60, -60, 90, -120, 720, 1440, -1440, 1500, 2 * 1440, 7 * 1440, -7 * 1440]  # minutes
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.filter_too_much, HealthCheck.too_slow]}


class Seen(NamedTuple):
    """An occurrence, without saying where in the text it stands."""

    start: datetime
    end: datetime
    all_day: bool
    stand: Stand


@dataclass
class Case:
    """A generated series with what takes place in it, by original start, and one occurrence that a person means."""

    made: Series
    text: str = field(repr=False)
    found: dict[Moment, Seen] = field(repr=False)
    lone: set[Moment]  # the original starts of those that have an override
    meant: Moment
    shift: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.made.practice if self.made.floating else self.made.zone)

    @property
    def zones(self) -> dict[str, ZoneInfo]:
        return {"": ZoneInfo(self.made.practice), self.made.zone: ZoneInfo(self.made.zone)}

    @property
    def original(self) -> Moment:
        return in_zone(self.meant, self.zone)

    @property
    def delta(self) -> timedelta:
        """By how much the plain start changes; whole days for whole days."""
        minutes = timedelta(minutes=self.shift)
        return timedelta(days=minutes.days) if self.made.all_day else minutes

    @property
    def start(self) -> Moment:
        """Where the person puts it, on the clock of the practice."""
        target = in_zone(self.meant + self.delta, self.zone)
        return target.astimezone(ZoneInfo(self.made.practice)) if isinstance(target, datetime) else target

    def at(self, start: Moment, like: Seen) -> Seen:
        """What starts then and is otherwise the same."""
        if not isinstance(start, datetime):
            days = round((like.end - like.start) / timedelta(days=1))
            zone = ZoneInfo(self.made.practice)
            return Seen(midnight(start, zone), midnight(start + timedelta(days=days), zone), True, like.stand)
        return Seen(instant(start), instant(start) + (like.end - like.start), False, like.stand)

    def moved_along(self, name: Moment) -> Seen:
        """An occurrence of the series after a move of the series."""
        like = self.found[name]
        regular = like.start == self.at(in_zone(name, self.zone), like).start
        by_hand = name in self.lone and not regular and name != self.meant
        return like if by_hand else self.at(in_zone(name + self.delta, self.zone), like)


def occurrences(text: str | None, practice: str, within: Window) -> Iterator[tuple[Seen, Moment | None]]:
    if text is None:
        return
    found, code = expansion.occurrences(skeleton(contentline.encode(text), frozenset()), within, practice)
    assert code is None
    for one, name in found:
        yield Seen(one.start, one.end, one.all_day, one.stand), name


@st.composite
def cases(draw) -> Case:
    made = draw(series())
    made.overrides = [one for one in made.overrides if not one.onwards]
    # Nominal days are as long as the clock makes them: what a move does to them is for other tests.
    made.by_end = made.by_end or made.all_day or made.days == 0
    assume(made.by_end)
    text = contentline.decode(document(made))
    found = {}
    for seen, name in occurrences(text, made.practice, AROUND):
        assert name is not None
        assert name not in found
        found[name] = seen
    inside = [name for name, seen in found.items() if HORIZON.touches(seen.start, seen.end)]
    assume(inside)
    shape = (lambda one: one.date()) if made.all_day else (lambda one: one)
    lone = {shape(one.of) for one in made.overrides}
    meant = draw(st.sampled_from(sorted(inside)))
    note(text)
    return Case(made, text, found, lone, meant, draw(st.sampled_from(SHIFTS)))


def check(case: Case, edit: Callable[..., Edited], expected: Callable[[Moment], Seen | None], **options) -> None:
    """The occurrences after the edit are those expected, each for one of before; the text stays one that is read."""
    try:
        edited = edit(zones=case.zones, **options)
    except NotEditable as refused:
        event(refused.code)
        if refused.code not in ("rule-not-movable", "not-of-the-rule"):
            raise
        return
    event("edited")
    note(f"{case.meant} {case.shift} -> {edited.text}\n{edited.new}")
    after = [seen for text in (edited.text, edited.new) for seen, _ in occurrences(text, case.made.practice, AROUND)]
    wanted = [seen for name in case.found if (seen := expected(name)) is not None]
    assert inside(after) == inside(wanted)


def inside(seen: list[Seen]) -> Counter[Seen]:
    return Counter(one for one in seen if HORIZON.touches(one.start, one.end))


def before(case: Case) -> int | None:
    found = placing.place(skeleton(case.text.encode(), frozenset()), case.meant, case.made.practice)
    assert found is not None
    return found[0]


@settings(max_examples=20, **PATIENT)
@given(cases())
def test_moving_one_moves_that_one(case):
    def expected(name: Moment) -> Seen:
        return case.at(case.start, case.found[name]) if name == case.meant else case.found[name]

    def edit(**options) -> Edited:
        return moved(case.text, Target(Scope.ONE, case.original), case.start, **options)

    check(case, edit, expected)


@settings(max_examples=30, **PATIENT)
@given(cases())
def test_moving_all_moves_each_by_as_much_and_leaves_those_moved_by_hand(case):
    def edit(**options) -> Edited:
        return moved(case.text, Target(Scope.ALL, case.original), case.start, **options)

    check(case, edit, case.moved_along)


@settings(max_examples=30, **PATIENT)
@given(cases())
def test_moving_from_one_on_leaves_those_before_it(case):
    count = before(case)

    def expected(name: Moment) -> Seen:
        return case.moved_along(name) if name >= case.meant or count == 0 else case.found[name]

    def edit(**options) -> Edited:
        return moved(case.text, Target(Scope.FOLLOWING, case.original), case.start, before=count, **options)

    check(case, edit, expected)


@settings(max_examples=20, **PATIENT)
@given(cases(), st.sampled_from(list(Scope)), st.booleans())
def test_cancelling_and_deleting_take_what_was_meant(case, scope, keep):
    count = before(case)

    def meant(name: Moment) -> bool:
        onwards = scope is Scope.FOLLOWING and (name > case.meant or count == 0)
        return name == case.meant or scope is Scope.ALL or onwards

    def expected(name: Moment) -> Seen | None:
        if not meant(name):
            return case.found[name]
        return case.found[name]._replace(stand=Stand.CANCELLED) if keep else None

    def edit(**options) -> Edited:
        change = cancelled if keep else deleted
        return change(case.text, Target(scope, case.original), before=count, **options)

    check(case, edit, expected)
