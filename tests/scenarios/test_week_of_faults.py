"""A simulated week beside a server in trouble, with kills: at the end the shares are right and nothing was said.

The week of the normal run takes seconds. `make soak` takes COACHSYNC_SOAK_MINUTES.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path

import pytest

from week import Plan, week

MINUTES = float(os.environ.get("COACHSYNC_SOAK_MINUTES") or 0)
SEED = int(os.environ.get("COACHSYNC_TEST_SEED") or secrets.randbits(32))
GROWTH = 1.1 if MINUTES else 2  # a short life is mostly its beginning, when libraries are loaded
SHORT = Plan(seconds=12, days=2, seed=SEED, phone_every=0.8, kills=3, hand_syncs=1, outages=1, naps=1, appointments=15)
LONG = Plan(
    seconds=MINUTES * 60, days=7, seed=SEED, phone_every=3, kills=int(MINUTES), hand_syncs=int(MINUTES),
    outages=8, naps=5, appointments=40, patience=600,
)  # fmt: skip


@pytest.mark.timeout(MINUTES * 60 + 900)
def test_p13_after_a_week_of_faults_and_kills_every_share_is_right_and_nothing_is_stuck(tmp_path: Path) -> None:
    with week(tmp_path, LONG if MINUTES else SHORT) as scene:
        scene.live()
        print(scene.table())  # noqa: T201 - the result of a soak, and the seed when the test fails
        for share in ("office", "helper", "board"):
            served = [slot[:2] for slot in scene.served(share)]
            assert served == scene.expected(share), share
        standing = scene.command("--json", "status").json
        for name, calendar in standing["calendars"].items():
            assert datetime.fromisoformat(calendar["last_success"]) > scene.healed, name
            assert (calendar["problem"], calendar["waiting"], calendar["unreadable"]) == (None, 0, 0), name
        assert [share["problem"] for share in standing["shares"].values()] == [None] * 3
        again = scene.command("--json", "sync")
        assert (again.code, again.json["problems"]) == (0, [])
        assert {tuple(done.values()) for done in again.json["shares"].values()} == {(0, 0, 0)}
        assert scene.command("--json", "share", "verify").json == {"findings": [], "exposure": [], "problems": []}
        assert scene.canaries() == set()
        assert scene.done["ended by itself"] == 0
        assert scene.ended == 0
        before, after = scene.memory()
        assert after < before * GROWTH, "memory grows"
