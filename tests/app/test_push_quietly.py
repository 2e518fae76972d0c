"""Appointments with people in them are sent so that the server writes to none of them, or not at all (promise 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.queueing import queue
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Software
from events import event
from practice_house import SOURCE, House

HREF = "/alice/source/met.ics"
MINE = "ORGANIZER:mailto:alice@calendar.example\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:marguerite@elsewhere.example\r\n"
AGENT = b"SCHEDULE-AGENT=CLIENT"


def meeting(house: House, hours: int) -> bytes:
    return event("uid-met", house.now + timedelta(days=1, hours=hours), extra=MINE)


def house_on(house: House, software: Software, *, schedules: bool = True) -> House:
    """A practice on a server of this kind, with an appointment to which a client is invited."""
    house.server.software, house.server.schedules = software, schedules
    house.sessions(2)
    house.put("met", meeting(house, 1))
    house.sync()
    return house


def sent(house: House, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Every write to the calendar from now on: its method, and the text."""
    writes: list[tuple[str, bytes]] = []
    for method in ("create", "update", "remove"):
        original: Callable[..., object] = getattr(MemoryCalendars, method)

        def noted(
            calendars: MemoryCalendars, *args: object, name: str = method, act: object = original, **kw: object
        ) -> object:
            if str(args[0]).startswith(SOURCE):  # the share follows
                writes.append((name, args[1] if isinstance(args[1], bytes) else b""))
            return act(calendars, *args, **kw)  # type: ignore[operator]

        monkeypatch.setattr(MemoryCalendars, method, noted)
    return writes


def test_a_server_that_writes_to_nobody_gets_what_is_wanted(house: House) -> None:
    house_on(house, Software.RADICALE, schedules=False)
    house.want("met", meeting(house, 3))
    assert house.sync().exit_code() == 0
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 3)
    assert house.server.letters == 0


def test_p06_davical_is_told_that_the_client_takes_care_of_the_guests(house: House) -> None:
    house_on(house, Software.DAVICAL)
    house.want("met", meeting(house, 3))
    assert house.sync().exit_code() == 0
    text = house.server.objects(SOURCE)[HREF]
    assert AGENT in text
    unfolded, wanted = (one.replace(b"\r\n ", b"") for one in (text, meeting(house, 3)))
    assert unfolded.replace(b";" + AGENT, b"") == wanted
    assert house.edits() == ()


def test_p06_what_is_deleted_is_marked_before(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house_on(house, Software.DAVICAL)
    writes = sent(house, monkeypatch)
    house.want("met", None)

    assert house.sync().exit_code() == 0

    assert [name for name, _ in writes] == ["update", "remove"]
    assert AGENT in writes[0][1]
    assert HREF not in house.server.objects(SOURCE)


def test_p06_p13_a_run_cut_short_between_the_mark_and_the_deletion_is_finished_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house_on(house, Software.DAVICAL)
    house.want("met", None)
    with monkeypatch.context() as patched:
        original = MemoryCalendars.update

        def cut(calendars: MemoryCalendars, *args: object, **kw: object) -> None:
            original(calendars, *args, **kw)  # type: ignore[arg-type]
            raise Temporary("connection-lost", "The answer did not arrive.")

        patched.setattr(MemoryCalendars, "update", cut)
        house.sync()
    assert AGENT in house.server.objects(SOURCE)[HREF]

    assert house.sync().exit_code() == 0

    assert HREF not in house.server.objects(SOURCE)
    assert house.edits() == ()


def test_p06_sogo_is_marked_for_the_change_and_unmarked_after_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house_on(house, Software.SOGO)
    writes = sent(house, monkeypatch)
    house.want("met", meeting(house, 3))

    outcome = house.sync()

    assert (outcome.exit_code(), outcome.pushed["coaching"].changed) == (0, 1)
    assert [AGENT in text for _, text in writes] == [True, False]
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 3)
    assert house.sync().pushed["coaching"].changed == 0


@pytest.mark.parametrize("software", [Software.NEXTCLOUD, Software.XANDIKOS, Software.OTHER])
@pytest.mark.parametrize("deleted", [False, True])
def test_p06_a_change_that_would_be_told_is_refused_at_once_and_without_network(
    house: House, software: Software, deleted: bool
) -> None:
    house_on(house, software)
    house.server.requests.clear()
    with pytest.raises(CoachsyncError) as raised:
        house.want("met", None if deleted else meeting(house, 3))
    assert raised.value.code == "would-notify"
    assert "--notify" in raised.value.hint
    assert dict(house.server.requests) == {}
    assert house.edits() == ()


