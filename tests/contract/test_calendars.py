"""What every calendar server does with objects: the same tests over the one in memory, and over each real one."""

from __future__ import annotations

from uuid import uuid4

import pytest

from calendarplaces import BARE_NUMBERS, FORGETFUL, Place, news, session
from coachsync.adapters.caldav.hrefs import path
from coachsync.errors import NotThere, Stale


def test_the_account_finds_its_homes_and_its_calendars(place: Place) -> None:
    url = place.calendar("Coaching à Paris")

    assert url.startswith(place.client.whoami().homes)
    found = {calendar.url: calendar for calendar in place.client.collections()}
    assert found[url].name == "Coaching à Paris"
    assert found[url].events
    assert found[url].sync_collection == place.deltas


def test_a_calendar_is_described_by_its_url(place: Place) -> None:
    url = place.calendar("Coaching")

    described = place.client.collection(url)

    assert (described.url, described.name) == (url, "Coaching")
    assert described.identity == place.other.collection(url).identity != ""


def test_a_calendar_that_does_not_exist_is_not_there(place: Place) -> None:
    missing = place.new_url()

    for ask in (place.client.collection, lambda url: place.client.changes(url, None)):
        with pytest.raises(NotThere):
            ask(missing)


def test_a_home_is_not_a_calendar(place: Place) -> None:
    with pytest.raises(NotThere):
        place.client.collection(place.client.whoami().homes[0])


def test_making_a_calendar_twice_is_refused_and_changes_nothing(place: Place) -> None:
    url = place.calendar("First")
    href = place.put(url)

    with pytest.raises(Stale):
        place.other.make(url, "Second")

    assert place.client.collection(url).name == "First"
    assert list(place.client.changes(url, None).etags) == [href]


def test_an_empty_calendar_is_listed_as_empty(place: Place) -> None:
    listing = place.client.changes(place.calendar(), None)

    assert listing.complete
    assert listing.etags == {}
    assert listing.gone == listing.unclear == frozenset()


def test_a_first_listing_names_every_object_with_its_etag(place: Place) -> None:
    url = place.calendar()
    hrefs = {place.put(url) for _ in range(3)}

    listing = place.client.changes(url, None)

    assert listing.complete
    assert listing.etags.keys() == hrefs
    assert listing.etags == {href: place.client.etag(href) for href in hrefs}


def test_nothing_changed_is_an_empty_delta(place: Place) -> None:
    url = place.calendar()
    place.put(url)
    before = place.client.changes(url, None)

    listing = place.other.changes(url, before.token)

    assert listing.token == before.token
    assert not listing.complete
    assert news(before, listing) == (set(), set())
    assert not listing.etags or place.name == "sogo"


def test_a_delta_names_what_came_and_what_went(place: Place) -> None:
    url = place.calendar()
    stays, goes = place.put(url), place.put(url)
    before = place.client.changes(url, None)
    came = place.put(url)
    place.other.remove(goes, before.etags[goes])

    delta = place.client.changes(url, before.token)

    assert delta.complete != place.deltas
    assert news(before, delta) == ({came}, {goes})
    assert place.client.changes(url, None).etags.keys() == {stays, came}


def test_an_object_deleted_before_the_first_listing_is_not_reported_gone(place: Place) -> None:
    url = place.calendar()
    goes = place.put(url)
    place.other.remove(goes, place.other.etag(goes) or "")
    place.put(url)

    assert place.client.changes(url, None).gone == frozenset()


@pytest.mark.parametrize(
    "token", ["sync:http://nowhere.example/token", "sync:", "from another program", "sync:0/0/999"]
)
def test_a_token_the_server_does_not_know_gives_a_complete_listing(place: Place, token: str) -> None:
    url = place.calendar()
    href = place.put(url)

    listing = place.client.changes(url, token)

    assert listing.complete or place.name in FORGETFUL
    assert listing.etags.keys() == {href}
    assert not place.client.changes(url, listing.token).complete


def test_a_token_of_another_calendar_is_refused(place: Place) -> None:
    if place.name in BARE_NUMBERS:
        pytest.skip(
            f"tokens of {place.name} do not tell calendars apart: what is stored of one is bound to its address"
        )
    one, two = place.calendar(), place.calendar()
    place.put(one)
    place.put(two)
    foreign = place.client.changes(one, None).token

    listing = place.client.changes(two, foreign)

    assert listing.complete
    assert listing.etags.keys() == place.client.changes(two, None).etags.keys()


def test_objects_are_fetched_with_the_etag_of_their_listing(place: Place) -> None:
    url = place.calendar()
    hrefs = [place.put(url, f"uid-{number}") for number in range(5)]
    listing = place.client.changes(url, None)

    items = list(place.client.fetch(url, hrefs))

    assert [item.href for item in items] == hrefs
    assert {item.href: item.etag for item in items} == listing.etags
    for number, item in enumerate(items):
        assert f"UID:uid-{number}".encode() in item.body
        assert "SUMMARY:Séance".encode() in item.body


