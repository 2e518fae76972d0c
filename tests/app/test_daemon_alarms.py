"""What the daemon lets the coach hear, by a real mail server, over days on clocks that the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.errors import CoachsyncError, Refused, Temporary
from daemon_life import DAY, HOUR, MINUTE, Life, life, seldom
from events import event
from mailsink import MailSink
from practice_house import CONFIG, SOURCE

ADDRESS = "coach-canari@practice.example"


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with closing(MailSink()) as server:
        yield server


def writing(text: str, folder: Path, sink: MailSink) -> Life:
    """A daemon that writes to the coach, and has nothing to tell yet."""
    notify = f'[notify]\nmail = "{ADDRESS}"\n[notify.smtp]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n'
    started = life(folder, text.replace('profile = "session"', 'profile = "session"\npublish = "now"') + notify)
    started.live(MINUTE)
    assert sink.taken == []
    return started


@pytest.fixture
def one(tmp_path: Path, sink: MailSink) -> Life:
    return writing(CONFIG, tmp_path, sink)


@pytest.fixture
def slow(tmp_path: Path, sink: MailSink) -> Life:
    """The same, for tests about days: the calendar is looked at once an hour."""
    return writing(seldom(CONFIG), tmp_path, sink)


def texts(sink: MailSink) -> list[str]:
    return [str(taken.message.get_content()) for taken in sink.taken]


def out_of_reach(one: Life) -> None:
    one.house.server.fail("changes", Temporary("no-connection", "It cannot be reached."), times=100_000)


@pytest.mark.long
def test_a_refused_credential_is_told_once_reminded_of_and_cleared(slow: Life, sink: MailSink) -> None:
    slow.house.server.fail("changes", Refused("login-refused", "The server refuses the password."))
    slow.live(HOUR + 10 * MINUTE)
    assert len(sink.taken) == 1
    assert sink.taken[0].recipients == [ADDRESS]
    assert "accounts.cloud" in texts(sink)[0]
    slow.live(20 * HOUR)
    refusals = [text for text in texts(sink) if "accounts.cloud" in text]
    assert len(refusals) == 1
    slow.live(10 * HOUR)
    assert len([text for text in texts(sink) if "accounts.cloud" in text]) == 2
    slow.daemon.reload()
    slow.live(10 * MINUTE)
    before = len(sink.taken)
    assert slow.status.refused == {}
    slow.live(DAY)
    assert len(sink.taken) == before


def test_a_share_that_is_too_old_is_told_and_cleared(one: Life, sink: MailSink) -> None:
    out_of_reach(one)
    one.live(HOUR)
    assert sink.taken == []
    one.live(HOUR)
    assert len(sink.taken) == 1
    assert "shares.office" in texts(sink)[0]
    one.house.server._failures.clear()
    one.live(HOUR)
    assert len(sink.taken) == 2


def test_a_night_asleep_is_no_alarm(one: Life, sink: MailSink) -> None:
    one.sleep(10 * HOUR)
    one.house.server.fail("changes", Temporary("no-connection", "It cannot be reached."), times=3)
    one.live(HOUR)
    assert sink.taken == []


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_is_set_is_no_alarm(one: Life, sink: MailSink, jump: timedelta) -> None:
    one.offset += jump
    one.live(3 * HOUR)
    assert sink.taken == []


def test_a_finding_is_told_and_cleared(slow: Life, sink: MailSink) -> None:
    slow.house.put("foreign", event("foreign", slow.house.now), slow.house.share_url())
    slow.house.put("new", event("new", slow.house.now + DAY))
    slow.live(HOUR + 10 * MINUTE)
    assert len(sink.taken) == 1
    assert "foreign-object" in texts(sink)[0]
    slow.house.delete("foreign", slow.house.share_url())
    slow.live(26 * HOUR)
    assert slow.status.share("office").findings == ()
    assert len(sink.taken) in (2, 3)  # the all-clear, and the reminder where it was due before


def test_deletions_that_wait_for_a_person_are_told(one: Life, sink: MailSink) -> None:
    one.house.server.empty(SOURCE)
    one.live(HOUR)
    assert len(sink.taken) == 1
    assert "calendars.coaching" in texts(sink)[0]


def test_a_state_that_cannot_be_used_for_long_is_told(one: Life, sink: MailSink) -> None:
    def broken() -> None:
        one.during = broken
        raise CoachsyncError("state-unusable", "The disk is full.", where="practice.state")

    one.during = broken
    one.live(3 * HOUR)
    assert len(sink.taken) == 1
    one.during = None
    one.live(HOUR)
    assert len(sink.taken) == 2


def test_what_was_told_is_not_told_again_after_a_restart(one: Life, sink: MailSink) -> None:
    one.house.server.empty(SOURCE)
    one.live(HOUR)
    for _ in range(3):
        one.start()
        one.live(HOUR)
    assert len(sink.taken) == 1


def test_a_mail_server_that_fails_is_tried_again_and_shows_in_the_status(one: Life, sink: MailSink) -> None:
    sink.answers["DATA-END"] = "451 later"
    one.house.server.empty(SOURCE)
    one.live(HOUR)
    assert sink.taken == []
    assert [problem.where.partition(".")[0] for problem in one.status.channels] == ["notify"]
    del sink.answers["DATA-END"]
    one.live(6 * HOUR)
    assert len(sink.taken) == 1
    assert one.status.channels == ()


def test_no_mail_names_anybody(one: Life, sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = "ATTENDEE;CN=Marguerite-Canari:mailto:marguerite@client.example\r\n"
    one.house.put("who", event("who", one.house.now + DAY, title="Marguerite-Canari", extra=extra))
    one.live(10 * MINUTE)
    one.house.server.empty(SOURCE)
    out_of_reach(one)
    one.live(5 * HOUR)
    one.house.server._failures.clear()
    one.live(HOUR)
    assert sink.taken
    for taken in sink.taken:
        assert taken.recipients == [ADDRESS]
        assert b"canari" not in taken.content.lower().replace(ADDRESS.encode(), b"")
        assert b"marguerite" not in taken.content.lower()


def test_the_journal_says_that_something_was_told_and_not_to_whom(one: Life, sink: MailSink) -> None:
    one.house.server.empty(SOURCE)
    one.live(HOUR)
    assert [line for line in one.journal if line.startswith("told")] == ["told mail: held/calendars.coaching"]
    assert "canari" not in "".join(one.journal)


def test_a_configuration_without_ways_to_the_coach_tells_nobody(tmp_path: Path, sink: MailSink) -> None:
    started = life(tmp_path)
    started.house.server.empty(SOURCE)
    started.live(HOUR)
    assert sink.connections == 0
