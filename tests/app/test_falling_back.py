"""What follows when a share shows what it should not: busy times, else nothing; and never an empty calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.app import collection_target, jobs
from coachsync.app.fallen import Fallen
from coachsync.app.pull import pull
from coachsync.app.standing import standing
from coachsync.app.withdrawing import take_away
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Label, Slot
from coachsync.redaction.publication import document
from daemon_life import DAILY, HOUR, NOW, Life
from events import event
from leaking_house import INVITATION, Document, answer, labels, leaking, only_sessions
from practice_house import House, codes


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
