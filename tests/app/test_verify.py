import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.shares import Entry
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app import reading
from coachsync.app.falling_back import leaking
from coachsync.app.pull import pull
from coachsync.app.verify import Verification
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError, NotInitialised, Temporary
from coachsync.model import Finding, Grant, Item, Label, Slot
from events import event
from practice_house import SOURCE, House


def codes(house: House) -> list[str]:
    return sorted(finding.code for finding in house.verify())


@pytest.fixture
def published(house: House) -> House:
    for number in range(3):
        house.put(f"e{number}", event(f"uid-{number}", house.now.replace(hour=9 + 2 * number), title="Marguerite Zyx"))
    house.sync()
    return house


def test_p03_what_was_published_and_nothing_else_is_clean(published: House) -> None:
    assert published.verify() == ()


def test_p03_every_deviation_is_found_and_none_repeats_what_it_found(published: House) -> None:
    url = published.share_url()
    (first, body), (second, _), (third, other) = sorted(published.served().items())
    published.server.store(url, first, body.replace(b"TRANSP", b"LOCATION:chez marguerite\r\nTRANSP"))
    published.server.delete(url, second)
    published.server.store(url, third, other.replace(b"DTSTART:2026", b"DTSTART:2025"))
    published.put("foreign", event("marguerite", published.now, title="Zyx"), url)
    assert set(codes(published)) == {
        *("property", "source-word", "missing-object", "wrong-time", "foreign-object", "edited-object"),
        *("unseen-object", "href"),
    } - {"unseen-object", "href"}
    assert "marguerite" not in str(published.verify()).lower()


def plant(house: House, word: str) -> None:
    """Have one served object say more than was published."""
    href, body = min(house.served().items())
    house.server.store(house.share_url(), href, body.replace(b"TRANSP", f"LOCATION:{word}\r\nTRANSP".encode()))


def test_p03_what_only_the_name_of_a_source_object_says_is_looked_for(published: House) -> None:
    published.put("zebulonquartz", event("uid", published.now, title="Appel"))
    published.sync()
    plant(published, "Zebulonquartz")
    assert codes(published) == ["edited-object", "property", "source-word"]


def test_p03_what_a_calendar_that_feeds_no_share_says_is_looked_for(published: House) -> None:
    private = "https://calendar.example/alice/private/"
    published.server.add(private, "Private", "alice")
    published.put("e", event("uid", published.now, title="Zebulon"), private)
    published.text += '[calendars.private]\naccount = "cloud"\nname = "Private"\n'
    published.sync()
    plant(published, "Zebulon")
    assert codes(published) == ["edited-object", "property", "source-word"]


def test_p03_what_the_collection_says_beside_its_name_is_looked_at(published: House) -> None:
    calendar = published.server.calendar(published.share_url())
    about = calendar.about
    for place in ("description", "colour"):
        calendar.about = replace(about, **{place: "Marguerite"})
        assert codes(published) == [place, place]


