from datetime import timedelta

import pytest

from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from coachsync.model import Listing
from events import event
from practice_house import SOURCE, House

OFFICE = "https://calendar.example/alice/office/"


def test_a_target_that_holds_something_is_refused_and_left_alone(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.put("mine", event("private", house.now, title="Somebody's own"), OFFICE)
    house.sessions(2)
    before = house.server.objects(OFFICE)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-not-empty"]
    assert (outcome.exit_code(), house.server.objects(OFFICE)) == (3, before)
    with pytest.raises(CoachsyncError, match="already holds"):
        house.publish()
    assert house.server.objects(OFFICE) == before


def test_p04_replace_empties_the_target_and_keeps_what_it_held(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.put("mine", event("private", house.now, title="Somebody's own"), OFFICE)
    (foreign,) = house.server.objects(OFFICE).values()
    house.sessions(2)
    house.publish(replace_content=True)
    assert len(house.served()) == 2
    assert foreign not in house.served().values()
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [foreign]
    assert house.verify() == ()


def test_replace_heals_a_lost_state(house: House) -> None:
    house.sessions(3)
    house.sync()
    for file in sorted(house.state.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-not-empty"]
    house.publish(replace_content=True)
    assert len(house.served()) == 3
    assert house.verify() == ()


def test_replace_makes_a_target_again_that_somebody_deleted(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.server.drop(house.share_url())
    house.put("new", event("uid-new", house.now + timedelta(hours=5)))
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-missing"]
    house.publish(replace_content=True)
    assert len(house.served()) == 4


def test_a_target_that_is_a_source_is_refused(house: House) -> None:
    house.text = house.text.replace('name = "Office"', 'url = "alice/source/"')
    house.sessions(2)
    before = house.server.objects(SOURCE)
    with pytest.raises(Misconfigured) as caught:
        house.publish()
    assert caught.value.code == "target-is-source"
    assert house.server.objects(SOURCE) == before


def test_replace_never_empties_a_source_calendar_however_it_is_reached(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.sessions(3)
    for href, body in house.server.objects(SOURCE).items():  # what the source holds, seen through another address
        house.server.store(OFFICE, href.replace("source", "office"), body)
    before = house.server.objects(OFFICE)
    with pytest.raises(Misconfigured) as caught:
        house.publish(replace_content=True)
    assert (caught.value.code, house.server.objects(OFFICE)) == ("target-is-source", before)


def test_a_changed_target_is_withdrawn_from_the_old_one(house: House) -> None:
    house.sessions(3)
    house.sync()
    old = house.share_url()
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    assert house.sync().exit_code() == 0
    assert old not in {about.url for about in house.server.calendars("https://calendar.example/")}
    assert len(house.served("Other")) == 3


def test_p13_a_collection_made_by_a_run_cut_short_is_found_by_its_url_not_by_its_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(2)
    real = MemoryCalendars.make

    def made_and_lost(self: MemoryCalendars, url: str, name: str) -> None:
        monkeypatch.setattr(MemoryCalendars, "make", real)
        real(self, url, "Renamed meanwhile")
        raise Temporary("no-connection", "The connection was lost.")

    monkeypatch.setattr(MemoryCalendars, "make", made_and_lost)
    assert house.sync().exit_code() == 3
    assert house.sync().exit_code() == 0
    assert len(house.served("Renamed meanwhile")) == 2
    assert len(house.server.calendars("https://calendar.example/")) == 2  # the source and one share


def test_a_refused_replace_leaves_the_share_unbound(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.sessions(3)
    for href, body in house.server.objects(SOURCE).items():
        house.server.store(OFFICE, href.replace("source", "office"), body)
    before = house.server.objects(OFFICE)
    with pytest.raises(Misconfigured):
        house.publish(replace_content=True)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-not-empty"]
    assert house.server.objects(OFFICE) == before


def test_a_replace_that_is_cut_short_never_publishes_beside_what_was_there(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    for number in range(4):
        house.put(f"mine{number}", event(f"private-{number}", house.now), OFFICE)
    house.sessions(3)
    house.server.fail("remove", Temporary("server-unavailable", "Busy."))
    with pytest.raises(Temporary):
        house.publish(replace_content=True)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-not-empty"]
    assert len(house.server.objects(OFFICE)) == 4
    house.publish(replace_content=True)
    assert len(house.served()) == 3


def test_replace_refuses_a_source_calendar_that_was_never_read(house: House) -> None:
    private = "https://calendar.example/alice/private/"
    house.text = house.text.replace('name = "Office"', 'url = "alice/private/"')
    house.text += '[calendars.private]\naccount = "cloud"\nname = "Private"\n'
    house.server.add(private, "Private", "alice")
    for number in range(5):
        house.put(f"p{number}", event(f"p-{number}", house.now), private)
    before = house.server.objects(private)
    with pytest.raises(Misconfigured) as caught:
        house.publish(replace_content=True)
    assert (caught.value.code, house.server.objects(private)) == ("target-is-source", before)


def test_p04_replace_keeps_what_somebody_made_of_our_objects(house: House) -> None:
    house.sessions(2)
    house.sync()
    href, body = next(iter(house.served().items()))
    edited = body.replace("Séance".encode(), b"Marguerite")
    house.server.store(house.share_url(), href, edited)
    house.publish(replace_content=True)
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [edited]


def test_a_new_target_that_is_refused_leaves_the_old_one_serving(house: House) -> None:
    house.sessions(4)
    house.sync()
    old = house.share_url()
    house.server.add(OFFICE, "Other", "alice")
    house.put("mine", event("private", house.now), OFFICE)
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    assert [problem.code for problem in house.sync().problems()] == ["target-not-empty"]
    assert len(house.server.objects(old)) == 4


def test_an_old_target_that_does_not_answer_is_cleared_later(house: House) -> None:
    house.sessions(4)
    house.sync()
    old = house.share_url()
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    house.server.fail("remove", Temporary("server-unavailable", "Busy."))
    assert [problem.code for problem in house.sync().problems()] == ["server-unavailable"]
    assert house.sync().exit_code() == 0
    assert old not in {about.url for about in house.server.calendars("https://calendar.example/")}
    assert len(house.served("Other")) == 4


def test_an_edited_object_in_the_old_target_stays_and_is_said(house: House) -> None:
    house.sessions(4)
    house.sync()
    old = house.share_url()
    href = next(iter(house.served()))
    house.server.store(old, href, b"edited")
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    outcome = house.sync()
    (problem,) = outcome.problems()
    assert (problem.code, "1 time." in problem.message) == ("share-left-behind", True)
    assert house.server.objects(old) == {href: b"edited"}
    assert len(house.served("Other")) == 4


def test_the_same_target_by_another_name_keeps_every_object(house: House) -> None:
    house.sessions(4)
    house.sync()
    served = house.served()
    path = house.share_url().removeprefix("https://calendar.example/")
    house.text = house.text.replace('name = "Office"', f'url = "{path}"')
    assert house.sync().exit_code() == 0
    assert house.served() == served


def test_two_shares_never_serve_one_collection(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.text += (
        '[shares.second]\nfrom = ["coaching"]\nprofile = "busy"\nto = { account = "cloud", url = "alice/office/" }\n'
    )
    house.sync()  # both find it empty
    house.sessions(2)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["same-target"]
    assert len(house.served()) == 2


def test_a_dry_run_says_that_the_target_is_refused(house: House) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.put("mine", event("private", house.now), OFFICE)
    house.sessions(2)
    assert [problem.code for problem in house.sync(dry_run=True).problems()] == ["target-not-empty"]


def test_a_share_whose_objects_come_back_as_appointments_stops(house: House) -> None:
    """An empty private calendar under another host name looks free to be filled, until it is read."""
    house.sessions(2)
    house.sync()
    for href, body in house.served().items():
        house.server.store(SOURCE, href.replace(href.rpartition("/")[0], "/alice/source"), body)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["target-is-source"]
    assert len(house.served()) == 2


INVITED = b"ORGANIZER:mailto:eve@x.example\r\nATTENDEE:mailto:alice@calendar.example\r\nEND:VEVENT"


@pytest.mark.parametrize("invited", [True, False], ids=["an invitation", "one of several"])
def test_a_stranger_who_sees_the_share_cannot_stop_it_by_a_uid_of_it(house: House, invited: bool) -> None:
    house.sessions(1 if invited else 3)
    house.sync()
    (body, *_) = house.served().values()
    house.put("theirs", body.replace(b"END:VEVENT", INVITED) if invited else body)
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == []
    house.put("new", event("uid-new", house.now + timedelta(days=9)))
    shown = len(house.served())
    assert house.sync().exit_code() == 0
    assert len(house.served()) == shown + 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_p04_what_somebody_puts_into_an_empty_target_at_that_moment_stays(
    house: House, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    house.server.add(OFFICE, "Office", "alice")
    house.sessions(2)
    listed = MemoryCalendars.changes

    def changes(self: MemoryCalendars, url: str, token: str | None) -> Listing:
        found = listed(self, url, token)
        if url == OFFICE and not house.server.objects(OFFICE):
            house.put("mine", event("private", house.now), OFFICE)
        return found

    monkeypatch.setattr(MemoryCalendars, "changes", changes)
    house.sync(dry_run=dry_run)
    assert "/alice/office/mine.ics" in house.server.objects(OFFICE)
