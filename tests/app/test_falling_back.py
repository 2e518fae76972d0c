"""What follows when a share shows what it should not: busy times, else nothing; and never an empty calendar."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachsync.app import collection_target, jobs
from coachsync.app.falling_back import respond
from coachsync.app.outcome import Outcome
from coachsync.app.standing import standing
from coachsync.app.verify import verify
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Label, Slot
from coachsync.redaction.publication import document
from daemon_life import NOW, Life
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
    assert "property" in outcome.problems()[0].message
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


def test_p06_a_leaking_share_with_an_invitation_in_it_is_told_loudly_and_not_deleted(
    broken: Callable[[Document], House],
) -> None:
    house = broken(leaking)
    path = house.share_url().removeprefix("https://calendar.example")
    house.server.store(house.share_url(), f"{path}lunch.ics", INVITATION)
    assert "share-not-away" in codes(answer(house))
    assert f"{path}lunch.ics" in house.served()


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
    assert "property" in told
    assert "share-fallen-busy@shares.office" in told
    assert "Marguerite" not in told
    assert labels(house) == {b"SUMMARY:Indisponible"}
    assert [one.key for one in standing(one.status)] == ["finding/shares.office/share-fallen-busy"]


def test_what_would_be_shown_is_what_is_in_force(broken: Callable[[Document], House]) -> None:
    house = broken(only_sessions)
    answer(house)
    with house.wiring() as wiring:
        assert {slot.label for slot in jobs.preview(wiring, "office")} == {Label.BUSY}
