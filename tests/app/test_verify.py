from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.shares import Entry
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import NotInitialised
from coachsync.model import Item, Label, Slot
from practice_house import House, event


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
    assert set(codes(published)) == {"property", "identifier", "missing-object", "wrong-time", "foreign-object"}
    assert "marguerite" not in str(published.verify()).lower()


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
    assert asked == ["bob"]


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
