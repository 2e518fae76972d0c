"""A row of the database that does not open any more: it stops its own share, and it can be got over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares, tables
from coachsync.adapters.database.removed import kept
from coachsync.app import collection_target
from coachsync.app.clients.keeping import sponsor_code
from coachsync.app.recall import remove
from coachsync.app.unconfigured import shares
from coachsync.clients.directory import Client, Sponsor
from coachsync.errors import WrongKey
from daemon_life import HOUR, MINUTE, NOW, Life
from events import event
from practice_house import House, codes, damage
from test_falling_back import leaking

CLOSED = "row-does-not-open"
SECOND = NOW[NOW.index("[shares.office]") :].replace("shares.office", "shares.second").replace('"Office"', '"Second"')


@pytest.fixture
def two(house: House) -> House:
    """Two shares of three sessions."""
    house.text = NOW + SECOND
    house.sessions(3)
    house.sync()
    return house


def names(house: House) -> set[str]:
    return {about.name for about in house.server.calendars("https://calendar.example/")}


# --- the others go on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), [(tables.shares, "name"), (tables.published, "share_id")])
def test_a_damaged_share_keeps_the_daemon_from_no_other(two: House, table: tables.Table, column: str) -> None:
    damage(two, table, **{column: "office" if column == "name" else 1})
    one = Life(two)
    two.put("new", event("new", two.now + timedelta(days=5)))
    two.put("foreign", event("foreign", two.now), two.share_url("Second"))
    one.live(HOUR)
    assert (len(two.served()), len(two.served("Second"))) == (3, 5)
    damaged, second = one.status.share("office"), one.status.share("second")
    assert (damaged.trouble and damaged.trouble.code, damaged.unseen and damaged.unseen.code) == (CLOSED, CLOSED)
    assert (second.trouble, {found.code for found in second.findings}) == (None, {"foreign-object", "source-word"})
    assert one.status.state is None


def test_a_damaged_share_hides_no_other_that_is_left_behind_and_is_told_of_itself(two: House) -> None:
    two.text = two.text.replace("shares.second", "shares.third").replace('"Second"', '"Third"')
    damage(two, tables.shares, name="office")
    assert CLOSED in codes(two.sync())
    with two.wiring() as wiring:
        assert shares(wiring) == ("second",)
    damage(two, tables.shares, name="second")
    with two.wiring() as wiring:
        assert shares(wiring) == ("second",)


def test_p03_a_damaged_share_keeps_no_other_from_being_taken_away(two: House) -> None:
    damage(two, tables.shares, name="second")
    with two.wiring() as wiring:
        remove(wiring, "office")
    assert names(two) == {"Coaching", "Second"}


def test_what_is_here_of_a_calendar_and_does_not_open_still_ends_the_pass(two: House) -> None:
    damage(two, tables.calendars)
    one = Life(two)
    one.live(MINUTE)
    assert one.status.state is not None
    assert one.status.state.code == CLOSED


# --- it is got over -------------------------------------------------------------------------------------------------


def test_p03_a_share_with_damaged_entries_can_be_called_back(two: House) -> None:
    damage(two, tables.published)
    with two.wiring() as wiring:
        assert remove(wiring, "office").outcome.failures == []
        assert Shares(wiring.database, "office").entries() == ()
        assert len(kept(wiring.database, "share office")) == 3  # nobody knows any more that they were ours
    assert names(two) == {"Coaching", "Second"}


def test_p03_a_leak_beside_a_damaged_entry_is_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection_target, "document", leaking)
    house.text = NOW
    house.put("title", event("uid-title", house.now, title="Marguerite Lenoir"))
    house.sessions(2)
    house.sync()
    with house.wiring() as wiring:
        tag = Shares(wiring.database, "office").entries()[0].tag
    damage(house, tables.published, tag=tag)
    one = Life(house)
    one.live(MINUTE)
    assert names(house) == {"Coaching"}


@pytest.mark.parametrize("table", [tables.shares, tables.published])
def test_a_damaged_share_is_made_anew_when_a_person_says_so(two: House, table: tables.Table) -> None:
    before = set(two.served())
    damage(two, table)
    with pytest.raises(WrongKey):
        two.publish()
    assert set(two.served()) == before
    assert codes(two.publish(replace_content=True)) == []
    assert len(two.served()) == 3
    assert before.isdisjoint(two.served())
    assert two.verify() == ()


# --- who pays -------------------------------------------------------------------------------------------------------


def test_p02_while_a_sponsor_cannot_be_read_no_share_changes_and_all_are_looked_at(two: House) -> None:
    with two.wiring() as wiring:
        wiring.clients.save(Client("C-7F3K2M", ("Marguerite Lenoir",), sponsor="S-ACME00"))
        wiring.clients.save_sponsor(Sponsor("S-ACME00", "Acme Industries"))
    damage(two, tables.sponsors)
    before = two.served()
    two.put("new", event("new", two.now + timedelta(days=5)))
    two.put("foreign", event("foreign", two.now, title="Lenoir"), two.share_url("Second"))
    outcome = two.sync()
    assert codes(outcome) == ["sponsors-unreadable", "sponsors-unreadable"]
    assert outcome.problems()[0].message.startswith("What is kept of 1 sponsor ")
    assert two.served() == before
    looked = two.verification("second")
    assert [(where, failure.code) for where, failure in looked.failures] == [("sponsor S-ACME00", CLOSED)]
    assert "identifier" in {finding.code for _, finding in looked.findings}
    with two.wiring() as wiring:
        for typed in ("S-ACME00", "s-acme00"):
            with pytest.raises(WrongKey):
                sponsor_code(wiring.clients, typed)
        assert sponsor_code(wiring.clients, "Acme Industries") != "S-ACME00"
