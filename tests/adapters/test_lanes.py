"""Several requests at a time: what is done together, what alone, and what an error leaves behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from coachsync.adapters.caldav.lanes import ALONE, MOST, Lanes, gains

WAIT = 0.02  # seconds that a server far away takes to answer


class Line:
    """A lane that knows whether two tasks ever used it at once."""

    def __init__(self) -> None:
        self.busy = False
        self.shared = False
        self.broken = threading.Event()
        self.closed = False

    def __enter__(self) -> Line:
        self.shared |= self.busy
        self.busy = True
        return self

    def __exit__(self, *_: object) -> None:
        self.busy = False

    def abandon(self) -> None:
        self.broken.set()

    def close(self) -> None:
        self.closed = True


class Turns:
    """A lock that goes to whoever has waited longest, as a queue of requests does."""

    def __init__(self) -> None:
        self._waiting = threading.Condition()
        self._drawn = self._served = 0

    def __enter__(self) -> None:
        with self._waiting:
            number, self._drawn = self._drawn, self._drawn + 1
            self._waiting.wait_for(lambda: self._served == number)

    def __exit__(self, *_: object) -> None:
        with self._waiting:
            self._served += 1
            self._waiting.notify_all()


class Server:
    """Counts how many tasks are answered at once. `one_by_one` answers them in turn, however many ask."""

    def __init__(self, wait: float = WAIT, *, one_by_one: bool = False) -> None:
        self.wait, self.turn = wait, Turns() if one_by_one else None
        self.now = self.most = 0
        self.begun: list[object] = []
        self.lines = [Line()]
        self.lanes = Lanes(self.lines[0], self._line)
        self._count = threading.Lock()

    def _line(self) -> Line:
        self.lines.append(Line())
        return self.lines[-1]

    def task(self, name: object, error: Exception | None = None) -> Callable[[Line], object]:
        def ask(line: Line) -> object:
            with line:
                self._enter(name)
                try:
                    self._answer(line)
                finally:
                    self._leave()
                if error:
                    raise error
                return name

        return ask

    def _enter(self, name: object) -> None:
        with self._count:
            self.begun.append(name)
            self.now += 1
            self.most = max(self.most, self.now)

    def _leave(self) -> None:
        with self._count:
            self.now -= 1

    def _answer(self, line: Line) -> None:
        if self.turn is None:
            line.broken.wait(self.wait)
            return
        with self.turn:
            time.sleep(self.wait)


@pytest.fixture
def far() -> Iterator[Server]:
    server = Server()
    yield server
    server.lanes.close()


def test_results_come_in_the_order_of_the_tasks(far: Server) -> None:
    assert list(far.lanes.run(far.task(number) for number in range(40))) == list(range(40))


def test_tasks_that_wait_are_done_together_but_never_more_than_the_bound(far: Server) -> None:
    begun = time.perf_counter()
    list(far.lanes.run(far.task(number) for number in range(60)))

    assert far.most == MOST
    assert len(far.lines) == 1 + MOST
    assert time.perf_counter() - begun < 60 * WAIT / 2


def test_no_lane_is_used_for_two_tasks_at_once(far: Server) -> None:
    list(far.lanes.run(far.task(number) for number in range(60)))

    assert not any(line.shared for line in far.lines)


def test_the_first_tasks_are_done_alone(far: Server) -> None:
    for _ in far.lanes.run(far.task(number) for number in range(ALONE)):
        assert far.most == 1
    assert len(far.lines) == 1


def test_a_login_that_the_first_task_finds_refused_is_not_tried_by_others(far: Server) -> None:
    tasks = [far.task(number, PermissionError()) for number in range(20)]

    with pytest.raises(PermissionError):
        list(far.lanes.run(tasks))

    assert far.begun == [0]


def test_where_there_is_nothing_to_wait_for_there_is_one_lane() -> None:
    near = Server(wait=0)
    with closing(near.lanes):
        assert list(near.lanes.run(near.task(number) for number in range(40))) == list(range(40))
    assert len(near.lines) == 1


@pytest.mark.parametrize(
    ("alone", "together", "worth"),
    [
        ([], [], False),
        ([0.5, 0.001], [], False),  # next to no round trip
        ([0.5, 0.02], [], True),  # nothing speaks against it yet; the first task also connected and logged in
        ([0.02], [9.0] * 6 + [0.12] * 5, True),
        ([0.02], [9.0] * 6 + [0.12] * 6, False),  # six at once take six times as long: one at a time, all the same
        ([0.02], [9.0] * 6 + [0.03] * 6, True),
        ([0.02], [0.02] * 6 + [0.12] * 6 + [0.02] * 99, False),
    ],
)
def test_lanes_are_given_up_when_they_gain_nothing(alone: list[float], together: list[float], worth: bool) -> None:
    assert gains(alone, together, 6) is worth


def test_a_server_that_answers_one_at_a_time_is_soon_asked_so() -> None:
    single = Server(wait=0.15, one_by_one=True)  # so long that a busy machine does not matter
    with closing(single.lanes):
        results = single.lanes.run(single.task(number) for number in range(ALONE + 4 * MOST))
        taken = [next(results) for _ in range(ALONE + 3 * MOST)]
        single.most = 0
        assert [*taken, *results] == list(range(ALONE + 4 * MOST))
    assert single.most == 1


def test_one_task_may_run_ahead_where_lanes_gain_nothing() -> None:
    near = Server(wait=0)
    with closing(near.lanes):
        results = near.lanes.run((near.task(number) for number in range(20)), ahead=1)
        for _ in range(ALONE + 1):
            next(results)
        for _ in range(100):
            if len(near.begun) == ALONE + 2:
                break
            time.sleep(0.01)
        assert len(near.begun) == ALONE + 2  # while the caller works on the third, the fourth is asked for
        assert list(results) == list(range(ALONE + 1, 20))
    assert near.most == 1


def test_the_first_error_begins_nothing_new_and_what_was_under_way_still_comes(far: Server) -> None:
    tasks = [far.task(number, ValueError("third") if number == ALONE else None) for number in range(60)]
    results: list[object] = []

    with pytest.raises(ValueError, match="third"):
        results.extend(far.lanes.run(tasks))  # extend keeps what came before the error

    assert results[:ALONE] == [0, 1]
    assert len(far.begun) <= ALONE + MOST
    assert set(far.begun) - {ALONE} == set(results)


def test_an_error_that_is_not_the_callers_turn_yet_begins_nothing_new_either(far: Server) -> None:
    tasks = [far.task(number, ValueError("last") if number == ALONE + 2 else None) for number in range(60)]
    tasks[ALONE] = lambda _: time.sleep(5 * WAIT)
    tasks[ALONE + 1] = lambda _: time.sleep(10 * WAIT)

    with pytest.raises(ValueError, match="last"):
        list(far.lanes.run(tasks))

    assert len(far.begun) == ALONE + MOST - 2


def test_a_caller_that_stops_leaves_nothing_going_on(far: Server) -> None:
    far.wait = 30
    results = far.lanes.run([*(lambda _, n=n: time.sleep(0.005) or n for n in range(ALONE)), *map(far.task, range(20))])
    for _ in range(ALONE):
        next(results)
    stopped = threading.Thread(target=lambda: (time.sleep(0.3), [line.abandon() for line in far.lines]))
    stopped.start()
    next(results)
    begun = time.perf_counter()

    results.close()

    assert time.perf_counter() - begun < 5
    assert far.now == 0
    assert all(line.closed for line in far.lines[1:])
    stopped.join()


def test_lanes_are_opened_once_for_several_runs(far: Server) -> None:
    for _ in range(3):
        list(far.lanes.run(far.task(number) for number in range(30)))
    assert len(far.lines) <= 1 + MOST
