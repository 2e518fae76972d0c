"""Clients who are kept out of every share, also once they are erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from chosen_house import BEA, GUEST, MARIE, OMER, ready, said
from coachsync.adapters.database.clients import KEPT_OUT
from coachsync.adapters.memory import MemoryCalendars
from coachsync.app.clients import forgetting
from coachsync.app.clients.hiding import keep_out
from coachsync.app.people import named, own_names
from coachsync.app.vault.erasing_client import erase_without_vault
from coachsync.app.whose import traits
from coachsync.clients.directory import Client
from events import event
from practice_house import House


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
