"""Who sees a calendar on each server, what is told of it, and what is left of one that was destroyed."""

from __future__ import annotations

import pytest

from calendarplaces import Place
from coachsync.adapters.caldav.hrefs import path
from coachsync.errors import NotThere
from coachsync.model import Grantee


def test_a_calendar_of_ones_own_is_seen_by_nobody_else(place: Place) -> None:
    told = place.client.exposure(place.calendar())
    assert all(grant.kind is Grantee.EVERYBODY and grant.times_only and not grant.writes for grant in told)
    assert place.client.delegates(place.client.whoami().url) == ()


def test_who_sees_a_calendar_that_is_gone_is_not_known(place: Place) -> None:
    with pytest.raises(NotThere):
        place.client.exposure(place.new_url())


def test_everything_and_a_search_tell_of_each_object(place: Place) -> None:
    url = place.calendar("Team")
    hrefs = {place.put(url) for _ in range(3)}
    told = place.client.everything(url)
    assert "Team" in {one.text for one in told if one.name == "displayname"}
    assert hrefs <= {one.href for one in told}
    assert place.client.queried(url) in (hrefs, None)


def test_a_calendar_that_is_destroyed_is_gone_with_all_that_it_held(place: Place) -> None:
    url, other = place.calendar("Team"), place.calendar("Other")
    place.put(url)
    kept = place.put(other)
    place.client.destroy(url)
    with pytest.raises(NotThere):
        place.client.collection(url)
    assert path(url) not in {path(one.url) for one in place.other.collections()}
    assert set(place.client.changes(other, None).etags) == {kept}
    assert place.client.in_trash(url, None) == ()


def test_destroying_what_is_gone_says_so(place: Place) -> None:
    url = place.calendar("Team")
    place.other.destroy(url)
    with pytest.raises(NotThere):
        place.client.destroy(url)


def test_a_calendar_can_be_made_again_where_one_was_destroyed(place: Place) -> None:
    url = place.calendar("Team")
    place.put(url)
    place.client.destroy(url)
    place.client.make(url, "Team")
    assert place.client.changes(url, None).etags == {}
