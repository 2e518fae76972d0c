"""Whether what was taken away can be reached: by what the share was bound to, not by what is configured since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.eyes import is_reached
from coachsync.app.recall import remove
from coachsync.app.verify import Verification
from coachsync.errors import Barred, CoachsyncError, Temporary
from practice_house import House

COLLECTION, FILE = '{ account = "cloud", name = "Office" }', '{ file = "office.ics" }'
ASSISTANT = '[accounts.assistant]\nurl = "https://calendar.example/"\nusername = "bob"\n'
SHUT = CoachsyncError("forbidden", "No.")


def taken_away(house: House) -> House:
    house.sessions(2)
    house.sync()
    with house.wiring() as wiring:
        remove(wiring, "office")
    return house


def reached(house: House, **changes: str) -> bool:
    with house.wiring() as wiring:
        bound = Shares(wiring.database, "office").share()
        assert isinstance(bound, Bound)
        return is_reached(wiring, wiring.config.shares["office"], replace(bound, **changes))  # type: ignore[arg-type]


def codes(result: Verification) -> list[str]:
    assert result.failures == []
    return [finding.code for _, finding in result.findings]


def test_a_file_that_is_configured_since_is_not_what_was_taken_away(house: House) -> None:
    taken_away(house)
    house.text = house.text.replace(COLLECTION, FILE)
    (house.folder / "office.ics").write_text("somebody's")
    assert codes(house.verification()) == []


def test_p03_a_file_that_came_back_is_found_also_when_a_calendar_is_configured_since(house: House) -> None:
    house.text = house.text.replace(COLLECTION, FILE)
    taken_away(house)
    house.text = house.text.replace(FILE, COLLECTION)
    assert codes(house.verification()) == []
    (house.folder / "office.ics").write_text("out of a backup")
    assert codes(house.verification()) == ["stale-slot"]


def test_p03_a_calendar_that_came_back_is_found_also_when_another_is_configured_since(house: House) -> None:
    house.sessions(1)
    house.sync()
    url = house.share_url()
    taken_away(house)
    house.text = house.text.replace('name = "Office"', 'name = "Elsewhere"')
    assert codes(house.verification()) == []
    house.server.add(url, "Office", "alice")
    assert codes(house.verification()) == ["stale-slot"]


def test_nobody_can_tell_once_the_account_is_gone(house: House) -> None:
    taken_away(house)
    house.server.requests.clear()
    assert not reached(house, account="former")
    assert house.server.requests["collection"] == 0


@pytest.mark.parametrize("failure", [SHUT, Barred("login-forbidden", "No.")])
def test_what_is_shut_to_the_audience_is_not_reached(house: House, failure: CoachsyncError) -> None:
    taken_away(house)
    house.server.fail("collection", failure, times=2)
    with pytest.raises(CoachsyncError):  # the coach's own account says nothing of others
        reached(house)
    house.text = house.text.replace('"session"', '"session"\naudience = { account = "assistant" }') + ASSISTANT
    assert not reached(house)
    house.server.fail("collection", Temporary("timeout", "Slow."))
    with pytest.raises(Temporary):
        reached(house)
