"""A disk that fills up under the state folder: said plainly, nothing lost, and finished once there is room again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from accounts import Account
from faults import Saboteur
from processes import eventually
from scenario_practice import Done, Practice, local, session, sessions, tomorrow
from servers import Reply, Request
from smalldisk import SmallDisk, mounted_on
from web import Slot, Web

SIZE = 12


@dataclass
class Scene:
    """A practice whose state folder is a small disk."""

    practice: Practice
    disk: SmallDisk
    web: Web
    front: Saboteur
    source: str
    name: str

    @property
    def served(self) -> list[Slot]:
        return [slot for url in self.web.calendars(self.name) for slot in self.web.slots(url)]

    def sync(self) -> Done:
        return self.practice.run_process("--json", "sync")

    def afterwards(self, *words: str) -> Done:
        """A command when there is room again: in this process where it sees the disk."""
        return self.practice.run_process(*words) if self.disk.inside else self.practice.run(*words)

    def full_at(self, method: str, nth: int, *, after: bool = False) -> None:
        """The disk fills up just before (or after) the server gets the nth request of this method."""
        seen = count(1)

        def fault(request: Request, forward: Callable[[], Reply]) -> Reply:
            now = request.method == method and next(seen) == nth
            if now and not after:
                self.disk.fill()
            reply = forward()
            if now and after:
                self.disk.fill()
            return reply

        self.front.fault = fault

    def room_again(self) -> None:
        self.disk.free()
        self.front.fault = None


@pytest.fixture
def scene(tmp_path: Path, radicale: Account, saboteur: Callable[[str], Saboteur]) -> Iterator[Scene]:
    practice, web = Practice(tmp_path), Web(radicale)
    practice.state.mkdir()
    with mounted_on(practice.state, "3m") as disk:
        practice.inside = disk.inside
        made = Scene(practice, disk, web, saboteur(radicale.url), web.make(radicale.new_calendar()), uuid4().hex)
        web.put_all(made.source, sessions(SIZE))
        practice.account("cloud", radicale, made.front.url)
        practice.calendar("coaching", "cloud", url=urlsplit(made.source).path)
        practice.share("office", ["coaching"], f'account = "cloud", name = "{made.name}"', "session", publish="now")
        yield made


def assert_plain(done: Done) -> None:
    """The whole run failed for want of room, and says so once, without a word that only programmers know."""
    assert done.code == 75, done
    told = done.json["problems"] if done.out else [_error(done)]
    assert [problem["code"] for problem in told] == ["disk-full"], done
    assert told[0]["hint"]
    assert "Traceback" not in done.err
    assert not any(word in done.err + done.out for word in ("sqlite", "database", "Errno", "No space left"))


def _error(done: Done) -> dict[str, str]:
    found = json.loads(done.err.splitlines()[-1])["error"]
    assert isinstance(found, dict)
    return found


def assert_all_is_right(scene: Scene, number: int) -> None:
    """The next run finishes what was begun, and one more has nothing to do."""
    scene.room_again()
    last = scene.sync()
    assert (last.code, last.json["problems"]) == (0, []), last
    assert len(scene.web.calendars(scene.name)) == 1
    assert len(scene.served) == number
    assert [slot[:2] for slot in scene.served] == [slot[:2] for slot in scene.web.slots(scene.source)]
    again = scene.afterwards("--json", "sync")
    assert again.json["shares"]["office"] == {"created": 0, "deleted": 0, "held_back": 0}
    assert scene.afterwards("--json", "share", "verify").json == {
        "findings": [],
        "exposure": [],
        "problems": [],
    }


@pytest.mark.parametrize(("method", "nth"), [pytest.param("PROPFIND", 1, marks=pytest.mark.long), ("REPORT", 2)])
def test_p13_a_disk_that_fills_up_in_a_first_sync(scene: Scene, method: str, nth: int) -> None:
    scene.full_at(method, nth)
    assert_plain(scene.sync())
    assert scene.served == []
    assert_plain(scene.sync())
    assert_all_is_right(scene, SIZE)


@pytest.mark.long
def test_p05_a_disk_that_fills_up_in_a_later_sync_leaves_the_share_as_it_is(scene: Scene) -> None:
    assert scene.sync().code == 0
    before = scene.served
    assert len(before) == SIZE
    scene.web.put_all(scene.source, {f"late{hour}.ics": session(local(tomorrow(), hour)) for hour in (12, 14, 16)})
    scene.web.delete(f"{scene.source}s3.ics")
    scene.full_at("REPORT", 1)
    assert_plain(scene.sync())
    assert scene.served == before
    assert_all_is_right(scene, SIZE + 2)


@pytest.mark.parametrize("nth", [pytest.param(1, marks=pytest.mark.long), 5])
def test_p13_a_disk_that_fills_up_while_a_share_is_written(scene: Scene, nth: int) -> None:
    scene.full_at("PUT", nth, after=True)
    done = scene.sync()
    assert (done.code, done.codes) == (3, ["disk-full"]), done
    assert_all_is_right(scene, SIZE)


def test_a_full_disk_is_said_by_every_command(scene: Scene) -> None:
    assert scene.sync().code == 0
    scene.disk.fill()
    for words in (["agenda"], ["status"], ["share", "list"]):
        done = scene.practice.run_process(*words)
        assert done.code in (0, 75), (words, done)
        assert "Traceback" not in done.err
        assert "sqlite" not in done.err
    assert_all_is_right(scene, SIZE)


def test_the_daemon_outlives_a_full_disk(scene: Scene) -> None:
    scene.practice.file.write_text(scene.practice.file.read_text().replace("[shares", 'interval = "PT1S"\n[shares'))
    scene.disk.fill()
    with scene.practice.start("run") as daemon:
        try:
            assert daemon.stderr
            assert "disk-full@practice.state" in daemon.stderr.readline()
            scene.disk.free()
            assert eventually(lambda: len(scene.served) == SIZE, seconds=40)
        finally:
            daemon.terminate()
            daemon.communicate(timeout=20)
    assert daemon.returncode == 0
    assert_all_is_right(scene, SIZE)
