from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from coachsync.adapters.database import Shares
from coachsync.adapters.database.shares import Entry
from coachsync.adapters.memory import MemoryCalendars
from coachsync.errors import NotInitialised, Temporary
from coachsync.model import Exposure, Item, Label, Slot
from practice_house import SOURCE, House, event


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
    assert asked == ["bob", "alice"]  # for the share, and for who else can see its source


def test_p03_a_configured_address_or_name_that_says_too_much_is_a_finding(house: House) -> None:
    people = (
        "ATTENDEE;CN=Marguerite Zyxwv:mailto:m@x.example\r\nORGANIZER;CN=Alice Tuvwx:mailto:Alice@calendar.example\r\n"
    )
    house.put("e", event("uid", house.now, title="Appel secrétariat", extra=people))
    house.text = house.text.replace('name = "Office" }', 'url = "/alice/office-zyxwv/" }')
    house.sync()
    assert [(finding.code, finding.where) for finding in house.verify()] == [("href", "collection")]
    house.text = house.text.replace('url = "/alice/office-zyxwv/" }', 'name = "Coaching de Zyxwv" }')
    house.sync()
    assert [(finding.code, finding.where) for finding in house.verify()] == [("identifier", "collection")]
    assert "zyx" not in str(house.verify()).lower()
    house.text = house.text.replace("Coaching de Zyxwv", "Coaching Alice Tuvwx (secrétariat)")
    house.sync()
    assert house.verify() == ()


@pytest.mark.parametrize(
    ("exposure", "codes"),
    [
        (Exposure(), []),
        (Exposure(people=1), ["source-shared"]),
        (Exposure(people=2, writers=1), ["source-shared"]),
        (Exposure(public=True), ["source-public"]),
        (Exposure(people=1, public=True), ["source-public", "source-shared"]),
    ],
)
def test_p03_a_source_that_others_can_see_is_a_finding(published: House, exposure: Exposure, codes: list[str]) -> None:
    published.server.expose(SOURCE, exposure)
    found = published.verify()
    assert [finding.code for finding in found] == codes
    assert {finding.where for finding in found} <= {"calendars.coaching"}


def test_p03_how_many_may_change_the_source_is_told(published: House) -> None:
    published.server.expose(SOURCE, Exposure(people=3, writers=2))
    assert "3 others, of whom 2 may change it" in published.verify()[0].detail


def test_p03_a_share_in_a_file_has_its_source_looked_at_too(house: House) -> None:
    file = house.folder / "office.ics"
    house.text = house.text.replace('{ account = "cloud", name = "Office" }', f'{{ file = "{file}" }}')
    house.sessions(1)
    house.sync()
    assert house.verify() == ()
    house.server.expose(SOURCE, Exposure(people=1))
    assert codes(house) == ["source-shared"]


def test_p02_a_source_that_cannot_be_asked_is_a_finding_and_hides_no_other(published: House) -> None:
    published.put("foreign", event("x", published.now), published.share_url())
    published.server.fail("exposure", Temporary("server-error", "The server failed."))
    assert codes(published) == ["foreign-object", "identifier", "identifier", "source-not-asked"]


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