def test_p06_what_only_turns_out_to_be_told_when_it_is_sent_waits_and_is_said(house: House) -> None:
    house_on(house, Software.OTHER)
    house.want("e1", event("uid-1", house.now + timedelta(days=1, hours=3)))
    house.put("e1", event("uid-1", house.now + timedelta(days=1, hours=1), extra=MINE))

    outcome = house.sync()

    assert [problem.code for problem in outcome.problems()] == ["change-would-notify"]
    assert outcome.exit_code() == 3
    assert b"DTSTART" in house.server.objects(SOURCE)["/alice/source/e1.ics"]
    assert len(house.edits()) == 1
    assert house.server.requests["update"] == 0


def test_a_person_may_ask_for_it(house: House) -> None:
    house_on(house, Software.OTHER)
    with house.wiring() as wiring:
        queue(wiring, "coaching", HREF, "uid-met", meeting(house, 3), notify=True)
    assert house.sync().exit_code() == 0
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 3)
    assert house.server.letters == 1


def test_p06_nobody_is_told_who_was_not_asked_about(house: House) -> None:
    """That one change may be told lets no other be."""
    house_on(house, Software.RADICALE, schedules=False)
    with house.wiring() as wiring:
        queue(wiring, "coaching", HREF, "uid-met", meeting(house, 3), notify=True)
    house.want("e1", event("uid-1", house.now + timedelta(days=1, hours=3)))
    house.sync()
    assert (house.server.requests["update"], house.server.letters) == (2, 1)


def test_p06_a_change_that_may_be_told_does_not_let_the_next_one_be(house: House) -> None:
    house_on(house, Software.RADICALE, schedules=False)
    with house.wiring() as wiring:
        queue(wiring, "coaching", HREF, "uid-met", meeting(house, 3), notify=True)
    house.want("met", meeting(house, 4))
    house.sync()
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 4)
    assert house.server.letters == 0


def test_p06_a_server_that_has_begun_to_write_to_people_is_noticed_before_anything_is_sent(house: House) -> None:
    house_on(house, Software.RADICALE, schedules=False)
    house.server.software, house.server.schedules = Software.NEXTCLOUD, True
    house.want("met", meeting(house, 3))

    outcome = house.sync()

    assert [problem.code for problem in outcome.problems()] == ["change-would-notify"]
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 1)
    with pytest.raises(CoachsyncError) as raised:  # from now on it is said at once
        house.want("met", meeting(house, 4))
    assert raised.value.code == "would-notify"


def test_a_server_is_asked_what_it_is_once_in_a_run_and_only_for_other_people(house: House) -> None:
    house_on(house, Software.CYRUS)
    house.put("e0", event("uid-0", house.now + timedelta(days=1), extra=MINE))
    house.sync()
    house.server.requests.clear()
    house.want("e1", event("uid-1", house.now + timedelta(days=1, hours=3)))
    house.sync()
    assert house.server.requests["recognised"] == 0
    house.want("met", meeting(house, 3))
    house.want("e0", None)
    house.sync()
    assert house.server.requests["recognised"] == 1


@pytest.mark.parametrize("software", [Software.DAVICAL, Software.SOGO])
def test_p06_who_the_account_is_must_be_told_by_a_server_that_is_kept_quiet_by_it(
    house: House, monkeypatch: pytest.MonkeyPatch, software: Software
) -> None:
    told = MemoryCalendars.whoami
    monkeypatch.setattr(MemoryCalendars, "whoami", lambda one: replace(told(one), addresses=frozenset({"/alice/"})))
    house_on(house, software)
    with pytest.raises(CoachsyncError) as raised:
        house.want("met", meeting(house, 3))
    assert raised.value.code == "would-notify"


def test_a_server_that_can_be_kept_quiet_by_now_is_known_within_a_day(house: House) -> None:
    house_on(house, Software.OTHER)
    house.server.software = Software.CYRUS
    house.now += timedelta(days=1, minutes=1)
    assert house.sync().exit_code() == 0
    house.want("met", meeting(house, 3))
    assert house.sync().exit_code() == 0
    assert house.server.objects(SOURCE)[HREF] == meeting(house, 3)


def test_a_server_that_does_not_say_what_it_is_today_is_read_all_the_same(house: House) -> None:
    house_on(house, Software.RADICALE, schedules=False)
    house.now += timedelta(days=1, minutes=1)
    house.server.fail("recognised", Temporary("timeout", "It does not answer."))
    assert house.sync().exit_code() == 0
