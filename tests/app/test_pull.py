from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

import pytest

from coachsync.adapters.database import Copies
from coachsync.adapters.database.removed import kept
from coachsync.adapters.ical.reader import Reader
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import CoachsyncError, NotThere, ObjectsRefused, Refused, Temporary
from coachsync.model import Item
from events import event
from practice_house import SOURCE, House


def copies(house: House) -> dict[str, bytes]:
    with house.wiring() as wiring:
        stored = Copies(wiring.database, "coaching")
        texts = dict(stored.texts())
        return {copy.href: texts[copy.row] for copy in stored.all()}


def codes(outcome: object) -> list[str]:
    return [problem.code for problem in outcome.problems()]  # type: ignore[attr-defined]


def test_copies_follow_the_server(house: House) -> None:
    house.sessions(3)
    first = house.sync()
    assert (first.calendars["coaching"].added, first.exit_code()) == (3, 0)
    house.put("e1", event("uid-1", house.now + timedelta(hours=5)))
    house.put("new", event("uid-new", house.now + timedelta(hours=7)))
    house.delete("e2")
    pulled = house.sync().calendars["coaching"]
    assert (pulled.added, pulled.changed, pulled.removed) == (1, 1, 1)
    assert copies(house) == house.server.objects(SOURCE)


def test_p13_a_second_sync_asks_one_question_and_writes_nothing(house: House) -> None:
    house.sessions(5)
    house.sync()
    before = house.served()
    house.server.requests.clear()
    outcome = house.sync()
    assert dict(house.server.requests) == {"changes": 1}
    assert (outcome.exit_code(), house.served()) == (0, before)


def test_a_full_listing_is_taken_once_a_day(house: House) -> None:
    house.sessions(2)
    house.sync()
    house.server.show_half(SOURCE, list(house.server.objects(SOURCE))[:1])
    assert house.sync().calendars["coaching"].removed == 0
    house.now += timedelta(days=1)
    assert house.sync().calendars["coaching"].removed == 1


@pytest.mark.parametrize("fault", ["emptied", "vanished", "half"])
def test_p05_what_looks_like_an_accident_empties_neither_copies_nor_share(house: House, fault: str) -> None:
    house.sessions(30)
    house.sync()
    served, stored = house.served(), copies(house)
    if fault == "emptied":
        house.server.empty(SOURCE)
    elif fault == "vanished":
        house.server.drop(SOURCE)
    else:
        house.server.forget_history(SOURCE)
        house.server.show_half(SOURCE, list(house.server.objects(SOURCE))[::2])
    gone = 15 if fault == "half" else 30
    for _ in range(3):  # however often it runs
        outcome = house.sync()
        assert outcome.exit_code() == 5
        assert outcome.calendars["coaching"].held == gone
        assert outcome.shares["office"].held_back == gone
        assert (house.served(), copies(house)) == (served, stored)
        house.now += timedelta(minutes=5)
    accepted = house.sync("coaching")
    assert accepted.calendars["coaching"].removed == gone
    assert len(house.served()) == 30 - gone
    assert house.sync().exit_code() == (78 if fault == "vanished" else 0)


def test_p05_new_appointments_come_in_while_deletions_are_held(house: House) -> None:
    house.sessions(30)
    house.sync()
    house.server.empty(SOURCE)
    house.put("new", event("uid-new", house.now + timedelta(hours=7)))
    assert house.sync().exit_code() == 5
    assert len(house.served()) == 31
    house.sync("coaching")
    assert len(house.served()) == 1


def test_p05_what_comes_back_is_no_longer_held(house: House) -> None:
    house.sessions(30)
    house.sync()
    objects = house.server.objects(SOURCE)
    house.server.empty(SOURCE)
    assert house.sync().exit_code() == 5
    for href, body in objects.items():
        house.server.store(SOURCE, href, body)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (0, 0)
    assert len(house.served()) == 30


def test_a_small_calendar_may_be_emptied_by_its_owner(house: House) -> None:
    house.sessions(3)
    house.sync()
    house.server.empty(SOURCE)
    assert house.sync().exit_code() == 0
    assert house.served() == {}


