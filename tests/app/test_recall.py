"""Calling back what a share has shown: everything goes under other names or goes away, and what stays out is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app import jobs
from coachsync.app.recall import Recalled, recall
from coachsync.app.recall import remove as take_away
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, NotInitialised, Temporary
from coachsync.model import Software
from coachsync.redaction.publication import DTSTAMP
from events import event
from practice_house import House, codes

CLIENT = Client("C-7F3K2M", ("Marguerite Lenoir",), ("marguerite@example.org",))
INVITATION = event("lunch", House.now, title="Lunch", extra="ATTENDEE:mailto:a@b.example\r\n")
OFFLINE = Temporary("network", "There is no network.")


def called_back(house: House, *, remove: bool = False) -> Recalled:
    with house.wiring() as wiring:
        return take_away(wiring, "office") if remove else recall(wiring, wiring.config.shares["office"])


def put_into_share(house: House, name: str, body: bytes) -> str:
    """Somebody writes into the share; where."""
    url = house.share_url()
    href = f"{url.removeprefix('https://calendar.example')}{name}.ics"
    house.server.store(url, href, body)
    return href


def kept_of_share(house: House) -> list[bytes]:
    with house.wiring() as wiring:
        return [one.body for one in kept(wiring.database, "share office")]


def uids(house: House) -> set[bytes]:
    return {line for body in house.served().values() for line in body.split(b"\r\n") if line.startswith(b"UID")}


def summaries(house: House) -> set[str]:
    lines = (line for body in house.served().values() for line in body.decode().split("\r\n"))
    return {line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:")}


def names(house: House) -> list[str]:
    return [about.name for about in house.server.calendars("https://calendar.example/")]


# --- publishing anew ------------------------------------------------------------------------------------------------


def test_everything_is_taken_back_and_published_under_other_names(synced: House) -> None:
    before, starts, marks = synced.served(), synced.starts(), uids(synced)
    done = called_back(synced)
    assert (done.replaced, done.shown, done.purged) == (5, 5, 0)
    assert done.outcome.exit_code() == 0
    assert synced.starts() == starts
    assert before.keys().isdisjoint(synced.served())
    assert marks.isdisjoint(uids(synced))
    assert synced.verify() == ()


def test_p13_twice_is_fine_and_a_sync_after_it_changes_nothing(synced: House) -> None:
    called_back(synced)
    called_back(synced)
    served = synced.served()
    assert synced.sync().exit_code() == 0
    assert synced.served() == served
    assert len(served) == 5


def test_after_a_label_has_changed_only_the_new_one_is_there(synced: House) -> None:
    synced.text = synced.text.replace('profile = "session"', 'profile = "session"\nlabel = "Occupé"')
    assert called_back(synced).replaced == 5
    assert summaries(synced) == {"Occupé"}
    assert synced.verify() == ()


def test_after_a_client_has_changed_name_no_old_pseudonym_and_no_old_name_is_there(synced: House) -> None:
    synced.text = synced.text.replace('profile = "session"', 'profile = "pseudonym"')
    with synced.wiring() as wiring:
        wiring.clients.save(CLIENT)
    synced.put("hers", event("uid-hers", synced.now + timedelta(days=1, hours=5), title="Marguerite Lenoir"))
    synced.sync()
    with synced.wiring() as wiring:
        (pseudonym,) = wiring.clients.pseudonyms("office").values()
        wiring.clients.save(Client(CLIENT.code, (pseudonym, *CLIENT.names), CLIENT.addresses))
    assert pseudonym in summaries(synced)
    assert "label" in {finding.code for finding in synced.verify()}  # her name is now what the share calls her

    with synced.wiring() as wiring:
        wiring.clients.save(Client(CLIENT.code, ("Ombeline Trévignon", *CLIENT.names), CLIENT.addresses))
    before = synced.served()
    assert called_back(synced).shown == len(before)
    assert before.keys().isdisjoint(synced.served())
    assert synced.verify() == ()


def test_the_oldest_that_was_taken_back_says_since_when(synced: House) -> None:
    first = int(synced.now.timestamp())
    synced.now += timedelta(days=2)
    synced.put("late", event("uid-late", synced.now + timedelta(days=1, hours=7)))
    synced.sync()
    assert called_back(synced).since == first
    assert called_back(synced).since == int(synced.now.timestamp())


def test_a_share_that_was_never_published_has_nothing_to_call_back(house: House) -> None:
    with pytest.raises(NotInitialised) as raised:
        called_back(house)
    assert (raised.value.code, raised.value.where) == ("share-never-published", "shares.office")


# --- the server's trash ---------------------------------------------------------------------------------------------


def test_what_was_ours_goes_out_of_the_trash_and_what_was_not_stays(synced: House) -> None:
    synced.server.has_trash = True
    synced.server.delete(synced.share_url(), put_into_share(synced, "foreign", event("foreign", synced.now)))
    url = synced.share_url()
    assert called_back(synced).purged == 5
    assert [b"UID:foreign" in item.body for item in synced.server.trashed(url, None)] == [True]
    assert DTSTAMP.encode() not in synced.server.trashed(url, None)[0].body


def test_a_trash_that_refuses_one_thing_hides_nothing_else(synced: House) -> None:
    synced.server.has_trash = True
    with synced.wiring() as wiring:
        share = wiring.config.shares["office"]
        jobs.publish_share(wiring, "office")
        server = wiring.server("cloud")
        removed = server.remove

        def stubborn(href: str, etag: str, *, notify: bool = False) -> bool:
            if href.startswith("/trashbin/") and stubborn.left:
                stubborn.left = 0
                raise CoachsyncError("refused", "No.")
            return removed(href, etag, notify=notify)

        stubborn.left = 1
        server.remove = stubborn
        done = recall(wiring, share)
    assert (done.purged, done.shown) == (4, 5)


def test_a_trash_that_cannot_be_looked_at_is_passed_over(synced: House) -> None:
    synced.server.has_trash = True
    synced.server.fail("in_trash", CoachsyncError("refused", "No."))
    done = called_back(synced)
    assert (done.purged, done.shown) == (0, 5)


@pytest.mark.parametrize("remove", [False, True])
@pytest.mark.parametrize(("method", "left"), [("in_trash", 5), ("remove", 3)])
def test_trouble_with_the_trash_does_not_lose_the_account_of_what_was_taken_back(
    synced: House, monkeypatch: pytest.MonkeyPatch, remove: bool, method: str, left: int
) -> None:
    synced.server.has_trash = True
    asked: list[str] = []
    whole = getattr(MemoryCalendars, method)

    def broken(self: MemoryCalendars, at: str, *more: object, **others: object) -> object:
        asked.append(at)
        if method == "in_trash" or sum(at.startswith("/trashbin/") for at in asked) > 2:
            raise OFFLINE
        return whole(self, at, *more, **others)

    if remove:  # a calendar that was taken away leaves nothing in the trash by itself
        synced.server.empty(synced.share_url())
    url = synced.share_url()
    monkeypatch.setattr(MemoryCalendars, method, broken)
    done = called_back(synced, remove=remove)
    assert (done.replaced, done.shown, done.purged) == (5, 0 if remove else 5, 5 - left)
    assert (done.since is not None, bool(done.left)) == (True, True)
    (problem,) = done.outcome.problems()
    assert (problem.code, problem.where, "--remove" in problem.hint) == ("trash-not-cleared", "shares.office", remove)
    assert "There is no network." in problem.message
    assert done.outcome.exit_code() == 3
    monkeypatch.undo()
    again = called_back(synced, remove=remove)
    assert again.purged == left + again.replaced
    assert synced.server.trashed(url, None) == ()


# --- taking it away -------------------------------------------------------------------------------------------------


def test_p03_removed_it_is_gone_and_not_empty_and_no_sync_brings_it_back(synced: House) -> None:
    done = called_back(synced, remove=True)
    assert (done.replaced, done.shown) == (5, 0)
    assert names(synced) == ["Coaching"]
    assert synced.verify() == ()
    assert codes(synced.sync()) == []
    assert names(synced) == ["Coaching"]


def test_removing_twice_is_fine(synced: House) -> None:
    called_back(synced, remove=True)
    again = called_back(synced, remove=True)
    assert (again.replaced, again.shown, again.since, again.left) == (0, 0, None, ())


@pytest.mark.parametrize("way", ["publish", "recall"])
def test_a_removed_share_comes_back_when_a_person_asks(synced: House, way: str) -> None:
    url, starts = synced.share_url(), synced.starts()
    called_back(synced, remove=True)
    outcome = synced.publish() if way == "publish" else called_back(synced).outcome
    assert outcome.exit_code() == 0
    assert synced.starts() == starts
    assert synced.share_url() != url
    assert synced.verify() == ()


def test_p04_what_others_wrote_into_it_is_kept_for_thirty_days(synced: House) -> None:
    foreign = event("foreign", synced.now, title="Lunch")
    put_into_share(synced, "foreign", foreign)
    edited = next(iter(synced.served()))
    body = synced.served()[edited].replace(b"TRANSP", b"COMMENT:mine\r\nTRANSP")
    synced.server.store(synced.share_url(), edited, body)
    called_back(synced, remove=True)
    assert sorted(kept_of_share(synced)) == sorted([foreign, body])
    synced.now += timedelta(days=29)
    synced.sync()
    assert len(kept_of_share(synced)) == 2
    synced.now += timedelta(days=2)
    synced.sync()
    assert kept_of_share(synced) == []


def test_p06_an_invitation_in_it_keeps_the_calendar_and_what_was_ours_goes(synced: House) -> None:
    href = put_into_share(synced, "lunch", INVITATION)
    with pytest.raises(CoachsyncError) as raised:
        called_back(synced, remove=True)
    assert raised.value.code == "share-not-away"
    assert raised.value.hint
    assert "was taken out of it" in raised.value.message
    assert synced.served() == {href: INVITATION}
    assert codes(synced.sync()) == ["share-not-away"]  # until the calendar is deleted
    assert synced.served() == {href: INVITATION}
    synced.server.drop(synced.share_url())
    assert synced.sync().exit_code() == 0


def test_p06_published_anew_an_invitation_that_somebody_wrote_stays(synced: House) -> None:
    href = put_into_share(synced, "lunch", INVITATION)
    assert called_back(synced).shown == 5
    assert synced.served()[href] == INVITATION


def test_a_private_calendar_is_never_taken_away(synced: House) -> None:
    """The share's own collection has become one that appointments are read from."""
    synced.text = synced.text.replace(
        "[shares.office]", f'[calendars.other]\naccount = "cloud"\nurl = "{synced.share_url()}"\n[shares.office]'
    )
    with pytest.raises(CoachsyncError):
        called_back(synced, remove=True)
    assert len(synced.served()) == 5


