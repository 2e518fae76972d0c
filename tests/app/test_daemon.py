"""What the daemon does over hours and days, on a server in memory and clocks that the tests move."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.adapters import lock
from coachsync.errors import Barred, CoachsyncError, Refused, Temporary
from daemon_life import DAILY, DAY, HOUR, MINUTE, NOW, TEAM, TWO, add, life, seldom
from events import event
from practice_house import CONFIG, SOURCE

# --- regular work --------------------------------------------------------------------------------------------------


def test_the_first_pass_comes_at_once_and_publishes(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.step()
    assert len(one.house.served()) == 5
    assert one.status.calendar("coaching").succeeded == int(one.wall.timestamp())
    assert one.status.share("office").as_of == int(one.wall.timestamp())
    assert one.status.share("office").verified == int(one.wall.timestamp())


def test_calendars_are_looked_at_by_their_interval(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(HOUR)
    assert 12 <= len(one.passes) <= 14


def test_two_daemons_do_not_ask_at_the_same_seconds(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.daemon._books.draw = iter([0.0, 1.0] * 50).__next__
    one.live(HOUR)
    gaps = {round(later - earlier) for earlier, later in zip(one.passes, one.passes[1:], strict=False)}
    assert {270, 330} <= gaps


def test_a_pass_in_which_nothing_changed_asks_once_and_writes_nothing(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.requests.clear()
    one.live(5 * MINUTE)
    assert dict(one.house.server.requests) == {"changes": 1}


def test_there_is_one_line_for_each_pass_and_no_name_in_it(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(20 * MINUTE)
    assert one.journal[0] == "calendars coaching +5 ~0 -0; shares office +5 -0; checked 1 findings 0"
    assert one.journal[1:] == ["calendars coaching +0 ~0 -0"] * (len(one.passes) - 1)


# --- the schedule of shares ----------------------------------------------------------------------------------------


def test_a_share_that_is_written_now_follows_with_the_next_look(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    add(one, "new")
    one.live(6 * MINUTE)
    assert len(one.house.served()) == 6


def test_an_hourly_share_waits_for_the_full_hour(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(10 * MINUTE)
    add(one, "new")
    one.live(49 * MINUTE)
    assert len(one.house.served()) == 5
    one.live(2 * MINUTE)
    assert len(one.house.served()) == 6


def test_a_daily_share_waits_for_local_midnight(tmp_path: Path) -> None:
    one = life(tmp_path, DAILY)
    one.live(10 * MINUTE)
    add(one, "new", days=3)
    one.live(timedelta(hours=14, minutes=45))  # until 23:55 in Paris
    assert len(one.house.served()) == 5
    one.live(10 * MINUTE)
    assert len(one.house.served()) == 5  # one came in, and the day that is over went out of the window
    assert one.status.share("office").trouble is None
    assert any("shares office +1 -1" in line for line in one.journal)


def test_a_restart_does_not_write_a_share_before_its_time(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(10 * MINUTE)
    add(one, "new")
    one.start()
    one.live(40 * MINUTE)
    assert len(one.house.served()) == 5
    one.live(11 * MINUTE)
    assert len(one.house.served()) == 6


def test_what_a_command_took_in_and_did_not_publish_is_published(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(MINUTE)
    add(one, "new")
    one.house.server.fail("create", Temporary("timeout", "It did not answer."))
    with lock.hold(one.house.state, "sync"):
        assert one.house.sync().exit_code() == 3
    assert len(one.house.served()) == 5
    one.live(6 * MINUTE)
    assert len(one.house.served()) == 6


def test_the_window_moves_on_at_midnight_although_nothing_changes(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.live(timedelta(hours=15, minutes=10))  # ten past midnight in Paris
    assert len(one.house.served()) == 4


def test_a_share_says_how_fresh_it_is_although_nothing_is_written(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(2 * HOUR)
    as_of = one.status.share("office").as_of
    assert as_of is not None
    assert one.wall.timestamp() - as_of <= 6 * 60


# --- clocks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [DAY, -DAY, timedelta(days=400), -timedelta(days=400)])
def test_a_clock_that_is_set_causes_neither_a_burst_nor_a_stall(tmp_path: Path, jump: timedelta) -> None:
    one = life(tmp_path)
    one.live(2 * HOUR)
    one.offset += jump
    one.passes.clear()
    one.live(2 * HOUR)
    assert 22 <= len(one.passes) <= 32
    add(one, "new")
    one.live(HOUR + 5 * MINUTE)
    assert any(" +1 -" in line for line in one.journal[-20:])
    one.offset -= jump
    one.passes.clear()
    one.live(2 * HOUR)
    assert 22 <= len(one.passes) <= 32
    assert one.status.calendar("coaching").trouble is None


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_the_daily_listing_comes_although_the_clock_was_set(tmp_path: Path, jump: timedelta) -> None:
    one = life(tmp_path, seldom(CONFIG))
    one.live(HOUR)
    one.offset += jump
    one.live(10 * MINUTE)
    one.house.server.requests.clear()
    one.live(25 * HOUR)
    assert 1 <= one.house.server.requests["collection"] <= 4  # the identity is asked for with each full listing


def test_after_sleep_everything_is_caught_up_at_once(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(10 * MINUTE)
    add(one, "new")
    one.sleep(timedelta(hours=8))
    one.step()
    assert len(one.house.served()) == 6
    assert "awake again" in one.journal


def test_after_sleep_an_account_in_trouble_is_tried_at_once(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("no-connection", "It cannot be reached."), times=10_000)
    one.live(3 * HOUR)
    before = one.requests
    while one.requests == before:  # until just after a try: the next one is a quarter of an hour away
        one.live(MINUTE)
    one.house.server._failures.clear()
    before = one.requests
    one.sleep(2 * MINUTE)
    one.step()
    assert one.requests > before


# --- trouble -------------------------------------------------------------------------------------------------------


def test_an_account_in_trouble_is_asked_less_and_less_often(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("timeout", "It did not answer."), times=10_000)
    before = one.requests
    one.live(12 * HOUR)
    assert one.requests - before < 80
    trouble = one.status.calendar("coaching").trouble
    assert trouble is not None
    assert trouble.code == "timeout"
    one.house.server._failures.clear()
    one.live(20 * MINUTE)
    assert one.status.calendar("coaching").trouble is None


def test_a_server_that_asks_to_be_left_alone_is(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("server-unavailable", "Later.", retry_after=3 * 3600))
    one.live(10 * MINUTE)
    before = one.requests
    one.sleep(10 * MINUTE)  # not even waking up changes that
    one.live(timedelta(hours=2, minutes=30))
    assert one.requests == before
    one.live(timedelta(minutes=50))
    assert one.requests > before


def test_no_server_can_ask_for_more_than_a_day(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Temporary("server-unavailable", "Later.", retry_after=1e12))
    one.live(10 * MINUTE)
    before = one.requests
    one.live(timedelta(hours=27))
    assert one.requests > before


def test_a_refused_credential_is_not_tried_again_until_it_changes(tmp_path: Path) -> None:
    secret = tmp_path / "alice.password"
    secret.write_text("first\n")
    secret.chmod(0o600)
    one = life(
        tmp_path, CONFIG.replace('username = "alice"', 'username = "alice"\npassword = { file = "alice.password" }')
    )
    one.live(MINUTE)
    one.house.server.fail("changes", Refused("login-refused", "The server refuses the password."))
    one.live(10 * MINUTE)
    before = one.requests
    one.start()  # not even a restart tries it again
    one.live(DAY)
    assert one.requests == before
    trouble = one.status.calendar("coaching").trouble
    assert trouble is not None
    assert trouble.code == "login-refused"
    secret.write_text("second\n")
    one.live(3 * MINUTE)
    assert one.requests > before
    assert one.status.calendar("coaching").trouble is None
    assert one.status.refused == {}


def test_a_person_who_asks_has_a_refused_credential_tried_once_more(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Refused("login-refused", "The server refuses the password."), times=2)
    one.live(10 * MINUTE)
    before = one.requests
    one.daemon.reload()
    one.live(10 * MINUTE)
    assert one.requests == before + 1


def test_a_broken_account_does_not_stop_another(tmp_path: Path) -> None:
    one = life(tmp_path, TWO)
    one.house.server.add(TEAM, "Team", "bob")
    one.house.put("t1", event("team-1", one.house.now + timedelta(days=1)), TEAM)
    one.house.server.fail("collections", Refused("login-refused", "The server refuses the password."))  # alice's
    one.live(MINUTE)
    assert one.status.calendar("team").succeeded is not None
    assert len(one.house.served("Group")) == 1
    assert list(one.status.refused) == ["cloud"]


def test_a_share_that_cannot_be_written_is_tried_again_and_comes_right(tmp_path: Path) -> None:
    one = life(tmp_path, NOW)
    one.house.server.fail("create", Temporary("server-error", "The server failed with status 500."), times=3)
    one.step()
    trouble = one.status.share("office").trouble
    assert trouble is not None
    assert trouble.code == "server-error"
    one.live(10 * MINUTE)
    assert one.status.share("office").trouble is None
    assert len(one.house.served()) == 5


def test_a_vanished_calendar_waits_for_a_person_and_the_share_stays(tmp_path: Path) -> None:
    one = life(tmp_path, seldom(CONFIG))
    one.live(MINUTE)
    one.house.server.drop(SOURCE)
    one.live(DAY)
    assert one.status.calendar("coaching").waiting == 5
    assert len(one.house.served()) >= 4
    with one.house.wiring() as wiring:
        assert wiring.config.calendars


def test_the_names_of_other_calendars_are_not_kept(tmp_path: Path) -> None:
    one = life(tmp_path, CONFIG.replace('name = "Coaching"', 'name = "Elsewhere"'))
    one.house.server.add("https://calendar.example/alice/x/", "Marguerite-Canari", "alice")
    one.live(MINUTE)
    trouble = one.status.calendar("coaching").trouble
    assert trouble is not None
    assert trouble.code == "calendar-not-found"
    assert "Canari" not in (one.house.state / "status.json").read_text() + "".join(one.journal)


def test_a_state_that_somebody_else_holds_is_tried_again_soon(tmp_path: Path) -> None:
    one = life(tmp_path)
    with lock.hold(one.house.state, "sync"):
        one.step()
        assert one.journal == ["pass ended; problems state-in-use@practice.state"]
        assert one.step() <= 5
    one.live(MINUTE)
    assert len(one.house.served()) == 5


def test_a_state_that_cannot_be_used_ends_the_pass_and_not_the_daemon(tmp_path: Path) -> None:
    one = life(tmp_path)

    def broken() -> None:
        raise CoachsyncError("state-unusable", "The disk is full.", where="practice.state")

    one.during = broken
    one.live(MINUTE)
    assert one.journal[0] == "pass ended; problems state-unusable@practice.state"
    assert len(one.house.served()) == 5


def test_an_account_that_is_not_let_in_for_a_while_keeps_its_credential(tmp_path: Path) -> None:
    one = life(tmp_path)
    one.live(MINUTE)
    one.house.server.fail("changes", Barred("login-forbidden", "The server does not let this account in."), times=2)
    one.live(10 * MINUTE)
    assert one.status.refused == {}
    one.live(20 * MINUTE)
    assert one.status.calendar("coaching").trouble is None


@pytest.mark.parametrize(
    ("text", "jump", "patience"),
    [(NOW, DAY, HOUR), (CONFIG, -DAY, 2 * HOUR), (DAILY, -DAY, DAY)],
    ids=["now", "hourly", "daily"],
)
def test_a_share_is_written_by_its_schedule_although_the_clock_is_wrong_for_a_while(
    tmp_path: Path, text: str, jump: timedelta, patience: timedelta
) -> None:
    one = life(tmp_path, text)
    one.live(HOUR)
    for offset in (jump, timedelta()):
        one.offset = offset
        one.journal.clear()
        one.live(2 * HOUR)
        written = [line for line in one.journal if "shares office" in line]
        assert len(written) <= 3, written
    before = set(one.house.starts())
    add(one, "new", days=5)
    one.live(patience)
    assert len(set(one.house.starts()) - before) == 1