def test_p04_a_text_read_beside_others_is_byte_for_byte_what_it_is_alone(place: Place) -> None:
    url = place.calendar()
    hrefs = sorted(place.put(url) for _ in range(3))
    together = {item.href: item.body for item in place.client.fetch(url, hrefs)}
    alone = {href: item.body for href in hrefs for item in place.client.fetch(url, [href])}
    assert together == alone


def test_an_object_that_vanished_is_left_out_of_a_fetch(place: Place) -> None:
    url = place.calendar()
    one, two = place.put(url), place.put(url)
    missing = f"{path(url)}{uuid4().hex}.ics"

    assert [item.href for item in place.client.fetch(url, [one, missing, two])] == [one, two]
    assert list(place.client.fetch(url, [missing])) == []
    assert list(place.client.fetch(url, [])) == []


def test_a_created_object_has_the_etag_that_creating_gave(place: Place) -> None:
    url = place.calendar()
    href = f"{path(url)}{uuid4().hex}.ics"

    etag = place.client.create(href, session("one"))

    assert etag is not None
    assert place.client.etag(href) == etag


def test_p04_creating_over_an_object_is_refused_and_keeps_it(place: Place) -> None:
    url = place.calendar()
    href = place.put(url, "first")

    with pytest.raises(Stale):
        place.client.create(href, session("first", "Autre"))

    [item] = place.client.fetch(url, [href])
    assert b"Autre" not in item.body


def test_creating_in_a_calendar_that_does_not_exist_is_refused(place: Place) -> None:
    with pytest.raises(NotThere):
        place.client.create(f"{path(place.new_url())}one.ics", session("one"))


def test_an_object_is_replaced_by_its_next_version(place: Place) -> None:
    url = place.calendar()
    href = place.put(url, "moved")
    before = place.client.changes(url, None)

    etag = place.client.update(href, session("moved", "Autre"), before.etags[href])

    assert etag == place.other.etag(href) != before.etags[href]
    assert place.client.changes(url, before.token).etags.keys() == {href}
    [item] = place.client.fetch(url, [href])
    assert b"SUMMARY:Autre" in item.body


def test_p04_replacing_another_version_is_refused_and_keeps_it(place: Place) -> None:
    url = place.calendar()
    href = place.put(url, "kept")
    old = place.client.etag(href)
    assert old
    place.other.update(href, session("kept", "Autre"), old)

    for etag in (old, '"another"', ""):
        with pytest.raises(Stale):
            place.client.update(href, session("kept", "Encore"), etag)

    [item] = place.client.fetch(url, [href])
    assert b"SUMMARY:Autre" in item.body


def test_p04_replacing_what_is_gone_is_refused_and_makes_nothing(place: Place) -> None:
    url = place.calendar()
    href = place.put(url)
    etag = place.client.etag(href)
    assert etag
    place.other.remove(href, etag)

    with pytest.raises(Stale):
        place.client.update(href, session("gone"), etag)

    assert place.client.etag(href) is None


def test_p04_removing_another_version_is_refused_and_keeps_it(place: Place) -> None:
    url = place.calendar()
    href = place.put(url)

    for etag in ('"another"', ""):
        with pytest.raises(Stale):
            place.client.remove(href, etag)

    assert place.client.etag(href) is not None


def test_removing_twice_is_fine(place: Place) -> None:
    url = place.calendar()
    href = place.put(url)
    etag = place.client.etag(href)
    assert etag

    place.client.remove(href, etag)
    place.client.remove(href, etag)

    assert place.client.etag(href) is None


def test_an_object_that_comes_back_is_there_again(place: Place) -> None:
    url = place.calendar()
    href = place.put(url, "returns")
    before = place.client.changes(url, None)
    place.other.remove(href, before.etags[href])
    place.other.create(href, session("returns", "Deuxième"))

    delta = place.client.changes(url, before.token)

    assert delta.etags.keys() == {href}
    assert delta.gone == frozenset()


def test_names_that_need_encoding_come_back_in_one_spelling(place: Place) -> None:
    url = place.calendar()
    names = ["s%C3%A9ance%201.ics", "a+b@c.ics", "plain.ics"]
    hrefs = [path(url) + name for name in names]
    for number, href in enumerate(hrefs):
        place.client.create(href, session(f"encoded-{number}"))

    listing = place.client.changes(url, None)

    assert listing.etags.keys() == set(hrefs)
    assert [item.href for item in place.client.fetch(url, hrefs)] == hrefs
    for href in hrefs:
        place.client.remove(href, listing.etags[href])
    assert news(listing, place.client.changes(url, listing.token)) == (set(), set(hrefs))