# --- as a file ------------------------------------------------------------------------------------------------------


@pytest.fixture
def filed(house: House) -> House:
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    house.sessions(3)
    house.sync()
    return house


def test_a_file_is_written_anew_or_removed_and_comes_back(filed: House) -> None:
    file = filed.folder / "office.ics"
    before = file.read_bytes()
    done = called_back(filed)
    assert (done.replaced, done.shown) == (3, 3)
    marks = {line for line in file.read_bytes().split(b"\r\n") if line.startswith(b"UID")}
    assert not any(mark in before for mark in marks)
    assert any("downloaded" in line for line in done.left)
    assert called_back(filed, remove=True).shown == 0
    assert not file.exists()
    assert called_back(filed, remove=True).replaced == 0
    filed.sync()
    assert not file.exists()
    assert filed.publish().exit_code() == 0
    assert file.read_bytes().count(b"BEGIN:VEVENT") == 3


def test_p04_a_file_that_somebody_changed_is_not_removed_and_says_what_to_do(filed: House) -> None:
    file = filed.folder / "office.ics"
    file.write_bytes(b"mine")
    with pytest.raises(CoachsyncError) as raised:
        called_back(filed, remove=True)
    assert (raised.value.code, raised.value.where) == ("share-not-away", "shares.office.to")
    assert "The file was changed by somebody" in raised.value.message
    assert raised.value.hint
    assert file.read_bytes() == b"mine"