def test_p05_a_replaced_collection_adds_and_removes_nothing(house: House) -> None:
    house.sessions(4)
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("e0", event("uid-0", house.now + timedelta(hours=3)))  # the same appointment, moved
    house.put("x", event("uid-x", house.now + timedelta(hours=9)))
    outcome = house.sync()
    assert codes(outcome) == ["collection-replaced"]
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 3)
    assert len(house.served()) == 5
    assert house.sync().exit_code() == 5
    house.sync("coaching")
    assert copies(house) == house.server.objects(SOURCE)
    assert len(house.served()) == 2
    assert house.sync().exit_code() == 0


def test_a_calendar_moved_to_another_address_with_all_its_appointments_is_no_finding(house: House) -> None:
    house.sessions(6)
    house.sync()
    served = house.served()
    elsewhere = "https://calendar.example/alice/elsewhere/"
    objects = house.server.objects(SOURCE)
    house.server.drop(SOURCE)
    house.server.add(elsewhere, "Coaching", "alice")
    for href, body in objects.items():
        house.put(href.rpartition("/")[2].removesuffix(".ics"), body, elsewhere)
    assert house.sync().exit_code() == 0
    assert house.served() == served


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Refused("login-refused", "No."), 77), (Temporary("timeout", "Late."), 75), (CoachsyncError("odd", "Odd."), 3)],
)
def test_a_failing_server_changes_nothing(house: House, failure: CoachsyncError, code: int) -> None:
    house.sessions(5)
    house.sync()
    served = house.served()
    house.server.fail("changes", failure)
    outcome = house.sync()
    assert (codes(outcome), outcome.exit_code(), house.served()) == ([failure.code], code, served)


def test_a_first_sync_and_a_first_publishing_say_why_they_failed(house: House) -> None:
    house.sessions(2)
    house.server.fail("whoami", Refused("login-refused", "No."), times=2)
    assert house.sync().exit_code() == 77
    with pytest.raises(Refused):
        house.publish()
    assert house.publish().exit_code() == 0


