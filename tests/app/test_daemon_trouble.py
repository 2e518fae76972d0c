"""Nothing is lost, hidden or repeated when a pass fails in its middle, for one calendar, or for days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.adapters import lock
from coachsync.adapters.database import Copies
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app import collection_target, jobs, reading, telling
from coachsync.errors import CoachsyncError, Refused, Temporary
from daemon_life import DAILY, DAY, HOUR, MINUTE, NOW, TEAM, add, life, seldom
from events import event
from mailsink import MailSink
from practice_house import CONFIG, SOURCE
from test_falling_back import leaking

BOTH = NOW.replace(
    '[shares.office]\nfrom = ["coaching"]',
    '[accounts.other]\nurl = "https://calendar.example/"\nusername = "bob"\n'
    '[calendars.team]\naccount = "other"\nname = "Team"\n[shares.office]\nfrom = ["coaching", "team"]',
)


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with closing(MailSink()) as server:
        yield server


def telling_by_mail(text: str, sink: MailSink) -> str:
    return (
        f'{text}[notify]\nmail = "coach@practice.example"\n'
        f'[notify.smtp]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n'
    )


def broken_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: Exception) -> None:
    """The next call raises, and what it should have done is done all the same or not; those after it work."""
    real, left = getattr(owner, name), [error]

    def act(*args: object, **options: object) -> object:
        if left:
            raise left.pop()
        return real(*args, **options)

    monkeypatch.setattr(owner, name, act)


@pytest.mark.parametrize("owner", [Copies, reading], ids=["keeping the token", "reading"])
def test_a_change_that_came_in_before_something_failed_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object
) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    add(one, "new")
    if owner is Copies:
        broken_once(monkeypatch, Copies, "bind", Temporary("disk-full", "There is no room."))
    else:
        broken_once(monkeypatch, jobs, "read", CoachsyncError("reader-not-started", "It cannot be started."))
    one.live(20 * MINUTE)
    assert len(one.house.served()) == 6


def test_one_dead_calendar_of_two_makes_the_share_old_and_is_told(tmp_path: Path, sink: MailSink) -> None:
    one = life(tmp_path, telling_by_mail(BOTH, sink))
    one.house.server.add(TEAM, "Team", "bob")
    one.live(10 * MINUTE)
    assert sink.taken == []
    one.house.server.drop(TEAM)
    one.house.server.fail("collections", Temporary("server-error", "It failed."), times=100_000)
    one.live(3 * HOUR)
    assert len(sink.taken) == 1
    assert b"shares.office" in sink.taken[0].content


@pytest.mark.parametrize("text", [CONFIG, NOW], ids=["hourly", "now"])
def test_an_alarm_about_age_stands_until_the_share_is_young_again(tmp_path: Path, sink: MailSink, text: str) -> None:
    one = life(tmp_path, telling_by_mail(text, sink))
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("server-error", "It failed."), times=100_000)
    one.live(20 * HOUR)  # over many edges, and over midnight
    assert len(sink.taken) == 1
    one.house.server._failures.clear()
    one.live(2 * HOUR)
    assert len(sink.taken) == 2


def test_p04_what_was_kept_for_30_days_goes_then(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    one.house.delete("e0")
    one.live(10 * MINUTE)
    for days, count in ((28, 1), (4, 0)):
        one.sleep(timedelta(days=days))
        one.live(10 * MINUTE)
        with one.house.wiring() as wiring:
            assert len(kept(wiring.database, "calendar coaching")) == count


@pytest.mark.long
def test_a_share_that_cannot_be_written_at_its_edge_is_not_called_fresh_and_is_tried_after_a_restart(
    tmp_path: Path, sink: MailSink
) -> None:
    one = life(tmp_path, telling_by_mail(seldom(DAILY), sink))
    one.live(MINUTE)
    for method in ("create", "remove"):
        one.house.server.fail(method, CoachsyncError("storage-full", "There is no room left."), times=100_000)
    one.live(3 * DAY)
    as_of = one.status.share("office").as_of
    assert as_of is not None
    assert one.wall.timestamp() - as_of > 40 * 3600
    assert any(b"shares.office" in taken.content for taken in sink.taken)
    one.house.server._failures.clear()
    one.start()
    one.live(2 * HOUR)
    assert len(one.house.served()) == 2  # five sessions, three days on


def test_a_person_who_asks_clears_no_alarm_before_the_account_answers(tmp_path: Path, sink: MailSink) -> None:
    one = life(tmp_path, telling_by_mail(NOW, sink))
    one.live(MINUTE)
    one.house.server.fail("changes", Refused("login-refused", "The server refuses the password."), times=2)
    one.live(10 * MINUTE)
    assert len(sink.taken) == 1
    before = one.requests
    one.daemon.reload()
    one.live(MINUTE)
    assert one.requests == before + 1  # at once, and refused again
    one.live(10 * MINUTE)
    assert (one.requests, len(sink.taken)) == (before + 1, 1)
    one.daemon.reload()
    one.live(MINUTE)
    assert one.status.refused == {}
    assert len(sink.taken) == 2


def test_a_command_that_worked_ends_a_refusal(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    one.house.server.fail("changes", Refused("login-refused", "The server refuses the password."))
    one.live(10 * MINUTE)
    with lock.hold(one.house.state, "sync"), one.house.wiring() as wiring:
        from coachsync.app.recording import record

        record(wiring, str, jobs.sync(wiring))
    before = one.requests
    one.live(10 * MINUTE)
    assert one.requests > before


@pytest.mark.long
def test_p03_looks_from_outside_that_fail_for_days_are_told(tmp_path: Path, sink: MailSink) -> None:
    one = life(tmp_path, telling_by_mail(seldom(NOW), sink))
    one.live(MINUTE)
    one.house.server.fail("collection", CoachsyncError("forbidden", "It does not allow this."), times=100_000)
    one.live(3 * DAY)
    unseen = one.status.share("office").unseen
    assert unseen is not None
    assert unseen.code == "forbidden"
    assert [b"share-unchecked" in taken.content for taken in sink.taken].count(True) in (1, 2)
    one.house.server._failures.clear()
    one.live(DAY)
    assert one.status.share("office").unseen is None


def refusing(monkeypatch: pytest.MonkeyPatch, word: bytes) -> None:
    """The server will not take an object with this word in it."""
    real = MemoryCalendars.create

    def create(self: MemoryCalendars, href: str, body: bytes, *, notify: bool = False) -> str | None:
        if word in body:
            raise CoachsyncError("refused", "No.")
        return real(self, href, body, notify=notify)

    monkeypatch.setattr(MemoryCalendars, "create", create)


@pytest.mark.parametrize("before", [False, True], ids=["the first", "a later one"])
def test_p03_a_publishing_that_failed_in_its_middle_is_looked_at_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    one = life(tmp_path, seldom(NOW))
    house = one.house
    if before:
        one.live(MINUTE)
    monkeypatch.setattr(collection_target, "document", leaking)
    house.put("title", event("uid-title", house.now + timedelta(days=6), title="Marguerite Lenoir"))
    add(one, "bad", days=9)
    refusing(monkeypatch, b"20260311T")
    one.live(2 * HOUR)  # all but one is written at the first try or the next ones
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]


def test_p03_what_went_out_before_it_failed_is_looked_at_once_and_not_at_every_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = life(tmp_path, seldom(NOW), sessions=1)
    add(one, "bad", days=9)
    refusing(monkeypatch, b"20260311T")
    one.live(3 * HOUR)
    assert len(one.house.served()) == 1
    assert one.status.share("office").verified is not None
    assert one.house.server.requests["everything"] <= 3  # of at least a dozen tries


def test_a_public_link_that_cannot_be_reached_keeps_no_account_waiting(tmp_path: Path) -> None:
    one = life(tmp_path, f'{NOW}public_link = "http://127.0.0.1:9/gone.ics"\n')
    one.live(MINUTE)
    unseen = one.status.share("office").unseen
    assert (unseen and unseen.code) == "no-connection"
    assert one.status.share("office").findings == ()
    assert one.daemon._books.accounts == {}
    add(one, "new")
    one.live(6 * MINUTE)
    assert len(one.house.served()) == 6
    assert one.daemon._books.checks_in_vain("office") > 2


def test_a_server_that_asks_for_time_at_a_look_from_outside_has_it(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    add(one, "new")
    one.house.server.fail("collection", Temporary("too-many-requests", "Later.", retry_after=3600))
    one.live(10 * MINUTE)
    before = sum(one.house.server.requests.values())
    one.live(40 * MINUTE)
    assert sum(one.house.server.requests.values()) == before


def test_a_defect_in_one_calendar_stops_neither_the_daemon_nor_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = life(tmp_path, BOTH)
    one.house.server.add(TEAM, "Team", "bob")
    one.live(MINUTE)
    real = jobs.take_in

    def take_in(wiring: object, outcome: object, names: list[str], **options: object) -> None:
        if "team" in names:
            raise ZeroDivisionError("Marguerite-Canari")
        real(wiring, outcome, names, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "take_in", take_in)
    one.live(30 * MINUTE)
    trouble = one.status.calendar("team").trouble
    assert trouble is not None
    assert trouble.code == "defect"
    assert one.status.calendar("coaching").trouble is None
    assert "Canari" not in (one.house.state / "status.json").read_text() + "".join(one.journal)


def test_a_defect_anywhere_else_ends_a_pass_and_not_the_daemon(tmp_path: Path) -> None:
    one = life(tmp_path)

    def broken() -> None:
        raise ZeroDivisionError("Marguerite-Canari")

    one.during = broken
    one.live(MINUTE)
    assert one.journal[0] == "pass ended; problems defect@practice.state"
    assert len(one.house.served()) == 5


def test_a_state_that_cannot_be_used_is_in_the_status_until_it_can(tmp_path: Path, sink: MailSink) -> None:
    one = life(tmp_path, telling_by_mail(NOW, sink))
    one.live(MINUTE)

    def broken() -> None:
        one.during = broken
        raise CoachsyncError("device-key-open", "Others can read the key.", where="practice.state")

    one.during = broken
    one.live(3 * HOUR)
    state = one.status.state
    assert state is not None
    assert state.code == "device-key-open"
    assert len(sink.taken) == 1  # the share has become too old meanwhile
    one.during = None
    one.live(20 * MINUTE)
    assert one.status.state is None


def test_what_a_command_did_while_the_state_could_not_be_opened_is_not_forgotten(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    add(one, "new")
    one.house.server.fail("create", Temporary("timeout", "It did not answer."))
    with lock.hold(one.house.state, "sync"):
        one.house.sync()

    def broken() -> None:
        raise CoachsyncError("state-unusable", "It cannot be used.", where="practice.state")

    one.during = broken
    one.live(20 * MINUTE)
    assert len(one.house.served()) == 6


def test_asking_while_a_pass_goes_on_is_not_forgotten(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.during = one.daemon.reload
    one.live(5 * MINUTE)
    passes = len(one.passes)
    assert one.passes[-1] - one.passes[-2] < 2
    one.live(MINUTE)
    assert len(one.passes) == passes


def test_a_login_that_the_mail_server_refused_is_not_repeated_after_each_restart(
    tmp_path: Path, sink: MailSink
) -> None:
    secret = tmp_path / "mail.password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    sink.users["coach"] = "right"
    one = life(
        tmp_path, telling_by_mail(NOW, sink) + 'username = "coach"\npassword = { file = "mail.password" }\n', sessions=6
    )
    one.live(MINUTE)
    one.house.server.empty(SOURCE)
    one.live(HOUR)
    logins = sum(verb == "AUTH" for verb in sink.verbs())
    assert logins == 1
    for _ in range(4):
        one.start()
        one.live(10 * MINUTE)
    assert sum(verb == "AUTH" for verb in sink.verbs()) == logins


def test_the_coach_hears_of_age_also_while_everything_waits(tmp_path: Path, sink: MailSink) -> None:
    one = life(tmp_path, telling_by_mail(NOW, sink))
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("server-unavailable", "Later.", retry_after=86_400))
    one.live(5 * HOUR)
    assert len(sink.taken) == 1


def test_other_settings_of_a_share_are_published_at_once_also_by_the_next_process(tmp_path: Path) -> None:
    daily = CONFIG.replace('profile = "session"', 'profile = "session"\npublish = "daily"')
    one = life(tmp_path, daily)
    one.live(MINUTE)
    assert any(b"SUMMARY:S" in body for body in one.house.served().values())
    for label, restart in (("Occupe", False), ("Pris", True)):
        one.house.text = daily.replace('"daily"', f'"daily"\nlabel = "{label}"')
        one.house.write()
        if restart:
            one.start()
        one.live(2 * MINUTE)
        assert all(f"SUMMARY:{label}".encode() in body for body in one.house.served().values())


def test_the_ways_to_the_coach_are_kept_as_json(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    assert telling.from_json(one.status.told) == {}