def test_p03_what_is_listed_and_not_given_is_a_finding(published: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = MemoryCalendars.fetch

    def sparing(self: MemoryCalendars, url: str, hrefs: Iterable[str]) -> Iterator[Item]:
        yield from list(whole(self, url, hrefs))[1:]

    monkeypatch.setattr(MemoryCalendars, "fetch", sparing)
    assert codes(published) == ["missing-object", "unseen-object"]


def test_p03_a_share_that_is_gone_is_a_finding(published: House) -> None:
    published.server.drop(published.share_url())
    assert codes(published) == ["target-missing"]


def test_what_a_run_cut_short_has_planned_may_be_there_or_not(published: House) -> None:
    slot = Slot(datetime(2026, 3, 9, 9, tzinfo=UTC), datetime(2026, 3, 9, 10, tzinfo=UTC), Label.SESSION)
    with published.wiring() as wiring:
        planned = Entry(slot, "Séance", "0" * 32, "/alice/x/never-written.ics")
        Shares(wiring.database, "office").write([planned])
    assert published.verify() == ()


def test_a_share_that_was_never_published_cannot_be_verified(house: House) -> None:
    with pytest.raises(NotInitialised):
        house.verify()


def test_p03_the_audience_is_asked_with_its_own_account(published: House) -> None:
    published.text = published.text.replace(
        'profile = "session"', 'profile = "session"\naudience = { account = "assistant" }'
    )
    published.text += '[accounts.assistant]\nurl = "https://calendar.example/"\nusername = "bob"\n'
    asked: list[str] = []
    real = published.server.account

    def remembered(username: str) -> MemoryCalendars:
        asked.append(username)
        return real(username)

    published.server.account = remembered  # type: ignore[method-assign]
    assert published.verify() == ()
    assert asked == ["bob", "alice", "bob"]  # for the share, and for who else can see its source


PEOPLE = (
    "ATTENDEE;CN=Marguerite Zyxwv:mailto:m@x.example\r\nCONTACT:Durand\\, 06 12 34 56 78\r\n"
    "ORGANIZER;CN=Alice Tuvwx:mailto:ALICE%2Bwork@calendar.example\r\n"
    "ATTENDEE;CN=Alice Tuvwx;EMAIL=alice@elsewhere.example:mailto:other@login.example\r\n"
)


def target(house: House, to: str, *lines: str) -> House:
    """The same share under another name, of a calendar that names people."""
    house.put("e", event("uid", house.now, title="Appel secrétariat Marguerite", extra=PEOPLE))
    house.text = house.text.replace('to = { account = "cloud", name = "Office" }', f"to = {to}")
    house.sync()
    return house


@pytest.mark.parametrize(
    ("to", "key"),
    [
        ('{ account = "cloud", url = "/alice/office-zyxwv/" }', "url"),
        ('{ account = "cloud", url = "/alice/%7Ayxwv/" }', "url"),
        ('{ account = "cloud", name = "Coaching de Zyxwv" }', "name"),
        ('{ account = "cloud", name = "Durand (office)" }', "name"),
        ('{ account = "cloud", name = "0612345678" }', "name"),
        ('{ file = "zyxwv.ics" }', "file"),
    ],
)
def test_p03_a_target_that_is_called_after_a_client_is_a_finding(house: House, to: str, key: str) -> None:
    found = target(house, to).verify()
    assert [(finding.code, finding.where) for finding in found] == [("target-name", f"shares.office.to.{key}")]
    assert not any(name in str(found).lower() for name in ("zyx", "durand", "0612"))


def test_p03_a_client_whose_name_begins_with_that_of_the_coach_is_not_the_coach(house: House) -> None:
    people = "ORGANIZER;CN=Anne:mailto:alice@calendar.example\r\nATTENDEE;CN=Annette Roux:mailto:m@x.example\r\n"
    house.put("two", event("uid-two", house.now, extra=people))
    found = target(house, '{ account = "cloud", name = "Annette" }').verify()
    assert [(finding.code, finding.where) for finding in found] == [("target-name", "shares.office.to.name")]


@pytest.mark.parametrize(
    "to",
    [
        '{ account = "cloud", name = "Coaching Alice Tuvwx (secrétariat)" }',
        '{ account = "cloud", name = "Cabinet Exemple (secrétariat)" }',
        '{ account = "cloud", url = "/alice/coaching-office/" }',
        '{ account = "cloud", url = "/alice/S%C3%A9ance/" }',
        '{ file = "alice-office.ics" }',
    ],
)
def test_a_target_may_be_called_after_the_coach_the_practice_and_what_names_nobody(house: House, to: str) -> None:
    house.text = house.text.replace('username = "alice"', 'username = "alice+work"')
    house.server.add("https://calendar.example/alice+work/source/", "Coaching", "alice+work")
    ours = "CONTACT:Coaching Exemple Séance\r\nCONTACT:Office Alice\r\n"
    house.put("e", event("uid", house.now, extra=PEOPLE + ours), "https://calendar.example/alice+work/source/")
    assert target(house, to.replace("/alice/", "/alice+work/")).verify() == ()


def test_p03_a_share_in_a_file_has_its_source_looked_at_too(house: House) -> None:
    file = house.folder / "office.ics"
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', f'{{ file = "{file}" }}')
    house.sessions(1)
    house.sync()
    assert house.verify() == ()
    house.server.expose(SOURCE, Grant("Bob"))
    assert codes(house) == ["source-shared"]


def test_p02_a_source_that_cannot_be_asked_is_told_and_hides_no_finding(published: House) -> None:
    published.server.fail("exposure", Temporary("server-error", "The server failed."), times=2)
    result = published.verification()
    assert (result.findings, [where for where, _ in result.failures]) == ([], ["calendars.coaching"])
    assert result.exit_code() == 3
    published.put("foreign", event("x", published.now), published.share_url())
    result = published.verification()
    assert {finding.code for _, finding in result.findings} == {"foreign-object", "source-word"}
    assert (len(result.failures), result.exit_code()) == (1, 5)


def test_a_share_that_cannot_be_seen_by_its_audience_says_whose_eyes_they_are(published: House) -> None:
    published.text = published.text.replace(
        'profile = "session"', 'profile = "session"\naudience = { account = "assistant" }'
    )
    published.text += '[accounts.assistant]\nurl = "https://calendar.example/"\nusername = "bob"\n'
    published.server.fail("collection", CoachsyncError("forbidden", "The server does not allow this."))
    [(_, failure)] = published.verification().failures
    assert (failure.code, failure.where) == ("forbidden", "shares.office.audience")


def test_p06_nothing_that_is_written_names_a_person_or_starts_a_mail(house: House) -> None:
    people = (
        "ORGANIZER:mailto:alice@calendar.example\r\nATTENDEE;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:client@example.com\r\n"
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT1H\r\nATTENDEE:mailto:client@example.com\r\nEND:VALARM\r\n"
    )
    house.put("e", event("uid", house.now, extra=people))
    house.sync()
    (body,) = house.served().values()
    for word in (b"ATTENDEE", b"ORGANIZER", b"METHOD", b"VALARM", b"mailto"):
        assert word not in body


def test_p14_the_window_follows_the_moment_that_the_caller_gives(house: House) -> None:
    house.put("old", event("uid-old", datetime(2019, 5, 6, 9, tzinfo=UTC)))
    house.put("far", event("uid-far", datetime(2038, 5, 6, 9, tzinfo=UTC)))
    for year in (2019, 2038):
        house.now = datetime(year, 5, 1, 9, tzinfo=UTC)
        house.sync()
        assert house.starts() == [f"{year}0506T090000Z"]


def stale(house: House, **later: int) -> list[str]:
    """The codes found that much later, when the last session was deleted and nothing was published since."""
    house.now += timedelta(**later)
    return [code for code in codes(house) if code == "stale-slot"]


def test_p03_a_slot_that_the_schedule_has_let_go_and_that_is_still_served_is_found(published: House) -> None:
    with published.wiring() as wiring:
        published.delete("e0")
        pull(wiring, "coaching")
        reading.read(wiring, "coaching")
    assert stale(published) == []
    assert stale(published, minutes=70) == []  # an hour has passed: the daemon may be at work
    assert stale(published, minutes=25) == ["stale-slot"]
    published.sync()
    assert stale(published, hours=3) == []


def test_what_a_run_cut_short_has_planned_is_not_served_too_long(published: House) -> None:
    day = datetime(2026, 3, 9, 9, tzinfo=UTC)
    planned = Entry(
        Slot(day, day + timedelta(hours=1), Label.SESSION), "Séance", "0" * 32, "/alice/x/never-written.ics"
    )
    for live, found in ((False, []), (True, ["stale-slot"])):
        with published.wiring() as wiring:
            Shares(wiring.database, "office").write([replace(planned, live=live)])
        assert stale(published, hours=2) == found


def test_p03_what_is_found_in_one_share_is_no_leak_of_another(published: House) -> None:
    """What falls back is the share that leaks, and no other."""
    published.text += '[shares.team]\nfrom = ["coaching"]\nto = { file = "team.ics" }\nprofile = "busy"\n'
    own, foreign = (Finding("identifier", "object 1", "DESCRIPTION", own=own) for own in (True, False))
    checked = Verification(findings=[("team", own), ("office", foreign)])
    with published.wiring() as wiring:
        shares = wiring.config.shares
        found = [leaking(wiring, shares[name], checked) for name in ("team", "office")]
        assert found == [[own], []]


def test_what_a_midnight_lets_go_may_stay_until_the_daemon_writes(published: House) -> None:
    published.now = published.now.replace(hour=22)
    published.sync()
    assert stale(published, hours=1, minutes=10) == []  # ten past midnight in Paris
    assert stale(published, minutes=30) == ["stale-slot"]


def test_p03_a_file_that_was_written_beside_its_schedule_tells_when(house: House) -> None:
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    house.sessions(1)
    house.sync()
    assert house.verify() == ()
    os.utime(house.folder / "office.ics", (1_772_440_001, 1_772_440_001))
    assert codes(house) == ["timestamp"]


def test_p03_an_answer_that_names_a_client_is_found(published: House) -> None:
    published.server.calendar(published.share_url()).said["owner-displayname"] = "Iouri Chtcherbakov"
    with published.wiring() as wiring:
        wiring.clients.save(Client("C-7F3K2M", ("Юрий Щербаков",)))
    assert [(finding.code, finding.where) for finding in published.verify()] == [("answer", "collection")]
