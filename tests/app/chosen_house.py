"""A practice whose shares choose: three clients, a sponsor, and one session of each in the coming days."""

from __future__ import annotations

from datetime import timedelta

from coachsync.clients.directory import Client, Sponsor
from events import event
from practice_house import House

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
