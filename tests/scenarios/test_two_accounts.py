"""Calendars and shares on different servers: what one of them does is no trouble for the other."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import faults
from accounts import Account
from faults import Saboteur
from scenario_practice import Practice, local, session, sessions, tomorrow
from web import Slot, Web


class Town:
    """One calendar on Radicale, one on Xandikos, and shares of either and of both; a proxy before each."""

    def __init__(self, practice: Practice, here: Account, there: Account, saboteur: Callable[[str], Saboteur]) -> None:
        self.practice = practice
        self.here, self.there = Web(here), Web(there)
        self.before_here, self.before_there = saboteur(here.url), saboteur(there.url)
        self.names = {share: f"{share} {uuid4().hex}" for share in ("across", "back", "both")}
        self.first = self.here.make(here.new_calendar(), "Coaching")
        self.second = self.there.make(there.new_calendar(), "Teams")
        self.here.put_all(self.first, sessions(6, hour=9))
        self.there.put_all(self.second, sessions(5, hour=14))
        practice.account("here", here, self.before_here.url)
        practice.account("there", there, self.before_there.url)
        practice.calendar("coaching", "here", url=urlsplit(self.first).path)
        practice.calendar("teams", "there", url=urlsplit(self.second).path)
        self._share("across", ["coaching"], "there")
        self._share("back", ["teams"], "here")
        self._share("both", ["coaching", "teams"], "here")

    def _share(self, share: str, sources: list[str], account: str) -> None:
        self.practice.share(share, sources, f'account = "{account}", name = "{self.names[share]}"', "session")

    def slots(self, share: str) -> list[Slot]:
        """What a share serves, wherever it is; nothing when there is no such calendar yet."""
        web = self.there if share == "across" else self.here
        return [slot for url in web.calendars(self.names[share]) for slot in web.slots(url)]


@pytest.fixture
def town(practice: Practice, radicale: Account, xandikos: Account, saboteur: Callable[[str], Saboteur]) -> Town:
    return Town(practice, radicale, xandikos, saboteur)


def test_a_share_may_be_on_another_server_and_be_made_from_two_calendars(town: Town) -> None:
    done = town.practice.sync()
    assert (done.code, done.codes) == (0, [])
    across, back, both = (town.slots(share) for share in ("across", "back", "both"))
    assert (len(across), len(back)) == (6, 5)
    assert both == sorted(across + back)
    assert town.practice.run("share", "verify").code == 0

    assert town.here.put(f"{town.first}late.ics", session(local(tomorrow(), 18))).status == 201
    town.there.delete(f"{town.second}s0.ics")
    done = town.practice.sync()
    assert done.code == 0
    assert {share: tuple(changes.values()) for share, changes in done.json["shares"].items()} == {
        "across": (1, 0, 0),
        "back": (0, 1, 0),
        "both": (1, 1, 0),
    }
    assert town.slots("both") == sorted(town.slots("across") + town.slots("back"))


def test_p01_no_login_goes_to_the_other_server(town: Town) -> None:
    assert town.practice.sync().code == 0
    assert any("Authorization" in request.headers for request in town.before_here.requests)
    assert not any("Authorization" in request.headers for request in town.before_there.requests)


def test_an_account_that_is_down_from_the_start_stops_only_what_needs_it(town: Town) -> None:
    town.before_there.fault = faults.lost
    done = town.practice.sync()
    assert done.code == 3
    assert {(problem["where"], problem["code"]) for problem in done.json["problems"]} >= {
        ("calendars.teams", "no-connection"),
        ("shares.across", "no-connection"),
    }
    assert all(problem["hint"] for problem in done.json["problems"])
    assert town.slots("back") == town.slots("both") == []  # of half the calendars it would look free

    town.before_there.fault = None
    assert town.practice.sync().code == 0
    assert [len(town.slots(share)) for share in ("across", "back", "both")] == [6, 5, 11]


def test_p05_an_account_that_goes_down_stops_no_other_and_empties_nothing(town: Town) -> None:
    assert town.practice.sync().code == 0
    before = town.slots("both")
    town.before_there.fault = faults.lost
    late = session(local(tomorrow(), 18))
    assert town.here.put(f"{town.first}late.ics", late).status == 201

    done = town.practice.sync()

    assert done.code == 3
    assert done.json["shares"]["both"] == {"created": 1, "deleted": 0, "held_back": 0}
    assert set(before) < set(town.slots("both"))
    assert len(town.slots("both")) == len(before) + 1
    assert len(town.slots("across")) == 6
    assert {problem["where"] for problem in done.json["problems"]} == {"calendars.teams", "shares.across"}

    town.before_there.fault = None
    assert town.practice.sync().code == 0
    assert len(town.slots("across")) == 7
