"""Pseudonyms and numbers of series: given by publishing alone, only to what shows, and never the same twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachsync.adapters.database import Shares
from coachsync.app import choosing, jobs
from coachsync.app.outcome import Outcome
from coachsync.app.report import report
from coachsync.app.verify import verify
from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Client
from events import event
from practice_house import OTHER, SOURCE, House

MARGUERITE, PAUL = Client("C-7F3K2M", ("Marguerite Lenoir",)), Client("C-7F3K2N", ("Paul Martin",))
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3\r\n"


@pytest.fixture
def naming(house: House) -> House:
    """A share that names its clients and numbers their series; Marguerite and her series are in it."""
    house.text = house.text.replace('profile = "session"', 'profile = "pseudonym"\nrecurrence = "series"')
    with house.wiring() as wiring:
        wiring.clients.save(MARGUERITE)
        wiring.clients.save(PAUL)
    series(house, "hers", 1, "Marguerite Lenoir")
    house.sync()
    return house


def series(house: House, name: str, hours: int, title: str, more: str = "", url: str = SOURCE) -> None:
    start = house.now + timedelta(hours=hours)
    house.put(name, event(f"uid-{name}", start, title=title, extra=WEEKLY + more), url)


def given(wiring: Wiring) -> tuple[set[str], list[int]]:
    """Who has a pseudonym in the share, and the numbers of its series."""
    with wiring.database.transaction() as connection:
        numbers = connection.exec_driver_sql("SELECT number FROM series ORDER BY number").scalars().all()
    return set(wiring.clients.pseudonyms("office")), list(numbers)


def test_whoever_looks_names_nobody(naming: House) -> None:
    series(naming, "his", 2, "Paul Martin")
    naming.now += timedelta(hours=2)
    with naming.wiring() as wiring:
        jobs.take_in(wiring, Outcome(), ["coaching"])
        share, before = wiring.config.shares["office"], given(wiring)
        assert before[0] == {MARGUERITE.code}
        assert len(before[1]) == 1
        assert verify(wiring, [share]).failures == []
        assert given(wiring) == before
        assert len(jobs.preview(wiring, "office")) == 6
        assert given(wiring) == before
        assert report(wiring, share).inference.linked == 6
        assert given(wiring) == before
    naming.sync()
    with naming.wiring() as wiring:
        names, numbers = given(wiring)
    assert (names, len(numbers)) == ({MARGUERITE.code, PAUL.code}, 2)


@pytest.mark.parametrize("case", ["long ago", "cancelled", "free"])
def test_what_cannot_show_gets_no_pseudonym_and_no_number(naming: House, case: str) -> None:
    hours = -24 * 60 if case == "long ago" else 2
    more = {"cancelled": "STATUS:CANCELLED\r\n", "free": "TRANSP:TRANSPARENT\r\n"}.get(case, "")
    series(naming, "his", hours, "Paul Martin", more)
    served = naming.served()
    assert naming.sync().exit_code() == 0
    with naming.wiring() as wiring:
        names, numbers = given(wiring)
    assert (names, len(numbers)) == ({MARGUERITE.code}, 1)
    assert naming.served() == served


def test_the_same_series_in_two_calendars_bears_two_numbers(naming: House) -> None:
    """An invitation lies in both under one UID: one number would say that they are the same."""
    naming.server.add(OTHER, "Other", "alice")
    naming.text = naming.text.replace('from = ["coaching"]', 'from = ["coaching", "other"]')
    naming.text = naming.text.replace(
        "[shares.office]", '[calendars.other]\naccount = "cloud"\nname = "Other"\n[shares.office]'
    )
    series(naming, "hers", 5, "Marguerite Lenoir", url=OTHER)
    naming.sync()
    with naming.wiring() as wiring:
        shown = {entry.slot.series for entry in Shares(wiring.database, "office").entries()}
        assert (len(shown), sorted(shown)) == (2, given(wiring)[1])


def test_numbers_get_longer_before_they_run_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_SERIES", (1, 3))
    with house.wiring() as wiring:
        journal, told = Shares(wiring.database, "office"), []

        def draw(taken: int) -> int:
            told.append(taken)
            assert len(told) < 1000, "it would never end"
            return choosing._drawn(taken)

        numbers = [journal.number(f"series {index}", draw) for index in range(40)]
        assert len(set(numbers)) == 40
        assert set(numbers[:2]) <= {1, 2, 3}
        assert 3 < max(numbers) <= 399
        assert [journal.number(f"series {index}", draw) for index in range(40)] == numbers
