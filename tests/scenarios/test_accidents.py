"""Accidents at the source, and processes that are killed: a share loses nothing by them and holds nothing twice."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import Popen
from threading import Timer
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import faults
from accounts import Account
from faults import Fault, Saboteur
from scenario_practice import Practice, local, session, sessions, tomorrow
from servers import Reply, Request
from web import Slot, Web

SIZE = 24
SEED = int(os.environ.get("COACHSYNC_TEST_SEED") or secrets.randbits(32))


@dataclass
class Scene:
    """A published calendar on a server that can be made to fail."""

    practice: Practice
    web: Web
    front: Saboteur
    source: str
    name: str

    @property
    def share(self) -> str:
        return self.web.calendar(self.name)

    @property
    def served(self) -> dict[str, bytes]:
        return self.web.objects(self.share)


@pytest.fixture
def scene(practice: Practice, account: Account, web: Web, saboteur: Callable[[str], Saboteur]) -> Scene:
    source = web.make(account.new_calendar(), f"Coaching {uuid4().hex}")
    web.put_all(source, sessions(SIZE))
    made = Scene(practice, web, saboteur(account.url), source, f"Office {uuid4().hex}")
    _configure(made, practice, made.name)
    assert practice.sync().code == 0
    assert len(made.served) == SIZE
    return made


def _configure(scene: Scene, practice: Practice, name: str) -> None:
    practice.account("cloud", scene.web.account, scene.front.url)
    practice.calendar("coaching", "cloud", url=urlsplit(scene.source).path)
    practice.share("office", ["coaching"], f'account = "cloud", name = "{name}"', "session")


# A token that is refused may be another collection's: which it is, a server tells whose collections have ids.
HALF = "mass-deletion collection-replaced"

# --- what is no deletion -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "exit_code", "code", "held"),
    [
        (faults.not_there, 5, "calendar-vanished", SIZE),
        (faults.half_left_out, 5, HALF, SIZE // 2),
        (faults.cut_in_the_middle, 75, "answer-truncated", 0),
        (faults.broken_off, 75, "answer-truncated", 0),
        (faults.lost, 75, "no-connection", 0),
    ],
    ids=["answers-404", "half-left-out", "xml-cut", "broken-off", "connection-lost"],
)
def test_p05_a_fault_at_the_source_leaves_the_share_as_it_is(
    scene: Scene, fault: Fault, exit_code: int, code: str, held: int
) -> None:
    served = scene.served
    scene.front.clear()
    scene.front.fault = faults.only_below(scene.source, fault)
    for _ in range(2):
        done = scene.practice.sync()
        assert done.code == exit_code
        assert done.codes in ([one] for one in code.split())
        (problem,) = done.json["problems"]
        assert problem["where"] == "calendars.coaching"
        assert problem["hint"]
        assert done.json["shares"]["office"]["held_back"] == held
    assert scene.served == served

    scene.front.fault = None  # the server is well again: nobody needs to decide anything
    assert scene.practice.sync().code == 0
    assert scene.served == served
    assert scene.front.writes == []


def test_p05_an_emptied_calendar_empties_its_share_only_when_a_person_says_so(scene: Scene) -> None:
    served = scene.served
    for href in scene.web.hrefs(scene.source):
        scene.web.delete(href)
    for _ in range(2):
        done = scene.practice.sync()
        assert (done.code, done.codes) == (5, ["mass-deletion"])
        assert done.json["shares"]["office"] == {"created": 0, "deleted": 0, "held_back": SIZE}
        assert "--accept-deletions coaching" in done.json["problems"][0]["hint"]
    assert scene.practice.run("share", "publish", "office").code == 5
    assert scene.served == served

    done = scene.practice.sync("--accept-deletions", "coaching")
    assert (done.code, done.codes) == (0, [])
    assert done.json["calendars"]["coaching"]["pulled"]["removed"] == SIZE
    assert scene.served == {}


def test_p05_a_calendar_that_is_gone_takes_its_share_along_only_when_a_person_says_so(scene: Scene) -> None:
    served = scene.served
    scene.web.delete(scene.source)
    done = scene.practice.sync()
    assert (done.code, done.codes) == (5, ["calendar-vanished"])
    assert scene.served == served

    assert scene.practice.sync("--accept-deletions", "coaching").code == 0
    assert scene.served == {}


def test_p05_new_sessions_come_in_while_deletions_wait(scene: Scene) -> None:
    served = scene.served
    for href in scene.web.hrefs(scene.source)[: SIZE // 2]:
        scene.web.delete(href)
    late = session(local(tomorrow(), 18))
    assert scene.web.put(f"{scene.source}late.ics", late).status == 201
    done = scene.practice.sync()
    assert (done.code, done.codes) == (5, ["mass-deletion"])
    assert done.json["shares"]["office"] == {"created": 1, "deleted": 0, "held_back": SIZE // 2}
    assert served.items() < scene.served.items()


# --- kill -9 -------------------------------------------------------------------------------------------------------

ROUNDS = 2
REACH = (6, 25, 12, 50)  # how many requests, at most, a process lives for: one figure for each kill of a round


@pytest.mark.long
def test_p13_killed_at_any_moment_a_run_is_finished_by_the_next_with_nothing_twice(
    scene: Scene, tmp_path: Path
) -> None:
    print(f"COACHSYNC_TEST_SEED={SEED}")  # noqa: T201 - shown when the test fails
    draw = random.Random(SEED)
    reference = scene.web.slots(scene.share)
    assert len(reference) == SIZE
    kills = 0
    for number in range(ROUNDS):
        folder = tmp_path / f"round{number}"
        folder.mkdir()
        practice, name = Practice(folder), f"Office {uuid4().hex}"
        _configure(scene, practice, name)
        for reach in REACH:
            kills += _killed(practice, scene.front, draw, reach)
        scene.front.fault = None
        _finished(scene, practice, name, reference)
    assert kills >= ROUNDS * len(REACH) // 2, f"COACHSYNC_TEST_SEED={SEED}"


def _killed(practice: Practice, front: Saboteur, draw: random.Random, reach: int) -> bool:
    """Run `sync` and kill it at a random request: before the server has it, before its answer comes, or soon after."""
    nth, when, soon = draw.randint(1, reach), draw.choice(("before", "after", "soon")), draw.uniform(0, 0.03)
    seen, started = count(1), list[Popen[str]]()

    def fault(request: Request, forward: Callable[[], Reply]) -> Reply:
        if next(seen) != nth:
            return forward()
        if when == "before":
            started[0].kill()
            return Reply(raw=b"")
        reply = forward()
        if when == "after":
            started[0].kill()
            return Reply(raw=b"")
        Timer(soon, started[0].kill).start()
        return reply

    front.fault = fault
    with practice.start("sync") as process:
        started.append(process)
        process.communicate(timeout=60)
    return process.returncode == -9


def _finished(scene: Scene, practice: Practice, name: str, reference: list[Slot]) -> None:
    """The last run makes the share what it would have been, and one more writes nothing."""
    last = practice.sync()
    assert (last.code, last.codes) == (0, []), f"COACHSYNC_TEST_SEED={SEED}"
    assert len(scene.web.calendars(name)) == 1
    share = scene.web.calendar(name)
    assert scene.web.slots(share) == reference, f"COACHSYNC_TEST_SEED={SEED}"
    served = scene.web.objects(share)
    scene.front.clear()
    assert practice.sync().code == 0
    assert scene.front.methods == ["REPORT"]
    assert scene.web.objects(share) == served
    assert practice.run("--json", "share", "verify").json == {"findings": [], "exposure": [], "problems": []}
