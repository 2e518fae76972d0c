"""What a share lets somebody infer, measured on invented practices: `inference.py [--practices 20] [--seed 1]`.

The figures of docs/inference.md and of redaction/polling.py come from here. Nothing is drawn but from the seeds, which
are printed: the same command prints the same tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import poller
import snapshot
from practices import MONDAY, practice

from coachsync.redaction.profiles import BUSY, SESSION, Profile, Publish

CLIENTS = (15, 25, 60, 90)  # in the year: about 3, 5, 12 and 17 sessions a week
FIRST, LAST = MONDAY + timedelta(days=56), MONDAY + timedelta(days=224)  # the days that are watched
_HOUR = timedelta(hours=1)
_SETTINGS = {
    "session": SESSION,
    "session, 60 minutes": replace(SESSION, round_to=_HOUR),
    "busy": BUSY,
    "busy, 60 minutes": replace(BUSY, round_to=_HOUR),
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--practices", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    given = options.parse_args()
    seeds = range(given.seed, given.seed + given.practices)
    print(f"seeds {seeds.start} to {seeds.stop - 1}, a practice each; watched from {FIRST} to {LAST}\n")
    print("| share | clients | times | of 100 | of these right | pairs: right | pairs: found |\n" + "|---" * 7 + "|")
    for regular in (True, False):
        for name, profile in _SETTINGS.items():
            for clients in given.clients:
                told = snapshot.measured((practice(clients, seed, regular=regular) for seed in seeds), profile, FIRST)
                print(f"| {name}{'' if regular else ', nobody regular'} | {clients} | {told.row()} |")
    print("\n| share | written | clients | moved | linked | links that are right | seen after, at most | on average |")
    print("|---" * 8 + "|")
    for name, profile in (("session", SESSION), ("busy", BUSY)):
        for publish in Publish:
            for clients in given.clients:
                print(f"| {name} | {publish} | {clients} | {_row(watched(clients, seeds, profile, publish))} |")


def watched(clients: int, seeds: Iterable[int], profile: Profile, publish: Publish) -> poller.Tally:
    """What a poller learns of a practice for each seed, all together."""
    tally = poller.Tally()
    for seed in seeds:
        tally.add(poller.watch(practice(clients, seed), profile, publish, FIRST, LAST))
    return tally


def _row(tally: poller.Tally) -> str:
    average = tally.waited / max(tally.seen, 1)
    figures = (f"{tally.moved}", f"{tally.linked:.0%}", f"{tally.precision:.0%}", _minutes(tally.delay))
    return " | ".join((*figures, _minutes(average)))


def _minutes(length: timedelta) -> str:
    return f"{length / timedelta(minutes=1):.0f} min"


if __name__ == "__main__":
    main()
