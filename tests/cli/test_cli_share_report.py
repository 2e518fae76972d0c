"""What `share report` prints, for people and for machines."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from cli_desk import SHARE, Desk, event, tomorrow
from cli_terminal import on_a_terminal
from coachsync.adapters import keystore
from coachsync.adapters.database import Share, Shares, open_database

NUMBERS = {
    "of_hundred", "slots", "places", "attributed", "in_chains", "chains", "longest", "together", "linked",
    "odd_lengths", "odd_hours",
}  # fmt: skip


@pytest.fixture
def regular(synced: Desk) -> Desk:
    """Five sessions on five days, of which one comes back for six weeks more."""
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    for week in range(1, 7):
        (folder / f"row-{week}.ics").write_bytes(event(f"row-{week}", tomorrow() + timedelta(weeks=week)))
    assert synced.run("sync").code == 0
    return synced


def test_the_number_comes_first_then_why_then_what_helps(regular: Desk) -> None:
    result = regular.run("share", "report", "office")
    lines = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    assert lines[0].startswith("share office: of 100 times, 64 can be attributed to one person's regular meetings")
    assert "- It shows 11 times." in lines
    assert any("7 return to the same weekday" in line and line.endswith("has 7.") for line in lines)
    settings = [line.split("\t") for line in lines if "\t" in line]
    assert settings[0] == ["as it is", "11", "64", "7"]
    assert "rounded to 30 minutes" in [row[0] for row in settings]
    assert any("links up to 10 of 10 moved sessions" in line for line in lines)
    assert "When it was moved is known to the hour." in lines
    assert lines[-1].startswith("This number names nobody.")


def test_json_has_every_number_of_every_share(regular: Desk) -> None:
    regular.text += SHARE.replace("office", "second").replace("Office", "Second").replace('"session"', '"busy"')
    listed = regular.json("share", "report").document
    assert [one["share"] for one in listed] == ["office", "second"]
    for one in listed:
        assert set(one) == {"share", "state", "alternatives", "publish", "polling", *NUMBERS}
        assert all({"setting", *NUMBERS} == set(other) for other in one["alternatives"])
        assert [(other["publish"], other["moment_seconds"]) for other in one["polling"]] == [
            ("now", 300),
            ("hourly", 3600),
            ("daily", 86_400),
        ]
    assert (listed[0]["of_hundred"], listed[0]["attributed"], listed[0]["longest"]) == (64, 7, 7)
    assert [one["share"] for one in regular.json("share", "report", "second").document] == ["second"]
    said = regular.run("share", "report").out
    assert said.index("share office: of 100") < said.index("share second: of 100")


def test_a_report_asks_no_server_and_changes_nothing(regular: Desk) -> None:
    before = regular.storage.everything()
    regular.url = "https://nowhere.invalid/"
    assert regular.run("share", "report").code == 0
    assert regular.storage.everything() == before


def test_on_a_terminal_the_settings_have_headings(regular: Desk) -> None:
    code, shown, _ = on_a_terminal(regular, "share", "report", "office")
    assert code == 0
    assert b"longest row" in shown
    assert b"as it is" in shown


def test_the_schedule_of_the_share_decides_what_is_said(regular: Desk) -> None:
    for publish, known in (("now", "to a few minutes"), ("daily", "to the day")):
        text = regular.text.replace('profile = "session"', f'profile = "session"\npublish = "{publish}"')
        before, regular.text = regular.text, text
        assert f"When it was moved is known {known}." in regular.run("share", "report").out
        regular.text = before


def test_a_share_without_a_time_says_so(desk: Desk) -> None:
    desk.storage.calendar("coaching", "Coaching")
    desk.run("sync")
    assert desk.run("share", "report").out == "share office: it shows no time, so nothing can be inferred.\n"
    assert desk.json("share", "report").document[0]["of_hundred"] == 0


def test_before_the_first_sync_a_report_ends_with_10(practice: Desk) -> None:
    plain, error = practice.refused("share", "report", "office")
    assert plain.code == 10
    assert "coachsync sync" in error["hint"]


def test_a_share_of_another_name_is_refused_with_those_that_are_there(synced: Desk) -> None:
    plain, error = synced.refused("share", "report", "nobody")
    assert plain.code == 2
    assert "office" in error["hint"]


def fall(desk: Desk, state: str) -> None:
    """What became of the share after a leak, as it is kept."""
    with closing(open_database(desk.state, keystore.load_device_key(desk.state, create=False))) as database:
        journal = Shares(database, "office")
        bound = journal.share()
        assert isinstance(bound, Share)
        journal.bind(replace(bound, fallen=state))


@pytest.mark.parametrize(("state", "said"), [("busy", "since a leak it shows busy times only"), ("away", "taken away")])
def test_after_a_leak_the_report_is_about_what_the_share_shows_now(regular: Desk, state: str, said: str) -> None:
    assert regular.json("share", "report").document[0]["state"] == "configured"
    fall(regular, state)
    (one,) = regular.json("share", "report").document
    lines = regular.run("share", "report").out.splitlines()
    assert (one["state"], said in lines[0], len(lines) > 1) == (state, True, state == "busy")
    settings = [other["setting"] for other in one["alternatives"]]
    assert ("apart" in settings) == (state == "busy")  # busy times are merged
    assert one["slots"] == (11 if state == "busy" else 0)
