"""Accidents at the server while changes of the coach wait: nothing is deleted on either side, and it is said why."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import accounts
import faults
from accounts import Account
from coachsync import config, contentline
from coachsync.adapters.database import Copies, Edits
from coachsync.app.queueing import new_href, queue
from coachsync.app.wiring import open_wiring
from events import event
from faults import Fault, Saboteur
from scenario_practice import Practice, local, tomorrow
from web import Web

SIZE = 12
CHANGED = "s3"


@dataclass
class Scene:
    """A calendar of SIZE appointments, one of which the coach has moved here since it was last synced."""

    practice: Practice
    web: Web
    front: Saboteur
    source: str

    @property
    def held(self) -> dict[str, bytes]:
        """What the server holds."""
        return self.web.objects(self.source)

    def copies(self) -> int:
        with open_wiring(config.load(self.practice.file), "test", datetime.now(UTC)) as wiring:
            return len(Copies(wiring.database, "coaching").all())

    def waiting(self) -> int:
        with open_wiring(config.load(self.practice.file), "test", datetime.now(UTC)) as wiring:
            return len(Edits(wiring.database, "coaching").all())

    def want(self, name: str, body: bytes | None) -> None:
        with open_wiring(config.load(self.practice.file), "test", datetime.now(UTC)) as wiring:
            folder = new_href(wiring, "coaching").rpartition("/")[0]
            queue(wiring, "coaching", f"{folder}/{name}.ics", contentline.uid(body or b"") or f"uid-{name}", body)

    def status(self) -> dict[str, object]:
        found = self.practice.run("--json", "status").json["calendars"]["coaching"]
        assert isinstance(found, dict)
        return found


def session(number: int, hour: int = 9) -> bytes:
    return event(f"uid-s{number}", local(tomorrow() + timedelta(days=number), hour))


@pytest.fixture
def scene(practice: Practice, account: Account, web: Web, saboteur: Callable[[str], Saboteur]) -> Scene:
    source = web.make(account.new_calendar(), f"Coaching {uuid4().hex}")
    web.put_all(source, {f"s{number}.ics": session(number) for number in range(SIZE)})
    made = Scene(practice, web, saboteur(account.url), source)
    practice.account("cloud", account, made.front.url)
    practice.calendar("coaching", "cloud", url=urlsplit(source).path)
    assert practice.sync().code == 0
    made.want(CHANGED, session(3, hour=15))
    made.front.clear()
    return made


def is_refused(scene: Scene, exit_code: int, *codes: str) -> None:
    """Two runs say what is wrong and change nothing, here or there."""
    for _ in range(2):
        done = scene.practice.sync()
        assert done.code == exit_code
        assert done.codes[0] in codes
        problem = scene.status()["problem"]
        assert isinstance(problem, dict)
        assert problem["code"] == done.codes[0]
        assert problem["hint"]
    assert "DELETE" not in scene.front.writes
    assert scene.copies() == SIZE
    assert scene.waiting() == 1


@pytest.mark.parametrize(
    ("fault", "exit_code", "code"),
    [(faults.not_there, 5, "calendar-vanished"), (faults.cut_in_the_middle, 75, "answer-truncated")],
    ids=["answers-404", "xml-cut"],
)
def test_p05_while_the_server_is_in_trouble_nothing_is_sent(
    scene: Scene, fault: Fault, exit_code: int, code: str
) -> None:
    held = scene.held
    scene.front.fault = faults.only_below(scene.source, fault)
    is_refused(scene, exit_code, code)
    assert scene.front.writes == []
    assert scene.held == held

    scene.front.fault = None
    assert scene.practice.sync().code == 0
    assert scene.front.writes == ["PUT"]
    assert scene.waiting() == 0


def test_p05_half_of_a_listing_deletes_nothing(scene: Scene) -> None:
    held = scene.held
    scene.web.put_all(scene.source, {f"more{number}.ics": session(40 + number) for number in range(12)})
    assert scene.practice.sync().code == 0
    scene.front.clear()
    scene.want("s5", session(5, hour=15))
    scene.front.fault = faults.only_below(scene.source, faults.half_left_out)
    for _ in range(2):
        done = scene.practice.sync()
        assert done.code == 5
        assert done.codes in (["mass-deletion"], ["collection-replaced"])
    assert scene.front.writes == []
    assert scene.held.keys() >= held.keys()
    assert scene.copies() == SIZE + 12

    scene.front.fault = None
    assert scene.practice.sync().code == 0
    assert scene.waiting() == 0


def test_p05_an_emptied_calendar_deletes_nothing_here_until_a_person_says_so(scene: Scene) -> None:
    for href in scene.web.hrefs(scene.source):
        scene.web.delete(href)
    is_refused(scene, 5, "mass-deletion")
    assert scene.front.writes == []

    done = scene.practice.sync("--accept-deletions", "coaching")

    # What the coach has changed here and somebody deleted there is for the coach to decide.
    assert (done.code, done.codes) == (4, ["conflict"])
    assert done.json["calendars"]["coaching"]["pulled"]["removed"] == SIZE
    assert (scene.copies(), scene.waiting()) == (0, 1)


def test_p05_a_calendar_made_anew_at_the_same_address_deletes_nothing_here_until_a_person_says_so(scene: Scene) -> None:
    scene.web.delete(scene.source)
    scene.web.make(scene.source, "Coaching")
    is_refused(scene, 5, "mass-deletion", "collection-replaced")  # Xandikos gives its collections an id
    assert scene.front.writes == []

    done = scene.practice.sync("--accept-deletions", "coaching")

    assert (done.code, done.codes) == (4, ["conflict"])
    assert scene.held == {}


def test_p05_somebody_elses_calendar_is_neither_taken_for_the_coachs_nor_written_to(
    scene: Scene, account: Account
) -> None:
    if not account.password:
        pytest.skip("Xandikos has one user")
    other = accounts.on_radicale(account.url)
    theirs = Web(other).make(other.new_calendar(), "Theirs")
    Web(other).put_all(theirs, {"his.ics": session(30)})
    login = "Basic " + base64.b64encode(f"{other.username}:{other.password}".encode()).decode()
    ours, path = urlsplit(scene.source).path, urlsplit(theirs).path
    scene.front.fault = faults.somebody_elses(scene.front, ours, path, login)

    for _ in range(2):
        done = scene.practice.sync()
        assert done.code == 5
        assert "collection-replaced" in done.codes or "mass-deletion" in done.codes

    assert scene.front.writes == []
    assert list(Web(other).objects(theirs)) == [f"{path}his.ics"]
    assert scene.waiting() == 1


def test_a_token_that_lies_costs_nothing_but_time(scene: Scene) -> None:
    """The server keeps a change quiet, and the coach's own one meets it: the condition notices."""
    scene.practice.sync()
    scene.want(CHANGED, session(3, hour=17))
    scene.web.put_all(scene.source, {f"{CHANGED}.ics": session(3, hour=11)})
    scene.front.fault = faults.only_below(scene.source, faults.lying)

    done = scene.practice.sync()

    assert (done.code, done.codes) == (4, ["conflict"])
    assert scene.waiting() == 1
    kept = next(body for href, body in scene.held.items() if href.endswith(f"/{CHANGED}.ics"))
    assert f"{local(tomorrow() + timedelta(days=3), 11):%Y%m%dT%H%M%SZ}".encode() in kept
