"""Two programs, a server and coachsync change one calendar at random, with kills and faults: nothing is ever lost.

COACHSYNC_SEED=NUMBER repeats a run, COACHSYNC_SHRINK=1 looks for a shorter one that fails too (which takes minutes),
COACHSYNC_EXAMPLES=NUMBER makes it longer, as `make fuzz` does.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts import Account
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.memory import MemoryServer
from coachsync.app.conflicts import Keep
from coachsync.errors import CoachsyncError, Temporary
from two_way import World
from two_way_events import WAYS

SEED = int(os.environ.get("COACHSYNC_SEED", random.SystemRandom().randrange(10**6)))
WAYS_OF_THE_COACH = st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)
NUMBERS, WAY, BOOLEANS = st.integers(0, 5), st.sampled_from(WAYS), st.booleans()
FAILURES = (
    Temporary("timeout", "The server does not answer."),
    Temporary("server-error", "The server failed with status 500."),
    CoachsyncError("storage-full", "The server has no room left."),
)
Place = Callable[[], tuple[Callable[[], CalendarServer], str, str]]


class Sides(RuleBasedStateMachine):
    """Random moves of everybody. `place` gives each example a calendar of its own."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        connect, url, username = type(self).place()
        self.world = World(Path(self._folder.name), connect, url, username)
        self.memory: MemoryServer | None = getattr(self.world.server, "_server", None)
        self.world.programs[0].make("first", series=True)
        self.world.programs[0].make("second", series=False)
        self.world.sync()
        self._made = 0

    @initialize(trash=BOOLEANS)
    def the_server_may_have_a_trash(self, trash: bool) -> None:
        """As a Nextcloud has one."""
        if self.memory is not None:
            self.memory.has_trash = trash

    # --- the others ------------------------------------------------------------------------------------------------

    @rule(who=st.integers(0, 1), number=NUMBERS, way=WAY, looks=BOOLEANS)
    def somebody_changes(self, who: int, number: int, way: str, looks: bool) -> None:
        program = self.world.programs[who]
        if looks:
            program.refresh()
        program.change(number, way)

    @rule(who=st.integers(0, 1), series=BOOLEANS)
    def somebody_makes(self, who: int, series: bool) -> None:
        self._made += 1
        self.world.programs[who].make(f"made-{self._made}", series=series)

    @rule(number=NUMBERS)
    def somebody_makes_what_the_coach_makes(self, number: int) -> None:
        """As an invitation does that both have by mail."""
        uids = self.world.new_uids()
        if uids:
            self._made += 1
            with suppress(CoachsyncError):  # coachsync was killed just after it had sent it: the server has it
                self.world.programs[0].make(f"made-{self._made}", series=False, uid=uids[number % len(uids)])

    @rule(who=st.integers(0, 1), number=NUMBERS)
    def somebody_renames(self, who: int, number: int) -> None:
        self._made += 1
        self.world.programs[who].refresh()
        self.world.programs[who].rename(number, f"made-{self._made}")

    @rule(who=st.integers(0, 1), number=NUMBERS)
    def somebody_deletes(self, who: int, number: int) -> None:
        self.world.programs[who].refresh()
        self.world.programs[who].delete(number)

    # --- the coach -------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, ways=WAYS_OF_THE_COACH)
    def the_coach_changes(self, number: int, ways: list[str]) -> None:
        self.world.change(number, *ways)

    @rule(number=NUMBERS, ways=WAYS_OF_THE_COACH, way=WAY, moment=st.sampled_from(["before", "early", "meanwhile"]))
    def both_change_the_same(self, number: int, ways: list[str], way: str, moment: str) -> None:
        program, href = self.world.programs[0], self.world.change(number, *ways)

        def act() -> None:
            program.refresh()
            program.change_at(href, way)

        if moment == "before":
            act()
        else:
            getattr(self.world.trouble, moment).append(act)
        self.world.sync()

    @rule(number=NUMBERS, way=WAY, which=st.sampled_from(["deletes", "renames"]), theirs=st.none() | WAY)
    def the_coach_changes_what_somebody_takes_away(self, number: int, way: str, which: str, theirs: str | None) -> None:
        program, href = self.world.programs[0], self.world.change(number, way)
        program.refresh()
        if href in program.seen:
            if theirs:
                program.change_at(href, theirs)
            place = sorted(program.seen).index(href)
            self._made += 1
            program.delete(place) if which == "deletes" else program.rename(place, f"made-{self._made}")

    @rule(series=BOOLEANS)
    def the_coach_makes(self, series: bool) -> None:
        self.world.make(series=series)

    @rule(number=NUMBERS)
    def the_coach_splits(self, number: int) -> None:
        self.world.split(number)

    @rule(number=NUMBERS)
    def the_coach_deletes(self, number: int) -> None:
        self.world.delete(number)

    @rule(which=st.sampled_from(list(Keep)))
    def the_coach_decides(self, which: Keep) -> None:
        self.world.decide(which)

    @rule(number=NUMBERS)
    def the_coach_takes_back(self, number: int) -> None:
        self.world.take_back(number)

    # --- coachsync, and what goes wrong ----------------------------------------------------------------------------

    @rule()
    def sync(self) -> None:
        self.world.sync()

    @rule(number=NUMBERS, way=WAY, who=st.integers(0, 1), early=BOOLEANS)
    def sync_while_somebody_changes(self, number: int, way: str, who: int, early: bool) -> None:
        program, trouble = self.world.programs[who], self.world.trouble
        moment = trouble.early if early else trouble.meanwhile
        moment.append(lambda: (program.refresh(), program.change(number, way)))
        self.world.sync()

    @rule(number=NUMBERS)
    def sync_while_somebody_deletes(self, number: int) -> None:
        program = self.world.programs[0]
        self.world.trouble.meanwhile.append(lambda: (program.refresh(), program.delete(number)))
        self.world.sync()

    @rule(step=st.integers(1, 40))
    def sync_and_be_killed(self, step: int) -> None:
        self.world.trouble.kill_at = step
        self.world.sync()
        self.world.trouble.kill_at = None

    @rule(method=st.sampled_from(["changes", "fetch", "create", "update", "remove"]), failure=st.sampled_from(FAILURES))
    def sync_with_a_failure(self, method: str, failure: CoachsyncError) -> None:
        self.world.trouble.failures[method] = [failure]
        self.world.sync()
        self.world.trouble.failures.clear()

    @rule(method=st.sampled_from(["create", "update", "remove"]))
    def sync_and_lose_the_answer(self, method: str) -> None:
        self.world.trouble.lost.add(method)
        self.world.sync()
        self.world.trouble.lost.clear()

    @rule(number=NUMBERS, whole=BOOLEANS)
    def the_calendar_is_made_anew(self, number: int, whole: bool) -> None:
        """At the same address and from a backup, with all that was there or not."""
        if self.memory is not None and number == 0:
            self.world.remake(self.memory, whole=whole)
            self.world.sync()

    @rule()
    def the_token_lies(self) -> None:
        self.world.trouble.lie = True
        self.world.sync()
        self.world.trouble.lie = False

    @rule()
    def the_server_lists_one_half(self) -> None:
        self.world.trouble.half = True
        self.world.sync(accept=False)
        self.world.trouble.half = False

    @invariant()
    def nothing_is_lost(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        try:
            self.world.settle()
            self.world.check_at_rest()
        finally:
            self.world.close()
            self._folder.cleanup()


def run(place: Place, examples: int, steps: int) -> None:
    print(f"seed {SEED}")  # noqa: T201 - to repeat what failed
    machine = type("Machine", (Sides,), {"place": staticmethod(place)})
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if os.environ.get("COACHSYNC_SHRINK") else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(SEED)(machine), settings=limits)


def in_memory() -> tuple[Callable[[], CalendarServer], str, str]:
    server = MemoryServer()
    url = f"{server.home('alice')}source/"
    server.add(url, "Coaching", "alice")
    return lambda: server.account("alice"), url, "alice"


def test_p04_p13_nothing_is_lost_on_a_server_in_memory() -> None:
    run(in_memory, int(os.environ.get("COACHSYNC_EXAMPLES", "8")), 50)


def test_p04_p13_nothing_is_lost_on_radicale(radicale: Account) -> None:
    def place() -> tuple[Callable[[], CalendarServer], str, str]:
        url = radicale.new_calendar()
        radicale.client().make(url, "Coaching")
        return radicale.client, url, radicale.username

    run(place, 2, 25)
