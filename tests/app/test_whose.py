"""Whose the appointments of a calendar are: read once, and again only where something has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from coachsync.adapters.database import Copies
from coachsync.app.whose import traits
from coachsync.clients.directory import Client
from coachsync.model import Whose
from events import event
from practice_house import SOURCE, House

MARIE = Client("C-MARE00", ("Marie Dupont",), ("marie@dupont.example",))
OMER = Client("C-0MER00", ("Ömer Şahin",), aliases=("Phénix",))
TITLES = ("Marie Dupont", "Phénix 3/10", "Dentiste")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of which the text is opened, one after the other."""
    rows: list[int] = []
    texts = Copies.texts

    def counted(copies: Copies, wanted: Iterable[int] | None = None) -> Iterator[tuple[int, bytes]]:
        for row, body in texts(copies, wanted):
            rows.append(row)
            yield row, body

    monkeypatch.setattr(Copies, "texts", counted)
    return rows


@pytest.fixture
def practice(house: House) -> House:
    """Two clients, an appointment of each, and one of nobody."""
    with house.wiring() as wiring:
        for client in (MARIE, OMER):
            wiring.clients.save(client)
    for number, title in enumerate(TITLES):
        put(house, number, title)
    house.sync()
    return house


def put(house: House, number: int, title: str, extra: str = "") -> None:
    start = house.now + timedelta(days=number)
    house.put(f"e{number}", event(f"uid-{number}", start, title=title, extra=extra))


def whose(house: House, calendar: str = "coaching") -> dict[str, tuple[Whose, ...]]:
    """By the last part of the href without its ending."""
    with house.wiring() as wiring:
        hrefs = {copy.row: copy.href for copy in Copies(wiring.database, calendar).all()}
        known = traits(wiring, calendar)
    return {hrefs[row][:-4].rpartition("/")[2]: tuple(one.whose for one in of) for row, of in known.items()}


def sure(client: Client) -> tuple[Whose, ...]:
    return (Whose(client.code, frozenset({client.code})),)


NOBODYS = (Whose(),)


def test_texts_are_opened_once(practice: House, opened: list[int]) -> None:
    expected = {"e0": sure(MARIE), "e1": sure(OMER), "e2": NOBODYS}
    assert whose(practice) == expected
    assert len(opened) == 3
    opened.clear()
    assert whose(practice) == expected
    assert opened == []


def test_a_text_that_came_in_is_read_and_no_other(practice: House, opened: list[int]) -> None:
    whose(practice)
    put(practice, 2, "Phénix, bilan")
    put(practice, 3, "Marie")
    practice.sync()
    opened.clear()
    found = whose(practice)
    assert (found["e2"], found["e3"]) == (sure(OMER), (Whose(None, frozenset({MARIE.code})),))
    assert len(opened) == 2


def test_all_are_read_again_when_the_directory_changes_or_the_coach_decides(practice: House, opened: list[int]) -> None:
    whose(practice)
    opened.clear()
    with practice.wiring() as wiring:
        wiring.clients.save(Client(MARIE.code, MARIE.names, MARIE.addresses, aliases=("Dentiste",)))
    assert whose(practice)["e2"] == sure(MARIE)
    assert len(opened) == 3
    with practice.wiring() as wiring:
        wiring.clients.assign("coaching", "uid-0", OMER.code)
        wiring.clients.assign("coaching", "uid-1", "")
        wiring.clients.assign("elsewhere", "uid-2", OMER.code)
    assert whose(practice) == {"e0": sure(OMER), "e1": NOBODYS, "e2": sure(MARIE)}
    assert len(opened) == 6
    with practice.wiring() as wiring:
        wiring.clients.unassign("coaching", "uid-0")
    assert whose(practice)["e0"] == sure(MARIE)
    assert len(opened) == 9
    whose(practice)
    assert len(opened) == 9


def test_p02_who_cannot_be_read_just_now_is_not_forgotten(practice: House) -> None:
    before = whose(practice)
    key = practice.state / "keys" / "clients" / f"{OMER.code}.key"
    content = key.read_bytes()
    key.unlink()
    put(practice, 0, "Dentiste")
    practice.sync()
    perhaps = (Whose(None, frozenset({OMER.code})),)
    assert whose(practice) == before | {"e0": NOBODYS, "e1": perhaps}
    put(practice, 1, "Dentiste")  # nobody can tell whether it names a client who cannot be read
    practice.sync()
    assert whose(practice)["e1"] == perhaps
    with practice.wiring() as wiring:
        wiring.clients.assign("coaching", "uid-1", MARIE.code)
    assert whose(practice)["e1"] == sure(MARIE)  # the coach can
    with practice.wiring() as wiring:
        wiring.clients.unassign("coaching", "uid-1")
    put(practice, 1, "Phénix 3/10")
    key.write_bytes(content)
    practice.sync()
    assert whose(practice) == before | {"e0": NOBODYS}


def test_the_coachs_own_addresses_tell_nothing_and_others_are_read_again(practice: House, opened: list[int]) -> None:
    put(practice, 3, "Coaching", "ORGANIZER:mailto:marie@dupont.example\r\n")
    practice.sync()
    assert whose(practice)["e3"] == sure(MARIE)
    opened.clear()
    practice.text = practice.text.replace('"alice"', '"marie@dupont.example"')
    assert whose(practice)["e3"] == NOBODYS
    assert len(opened) == 4


def test_p02_a_text_that_becomes_garbage_keeps_its_earlier_traits(practice: House, opened: list[int]) -> None:
    before = whose(practice)
    practice.server.store(SOURCE, "/alice/source/e0.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:?\r\n")
    practice.sync()
    opened.clear()
    assert whose(practice) == before
    assert len(opened) == 1
    whose(practice)
    assert len(opened) == 1


def test_the_coachs_word_holds_for_every_date_of_a_series(practice: House) -> None:
    whole = event("uid-s", practice.now, title="Marie Dupont", extra="RRULE:FREQ=WEEKLY;COUNT=3\r\n")
    moved = event("uid-s", practice.now + timedelta(days=7), title="Phénix", extra="RECURRENCE-ID:20260309T080000Z\r\n")
    override = moved[moved.index(b"BEGIN:VEVENT") : moved.index(b"END:VCALENDAR")]
    practice.put("series", whole.replace(b"END:VCALENDAR", override + b"END:VCALENDAR"))
    practice.sync()
    assert whose(practice)["series"] == (*sure(MARIE), Whose(OMER.code, frozenset({MARIE.code, OMER.code})))
    with practice.wiring() as wiring:
        wiring.clients.assign("coaching", "uid-s", MARIE.code)
    assert whose(practice)["series"] == sure(MARIE) * 2


def test_what_has_no_uid_is_decided_about_by_itself(practice: House) -> None:
    for name in ("a", "b"):
        practice.put(name, event("gone", practice.now, title="Zoo").replace(b"UID:gone\r\n", b""))
    practice.sync()
    with practice.wiring() as wiring:
        wiring.clients.assign("coaching", "/alice/source/a.ics", OMER.code)
    found = whose(practice)
    assert (found["a"], found["b"]) == (sure(OMER), NOBODYS)