# --- trouble --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remove", [False, True])
def test_p04_without_network_nothing_is_lost(synced: House, remove: bool) -> None:
    served = synced.served()
    for method in ("changes", "fetch", "create", "remove", "destroy"):
        synced.server.fail(method, OFFLINE, times=100)
    with pytest.raises(CoachsyncError) as raised:
        called_back(synced, remove=remove)
    assert raised.value.exit_code == 75
    synced.server._failures.clear()
    assert synced.sync().exit_code() == 0
    names = [about.name for about in synced.server.calendars("https://calendar.example/")]
    assert names == (["Coaching"] if remove else ["Coaching", "Office"])  # the next run ends what was asked for
    assert remove or len(synced.served()) == len(served)
    assert synced.verify() == ()


def test_p04_a_connection_that_breaks_at_the_last_moment_is_to_be_tried_again(synced: House) -> None:
    synced.server.fail("destroy", OFFLINE)
    with pytest.raises(Temporary):
        called_back(synced, remove=True)
    assert len(synced.served()) == 5
    assert called_back(synced, remove=True).replaced == 5


@pytest.mark.parametrize("method", ["create", "remove"])
@pytest.mark.parametrize("again", ["recall", "sync"])
def test_p13_cut_short_it_is_finished_by_the_next_run_and_nothing_shows_twice(
    synced: House, method: str, again: str
) -> None:
    starts, before, done = synced.starts(), synced.served(), []
    with synced.wiring() as wiring:
        server = wiring.server("cloud")
        act = getattr(server, method)

        def short(*given: object, **more: object) -> object:
            if len(done) == 2:
                raise OFFLINE
            done.append(given)
            return act(*given, **more)

        setattr(server, method, short)
        with pytest.raises(CoachsyncError):
            recall(wiring, wiring.config.shares["office"])
    synced.now += timedelta(minutes=5)
    assert (called_back(synced).outcome if again == "recall" else synced.sync()).exit_code() == 0
    assert synced.starts() == starts
    assert before.keys().isdisjoint(synced.served())
    assert synced.verify() == ()


# --- what cannot be called back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("software", "word"), [(Software.XANDIKOS, "git"), (Software.NEXTCLOUD, "activities"), (Software.OTHER, "")]
)
def test_what_this_server_keeps_is_said(house: House, software: Software, word: str) -> None:
    house.server.software = software
    house.sessions(1)
    house.sync()
    left = called_back(house).left
    assert any("Phones" in line for line in left)
    assert [line for line in left if "history" in line or "activities" in line] == [
        line for line in left if word and word in line
    ]
    assert len(left) == 3 + bool(word)


def test_after_a_recall_the_journal_knows_nothing_of_what_was_there(synced: House) -> None:
    with synced.wiring() as wiring:
        old = {entry.uid for entry in Shares(wiring.database, "office").entries()}
    called_back(synced)
    with synced.wiring() as wiring:
        entries = Shares(wiring.database, "office").entries()
    assert old.isdisjoint(entry.uid for entry in entries)
    assert all(entry.live for entry in entries)
