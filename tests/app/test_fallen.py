"""What a share that has leaked shows in place of its own: busy times that say nothing else, whatever it was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coachsync import config
from coachsync.adapters.database import Shares
from coachsync.app.fallen import Fallen, in_force, set_fallen
from coachsync.clients.directory import Client, Sponsor
from coachsync.redaction.profiles import BUSY, PROFILES, Profile
from events import event
from practice_house import House, codes

MARIE = Client("C-MARE00", ("Marie Dupont",), sponsor="S-ACME00")
BEA = Client("C-BEA000", ("Béatrice Noël",), sponsor="S-ACME00")


def fallen(house: House, profile: str, more: str = "") -> House:
    """Two sure sessions, one that is of either client, and three of a series, published so; and then it falls."""
    house.text = house.text.replace('profile = "session"', f'profile = "{profile}"\n{more}')
    with house.wiring() as wiring:
        wiring.clients.save_sponsor(Sponsor("S-ACME00", "Acme Industries"))
        for client in (MARIE, BEA):
            wiring.clients.save(client)
    for number, title in enumerate(["Marie Dupont", "Béatrice Noël", "Marie ou Béatrice"]):
        at = house.now + timedelta(days=number, hours=1, minutes=7)
        house.put(f"e{number}", event(f"uid-{number}", at, title=title))
    weekly = event("weekly", house.now + timedelta(days=4), title="Marie Dupont", extra="RRULE:FREQ=DAILY;COUNT=3\r\n")
    house.put("weekly", weekly)
    house.sync()
    with house.wiring() as wiring:
        set_fallen(wiring, "office", Fallen.BUSY, "label")
    assert codes(house.sync()) == ["share-fallen-busy"]
    return house


def lines(house: House, name: str) -> list[str]:
    """What every entry says in this line, sorted."""
    found = (line for body in house.served().values() for line in body.decode().split("\r\n"))
    return sorted(line.partition(":")[2] for line in found if line.startswith(name))


@pytest.mark.parametrize(
    ("profile", "more", "unsure"),
    [
        ("session", 'recurrence = "series"', ["04"]),  # whoever it is, the time is not free
        ("pseudonym", 'recurrence = "series"', ["04"]),
        ("sponsor", 'clients = ["S-ACME00"]', []),  # it may be somebody else's client
    ],
)
def test_p03_whatever_it_was_it_says_when_and_nothing_else(
    house: House, profile: str, more: str, unsure: list[str]
) -> None:
    fallen(house, profile, more)
    assert set(lines(house, "SUMMARY")) == {"Indisponible"}
    with house.wiring() as wiring:
        slots = [entry.slot for entry in Shares(wiring.database, "office").entries()]
    assert {(slot.pseudonym, slot.series) for slot in slots} == {(None, 0)}
    days = [start[6:8] for start in lines(house, "DTSTART")]
    assert days == ["02", "03", *unsure, "06", "07", "08"]
    assert house.verify() == ()


@pytest.mark.parametrize("kind", PROFILES.values(), ids=PROFILES)
def test_p03_of_its_own_kind_only_the_window_and_the_schedule_stay(house: House, kind: Profile) -> None:
    house.write()
    settings = config.load(house.file)
    own = replace(kind, series=not kind.merge)
    busy = in_force(settings, replace(settings.shares["office"], profile=own), Fallen.BUSY).profile
    assert busy == replace(BUSY, past=kind.past, future=kind.future, publish=kind.publish)


@pytest.mark.parametrize(
    ("more", "start", "end"), [("", "090000Z", "101500Z"), ('round_to = "PT30M"', "090000Z", "103000Z")]
)
def test_p03_its_times_are_rounded_also_where_its_own_were_not(house: House, more: str, start: str, end: str) -> None:
    fallen(house, "session", more)
    assert lines(house, "DTSTART")[0].partition("T")[2] == start
    assert lines(house, "DTEND")[0].partition("T")[2] == end
