from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import lentreader
from coachsync.adapters.ical.reader import Reader
from coachsync.model import Window
from events import event
from lentreader import LentReader

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Reader]]:
    """Of this test alone."""
    monkeypatch.setattr(lentreader, "_idle", [])
    yield lentreader._idle
    lentreader.end_all()


def read(given: LentReader, count: int = 3) -> Iterator[tuple[int, datetime]]:
    texts = ((number, event(f"uid-{number}", NOW.replace(hour=number))) for number in range(count))
    answers = given.read(texts, YEAR, "Europe/Paris", frozenset())
    return ((key, reading.occurrences[0].start) for key, reading in answers)


def test_the_next_run_has_the_same_process() -> None:
    first, pids = LentReader(), []
    assert [moment.hour for _, moment in read(first)] == [0, 1, 2]
    pids.append(first._reader._child.pid)
    first.close()
    second = LentReader()
    assert [moment.hour for _, moment in read(second)] == [0, 1, 2]
    assert second._reader._child.pid == pids[0]
    second.close()


def test_two_runs_at_a_time_have_one_each(idle: list[Reader]) -> None:
    first, second = LentReader(), LentReader()
    assert first._reader is not second._reader
    first.close()
    second.close()
    assert len(idle) == 2


def test_one_that_was_left_in_the_midst_of_its_answers_is_ended(idle: list[Reader]) -> None:
    run = LentReader()
    left = read(run)
    next(left)
    process = run._reader._child._process
    run.close()
    assert idle == []
    assert process.poll() is not None
