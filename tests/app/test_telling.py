"""Alarms reach the coach through a real mail server and a real session bus: once each, whatever fails in between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from coachsync.adapters.mail import Security
from coachsync.app import telling
from coachsync.app.alarms import Alarm, Kind, alarm
from coachsync.app.language import language
from coachsync.app.telling import FIRST_PAUSE, LONGEST_PAUSE, Memory, Telling, afresh, tell
from coachsync.config import Notify, Secret, Smtp
from desktopbus import Desktop, session_bus
from mailsink import CUT, MailSink

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STALE = alarm(Kind.STALE, "shares.office", "share-stale", "The share is old.")
REFUSED = alarm(Kind.REFUSED, "accounts.cloud", "refused", "The password is refused.")
PLACES = frozenset({"shares.office", "accounts.cloud"})
COACH = "me@practice.example"
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed here")


@dataclass
class Coach:
    """A coach who gets mail and notices, and a daemon that keeps what was told as JSON between two looks."""

    notify: Notify
    sink: MailSink
    now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)
    kept: str = "{}"
    desktop: Desktop | None = field(default=None)

    def look(self, *current: Alarm, later: timedelta = timedelta(minutes=1)) -> Telling:
        self.now += later
        memories = telling.from_json(json.loads(self.kept))
        result = tell(current, memories, self.now, language("en"), self.notify, PLACES)
        self.kept = json.dumps(telling.as_json(result.memories))
        assert telling.from_json(json.loads(self.kept)) == result.memories
        return result

    @property
    def memory(self) -> Memory:
        return telling.from_json(json.loads(self.kept))["mail"]

    @property
    def subjects(self) -> list[str]:
        return [taken.message["Subject"] for taken in self.sink.taken]


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with closing(MailSink()) as started:
        yield started


def by_mail(sink: MailSink, **more: Any) -> Notify:
    return Notify(COACH, False, Smtp("127.0.0.1", sink.port, Security.NONE, COACH, timeout=5, **more))


@pytest.fixture
def coach(sink: MailSink) -> Coach:
    return Coach(by_mail(sink), sink)


@contextmanager
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A session with a desktop, and this process in it."""
    with session_bus(folder) as address, closing(Desktop(address)) as shown:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield shown
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={folder}/gone")


def test_one_mail_for_everything_that_is_due(coach: Coach) -> None:
    assert coach.look(STALE, REFUSED).used == ("mail",)
    (taken,) = coach.sink.taken
    assert (taken.sender, taken.recipients) == (COACH, [COACH])
    assert taken.message["Subject"] == "coachsync: 2 things need you"
    assert "shares.office: The share is old. [share-stale]" in taken.message.get_content()
    assert "coachsync status" in taken.message.get_content()


def test_once_a_reminder_and_an_all_clear(coach: Coach) -> None:
    for _ in range(23):
        coach.look(STALE, later=HOUR)
    assert coach.subjects == ["coachsync: one thing needs you"]
    for _ in range(3):
        coach.look(STALE, later=HOUR)
    assert len(coach.subjects) == 2
    for _ in range(3):
        coach.look(later=HOUR)
    assert coach.subjects[2:] == ["coachsync: one thing is in order again"]


def test_every_mail_has_an_identifier_of_its_own_and_the_date_of_the_look(coach: Coach) -> None:
    coach.look(STALE)
    coach.look()
    identifiers = [taken.message["Message-ID"] for taken in coach.sink.taken]
    assert len(set(identifiers)) == 2
    assert all(identifier.endswith("@practice.example>") for identifier in identifiers)
    assert coach.sink.taken[-1].message["Date"].datetime == coach.now


def test_nothing_is_sent_where_nothing_is_due_or_nobody_is_named(coach: Coach) -> None:
    assert coach.look() == Telling({"mail": Memory(seen=coach.now.timestamp())})
    coach.notify = Notify()
    assert coach.look(STALE) == Telling({})
    assert coach.sink.connections == 0


def test_what_could_not_be_sent_is_told_at_the_next_try(coach: Coach) -> None:
    coach.sink.answers["RCPT"] = "451 later"
    failed = coach.look(STALE)
    assert [(one.code, one.where) for one in failed.problems] == [("mail-put-off", "notify.smtp")]
    assert (failed.used, failed.memories["mail"].told) == ((), {})
    coach.sink.answers.clear()
    assert coach.look(STALE, REFUSED, later=timedelta(seconds=FIRST_PAUSE)).problems == ()
    assert coach.subjects == ["coachsync: 2 things need you"]


def test_what_is_over_before_it_could_be_told_is_never_told(coach: Coach) -> None:
    coach.sink.answers["MAIL"] = CUT
    assert coach.look(STALE).problems
    coach.sink.answers.clear()
    assert coach.look(later=HOUR).problems == ()
    assert coach.subjects == []


