import re
from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.removed import kept
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from coachsync.model import Principal
from practice_house import SOURCE, House, event

OFFICE = "https://calendar.example/alice/office/"


def lines(body: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in body.decode().strip().split("\r\n"))


def identities(house: House) -> set[tuple[str, str]]:
    return {(href, lines(body)["UID"]) for href, body in house.served().items()}


def test_p01_a_share_serves_times_and_a_label_and_nothing_else(house: House) -> None:
    house.put("e", event("uid-marguerite", house.now, title="Marguerite", extra="LOCATION:Lyon\r\nX-A;B=c:d\r\n"))
    house.sync()
    (body,) = house.served().values()
    assert re.fullmatch(
        rb"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//coachsync//share//EN\r\nCALSCALE:GREGORIAN\r\nBEGIN:VEVENT\r\n"
        rb"UID:[0-9a-f-]{36}\r\nDTSTAMP:19700101T000000Z\r\nDTSTART:20260302T080000Z\r\nDTEND:20260302T090000Z\r\n"
        rb"SUMMARY:S\xc3\xa9ance\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        body,
    )


def test_moving_one_session_of_a_series_changes_one_slot_and_leaves_no_trace(house: House) -> None:
    weekly = "RRULE:FREQ=WEEKLY;COUNT=10\r\n"
    house.put("series", event("uid-series", house.now, extra=weekly))
    house.sync()
    before, starts = identities(house), house.starts()
    third = house.now + timedelta(weeks=2)
    moved = event("uid-series", third + timedelta(hours=3), extra=f"RECURRENCE-ID:{third:%Y%m%dT%H%M%SZ}\r\n")
    override = moved.split(b"BEGIN:VEVENT")[1].split(b"END:VEVENT")[0]
    series = event("uid-series", house.now, extra=weekly)
    house.put("series", series.replace(b"END:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT" + override + b"END:VEVENT", 1))
    outcome = house.sync()
    assert (outcome.shares["office"].created, outcome.shares["office"].deleted) == (1, 1)
    after = identities(house)
    (gone,), (come,) = before - after, after - before
    assert len(before & after) == 9
    assert set(gone).isdisjoint(come)
    assert set(starts) - set(house.starts()) == {f"{third:%Y%m%dT%H%M%SZ}"}


def test_a_cancelled_slot_that_comes_back_never_meets_its_old_identity(house: House) -> None:
    house.sessions(1)
    house.sync()
    (old,) = identities(house)
    house.delete("e0")
    house.sync()
    assert house.served() == {}
    house.sessions(1)
    house.sync()
    (new,) = identities(house)
    assert set(old).isdisjoint(new)


def test_writes_go_out_in_random_order(house: House) -> None:
    house.sessions(30)
    house.sync()
    made = list(house.served().values())  # in the order of their creation
    assert [lines(body)["DTSTART"] for body in made] != house.starts()


def test_a_window_that_slides_drops_yesterday_without_asking(house: House) -> None:
    house.sessions(60)
    house.sync()
    before = identities(house)
    house.now += timedelta(days=40)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.shares["office"].deleted) == (0, 40)
    assert identities(house) < before


def test_a_changed_label_is_published_on_every_slot_and_is_no_mass_deletion(house: House) -> None:
    house.sessions(30)
    house.sync()
    starts = house.starts()
    house.text += 'label = "Occupée"\n'
    outcome = house.sync()
    assert (outcome.exit_code(), house.starts()) == (0, starts)
    assert {lines(body)["SUMMARY"] for body in house.served().values()} == {"Occupée"}
    assert house.verify() == ()


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


def test_p13_a_run_cut_short_leaves_no_duplicate(house: House) -> None:
    house.sessions(10)
    house.server.fail("create", Temporary("timeout", "Late."))
    for _ in range(3):
        house.server.fail("etag", Temporary("timeout", "Late."))
    assert house.sync().exit_code() == 3
    outcome = house.sync()
    while outcome.exit_code():
        outcome = house.sync()
    assert len(house.served()) == 10
    assert house.starts() == sorted(set(house.starts()))
    with house.wiring() as wiring:
        assert all(entry.live for entry in Shares(wiring.database, "office").entries())


def test_a_dry_run_changes_neither_server_nor_state(house: House) -> None:
    house.sessions(4)
    outcome = house.sync(dry_run=True)
    assert (outcome.calendars["coaching"].added, outcome.shares["office"].created) == (4, 4)
    assert not {"create", "remove", "make"} & set(house.server.requests)
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]
    real = house.sync()
    assert (real.calendars["coaching"].added, real.shares["office"].created) == (4, 4)


