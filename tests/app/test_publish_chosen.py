"""Shares that choose: by client, by category, with pseudonyms and numbers of their own."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from chosen_house import BEA, MARIE, OMER, ready, said
from coachsync.app.falling_back import respond
from coachsync.app.publish import settings_of
from coachsync.app.verify import Verification
from coachsync.clients.directory import Client
from coachsync.model import Finding, Pseudonym
from events import event
from practice_house import House, codes


def test_a_share_with_pseudonyms_names_those_who_are_sure_and_nobody_else(house: House) -> None:
    ready(house, "pseudonym")
    assert house.sync().exit_code() == 0
    found = said(house)
    with house.wiring() as wiring:
        names = wiring.clients.pseudonyms("office")
    assert set(names) == {MARIE.code, OMER.code, BEA.code}
    assert [found[day] for day in ("02", "03", "04")] == [names[one.code] for one in (MARIE, OMER, BEA)]
    assert (found["05"], found["06"]) == ("Séance", "Séance")


def test_p13_pseudonyms_stay_and_a_second_run_writes_nothing(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    before = house.served()
    outcome = house.sync()
    assert (outcome.shares["office"].created, outcome.shares["office"].deleted) == (0, 0)
    assert house.served() == before


def test_a_pseudonym_that_the_coach_chooses_is_published_at_the_next_run(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    before = house.served()
    with house.wiring() as wiring:
        wiring.clients.name("office", OMER.code, Pseudonym("Lundi gras"))
    house.sync()
    assert said(house)["03"] == "Lundi gras"
    assert len(before.items() & house.served().items()) == 4


def test_two_shares_have_no_pseudonym_uid_or_address_in_common(house: House) -> None:
    ready(house, "pseudonym")
    house.text += (
        '[shares.team]\nfrom = ["coaching"]\nto = { account = "cloud", name = "Team" }\nprofile = "pseudonym"\n'
    )
    assert house.sync().exit_code() == 0
    identities = []
    for name in ("Office", "Team"):
        served = house.served(name)
        lines = [line for body in served.values() for line in body.decode().split("\r\n")]
        hrefs = {href.rpartition("/")[2] for href in served}
        own = {line for line in lines if line.startswith(("UID", "SUMMARY")) and not line.endswith("Séance")}
        identities.append(hrefs | own)
    assert len(identities[0]) == len(identities[1]) == 5 + 5 + 3
    assert identities[0].isdisjoint(identities[1])


def test_a_sponsor_sees_the_sessions_of_the_sponsors_own_clients(house: House) -> None:
    ready(house, "sponsor", 'clients = ["S-ACME00"]')
    assert house.sync().exit_code() == 0
    assert said(house) == {"02": "Séance", "04": "Séance"}


@pytest.mark.parametrize(
    ("setting", "days"),
    [
        ('clients = ["C-0MER00"]', {"03"}),
        ('clients = { except = ["C-0MER00"] }', {"02", "04", "05", "06"}),
        ('clients = { except = ["S-ACME00"] }', {"03", "06"}),
        ('categories = ["coaching"]', {"02", "03"}),
        ('categories = { only = ["Coaching"], except = ["équipe"] }', {"02"}),
        ('categories = { except = ["privé"] }', {"02", "03", "04", "05"}),
    ],
)
def test_a_share_is_made_from_what_it_chooses(house: House, setting: str, days: set[str]) -> None:
    ready(house, "session", setting)
    house.sync()
    assert set(said(house)) == days


def test_a_daemon_tells_settings_apart_by_what_a_share_chooses(house: House) -> None:
    """Otherwise it would go on serving what was chosen before, until something in the calendar changes."""
    choices = [
        *("", 'clients = ["C-0MER00"]', 'clients = ["C-MARE00"]', 'clients = { except = ["C-0MER00"] }'),
        *('categories = ["coaching"]', 'categories = { except = ["coaching"] }', 'clients = ["C-0MER00", "C-MARE00"]'),
    ]
    text, found = house.text, []
    for choice in (*choices, 'clients = ["C-MARE00", "C-0MER00"]'):
        house.text = text.replace('profile = "session"', f'profile = "session"\n{choice}')
        with house.wiring() as wiring:
            found.append(settings_of(wiring.config, "office"))
    assert len(set(found)) == len(choices)
    assert found[-1] == found[-2]  # the order in which they are named says nothing


def test_a_calendar_can_say_which_categories_count(house: House) -> None:
    house.text = house.text.replace('name = "Coaching"', 'name = "Coaching"\ncategories = ["coaching"]')
    ready(house, "session")
    house.sync()
    assert set(said(house)) == {"02", "03"}


def test_somebody_whom_nobody_knows_stops_the_share_and_leaves_it_as_it_is(house: House) -> None:
    ready(house, "session", 'clients = ["C-0MER00"]')
    house.sync()
    before = house.served()
    house.text = house.text.replace("C-0MER00", "C-XXXXXX")
    outcome = house.sync()
    assert codes(outcome) == ["unknown-client"]
    assert house.served() == before


def test_a_client_who_gets_a_new_name_is_known_by_it_at_the_next_run(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    house.put("e0", event("uid-0", house.now, title="Marie Lévêque"))
    house.sync()
    assert said(house)["02"] == "Séance"
    with house.wiring() as wiring:
        wiring.clients.save(Client(MARIE.code, ("Marie Lévêque", "Marie Dupont"), MARIE.addresses))
        pseudonym = wiring.clients.pseudonyms("office")[MARIE.code]
    before = house.served()
    house.sync()
    assert said(house)["02"] == pseudonym
    assert len(before.items() & house.served().items()) == 4  # nothing else was written anew


def test_the_coachs_own_word_counts_more_than_what_an_appointment_says(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    with house.wiring() as wiring:
        names = wiring.clients.pseudonyms("office")
        wiring.clients.assign("coaching", "uid-3", BEA.code)
        wiring.clients.assign("coaching", "uid-1", "")
    house.sync()
    assert (said(house)["05"], said(house)["03"]) == (names[BEA.code], "Séance")


def test_series_bear_one_number_where_it_is_asked_for(house: House) -> None:
    ready(house, "session", 'recurrence = "series"')
    weekly = "RRULE:FREQ=WEEKLY;COUNT=3\r\n"
    for name, hours in (("one", 3), ("two", 5)):
        house.put(name, event(f"uid-{name}", house.now + timedelta(hours=hours), extra=weekly))
    house.sync()
    lines = [line for body in house.served().values() for line in body.decode().split("\r\n")]
    labels = Counter(line for line in lines if line.startswith("SUMMARY:"))
    assert labels.pop("SUMMARY:Séance") == 5  # single appointments bear none
    assert list(labels.values()) == [3, 3]
    before = house.served()
    assert house.sync().exit_code() == 0
    assert house.served() == before


def test_by_default_nothing_links_the_dates_of_a_series(house: House) -> None:
    ready(house, "session")
    house.put("one", event("uid-one", house.now + timedelta(hours=3), extra="RRULE:FREQ=WEEKLY;COUNT=3\r\n"))
    house.sync()
    bodies = house.served().values()
    uids = [line for body in bodies for line in body.decode().split("\r\n") if line.startswith("UID")]
    assert len(set(uids)) == len(uids) == 8
    assert all(b"RELATED" not in body and b"RRULE" not in body for body in bodies)


def test_p12_the_state_holds_no_name_of_a_client_in_clear(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    held = b"".join(path.read_bytes() for path in house.state.rglob("*") if path.is_file())
    for word in ("Dupont", "dupont", "Şahin", "Phénix", "Noël", "Acme", "Jade"):
        assert word.encode() not in held


@pytest.mark.parametrize(
    ("profile", "more"), [("busy", ""), ("session", ""), ("pseudonym", ""), ("sponsor", 'clients = ["S-ACME00"]')]
)
def test_p02_while_a_client_cannot_be_read_no_share_changes(house: House, profile: str, more: str) -> None:
    """Who is kept out of every share stands in what cannot be read."""
    hidden = Client(MARIE.code, MARIE.names, MARIE.addresses, unshared=True)
    ready(house, profile, more, hidden, OMER, BEA)
    assert house.sync().exit_code() == 0
    before, key = house.served(), house.state / "keys" / "clients" / f"{MARIE.code}.key"
    content = key.read_bytes()
    key.unlink()
    house.put("more", event("uid-more", house.now + timedelta(days=6), title="Béatrice Noël"))

    outcome = house.sync()

    assert (codes(outcome), outcome.exit_code()) == (["clients-unreadable"], 3)
    (problem,) = outcome.problems()
    assert problem.where == "shares.office"
    assert problem.message.startswith("What is kept of 1 client ")
    assert "keys/clients" in problem.hint
    assert house.served() == before
    house.now += timedelta(hours=2)
    looked = house.verification()  # what is served is still looked at, and it is told whom it is not searched for
    assert ([where for where, _ in looked.failures], looked.exit_code()) == ([f"client {MARIE.code}"], 3)
    assert looked.failures[0][1].code == "client-key-missing"

    key.write_bytes(content)
    assert house.sync().exit_code() == 0
    assert house.verification().failures == []
    assert len(house.served()) > len(before)
    assert all(before[href] == body for href, body in house.served().items() if href in before)


def test_p02_a_share_that_leaks_while_a_client_cannot_be_read_is_taken_away(house: House) -> None:
    ready(house, "session")
    house.sync()
    (house.state / "keys" / "clients" / f"{MARIE.code}.key").unlink()
    with house.wiring() as wiring:
        share = wiring.config.shares["office"]
        leak = Finding("property", "shares.office/1", "DESCRIPTION", own=True)
        outcome, _ = respond(wiring, share, Verification(findings=[("office", leak)]))
    assert codes(outcome) == ["clients-unreadable", "share-fallen-away"]
    assert "Office" not in [about.name for about in house.server.calendars("https://calendar.example/")]


# ------------------------------------------------------------------------------------------------ names that collide


def test_p03_a_pseudonym_that_a_new_client_is_called_like_is_replaced(house: House) -> None:
    ready(house, "pseudonym")
    house.sync()
    with house.wiring() as wiring:
        before = wiring.clients.pseudonyms("office")
        word = before[MARIE.code].partition("-")[0]
        wiring.clients.save(Client("C-NEW000", (f"Anna {word}",)))
    house.sync()
    with house.wiring() as wiring:
        after = wiring.clients.pseudonyms("office")
    assert after[MARIE.code] != before[MARIE.code]
    assert word.lower() not in " ".join(said(house).values()).lower()
    assert house.verify() == ()


def test_the_usual_labels_are_nobodys_name(house: House) -> None:
    ready(house, "busy")
    house.sync()
    with house.wiring() as wiring:
        wiring.clients.save(Client("C-NEW000", ("Rob Indisponible",)))
    assert house.verify() == ()


def test_an_invitation_to_the_address_of_alarms_is_the_coachs_own(house: House) -> None:
    ready(house, "session")
    house.text += '[notify]\nmail = "coach@practice.example"\n[notify.smtp]\nhost = "127.0.0.1"\nsecurity = "none"\n'
    invitation = (
        "ORGANIZER:mailto:marie@dupont.example\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:Coach@practice.example\r\n"
    )
    house.put("invited", event("uid-invited", house.now + timedelta(days=7), extra=invitation))
    house.sync()
    assert "09" not in said(house)
    house.put(
        "invited",
        event("uid-invited", house.now + timedelta(days=7), extra=invitation.replace("NEEDS-ACTION", "ACCEPTED")),
    )
    house.sync()
    assert "09" in said(house)