def test_all_clear_that_could_not_be_sent_follows(coach: Coach) -> None:
    coach.look(STALE)
    coach.sink.answers["DATA-END"] = "452 full"
    assert coach.look(later=HOUR).problems
    coach.sink.answers.clear()
    coach.look(later=HOUR)
    coach.look(later=HOUR)
    assert coach.subjects == ["coachsync: one thing needs you", "coachsync: one thing is in order again"]


def test_failing_server_is_tried_less_and_less_and_the_problem_stays_known(coach: Coach) -> None:
    coach.sink.answers["GREETING"] = "554 no"
    tries = []
    for minute in range(24 * 60):
        before = coach.sink.connections
        assert {(one.code, one.where) for one in coach.look(STALE).problems} == {("mail-not-taken", "notify.smtp")}
        if coach.sink.connections > before:
            tries.append(minute)
    assert tries[:5] == [0, 5, 15, 35, 75]
    assert len(tries) <= 10


def test_refused_login_is_not_repeated_for_hours(coach: Coach, tmp_path: Path) -> None:
    file = tmp_path / "mail.password"
    file.write_text("wrong\n")
    file.chmod(0o600)
    coach.notify = by_mail(coach.sink, username="alice", password=Secret(file=file))
    coach.sink.users["alice"] = "right"
    for _ in range(60):
        (problem,) = coach.look(STALE).problems
        assert problem.code == "mail-login-refused"
    assert coach.sink.verbs().count("AUTH") == 1
    file.write_text("right\n")
    coach.look(STALE, later=timedelta(seconds=LONGEST_PAUSE))
    assert len(coach.subjects) == 1


def test_changed_configuration_is_tried_at_once(coach: Coach) -> None:
    coach.sink.answers["GREETING"] = "554 no"
    coach.look(STALE)
    coach.sink.answers.clear()
    memories = afresh(telling.from_json(json.loads(coach.kept)))
    coach.kept = json.dumps(telling.as_json(memories))
    coach.look(STALE)
    assert len(coach.subjects) == 1


def test_password_that_cannot_be_had_is_told_with_its_key(coach: Coach, tmp_path: Path) -> None:
    coach.notify = by_mail(coach.sink, username="alice", password=Secret(file=tmp_path / "none"))
    (problem,) = coach.look(STALE).problems
    assert (problem.code, problem.where) == ("secret-file-missing", "notify.smtp.password")


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forth", "back"])
def test_clock_that_is_set_by_a_day_sends_no_burst_and_holds_nothing_up(coach: Coach, jump: timedelta) -> None:
    coach.look(STALE)
    coach.look(STALE, later=jump)
    coach.look(STALE, later=-jump)
    for _ in range(3):
        coach.look(STALE, later=HOUR)
    assert len(coach.subjects) == 1
    coach.sink.answers["GREETING"] = "421 busy"
    coach.look(STALE, REFUSED)
    coach.look(STALE, REFUSED, later=-DAY)
    coach.sink.answers.clear()
    coach.look(STALE, REFUSED, later=timedelta(seconds=FIRST_PAUSE))
    assert len(coach.subjects) == 2


def test_a_damaged_memory_tells_once_more(coach: Coach) -> None:
    coach.look(STALE)
    for damaged in ('{"mail": 1}', '{"mail": {"told": [], "pause": "x", "failures": null}}', "[]"):
        coach.kept = damaged
        coach.look(STALE)
        coach.look(STALE)
    assert len(coach.subjects) == 4


# ---------------------------------------------------------------------------------------------------------- both ways


@needs_bus
def test_mail_and_notice_say_the_same(coach: Coach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coach.notify = Notify(COACH, True, coach.notify.smtp)
    with desk(tmp_path, monkeypatch) as shown:
        assert coach.look(STALE).used == ("mail", "desktop")
        coach.look(STALE)
        (notice,) = shown.notices
    assert (notice[3], notice[4]) == (coach.subjects[0], "shares.office: The share is old.")
    assert len(coach.subjects) == 1


@needs_bus
def test_way_that_fails_is_made_up_for_without_telling_the_other_twice(
    coach: Coach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coach.notify = Notify(COACH, True, coach.notify.smtp)
    with ExitStack() as evening:
        shown = evening.enter_context(desk(tmp_path, monkeypatch))
        coach.sink.answers["GREETING"] = CUT
        assert coach.look(STALE).used == ("desktop",)
        coach.sink.answers.clear()
        assert coach.look(STALE, later=HOUR).used == ("mail",)
        assert (len(shown.notices), len(coach.subjects)) == (1, 1)
    gone = coach.look(STALE, REFUSED)
    assert (gone.used, gone.problems) == (("mail",), ())  # nobody at the desk is no problem
    (tmp_path / "morning").mkdir()
    with desk(tmp_path / "morning", monkeypatch) as shown:
        assert coach.look(STALE, REFUSED).used == ("desktop",)
        (notice,) = shown.notices
        assert notice[4] == "accounts.cloud: The password is refused."
