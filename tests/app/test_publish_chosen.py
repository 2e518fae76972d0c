"""Shares that choose: by client, by category, with pseudonyms and numbers of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from coachsync.adapters.database.clients import KEPT_OUT
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.clients import forgetting
from coachsync.app.clients.hiding import keep_out
from coachsync.app.falling_back import respond
from coachsync.app.people import named, own_names
from coachsync.app.publish import settings_of
from coachsync.app.vault.erasing_client import erase_without_vault
from coachsync.app.verify import Verification
from coachsync.app.whose import traits
from coachsync.clients.directory import Client, Sponsor
from coachsync.model import Finding, Pseudonym
from events import event
from practice_house import House, codes

MARIE = Client("C-MARE00", ("Marie Dupont",), ("marie@dupont.example",), sponsor="S-ACME00")
OMER = Client("C-0MER00", ("Ömer Şahin",), aliases=("Phénix",))
BEA = Client("C-BEA000", ("Béatrice Noël",), sponsor="S-ACME00")
GUEST = "ORGANIZER:mailto:alice\r\nATTENDEE:mailto:marie@dupont.example\r\n"


def ready(house: House, profile: str, more: str = "", *clients: Client) -> House:
    """A practice with its clients, and one session of each in the coming days."""
    house.text = house.text.replace('profile = "session"', f'profile = "{profile}"\n{more}')
    with house.wiring() as wiring:
        wiring.clients.save_sponsor(Sponsor("S-ACME00", "Acme Industries"))
        for client in clients or (MARIE, OMER, BEA):
            wiring.clients.save(client)
    for number, (title, extra) in enumerate(
        [
            ("Coaching", GUEST + "CATEGORIES:Coaching\r\n"),
            ("Phénix 3/10", "CATEGORIES:Coaching,Équipe\r\n"),
            ("Béatrice Noël", ""),
            ("Marie ou Béatrice", ""),
            ("Dentiste", "CATEGORIES:Privé\r\n"),
        ]
    ):
        house.put(f"e{number}", event(f"uid-{number}", house.now + timedelta(days=number), title=title, extra=extra))
    return house


def said(house: House) -> dict[str, str]:
    """What each slot of the share says, by the day it is on."""
    found = {}
    for body in house.served().values():
        lines = dict(line.split(":", 1) for line in body.decode().strip().split("\r\n"))
        found[lines["DTSTART"][6:8]] = lines["SUMMARY"]
    return found


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


@pytest.mark.parametrize("profile", ["busy", "session", "pseudonym"])
def test_who_was_kept_out_and_is_erased_is_not_shown_as_nobody_all_at_once(house: House, profile: str) -> None:
    """Nobody knows any more whose the appointments are that stay in the calendar."""
    ready(house, profile, "", MARIE, replace(OMER, unshared=True), BEA)
    house.put("unsure", event("uid-unsure", house.now + timedelta(days=7), title="Phénix ou Béatrice Noël"))
    house.sync()
    before = said(house)
    assert before.keys() == {"02", "04", "05", "06"}
    with house.wiring() as wiring:
        assert erase_without_vault(wiring, OMER.code).keys == 1
    assert house.sync().exit_code() == 0
    assert said(house) == before
    house.put("e1", event("uid-1", house.now + timedelta(days=9), title="Phénix 4/10"))  # and where it is moved to
    house.sync()
    assert said(house) == before
    with house.wiring() as wiring:
        assert set(wiring.clients.assigned("coaching").values()) == {KEPT_OUT}


def test_who_was_shown_and_is_erased_is_nobody(house: House) -> None:
    ready(house, "session")
    house.sync()
    before = said(house)
    with house.wiring() as wiring:
        erase_without_vault(wiring, OMER.code)
        assert wiring.clients.assigned("coaching") == {}
    house.sync()
    assert said(house) == before


def test_an_older_copy_of_the_state_shows_nothing_of_who_was_kept_out_and_erased(house: House) -> None:
    ready(house, "session", "", replace(OMER, unshared=True))
    house.sync()
    before = said(house)
    with house.wiring() as wiring:
        forgetting.replay(wiring.clients, wiring.database, house.state, partial(keep_out, wiring))
        wiring.clients.keys.bury(OMER.code)  # the copy knows the client, and today's ledger knows better
        told = forgetting.replay(wiring.clients, wiring.database, house.state, partial(keep_out, wiring))
        assert [one.code for one in told] == ["erased-came-back"]
        assert not wiring.clients.is_known(OMER.code)
    house.sync()
    assert said(house) == before


@pytest.mark.parametrize("looked_first", [False, True])
def test_p09_an_older_database_beside_keys_that_are_gone_shows_nothing_of_who_was_kept_out(
    house: House, looked_first: bool
) -> None:
    """Only coachsync.db was put back: what is in it of the erased does not open, nor that nobody was to see them."""
    hidden = [replace(one, unshared=True) for one in (OMER, MARIE)]
    ready(house, "session", "", *hidden, BEA)
    house.put("word", event("uid-word", house.now + timedelta(days=8), title="Point"))
    with house.wiring() as wiring:
        wiring.clients.assign("coaching", "uid-word", OMER.code)  # the coach's own word
        wiring.clients.assign("coaching", "uid-away", OMER.code)  # on what the calendar does not have just now
    house.sync()
    before = said(house)
    assert before.keys() == {"04", "06"}
    with house.wiring() as wiring:
        for one in hidden:  # the database knows them, and the ledger and the keys know better
            wiring.clients.keys.bury(one.code)
            wiring.clients.keys.destroy(one.code)
    with house.wiring() as wiring:
        assert set(wiring.clients.unreadable()) == {OMER.code, MARIE.code}
        if looked_first:  # what reads everything anew while nobody knows them forgets them neither
            assert OMER.code in traits(wiring, "coaching")[2][0].whose.candidates
        told = forgetting.replay(wiring.clients, wiring.database, house.state, partial(keep_out, wiring))
        assert [one.code for one in told] == ["erased-came-back"]
        assert wiring.clients.unreadable() == ()
        assert set(wiring.clients.assigned("coaching").values()) == {KEPT_OUT}
        assert wiring.clients.blind("uid-away") in wiring.clients.assigned("coaching")
    house.put("away", event("uid-away", house.now + timedelta(days=9), title="Point"))
    assert house.sync().exit_code() == 0
    assert said(house) == before


def test_a_client_can_be_kept_out_of_every_share(house: House) -> None:
    hidden = Client(MARIE.code, MARIE.names, MARIE.addresses, unshared=True)
    ready(house, "session", "", hidden, OMER, BEA)
    house.sync()
    assert set(said(house)) == {"03", "04", "06"}  # neither hers nor what might be hers


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


def test_p03_a_client_who_is_kept_out_gets_in_neither_beside_another_nor_under_another_title(house: House) -> None:
    kept_out = Client("C-MARG00", ("Marguerite Lenoir",), unshared=True)
    ready(house, "session", "", MARIE, kept_out)
    first = house.now + timedelta(days=8)
    whole = event("uid-s", first, title="Marguerite Lenoir", extra="RRULE:FREQ=WEEKLY;COUNT=2\r\n")
    moved = event(
        "uid-s", first + timedelta(days=7, hours=2), title="Bilan", extra="RECURRENCE-ID:20260317T080000Z\r\n"
    )
    override = moved[moved.index(b"BEGIN:VEVENT") : moved.index(b"END:VCALENDAR")]
    house.put("series", whole.replace(b"END:VCALENDAR", override + b"END:VCALENDAR"))
    house.put("both", event("uid-both", house.now + timedelta(days=9), title="Marie Dupont et Marguerite"))
    guests = GUEST + "ATTENDEE;CN=Marguerite Lenoir:mailto:m@elsewhere.example\r\n"
    house.put("guests", event("uid-guests", house.now + timedelta(days=10), title="Point", extra=guests))
    house.sync()
    assert sorted(said(house)) == ["02", "03", "04", "05", "06"]


WAYS = [
    *(("30 min with zz@acme.example", ""), ("Call +33612345678", ""), ("Call 06 12 34 56 78", "")),
    *((".", f"ATTENDEE:{value}\r\n") for value in ("mailto: zz@acme.example", "MAILTO:<zz@acme.example>")),
    *((".", f"ATTENDEE:{value}\r\n") for value in ("mailto:zz@acme.example?x=1", "tel:+33612345678")),
    *((".", f"ATTENDEE;CN={name}:urn:uuid:1\r\n") for name in ("zz@acme.example", "Zoe Zed")),
    (".", 'ATTENDEE;SENT-BY="mailto:zz@acme.example":mailto:other@acme.example\r\n'),
    *((".", f"{line}:Zoe Zed\r\n") for line in ("SUMMARY;LANGUAGE=fr", "CONTACT", "A.SUMMARY")),
]


def test_p03_a_client_who_is_kept_out_gets_in_by_no_way_of_writing(house: House) -> None:
    with house.wiring() as wiring:
        wiring.clients.save(
            Client("C-ZOE000", ("Zoe Zed",), ("zz@acme.example",), ("+33 6 12 34 56 78",), unshared=True)
        )
    for number, (title, extra) in enumerate((*WAYS, ("Dentiste", ""))):
        start = house.now + timedelta(days=number)
        house.put(f"e{number:02}", event(f"uid-{number}", start, title=title, extra=extra))
    assert house.sync().exit_code() == 0
    shown = {WAYS[int(day) - 2] for day in said(house) if int(day) - 2 < len(WAYS)}
    assert (shown, len(house.served())) == (set(), 1)


def test_p03_a_client_who_is_kept_out_is_not_taken_for_the_coach(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server tells no address of the coach, who logs in as the first part of the client's."""
    told = MemoryCalendars.whoami
    monkeypatch.setattr(MemoryCalendars, "whoami", lambda one: replace(told(one), addresses=frozenset()))
    client = Client("C-ZOE000", ("Zoe Zed",), ("alice@acme.example",), unshared=True)
    with house.wiring() as wiring:
        wiring.clients.save(client)
    for day, host in enumerate(("acme.example", "practice.example")):
        guest = f"ATTENDEE;CN=A {host};PARTSTAT=ACCEPTED:mailto:alice@{host}\r\n"
        house.put(f"e{day}", event(f"uid-{day}", house.now + timedelta(days=day), title="Coaching", extra=guest))
    assert house.sync().exit_code() == 0
    assert set(said(house)) == {"03"}
    with house.wiring() as wiring:
        assert wiring.addresses("cloud") == {"alice"}
        assert [line.partition(":mailto:")[2].strip() for line in named(wiring)] == ["alice@acme.example"]
        assert list(own_names(wiring)) == ["A practice.example"]


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
