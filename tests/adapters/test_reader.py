"""Reading in a process of its own: the same readings, and whatever breaks or stalls it costs one event only."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coachsync.adapters.ical import expansion, reader
from coachsync.adapters.ical.reader import Reader
from coachsync.errors import CoachsyncError
from coachsync.model import Reading
from icaltext import AT, COACH, PARIS, SERIES, YEAR, document
from processes import eventually, running

NEVER = "DTSTART:20200101T000000Z RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"  # within every bound, and endless
GOOD = document(AT)


def read(given: Reader, *bodies: bytes) -> list[Reading]:
    found = list(given.read(enumerate(bodies), YEAR, "Europe/Paris", COACH))
    assert [key for key, _ in found] == list(range(len(bodies)))
    return [reading for _, reading in found]


def codes(readings: list[Reading]) -> list[str | None]:
    return [reading.code for reading in readings]


def children() -> set[int]:
    """The processes that this one has started and not yet collected: servers and readers of other tests are among
    them."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.fixture
def others() -> set[int]:
    """The children before the test."""
    return children()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked


def test_readings_are_those_of_reading_here():
    moved = f"RECURRENCE-ID{PARIS}:20250113T100000 DTSTART{PARIS}:20250114T150000 STATUS:CANCELLED"
    bodies = [
        GOOD,
        document(SERIES, moved),
        document("DTSTART;VALUE=DATE:20250110 TRANSP:TRANSPARENT"),
        document("ORGANIZER:mailto:x@example.net ATTENDEE:mailto:camille@example.org " + AT),
        document(AT).replace(b"UID:1", b"SUMMARY:\xff\x00\r\nUID:1"),
        document("DTSTART;TZID=Nowhere/\udcff:20250110T100000"),
        document("SUMMARY:x"),
        b"garbage",
        b"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
    ]
    with Reader() as here:
        readings = read(here, *bodies)
    assert readings == [expansion.read(body, YEAR, "Europe/Paris", COACH) for body in bodies]
    assert len(set(codes(readings))) > 4
    assert sum(bool(reading.occurrences) for reading in readings) == 5


def test_a_rule_that_never_comes_true_is_stopped_and_the_others_go_on():
    with Reader(timeout=0.5) as here:
        read(here, GOOD)
        started = time.monotonic()
        readings = read(here, GOOD, document(NEVER), GOOD, document(NEVER), document(SERIES))
        assert time.monotonic() - started < 15
    assert codes(readings) == [None, "too-slow", None, "too-slow", None]
    assert [len(one.occurrences) for one in readings] == [1, 0, 1, 0, 4]


def test_what_is_asked_ahead_of_a_slow_event_is_answered_after_it():
    bodies = [GOOD] * 10 + [document(NEVER)] + [GOOD] * 3 * reader.AHEAD
    with Reader(timeout=0.5) as here:
        assert codes(read(here, *bodies)) == [None] * 10 + ["too-slow"] + [None] * 3 * reader.AHEAD


def test_a_consumer_that_takes_its_time_makes_no_event_slow():
    with Reader(timeout=0.5) as here:
        found = here.read(enumerate([GOOD, document(SERIES), GOOD]), YEAR, "Europe/Paris", COACH)
        first = next(found)
        time.sleep(1)
        assert codes([first[1], *(reading for _, reading in found)]) == [None] * 3


def test_a_child_that_dies_costs_the_event_at_hand_and_no_other(others):
    with Reader() as here:
        found = here.read(enumerate([GOOD, document(NEVER), GOOD]), YEAR, "Europe/Paris", COACH)
        next(found)
        (pid,) = children() - others
        os.kill(pid, signal.SIGKILL)
        assert [(key, reading.code) for key, reading in found] == [(1, "unreadable"), (2, None)]


def test_a_child_that_nobody_watched_ended_itself_because_it_was_slow(others):
    with Reader() as here:
        found = here.read(enumerate([GOOD, document(NEVER), GOOD]), YEAR, "Europe/Paris", COACH)
        next(found)
        (pid,) = children() - others
        os.kill(pid, signal.SIGALRM)
        assert [(key, reading.code) for key, reading in found] == [(1, "too-slow"), (2, None)]


def test_the_child_has_the_memory_it_is_given_and_leaves_no_core(others):
    with Reader(memory=512 << 20) as here:
        read(here, GOOD)
        (pid,) = children() - others
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        bounds = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert bounds["Max address space"] == [str(512 << 20)] * 2
    assert bounds["Max core file size"] == ["0", "0"]


