"""A share on its way out of everybody's reach: whose it is, what stays in it, and that nothing of it is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.checking import Grade, check
from coachsync.app.outcome import Outcome
from coachsync.app.pull import pull
from coachsync.app.recall import recall, remove
from coachsync.app.recording import record
from coachsync.app.status import load
from coachsync.errors import CoachsyncError, NotThere, Temporary
from events import event
from practice_house import House, codes

SLOW = Temporary("timeout", "Slow.")
FORBIDDEN = CoachsyncError("forbidden", "No.")
NOT_HERE = NotThere("not-there", "So says a proxy.")
GUEST = "ATTENDEE:mailto:a@b.example\r\n"
OFFICE = "https://calendar.example/alice/office/"
BY_NAME, BY_URL = 'name = "Office"', 'url = "/alice/office/"'


def removed(house: House) -> None:
    with house.wiring() as wiring:
        remove(wiring, "office")


def renewed(house: House, way: str) -> Outcome:
    if way == "publish":
        return house.publish()
    with house.wiring() as wiring:
        return recall(wiring, wiring.config.shares["office"]).outcome


def pending(house: House) -> str:
    """Leave the removal of the share before its end; the address of what is still served."""
    url = house.share_url()
    house.server.fail("destroy", SLOW)
    with pytest.raises(Temporary):
        removed(house)
    assert house.server.objects(url)
    return url


def urls(house: House) -> list[str]:
    return [about.url for about in house.server.calendars("https://calendar.example/alice/")]


def put_in(house: House, name: str, body: bytes) -> str:
    """Somebody writes into the share; where."""
    href = f"{house.share_url().removeprefix('https://calendar.example')}{name}.ics"
    house.server.store(house.share_url(), href, body)
    return href


def edited(house: House, extra: str, hrefs: Iterable[str]) -> dict[str, bytes]:
    """Somebody edits these of our objects; what they are then."""
    served = house.served()
    theirs = {href: served[href].replace(b"TRANSP", extra.encode() + b"TRANSP") for href in hrefs}
    for href, body in theirs.items():
        house.server.store(house.share_url(), href, body)
    return theirs


def journaled(house: House) -> set[str]:
    with house.wiring() as wiring:
        return {entry.href for entry in Shares(wiring.database, "office").entries()}


# --- a person comes in between ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["publish", "recall"])
def test_p03_a_removal_that_was_cut_short_is_ended_before_the_share_comes_back(synced: House, way: str) -> None:
    starts = synced.starts()
    url = pending(synced)
    assert codes(renewed(synced, way)) == []
    assert url not in urls(synced)
    assert synced.starts() == starts
    assert synced.verify() == ()


@pytest.mark.parametrize("way", ["publish", "recall"])
def test_p13_what_cannot_be_ended_now_is_not_forgotten(synced: House, way: str) -> None:
    url = pending(synced)
    synced.server.fail("destroy", SLOW)
    with pytest.raises(Temporary):
        renewed(synced, way)
    assert len(journaled(synced)) == 5
    assert codes(synced.sync()) == []
    assert url not in urls(synced)


def test_p03_whoever_gives_it_up_has_everything_in_it_replaced(synced: House) -> None:
    url = pending(synced)
    before = synced.served()
    synced.server.fail("destroy", SLOW)
    assert codes(synced.publish(replace_content=True)) == []
    assert before.keys().isdisjoint(synced.server.objects(url))
    assert synced.verify() == ()


def test_p03_what_cannot_be_deleted_any_more_is_replaced_too(synced: House) -> None:
    url = pending(synced)
    before = synced.served()
    synced.server.fail("destroy", FORBIDDEN)
    assert codes(synced.publish()) == []
    assert before.keys().isdisjoint(synced.server.objects(url))
    assert synced.verify() == ()


def test_p03_what_must_stay_meanwhile_keeps_nobody_from_publishing_anew(synced: House) -> None:
    pending(synced)
    before, starts = synced.served(), synced.starts()
    lunch = put_in(synced, "lunch", event("lunch", synced.now, extra=GUEST))
    assert codes(synced.publish()) == []
    served = synced.served()
    assert before.keys().isdisjoint(served)
    assert synced.server.objects(synced.share_url())[lunch]
    assert (len(served), set(starts) <= set(synced.starts())) == (6, True)


def test_p03_a_former_place_whose_account_is_gone_is_told_and_not_forgotten_silently(house: House) -> None:
    house.sessions(2)
    house.text += '[accounts.outlet]\nurl = "https://calendar.example/"\nusername = "alice"\n'
    house.text = house.text.replace('to = { account = "cloud"', 'to = { account = "outlet"')
    house.sync()
    pending(house)
    house.text = house.text.partition("[accounts.outlet]")[0].replace(
        '"outlet", name = "Office"', '"cloud", name = "New"'
    )
    assert codes(house.publish()) == ["share-left-behind"]
    assert len(house.starts("New")) == 2


def test_p13_a_file_that_was_to_go_is_written_anew(house: House) -> None:
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    house.sessions(2)
    house.sync()
    before = (house.folder / "office.ics").read_bytes()
    with house.wiring() as wiring:  # killed between the state and the removal
        journal = Shares(wiring.database, "office")
        bound = journal.share()
        assert bound is not None
        journal.bind(replace(bound, fallen="away", leaving=True))
    assert codes(house.publish()) == []
    after = (house.folder / "office.ics").read_bytes()
    marks = [line for line in before.split(b"\r\n") if line.startswith(b"UID")]
    assert len(marks) == after.count(b"BEGIN:VEVENT") == 2
    assert not any(mark in after for mark in marks)


def test_until_it_is_done_nobody_says_that_it_is(synced: House) -> None:
    pending(synced)
    synced.server.fail("destroy", SLOW)
    with synced.wiring() as wiring:
        found = [(one.code, one.grade) for one in check(wiring) if one.where == "shares.office"]
    assert found == [("share-not-away", Grade.BAD)]
    outcome = synced.sync()
    with synced.wiring() as wiring:
        record(wiring, str, outcome)
    assert not load(synced.state).share("office").gone


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theirs", [True, False])
def test_p04_a_calendar_that_somebody_made_in_place_of_ours_is_theirs(house: House, theirs: bool) -> None:
    house.text = house.text.replace(BY_NAME, BY_URL)
    house.sessions(2)
    house.server.fail("make", SLOW)
    house.sync()
    house.server.add(OFFICE, "Family", "alice")
    if theirs:
        house.server.store(OFFICE, "/alice/office/x.ics", event("family", house.now))
    house.server.fail("changes", SLOW)
    with pytest.raises(Temporary):
        removed(house)
    assert codes(house.sync()) == []
    assert OFFICE in urls(house)


def test_p04_what_is_made_where_the_share_was_is_not_deleted_by_a_second_recall(house: House) -> None:
    house.text = house.text.replace(BY_NAME, BY_URL)
    house.sessions(2)
    house.sync()
    removed(house)
    house.server.add(OFFICE, "Family", "alice")
    removed(house)
    house.sync()
    assert OFFICE in urls(house)


def test_p04_nor_is_something_of_others_at_an_address_that_we_drew(house: House) -> None:
    house.sessions(1)
    house.sync()
    url = house.share_url()
    removed(house)
    house.server.add(url, "Office", "alice")
    house.server.store(url, f"{url.removeprefix('https://calendar.example')}x.ics", event("family", house.now))
    removed(house)
    assert url in urls(house)


def test_an_empty_calendar_that_was_made_and_not_answered_does_not_stay(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(1)
    make = MemoryCalendars.make

    def unheard(self: MemoryCalendars, url: str, name: str) -> None:
        make(self, url, name)
        raise SLOW

    monkeypatch.setattr(MemoryCalendars, "make", unheard)
    house.sync()
    assert len(urls(house)) == 2
    removed(house)
    assert len(urls(house)) == 1


def test_what_may_have_been_written_there_makes_it_ours(house: House) -> None:
    house.text = house.text.replace(BY_NAME, BY_URL)
    house.sessions(1)
    house.sync()
    with house.wiring() as wiring:
        journal = Shares(wiring.database, "office")
        bound = journal.share()
        assert bound is not None
        journal.bind(replace(bound, made=False))
        journal.write([replace(entry, live=False, etag=None) for entry in journal.entries()])
    removed(house)
    assert OFFICE not in urls(house)


# --- whether it is gone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["changes", "fetch", "destroy"])
def test_p03_one_answer_that_it_is_not_there_ends_no_removal(synced: House, method: str) -> None:
    url = synced.share_url()
    put_in(synced, "theirs", event("theirs", synced.now))
    synced.server.fail(method, NOT_HERE)
    with pytest.raises(Temporary) as raised:
        removed(synced)
    assert raised.value.code == "share-not-confirmed"
    assert len(journaled(synced)) == 5
    assert codes(synced.sync()) == []
    assert url not in urls(synced)
    with synced.wiring() as wiring:  # and what was theirs is kept once
        assert len(kept(wiring.database, "share office")) == 1


def test_p03_nor_does_a_deletion_that_deletes_nothing(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MemoryCalendars, "destroy", lambda _self, _url: None)
        with pytest.raises(Temporary):
            removed(synced)
    assert len(journaled(synced)) == 5
    removed(synced)
    assert len(urls(synced)) == 1


# --- what has to stay -------------------------------------------------------------------------------------------------


def test_p03_p04_p06_of_what_was_edited_only_invitations_stay(synced: House) -> None:
    plain, inviting, *_ = synced.served()
    (lost,) = edited(synced, "COMMENT:mine\r\n", [plain]).values()
    left = edited(synced, GUEST, [inviting])
    with pytest.raises(CoachsyncError) as raised:
        removed(synced)
    assert raised.value.code == "share-not-away"
    assert synced.served() == left
    assert journaled(synced) == {inviting}
    with synced.wiring() as wiring:
        assert [(one.reason, one.body) for one in kept(wiring.database, "share office")] == [("edited", lost)]
    assert synced.server.letters == 0


def test_p03_what_is_listed_after_it_was_taken_out_is_not_out(synced: House, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(synced, "lunch", event("lunch", synced.now, extra=GUEST))
    with monkeypatch.context() as patch:
        patch.setattr(MemoryCalendars, "remove", lambda _self, _href, _etag: False)
        with pytest.raises(Temporary):
            removed(synced)
    assert len(journaled(synced)) == 5
    assert codes(synced.sync()) == ["share-not-away"]
    assert journaled(synced) == set()
    assert len(synced.served()) == 1


def test_p03_whoever_writes_a_private_uid_into_a_share_keeps_none_of_ours_in_it(synced: House) -> None:
    bait = put_in(synced, "bait", event("uid-0", synced.now))
    with pytest.raises(CoachsyncError) as raised:
        removed(synced)
    assert "private calendar" in raised.value.message
    assert list(synced.served()) == [bait]


def test_p03_nor_does_whoever_edits_an_entry_and_invites_the_coach_under_its_uid(synced: House) -> None:
    href, body = next(iter(synced.served().items()))
    uid = next(line.partition(":")[2] for line in body.decode().split("\r\n") if line.startswith("UID"))
    synced.put("invitation", event(uid, synced.now + timedelta(days=9)))
    with synced.wiring() as wiring:
        pull(wiring, "coaching")
    edited(synced, "COMMENT:mine\r\n", [href])
    removed(synced)
    assert len(urls(synced)) == 1


def test_a_server_that_lets_nobody_delete_the_calendar_leaves_it_whole(synced: House) -> None:
    put_in(synced, "theirs", event("theirs", synced.now))
    served = synced.served()
    synced.server.fail("destroy", FORBIDDEN, times=9)
    with pytest.raises(CoachsyncError) as raised:
        removed(synced)
    assert (raised.value.code, synced.served()) == ("share-not-away", served)
    assert codes(synced.sync()) == []  # it goes on as before
    assert synced.served() == served