def break_off(monkeypatch: pytest.MonkeyPatch, after: int, failure: CoachsyncError) -> None:
    """The next fetch gives `after` objects and then fails."""
    whole = MemoryCalendars.fetch

    def broken(self: MemoryCalendars, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        monkeypatch.setattr(MemoryCalendars, "fetch", whole)
        yield from islice(whole(self, url, hrefs), after)
        raise failure

    monkeypatch.setattr(MemoryCalendars, "fetch", broken)


def test_p13_a_first_sync_cut_short_is_finished_by_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(450)
    break_off(monkeypatch, 250, Temporary("timeout", "Late."))
    first = house.sync()
    assert first.exit_code() == 75
    assert codes(first) == ["timeout"]
    assert len(copies(house)) == 250
    assert [about.name for about in house.server.calendars("https://calendar.example/")] == ["Coaching"]
    second = house.sync()
    assert (second.exit_code(), second.calendars["coaching"].added) == (0, 200)
    assert copies(house) == house.server.objects(SOURCE)


def test_an_object_that_the_server_does_not_give_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.sessions(5)
    refused = tuple(house.server.objects(SOURCE))[4:]
    break_off(monkeypatch, 4, ObjectsRefused("forbidden", "The server forbids it.", hrefs=refused))
    outcome = house.sync()
    assert (codes(outcome), outcome.exit_code(), len(house.served())) == (["object-forbidden"], 3, 4)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 5


def test_p12_an_object_that_the_server_does_not_give_is_counted_and_not_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(2)
    house.put("Marguerite", event("uid-m", house.now))
    break_off(monkeypatch, 2, ObjectsRefused("forbidden", "No.", hrefs=("/alice/source/Marguerite.ics",)))
    outcome = house.sync()
    assert codes(outcome) == ["object-forbidden"]
    assert "Marguerite" not in repr(outcome.problems())


def test_p04_what_a_pull_overwrites_or_drops_is_kept(house: House) -> None:
    house.sessions(2)
    old = house.server.objects(SOURCE)
    house.sync()
    house.put("e0", event("uid-0", house.now + timedelta(hours=4)))
    house.delete("e1")
    house.sync()
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == list(old.values())


def test_p04_what_was_removed_is_kept_for_thirty_days_and_no_longer(house: House) -> None:
    house.sessions(3)
    old = house.server.objects(SOURCE)
    house.sync()
    house.delete("e0")
    house.sync()
    for days, still in ((29, 1), (2, 0)):
        house.now += timedelta(days=days)
        house.sync()
        with house.wiring() as wiring:
            assert [one.body for one in kept(wiring.database, "calendar coaching")] == list(old.values())[:still]


def test_p04_an_object_that_changes_its_address_and_its_text_leaves_its_old_text(house: House) -> None:
    house.sessions(1)
    (old,) = house.server.objects(SOURCE).values()
    house.sync()
    house.delete("e0")
    house.put("elsewhere", event("uid-0", house.now + timedelta(hours=1), title="Suite"))
    assert house.sync().calendars["coaching"].removed == 0
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == [old]
    assert copies(house) == house.server.objects(SOURCE)


def test_a_calendar_that_is_not_there_is_answered_with_those_that_are(house: House) -> None:
    house.server.drop(SOURCE)
    house.server.add("https://calendar.example/alice/other/", "Séances", "alice")
    outcome = house.sync()
    (problem,) = [one for one in outcome.problems() if one.where == "calendars.coaching.name"]
    assert problem.code == "calendar-not-found"
    assert '"Séances"' in problem.aside
    assert "Séances" not in problem.hint


def test_p12_two_calendars_of_one_name_are_no_reason_to_name_the_others(house: House) -> None:
    house.server.add("https://calendar.example/alice/second/", "Coaching", "alice")
    house.server.add("https://calendar.example/alice/client/", "Anna Martin", "alice")
    outcome = house.sync()
    assert "calendar-ambiguous" in codes(outcome)
    assert "Anna" not in repr(outcome.problems())


def test_one_broken_calendar_does_not_stop_another(house: House) -> None:
    house.text += '[calendars.second]\naccount = "cloud"\nname = "Second"\n'
    house.server.add("https://calendar.example/alice/second/", "Second", "alice")
    house.put("s", event("uid-s", house.now), "https://calendar.example/alice/second/")
    house.sessions(2)
    house.server.fail("changes", NotThere("not-there", "Gone."))
    outcome = house.sync()
    assert outcome.exit_code() == 3
    assert outcome.calendars["second"].added == 1


def test_p05_what_is_held_stays_held_however_the_calendar_grows(house: House) -> None:
    house.sessions(50)
    house.sync()
    for number in range(12):
        house.delete(f"e{number}")
    assert house.sync().exit_code() == 5
    for number in range(15):
        house.put(f"new{number}", event(f"uid-new{number}", house.now + timedelta(days=number, hours=6)))
    for gone_by in (0, 2):  # sessions of today that the window has left behind
        outcome = house.sync()
        assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 12)
        assert len(house.served()) == 65 - gone_by
        house.now += timedelta(days=1)  # the daily listing changes nothing about it
    assert house.sync("coaching").calendars["coaching"].removed == 12


def test_p05_a_held_deletion_is_told_until_the_objects_are_back(house: House) -> None:
    house.sessions(30)
    house.sync()
    house.now += timedelta(days=1)
    hidden = list(house.server.objects(SOURCE))[:20]
    house.server.show_half(SOURCE, hidden)
    assert house.sync().exit_code() == 5
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held) == (5, 20)
    house.server.show_half(SOURCE)
    assert house.sync().exit_code() == 0


def test_objects_that_only_change_their_address_are_no_deletion(house: House) -> None:
    house.sessions(30)
    house.sync()
    served = house.served()
    for number in range(30):
        (body,) = [body for href, body in house.server.objects(SOURCE).items() if href.endswith(f"/e{number}.ics")]
        house.delete(f"e{number}")
        house.put(f"renamed{number}", body)
    assert house.sync().exit_code() == 0
    assert house.served() == served
    assert copies(house) == house.server.objects(SOURCE)


