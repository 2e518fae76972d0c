"""A directory of invented clients for the calendars of `events.py`: `share_clients.py CONFIG fill|rename|match`.

`fill` makes 60 clients, among whom the addresses of the invited people are dealt out, and a sponsor of every sixth.
`rename` gives the first one another name. `match` gives the name back and reads anew whose every appointment is;
it prints the seconds of processor time that this took.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from coachsync import config
from coachsync.app.whose import traits
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.clients.codes import Kind, code
from coachsync.clients.directory import Client, Sponsor

CLIENTS = 60
SPONSOR = "S-BENCH1"
_ADDRESSES = 400  # what `events.py` draws from
_SPONSORED = 6  # one in so many
_FIRST, _LAST = "Amélie Benoît Clémence Didier Éléonore Fabrice".split(), "Morvan Kervella Lestrade Quémeneur".split()


def main() -> None:
    settings, task = config.load(config.locate(sys.argv[1], {})), sys.argv[2]
    with open_wiring(settings, "benchmark", datetime.now(UTC)) as wiring:
        {"fill": _fill, "rename": _rename, "match": _match}[task](wiring)


def _fill(wiring: Wiring) -> None:
    wiring.clients.save_sponsor(Sponsor(SPONSOR, "Exemplaire SA"))
    for number in range(CLIENTS):
        wiring.clients.save(_client(number))


def _rename(wiring: Wiring) -> None:
    first = _client(0)
    wiring.clients.save(replace(first, names=("Ombeline Trévignon", *first.names)))


def _match(wiring: Wiring) -> None:
    wiring.clients.save(_client(0))
    begun = time.process_time()
    for calendar in wiring.config.calendars:
        traits(wiring, calendar)
    print(time.process_time() - begun)


def _client(number: int) -> Client:
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]} {'abc'[number // 24]}"
    addresses = tuple(f"client{one}@example.com" for one in range(number, _ADDRESSES, CLIENTS))
    sponsor = "" if number % _SPONSORED else SPONSOR
    return Client(code(Kind.CLIENT, number.to_bytes(4)), (name,), addresses, sponsor=sponsor)


if __name__ == "__main__":
    main()
