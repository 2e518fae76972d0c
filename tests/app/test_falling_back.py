"""What follows when a share shows what it should not: busy times, else nothing; and never an empty calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters import lock
from coachsync.adapters.database import Shares
from coachsync.app import collection_target, jobs, status
from coachsync.app.checking import Grade, check
from coachsync.app.fallen import Fallen
from coachsync.app.falling_back import leak_code, looked_at, respond
from coachsync.app.outcome import FINDINGS, Outcome
from coachsync.app.pull import pull
from coachsync.app.recall import remove
from coachsync.app.recording import record
from coachsync.app.standing import standing
from coachsync.app.verify import verify
from coachsync.app.withdrawing import take_away
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Label, Slot
from coachsync.redaction.publication import document
from daemon_life import DAILY, HOUR, NOW, Life
from events import event
from practice_house import House, codes

INVITATION = event("foreign", House.now, title="Lunch", extra="ATTENDEE:mailto:a@b.example\r\n")
Document = Callable[[str, Slot, str], bytes]


def leaking(uid: str, slot: Slot, text: str) -> bytes:
    """A writer that lets a title through."""
    return document(uid, slot, text).replace(b"TRANSP", b"DESCRIPTION:Marguerite Lenoir\r\nTRANSP")


def only_sessions(uid: str, slot: Slot, text: str) -> bytes:
    """One that does so in all shares but of busy times."""
    return document(uid, slot, text) if slot.label == "busy" else leaking(uid, slot, text)


def answer(house: House) -> Outcome:
    """What a look from outside leads to."""
    with house.wiring() as wiring:
        share = wiring.config.shares["office"]
        return respond(wiring, share, verify(wiring, [share]))[0]


@pytest.fixture
def broken(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[Document], House]:
    def publish(writer: Document) -> House:
        monkeypatch.setattr(collection_target, "document", writer)
        house.sessions(3)
        house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
        house.sync()
        return house

    return publish


def labels(house: House) -> set[bytes]:
    return {line for body in house.served().values() for line in body.split(b"\r\n") if line.startswith(b"SUMMARY")}


def test_p03_a_share_that_leaks_shows_busy_times_in_their_place(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    before = house.served()
    outcome = answer(house)
    assert codes(outcome) == ["share-fallen-busy"]
    assert "source-word" in outcome.problems()[0].message
    assert labels(house) == {b"SUMMARY:Indisponible"}
    assert b"Marguerite" not in b"".join(house.served().values())
    assert before.keys().isdisjoint(house.served())
    assert house.verify() == ()


def test_p13_it_stays_so_and_says_so_until_a_person_publishes_it_again(
    broken: Callable[[Document], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = broken(only_sessions)
    answer(house)
    served = house.served()
    assert codes(house.sync()) == ["share-fallen-busy"]
    assert house.served() == served
    monkeypatch.setattr(collection_target, "document", document)
    assert codes(house.publish()) == []
    assert labels(house) == {"SUMMARY:Séance".encode()}


def test_p03_when_busy_times_leak_too_it_is_taken_away_and_not_emptied(broken: Callable[[Document], House]) -> None:
    house = broken(leaking)
    assert codes(answer(house)) == ["share-fallen-away"]
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]
    assert house.verify() == ()
    outcome = house.sync()
    assert codes(outcome) == ["share-fallen-away"]
    assert len(house.server.calendars("https://calendar.example/")) == 1


def test_a_share_that_was_taken_away_comes_back_when_a_person_asks(
    broken: Callable[[Document], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = broken(leaking)
    answer(house)
    monkeypatch.setattr(collection_target, "document", document)
    assert house.publish().exit_code() == 0
    assert labels(house) == {"SUMMARY:Séance".encode()}
    assert house.verify() == ()


def test_a_share_that_only_alarms_is_left_as_it_is(broken: Callable[[Document], House]) -> None:
    broken(leaking)
    house = broken(leaking)
    house.text = house.text.replace('profile = "session"', 'profile = "session"\non_leak = "alarm"')
    served = house.served()
    assert answer(house).shares == {}
    assert house.served() == served
    assert {finding.code for finding in house.verify()} >= {"property", "source-word"}


def test_p03_what_others_write_into_a_share_never_takes_it_away(synced: House) -> None:
    path = synced.share_url().removeprefix("https://calendar.example")
    href = next(iter(synced.served()))
    synced.server.store(synced.share_url(), f"{path}foreign.ics", event("foreign", synced.now, title="Marguerite"))
    edited = synced.served()[href].replace(b"TRANSP", b"DESCRIPTION:Marguerite\r\nTRANSP")
    synced.server.store(synced.share_url(), href, edited)
    found = {finding.code for finding in synced.verify()}
    assert {"foreign-object", "edited-object", "source-word"} <= found
    served = synced.served()
    assert answer(synced).shares == {}
    assert synced.served() == served


def test_a_label_that_names_a_client_is_a_leak_of_our_own(synced: House) -> None:
    synced.text = synced.text.replace('profile = "session"', 'profile = "session"\nlabel = "Chez Lenoir"')
    with synced.wiring() as wiring:
        wiring.clients.save(Client("C-7F3K2M", ("Marguerite Lenoir",)))
    synced.sync()
    assert [finding.code for finding in synced.verify()] == ["label"]
    assert codes(answer(synced)) == ["share-fallen-busy"]
    assert labels(synced) == {b"SUMMARY:Indisponible"}


def test_p03_p06_a_leaking_share_with_an_invitation_in_it_loses_all_but_that_and_it_is_told_loudly(
    broken: Callable[[Document], House],
) -> None:
    house = broken(leaking)
    path = house.share_url().removeprefix("https://calendar.example")
    house.server.store(house.share_url(), f"{path}lunch.ics", INVITATION)
    for _ in range(2):  # and it is not written anew meanwhile
        assert "share-not-away" in codes(answer(house))
        assert set(house.served()) == {f"{path}lunch.ics"}
        assert codes(house.sync()) == ["share-not-away"]
    house.server.drop(house.share_url())  # what they were told to do
    assert codes(house.sync()) == ["share-fallen-away"]


@pytest.mark.parametrize("failure", [Temporary("timeout", "Slow."), CoachsyncError("refused", "No.")])
def test_what_cannot_be_taken_away_is_tried_again(broken: Callable[[Document], House], failure: CoachsyncError) -> None:
    house = broken(leaking)
    house.server.fail("destroy", failure)
    assert answer(house).failures
    assert codes(answer(house)) == ["share-fallen-away"]


def test_a_file_that_leaks_is_rebuilt_and_else_removed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from coachsync.app import file_target

    feed = file_target.feed
    monkeypatch.setattr(
        file_target, "feed", lambda *given: feed(*given).replace(b"TRANSP", b"DESCRIPTION:Marguerite\r\nTRANSP")
    )
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    house.sessions(2)
    house.sync()
    assert b"Marguerite" in (house.folder / "office.ics").read_bytes()
    assert codes(answer(house)) == ["share-fallen-away"]
    assert not (house.folder / "office.ics").exists()


def test_p03_p12_the_daemon_does_so_by_itself_and_tells_codes_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_target, "document", only_sessions)
    house.text = NOW
    house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
    one = Life(house)
    one.step()
    share = one.status.share("office")
    assert (share.trouble.code if share.trouble else "", share.findings) == ("share-fallen-busy", ())
    told = "\n".join(one.journal)
    assert "source-word" in told
    assert "share-fallen-busy@shares.office" in told
    assert "Marguerite" not in told
    assert labels(house) == {b"SUMMARY:Indisponible"}
    assert [one.key for one in standing(one.status)] == ["finding/shares.office/share-fallen-busy"]


def test_what_would_be_shown_is_what_is_in_force(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    answer(house)
    with house.wiring() as wiring:
        assert {slot.label for slot in jobs.preview(wiring, "office")} == {Label.BUSY}


# ------------------------------------------------------------------------------------------------ cut short, and abused


@pytest.mark.parametrize("method", ["create", "remove"])
def test_p13_a_fall_that_was_cut_short_is_ended_by_the_next_run(
    broken: Callable[[Document], House], method: str
) -> None:
    house = broken(only_sessions)
    house.text = house.text.replace('profile = "session"', 'profile = "busy"')
    house.sync()
    with house.wiring() as wiring:  # entries that would stand as they are
        Shares(wiring.database, "office").take_back()
    before = set(house.served())
    house.server.fail(method, Temporary("timeout", "Slow."))
    house.sync()
    house.sync()
    assert before.isdisjoint(house.served())
    assert len(house.starts()) == len(set(house.starts())) == 3
    assert house.verify() == ()


def test_p13_a_removal_that_was_cut_short_is_ended_by_the_next_run(synced: House) -> None:
    with synced.wiring() as wiring:
        journal = Shares(wiring.database, "office")
        bound = journal.share()
        assert bound is not None
        journal.bind(replace(bound, fallen="away", fallen_for="identifier", leaving=True))
    assert [finding.code for finding in synced.verify()] == ["stale-slot"]
    assert codes(synced.sync()) == ["share-fallen-away"]
    assert [about.name for about in synced.server.calendars("https://calendar.example/")] == ["Coaching"]
    assert synced.verify() == ()


def test_an_empty_calendar_of_which_nobody_knew_is_not_left_behind(synced: House) -> None:
    with synced.wiring() as wiring:
        journal, share = Shares(wiring.database, "office"), wiring.config.shares["office"]
        bound = journal.share()
        assert bound is not None
        journal.bind(replace(bound, made=False))
        take_away(wiring, share.name, replace(bound, made=False), Fallen.RECALLED)
    assert [about.name for about in synced.server.calendars("https://calendar.example/")] == ["Coaching"]


def test_p02_what_stands_for_a_fallen_share_hides_no_busy_time(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    house.text = house.text.replace(
        'profile = "session"', 'profile = "session"\nbuffer = "PT30M"\nall_day = "working-hours"'
    )
    holiday = event("holiday", house.now).replace(b"DTSTART:20260302T080000Z", b"DTSTART;VALUE=DATE:20260310")
    house.put("holiday", holiday.replace(b"DTEND:20260302T090000Z", b"DTEND;VALUE=DATE:20260311"))
    house.sync()
    assert codes(answer(house)) == ["share-fallen-busy"]
    assert "20260310T080000Z" in house.starts()
    assert "20260302T073000Z" in house.starts()


def test_a_leak_is_not_over_because_the_share_goes_to_another_place(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    answer(house)
    house.text = house.text.replace('name = "Office"', 'name = "Elsewhere"')
    for _ in range(2):
        assert codes(house.sync()) == ["share-fallen-busy"]
        assert b"Marguerite" not in b"".join(house.served("Elsewhere").values())


def test_p03_an_invitation_with_a_uid_out_of_the_share_is_an_alarm_and_no_more(synced: House) -> None:
    body = next(iter(synced.served().values())).decode()
    uid = next(line.partition(":")[2] for line in body.split("\r\n") if line.startswith("UID"))
    synced.put("invitation", event(uid, synced.now + timedelta(days=9)))
    with synced.wiring() as wiring:
        pull(wiring, "coaching")
    served = synced.served()
    assert "uid" in {finding.code for finding in synced.verify()}
    assert answer(synced).shares == {}
    assert synced.served() == served


def test_what_a_server_adds_to_every_entry_is_told_and_takes_nothing_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(3)
    monkeypatch.setattr(
        collection_target, "document", lambda *given: document(*given).replace(b"TRANSP", b"STATUS:CONFIRMED\r\nTRANSP")
    )
    house.sync()
    assert {finding.code for finding in house.verify()} == {"property"}
    assert answer(house).shares == {}


def test_what_some_entries_have_and_others_not_is_a_leak(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(3)

    def marked(uid: str, slot: Slot, text: str) -> bytes:
        rule = b"RRULE:FREQ=WEEKLY\r\nTRANSP" if slot.start.day == 3 and slot.label == "session" else b"TRANSP"
        return document(uid, slot, text).replace(b"TRANSP", rule)

    monkeypatch.setattr(collection_target, "document", marked)
    house.sync()
    assert codes(answer(house)) == ["share-fallen-busy"]


@pytest.mark.parametrize("text", [NOW, DAILY])
def test_the_daemon_tries_soon_again_what_a_leak_asks_for(
    house: House, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(collection_target, "document", only_sessions)
    house.text = text
    house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
    one = Life(house)
    one.during = lambda: house.server.fail("remove", Temporary("timeout", "Slow."))
    one.live(HOUR)
    assert labels(house) == {b"SUMMARY:Indisponible"}
    assert b"Marguerite" not in b"".join(house.served().values())
    assert one.status.share("office").findings == ()


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