@pytest.mark.parametrize("given", [0, 5])
def test_p05_a_first_sync_that_brings_little_is_not_taken_for_the_calendar(
    house: House, monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    house.sessions(20)
    refused = tuple(house.server.objects(SOURCE))[given:]
    break_off(monkeypatch, given, ObjectsRefused("forbidden", "No.", hrefs=refused))
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].added, outcome.shares) == (3, given, {})
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 20


def test_p05_objects_that_are_listed_and_silently_not_given_are_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(20)
    whole = MemoryCalendars.fetch
    monkeypatch.setattr(MemoryCalendars, "fetch", lambda *_: iter(()))
    outcome = house.sync()
    assert (codes(outcome)[0], outcome.exit_code(), outcome.shares) == ("calendar-never-synced", 3, {})
    assert "object-not-given" in codes(outcome)
    monkeypatch.setattr(MemoryCalendars, "fetch", whole)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 20


def test_p04_strays_without_a_uid_are_neither_taken_for_another_nor_lost(house: House) -> None:
    for number in range(20):
        body = event("x", house.now + timedelta(days=number)).replace(b"UID:x\r\n", b"")
        house.put(f"e{number}", body)
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("only", event("x", house.now + timedelta(hours=5)).replace(b"UID:x\r\n", b""))
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].held, len(house.served())) == (5, 20, 21)


def test_p04_a_copy_that_gives_way_to_its_new_self_is_kept(house: House) -> None:
    house.sessions(1)
    (old,) = house.server.objects(SOURCE).values()
    house.sync()
    house.server.drop(SOURCE)
    house.server.add(SOURCE, "Coaching", "alice")
    house.put("elsewhere", event("uid-0", house.now + timedelta(hours=5)))
    house.sync()
    with house.wiring() as wiring:
        assert [one.body for one in kept(wiring.database, "calendar coaching")] == [old]


def test_p05_a_share_made_during_an_outage_from_copies_that_nobody_read_yet_is_whole(house: House) -> None:
    share = house.text[house.text.index("[shares") :]
    house.text = house.text.replace(share, "")
    house.sessions(6)
    house.sync()
    house.text += share
    house.server.fail("changes", Temporary("timeout", "Late."))
    outcome = house.sync()
    assert outcome.shares["office"].created == 6
    assert len(house.served()) == 6


def test_p05_a_share_is_not_made_from_copies_that_could_not_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise CoachsyncError("reader-does-not-start", "No process can be started.")

    house.sessions(6)
    real = Reader.read
    monkeypatch.setattr(Reader, "read", broken)
    outcome = house.sync()
    assert (outcome.exit_code(), outcome.shares) == (3, {})
    monkeypatch.setattr(Reader, "read", real)
    assert house.sync().exit_code() == 0
    assert len(house.served()) == 6


def test_an_object_that_is_only_said_to_be_gone_comes_in_with_the_next_sync(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sessions(2)
    house.sync()
    house.put("new", event("uid-new", house.now + timedelta(days=3)))
    with monkeypatch.context() as patch:
        patch.setattr(MemoryCalendars, "fetch", lambda *_: iter(()))
        patch.setattr(MemoryCalendars, "etag", lambda *_: None)
        outcome = house.sync()
    assert (outcome.exit_code(), outcome.calendars["coaching"].added) == (0, 0)
    assert house.sync().calendars["coaching"].added == 1
    assert copies(house) == house.server.objects(SOURCE)


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_p04_a_clock_that_is_a_day_wrong_for_a_while_takes_nothing_from_what_is_kept(
    house: House, jump: timedelta
) -> None:
    house.sessions(3)
    house.sync()
    house.delete("e0")
    house.sync()
    for wrong in (jump, -jump):
        house.now += wrong
        house.sync()
    house.now += timedelta(days=28)
    house.sync()
    with house.wiring() as wiring:
        assert len(kept(wiring.database, "calendar coaching")) == 1
