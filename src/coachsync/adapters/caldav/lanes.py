"""Several requests at a time to one server, where more get more done: each lane is a connection of its own.

Over a network most of a request is waiting, and lanes wait together. A server that answers one request after the other
gains nothing by them, and on this machine there is nothing to wait for. So the first tasks are timed alone and the next
ones together, and what is not quicker together goes on alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

MOST = 6  # connections beside the first, as many as browsers open to a server
ALONE = 2  # tasks done one by one; the first proves the login, so that a refused one is not sent by all lanes
_WORTH_WAITING = 0.003  # seconds: in a shorter task there is no round trip
_GAIN = 1.5  # times as much must be done in the same time


class Lane(Protocol):
    """What a task works with, one task at a time."""

    def abandon(self) -> None:
        """Break off what is under way; called from another thread."""

    def close(self) -> None:
        """Let go of the connections."""


L = TypeVar("L", bound=Lane)
T = TypeVar("T")


class Lanes(Generic[L]):
    """The lanes to one server: `first` belongs to the caller, `another` makes one more when it is needed."""

    def __init__(self, first: L, another: Callable[[], L]) -> None:
        self._first, self._another = first, another
        self._others: list[L] = []
        self._free: deque[L] = deque()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, tasks: Iterable[Callable[[L], T]], *, ahead: int = 0, most: int = MOST) -> Generator[T, None, None]:
        """The results of the tasks, in their order.

        `ahead` tasks run while the caller works on a result, also where lanes gain nothing; never more than `most` run
        at once. The first error begins nothing new: what is under way ends, its results come, then the error is raised.
        """
        source, pace = iter(tasks), Pace(most)
        for task in islice(source, ALONE):
            yield pace.alone(task, self._first)
        under_way: deque[Future[T]] = deque()
        try:
            while True:
                self._fill(under_way, source, pace, most if pace.quicker_together else ahead)
                if under_way:
                    try:
                        result = under_way.popleft().result()
                    except Exception:
                        yield from _succeeded(under_way)
                        raise
                    self._fill(under_way, source, pace, most if pace.quicker_together else ahead)
                    yield result
                elif (task_alone := next(source, None)) is not None:
                    yield pace.alone(task_alone, self._first)
                else:
                    return
        finally:
            self._end(under_way)

    def close(self) -> None:
        """Break off what is under way and let go of the lanes, but for the first."""
        for lane in self._others:
            lane.abandon()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        for lane in self._others:
            lane.close()
        self._others.clear()
        self._free.clear()

    def _fill(self, under_way: deque[Future[T]], source: Iterator[Callable[[L], T]], pace: Pace, width: int) -> None:
        """Begin tasks until `width` are under way; none once one of them is known to have failed."""
        if any(future.done() and future.exception() for future in under_way):
            return
        for task in islice(source, max(0, width - len(under_way))):
            under_way.append(self._begin(task, pace))

    def _begin(self, task: Callable[[L], T], pace: Pace) -> Future[T]:
        from concurrent.futures import ThreadPoolExecutor

        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="lane")
        return self._pool.submit(self._do, task, pace)

    def _do(self, task: Callable[[L], T], pace: Pace) -> T:
        """One task in a thread of the pool: there are never more threads than lanes."""
        try:
            lane = self._free.pop()
        except IndexError:
            lane = self._another()
            self._others.append(lane)
        try:
            return pace.together(task, lane)
        finally:
            self._free.append(lane)

    def _end(self, under_way: deque[Future[T]]) -> None:
        """Nothing goes on behind the caller's back when the results are not wanted any more."""
        running = [future for future in under_way if not future.cancel()]
        if running:
            self.close()


class Pace:
    """How long tasks take alone and together, in seconds, and what follows from it."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._alone: list[float] = []
        self._together: list[float] = []

    @property
    def quicker_together(self) -> bool:
        return gains(self._alone, self._together, self._width)

    def alone(self, task: Callable[[L], T], lane: L) -> T:
        return _timed(task, lane, self._alone)

    def together(self, task: Callable[[L], T], lane: L) -> T:
        return _timed(task, lane, self._together)


def gains(alone: Sequence[float], together: Sequence[float], width: int) -> bool:
    """Whether `width` lanes are worth it, as far as the seconds of tasks tell: they are until they show that they are
    not."""
    if not alone or min(alone) < _WORTH_WAITING:
        return False
    timed = together[width : 2 * width]  # the first task of a lane also connects
    if len(timed) < width:
        return True
    return width * min(alone) >= _GAIN * sum(timed) / len(timed)


def _timed(task: Callable[[L], T], lane: L, times: list[float]) -> T:
    begun = perf_counter()
    try:
        return task(lane)
    finally:
        times.append(perf_counter() - begun)


def _succeeded(under_way: deque[Future[T]]) -> Iterator[T]:
    """What still comes in after an error; the first error is the one that is told."""
    while under_way:
        future = under_way.popleft()
        if not future.cancel() and future.exception() is None:
            yield future.result()
