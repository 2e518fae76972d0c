"""`coachsync conflict` on a real server: what both sides changed is shown and decided."""

from __future__ import annotations

from datetime import datetime

import pytest

from cli_desk import NAME, Desk, event, tomorrow
from test_cli_appointment import lines, start, stated, when


@pytest.mark.parametrize("keep", ["local", "server"])
def test_p04_a_conflict_is_listed_and_decided(synced: Desk, keep: str) -> None:
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    synced.run("appointment", "move", "good-1", "--to", when(2, 17))
    (folder / "good-1.ics").write_bytes(event("good-1", tomorrow(2, 19)))
    assert synced.run("sync").code == 4

    listed = synced.json("conflict", "list")
    assert listed.code == 4
    [conflict] = listed.document
    assert conflict["clashes"] == ["times"]
    assert [datetime.fromisoformat(conflict[side]["start"]) for side in ("local", "server")] == [
        tomorrow(2, 17),
        tomorrow(2, 19),
    ]
    [row] = lines(synced.run("conflict", "list"))
    assert row[:3] == [conflict["id"], "coaching", "the time"]
    assert row[5] == f"{NAME} good-1"
    assert "in conflict" in synced.run("agenda").out
    assert synced.run("status").code == 5
    assert synced.refused("appointment", "cancel", "good-1")[1]["code"] == "conflict-open"

    assert synced.run("conflict", "resolve", conflict["id"]).code == 2
    assert synced.refused("conflict", "resolve", "good-2", "--keep", keep)[1]["code"] == "no-such-conflict"
    assert synced.json("conflict", "resolve", conflict["id"], "--keep", keep).document == {
        "id": conflict["id"],
        "calendar": "coaching",
        "kept": keep,
        "left": 0,
    }
    assert synced.run("status").code == 0
    assert synced.run("sync").code == 0
    hours, other = (17, 19) if keep == "local" else (19, 17)
    assert stated(synced, "good-1") == [start(2, hours)]
    kept = [datetime.fromisoformat(one["start"]) for one in synced.json("appointment", "restore").document["kept"]]
    assert tomorrow(2, other) in kept
    assert synced.run("conflict", "list").code == 0


def test_titles_that_differ_are_both_shown(synced: Desk) -> None:
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    added = synced.json("appointment", "add", "coaching", "--start", when(9, 15), "--title", f"{NAME} ours").document
    (folder / "theirs.ics").write_bytes(event(added["uid"], tomorrow(9, 15)))
    assert synced.run("sync").code == 4
    [row] = lines(synced.run("conflict", "list"))
    assert row[5] == f"{NAME} ours | {NAME} {added['uid']}"


@pytest.mark.parametrize(
    ("here", "there", "keep", "told", "kept"),
    [
        ("move", "gone", "local", "Your version goes to the calendar at the next sync: coachsync sync\n", 1),
        ("move", "gone", "server", "It stays deleted in the calendar. Your version is kept for 30 days; ", 2),
        ("delete", "moved", "local", "It is deleted from the calendar at the next sync: coachsync sync. ", 2),
        ("delete", "moved", "server", "The calendar's version stays; your deletion is forgotten.\n", 1),
    ],
)
def test_what_is_said_to_be_kept_of_a_conflict_can_be_brought_back(
    synced: Desk, here: str, there: str, keep: str, told: str, kept: int
) -> None:
    file = synced.storage.titled("Coaching") / "good-1.ics"  # type: ignore[operator]
    words = ["move", "good-1", "--to", when(2, 17)] if here == "move" else ["cancel", "good-1", "--delete"]
    assert synced.run("appointment", *words).code == 0
    if there == "gone":
        file.unlink()
    else:
        file.write_bytes(event("good-1", tomorrow(2, 19)))
    assert synced.run("sync").code == 4

    said = synced.run("conflict", "resolve", "good-1", "--keep", keep).out

    assert said.startswith(told)
    assert synced.run("sync").code == 0
    versions = synced.json("appointment", "restore").document["kept"]
    assert len(versions) == kept
    assert ("is kept for 30 days" in said) == (kept == 2)  # one is what the other side has overwritten or deleted
