"""`check` looks at what the coach calls things that others see, before anything is published."""

from __future__ import annotations

import pytest

from coachsync.app.checking import Check, Grade, check
from coachsync.clients.directory import Client
from events import event
from practice_house import House

CLIENT = Client("C-7F3K2M", ("Юрий Щербаков",), phones=("+33 6 12 34 56 78",))
TARGET = 'to = { account = "cloud", name = "Office" }'
CODES = ("target-name", "label", "label-like-a-title")


def told(house: House, *clients: Client) -> list[Check]:
    """What `check` says of names, with these clients in the directory; nothing of it names them."""
    with house.wiring() as wiring:
        for client in clients:
            wiring.clients.save(client)
        found = [one for one in check(wiring) if one.code in CODES]
    said = repr(found).lower()
    assert not any(name in said for name in ("щерб", "chtch", "shch", "0612", "zyxwv", "marguerite"))
    return found


@pytest.mark.parametrize(
    ("to", "key"),
    [
        ('{ account = "cloud", name = "Chtcherbakov" }', "name"),
        ('{ account = "cloud", url = "/alice/shcherbakov-2026/" }', "url"),
        ('{ file = "0612345678.ics" }', "file"),
    ],
)
def test_p03_a_target_that_names_a_client_is_refused_before_it_is_made(house: House, to: str, key: str) -> None:
    house.text = house.text.replace(TARGET, f"to = {to}")
    assert told(house) == []
    [one] = told(house, CLIENT)
    assert (one.grade, one.code, one.where) == (Grade.BAD, "target-name", f"shares.office.to.{key}")
    assert one.hint


def test_p03_a_target_that_names_somebody_in_an_appointment_is_refused_too(house: House) -> None:
    house.put("one", event("uid-one", house.now, extra="ATTENDEE;CN=Paul Zyxwv:mailto:p@x.example\r\n"))
    house.sync()
    house.text = house.text.replace('"Office"', '"Zyxwv"')
    assert [one.code for one in told(house)] == ["target-name"]


@pytest.mark.parametrize(("label", "code"), [("Iouri Chtcherbakov", "label"), ("Marguerite", "label-like-a-title")])
def test_p03_a_label_that_names_a_client_is_refused_and_a_word_of_a_title_noted(
    house: House, label: str, code: str
) -> None:
    house.put("one", event("uid-one", house.now, title="Marguerite"))
    house.sync()
    house.text += f'label = "{label}"\n'
    [one] = told(house, CLIENT)
    assert (one.code, one.where) == (code, "shares.office.label")
    assert one.grade is (Grade.BAD if code == "label" else Grade.NOTE)


def test_a_usual_label_is_nobodys_whoever_is_called_so(house: House) -> None:
    assert told(house, Client("C-9Q4T2W", ("Séance",))) == []
