"""A fallen share as it goes on: a person looks, others write, and what could not be done at once is ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coachsync.adapters import lock
from coachsync.adapters.database import Shares
from coachsync.app import collection_target, jobs, status
from coachsync.app.checking import Grade, check
from coachsync.app.falling_back import leak_code, looked_at, respond
from coachsync.app.outcome import FINDINGS
from coachsync.app.recall import remove
from coachsync.app.recording import record
from coachsync.app.verify import verify
from coachsync.errors import CoachsyncError, Temporary
from coachsync.redaction.publication import document
from daemon_life import DAILY, HOUR, NOW, Life
from events import event
from leaking_house import INVITATION, Document, answer, labels, leaking, only_sessions
from practice_house import House, codes

# ---------------------------------------------------------------------------------------------------- a person looks on


def test_p03_what_a_person_publishes_again_and_still_leaks_falls_again(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    answer(house)
    outcome = house.publish()
    assert labels(house) == {"SUMMARY:Séance".encode()}
    with house.wiring() as wiring:
        looked_at(wiring, wiring.config.shares["office"], outcome)
    assert leak_code(outcome) == FINDINGS
    assert labels(house) == {b"SUMMARY:Indisponible"}


def test_p03_the_daemon_answers_what_a_person_has_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.text = DAILY
    house.sessions(2)
    one = Life(house)
    one.step()
    monkeypatch.setattr(collection_target, "document", only_sessions)
    house.put("title", event("uid-title", house.now + timedelta(days=3), title="Marguerite Lenoir"))
    house.publish()
    with house.wiring() as wiring:
        record(wiring, str, checked=verify(wiring, [wiring.config.shares["office"]]))
    one.boot += 60
    one.awake += 60
    with lock.hold(house.state, "another"):
        pass  # somebody else has worked on the state
    one.daemon.queued()
    one.step()
    assert labels(house) == {b"SUMMARY:Indisponible"}


def test_what_somebody_took_out_of_a_share_comes_back_when_a_person_publishes_it(synced: House) -> None:
    href = next(iter(synced.served()))
    synced.server.delete(synced.share_url(), href)
    assert synced.publish().exit_code() == 0
    assert len(synced.served()) == 5
    assert synced.verify() == ()


def test_a_former_place_that_holds_something_of_others_is_not_deleted(synced: House) -> None:
    old = synced.share_url()
    path = old.removeprefix("https://calendar.example")
    synced.server.store(old, f"{path}theirs.ics", event("theirs", synced.now))
    synced.text = synced.text.replace('name = "Office"', 'name = "Elsewhere"')
    synced.sync()
    assert list(synced.server.objects(old)) == [f"{path}theirs.ics"]


def test_a_share_that_is_gone_is_neither_up_to_date_nor_a_fault(synced: House) -> None:
    with synced.wiring() as wiring:
        remove(wiring, "office")
        record(wiring, str, jobs.sync(wiring))
        assert status.load(synced.state).share("office").gone
        codes_of = {one.code: one.grade for one in check(wiring)}
    assert codes_of["share-taken-away"] is Grade.NOTE
    assert Grade.BAD not in codes_of.values()


def test_p03_busy_times_that_leaked_are_all_written_anew(
    broken: Callable[[Document], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = broken(only_sessions)
    house.text = house.text.replace('profile = "session"', 'profile = "busy"')
    monkeypatch.setattr(collection_target, "document", leaking)
    house.sync()
    before = house.served()
    monkeypatch.setattr(collection_target, "document", document)
    assert codes(answer(house)) == ["share-fallen-busy"]
    assert before.keys().isdisjoint(house.served())
    assert house.verify() == ()


def test_p04_a_calendar_with_private_appointments_in_it_is_never_taken_away(
    broken: Callable[[Document], House],
) -> None:
    house = broken(leaking)
    path = house.share_url().removeprefix("https://calendar.example")
    house.server.store(house.share_url(), f"{path}mine.ics", event("uid-0", house.now))
    assert "share-not-away" in codes(answer(house))
    assert set(house.served()) == {f"{path}mine.ics"}


# ------------------------------------------------------------------------------------------ what cannot be done at once


def test_p13_a_fall_that_was_cut_short_is_ended_before_it_is_judged(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    house.server.fail("create", Temporary("timeout", "Slow."))
    assert codes(answer(house)) == ["timeout"]
    with house.wiring() as wiring:
        planned = {entry.href for entry in Shares(wiring.database, "office").entries() if not entry.going}
    assert codes(answer(house)) == ["share-fallen-busy"]
    assert set(house.served()) == planned  # begun once, and not over and over again
    assert labels(house) == {b"SUMMARY:Indisponible"}
    assert house.verify() == ()
    assert len(house.starts()) == len(set(house.starts()))


def test_p03_busy_times_that_leaked_beside_what_was_left_are_taken_away(broken: Callable[[Document], House]) -> None:
    house = broken(leaking)
    house.server.fail("create", Temporary("timeout", "Slow."))
    assert codes(answer(house)) == ["timeout"]
    assert codes(answer(house)) == ["share-fallen-away"]


def test_p03_where_no_busy_times_can_be_written_it_is_taken_away_at_once(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    house.server.fail("create", CoachsyncError("server-full", "No."), times=99)
    assert codes(answer(house)) == ["server-full", "share-fallen-away"]
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]


def test_what_a_server_adds_to_all_that_it_serves_is_its_own_also_while_something_is_not_served(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(3)
    monkeypatch.setattr(
        collection_target, "document", lambda *given: document(*given).replace(b"TRANSP", b"STATUS:CONFIRMED\r\nTRANSP")
    )
    house.sync()
    house.put("late", event("uid-late", house.now + timedelta(days=5)))
    house.server.fail("create", CoachsyncError("refused", "No."))
    assert codes(house.sync()) == ["refused"]
    assert answer(house).shares == {}
    assert len(house.served()) == 3


@pytest.mark.parametrize("late", [False, True])
def test_what_was_found_in_it_is_no_longer_told_once_it_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    monkeypatch.setattr(collection_target, "document", leaking)
    house.text = NOW
    house.sessions(2)
    if late:
        house.server.fail("destroy", Temporary("timeout", "Slow."))
    one = Life(house)
    one.live(HOUR)
    share = one.status.share("office")
    assert (share.trouble.code if share.trouble else "", share.findings) == ("share-fallen-away", ())


def test_nor_when_only_what_others_wrote_stays(broken: Callable[[Document], House]) -> None:
    house = broken(leaking)
    path = house.share_url().removeprefix("https://calendar.example")
    house.server.store(house.share_url(), f"{path}lunch.ics", INVITATION)
    with house.wiring() as wiring:
        share = wiring.config.shares["office"]
        _, after = respond(wiring, share, verify(wiring, [share]))
    assert [finding.code for _, finding in after.findings] == ["stale-slot"]