def test_an_event_that_needs_more_memory_than_there_is_is_unreadable():
    large = document(SERIES + " EXDATE:" + ",".join(["20240101T000000Z"] * 2000))
    with Reader(memory=1 << 20) as here:  # less than the child has already: nothing more can be had
        assert codes(read(here, large, GOOD))[0] == "unreadable"


def test_large_questions_and_answers_do_not_block_each_other():
    daily = "DTSTART:20250101T000000Z RRULE:FREQ=DAILY;BYHOUR=0,3,6,9,12,15,18 EXDATE:" + ",".join(
        ["20240101T000000Z"] * 1900
    )
    with Reader(timeout=20) as here:
        readings = read(here, *[document(daily)] * 8)
    assert {len(reading.occurrences) for reading in readings} == {365 * 7}


def test_the_child_is_started_late_used_again_and_ends():
    before, files = children(), open_files()
    with Reader() as here:
        assert codes(read(here, b"garbage")) == ["not-a-calendar"]
        assert children() == before  # nothing to expand yet
        read(here, GOOD)
        started = children()
        read(here, GOOD)
        assert children() == started != before
    assert (children(), open_files()) == (before, files)
    here.close()
    assert codes(read(here, GOOD)) == [None]
    here.close()
    gc.collect()
    assert (children(), open_files()) == (before, files)


def test_killing_children_leaks_nothing():
    before, files = children(), open_files()
    with Reader(timeout=0.2) as here:
        assert codes(read(here, *[document(NEVER)] * 4)) == ["too-slow"] * 4
    assert (children(), open_files()) == (before, files)


def test_reading_that_is_broken_off_does_not_mix_up_answers():
    with Reader() as here:
        found = here.read(((n, GOOD) for n in range(200)), YEAR, "Europe/Paris", COACH)
        next(found)
        found.close()
        assert len(read(here, document(SERIES))[0].occurrences) == 4


def test_a_source_that_fails_says_so_and_the_reader_goes_on():
    def failing():
        yield 0, GOOD
        raise KeyError("source")

    with Reader() as here:
        with pytest.raises(KeyError, match="source"):
            list(here.read(failing(), YEAR, "Europe/Paris", COACH))
        assert codes(read(here, GOOD)) == [None]


def test_a_child_that_cannot_be_started_is_an_error_not_a_quarantine(monkeypatch):
    files = open_files()
    for executable in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        with Reader() as here, pytest.raises(CoachsyncError) as caught:
            read(here, GOOD)
        assert caught.value.code == "reader-not-started"
    assert open_files() == files


def test_the_child_ends_when_its_parent_is_killed():
    script = (
        "import sys; from datetime import UTC, datetime; from coachsync.adapters.ical.reader import Reader; "
        "from coachsync.model import Window; "
        "w = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)); r = Reader(); "
        f"list(r.read([(0, {GOOD!r})], w, 'UTC', frozenset())); print(r._child.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        assert running(child)
        parent.kill()
    assert eventually(lambda: not running(child))


def test_p12_neither_environment_nor_command_line_tell_the_child_anything(monkeypatch, others):
    monkeypatch.setenv("COACHSYNC_PASSPHRASE_FILE", "/canary")
    with Reader() as here:
        read(here, GOOD)
        (pid,) = children() - others
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert command[1:-1] == [
        b"-E",
        b"-P",
        b"-W",
        b"ignore",
        b"-m",
        b"coachsync.adapters.ical.child",
        b"1073741824",
        b"12",
    ]


def test_p12_no_text_of_an_event_is_sent_to_the_child():
    body = document(f"{SERIES} SUMMARY:Canary1 ATTENDEE;CN=Canary2:mailto:canary3@example.org X-CANARY4:1")
    found = reader.skeleton(body.replace(b"UID:1", b"UID:Canary5"), COACH)
    assert b"canary" not in reader.child.question(found, YEAR, "Europe/Paris").lower()


def test_horizons_before_1970_are_asked_for_as_well():
    old = type(YEAR)(datetime(1960, 1, 1, tzinfo=UTC), datetime(1961, 1, 1, tzinfo=UTC))
    body = document("DTSTART:19600110T100000Z DURATION:PT1H")
    with Reader() as here:
        ((_, reading),) = here.read([(0, body)], old, "Europe/Paris", COACH)
    assert reading == expansion.read(body, old, "Europe/Paris", COACH)
    assert len(reading.occurrences) == 1