def test_a_changed_target_is_withdrawn_from_the_old_one(house: House) -> None:
    house.sessions(3)
    house.sync()
    old = house.share_url()
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    assert house.sync().exit_code() == 0
    assert house.server.objects(old) == {}
    assert len(house.served("Other")) == 3


def test_an_object_that_somebody_edited_goes_with_its_slot_and_is_reported(house: House) -> None:
    house.sessions(1)
    house.sync()
    ((href, body),) = house.served().items()
    edited = body.replace("Séance".encode(), b"Marguerite")
    house.server.store(house.share_url(), href, edited)
    house.delete("e0")
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["share-object-edited"]
    assert house.served() == {}
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "share office")] == [edited]


def test_p02_an_unreadable_event_publishes_nothing_and_stops_nothing(house: House) -> None:
    house.sessions(2)
    house.put("bad", event("uid-bad", house.now).replace(b"DTSTART", b"X-START"))
    outcome = house.sync()
    (problem,) = outcome.problems()
    assert (problem.code, outcome.exit_code(), outcome.quarantined) == ("event-no-start", 3, 1)
    assert "Marguerite" not in str(problem)
    assert len(house.served()) == 2
    again = house.sync()
    assert (again.exit_code(), again.quarantined) == (0, 1)  # reported once


def test_p05_a_server_that_garbles_everything_does_not_make_the_coach_look_free(house: House) -> None:
    house.sessions(20)
    house.sync()
    for href in house.server.objects(SOURCE):
        house.server.store(SOURCE, href, b"(null)")
    outcome = house.sync()
    assert [problem.code for problem in outcome.problems()] == ["mass-unreadable"]
    assert (outcome.exit_code(), len(house.served())) == (5, 20)
    assert house.sync().exit_code() == 5
    accepted = house.sync("coaching")
    assert (accepted.quarantined, house.served()) == (20, {})


def test_a_share_waits_for_a_calendar_that_was_never_read(house: House) -> None:
    house.text = house.text.replace('from = ["coaching"]', 'from = ["coaching", "second"]')
    house.text += '[calendars.second]\naccount = "cloud"\nname = "Second"\n'
    house.sessions(2)
    outcome = house.sync()
    assert {problem.code for problem in outcome.problems()} == {"calendar-not-found", "calendar-never-synced"}
    assert outcome.shares == {}
    house.server.add("https://calendar.example/alice/second/", "Second", "alice")
    house.put("s", event("uid-s", house.now + timedelta(hours=6)), "https://calendar.example/alice/second/")
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 3


@pytest.mark.parametrize("told", [True, False])
def test_an_unanswered_invitation_is_not_published(house: House, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not told:  # by the user name, where the server tells no address
        silent = Principal(
            "https://calendar.example/alice/", ("https://calendar.example/alice/",), frozenset({"/alice/"})
        )
        monkeypatch.setattr(MemoryCalendars, "whoami", lambda _: silent)
    invitation = "ORGANIZER:mailto:x@y.example\r\nATTENDEE;PARTSTAT={}:mailto:alice@calendar.example\r\n"
    house.put("open", event("uid-a", house.now, extra=invitation.format("NEEDS-ACTION")))
    house.put("taken", event("uid-b", house.now + timedelta(hours=3), extra=invitation.format("ACCEPTED")))
    house.sync()
    assert house.starts() == ["20260302T110000Z"]


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
    assert (house.server.objects(old), len(house.served("Other"))) == ({}, 4)


def test_an_edited_object_in_the_old_target_stays_and_is_said(house: House) -> None:
    house.sessions(4)
    house.sync()
    old = house.share_url()
    href = next(iter(house.served()))
    house.server.store(old, href, b"edited")
    house.text = house.text.replace('name = "Office"', 'name = "Other"')
    outcome = house.sync()
    (problem,) = outcome.problems()
    assert (problem.code, "1 slots" in problem.message) == ("share-left-behind", True)
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


def test_p05_objects_that_lose_their_event_do_not_make_the_coach_look_free(house: House) -> None:
    house.sessions(20)
    house.sync()
    for href in house.server.objects(SOURCE):
        house.server.store(SOURCE, href, b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")
    assert (house.sync().exit_code(), len(house.served())) == (5, 20)
    for number in range(90):  # however much comes in beside them
        house.put(f"new{number}", event(f"uid-new{number}", house.now + timedelta(days=number, hours=6)))
    assert (house.sync().exit_code(), len(house.served())) == (5, 110)
    house.sessions(20)
    assert (house.sync().exit_code(), len(house.served())) == (0, 110)
