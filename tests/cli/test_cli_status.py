"""`coachsync status`: how things stand, quickly, without a server and without a word that only an engineer knows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli_desk import Desk, fill
from coachsync.adapters import lock
from coachsync.app import status
from coachsync.app.status import Found, Status, Trouble


def test_before_anything_was_synced_it_says_so(desk: Desk) -> None:
    result = desk.json("status")
    assert (result.code, result.error["code"]) == (10, "never-synced")


def test_a_configuration_that_cannot_be_read_is_told(desk: Desk) -> None:
    desk.write()
    desk.text = "[practice\nversion = 1\n"
    result = desk.json("status")
    assert (result.code, result.error["code"]) == (78, "configuration")


def test_after_a_sync_it_says_what_was_done(synced: Desk) -> None:
    result = synced.json("status")
    assert result.code == 0
    document = result.document
    assert document["running"] is False
    calendar, share = document["calendars"]["coaching"], document["shares"]["office"]
    assert calendar["problem"] is None
    assert calendar["last_success"] == calendar["last_try"] == share["as_of"]
    assert calendar["next"] is None
    assert 0 <= share["age"] < 60


def test_for_people_it_is_a_few_plain_lines(synced: Desk) -> None:
    result = synced.run("status")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("coachsync is not working in the background.")
    assert lines[1:] == [
        "Calendar coaching: read just now.",
        "Share office: up to date; your calendar was read just now.",
    ]


def test_it_asks_no_server(synced: Desk) -> None:
    synced.url = "http://127.0.0.1:9/"
    assert synced.run("status").code == 0


def test_a_failed_run_shows_with_its_hint(synced: Desk) -> None:
    synced.write_password("wrong-canari")
    assert synced.run("sync").code == 77
    result = synced.json("status")
    assert result.code == 5
    assert result.document["refused"] == ["cloud"]
    problem = result.document["calendars"]["coaching"]["problem"]
    assert problem["code"] == "login-refused"
    assert problem["hint"]
    assert "login-refused" in synced.run("status").out


def test_a_calendar_that_could_not_be_read_is_not_said_to_have_been(synced: Desk) -> None:
    file = synced.folder / "state" / "status.json"
    known = json.loads(file.read_text())
    known["calendars"]["coaching"]["tried"] += 60
    file.write_text(json.dumps(known))
    assert "Calendar coaching: could not be read; last read just now." in synced.run("status").out


def test_what_waits_for_a_person_ends_with_five(synced: Desk) -> None:
    for file in (synced.storage.titled("Coaching") or synced.folder).glob("*.ics"):
        file.unlink()
    assert synced.run("sync").code == 5
    result = synced.json("status")
    assert (result.code, result.document["calendars"]["coaching"]["waiting"]) == (5, 5)
    assert "coachsync sync --accept-deletions coaching" in synced.run("status").out


def test_findings_show_until_they_are_gone(synced: Desk) -> None:
    folder = synced.storage.titled("Office")
    assert folder is not None
    fill(folder, 1, prefix="foreign")
    assert synced.run("share", "verify").code == 5
    result = synced.json("status")
    assert result.code == 5
    assert "foreign-object" in {found["code"] for found in result.document["shares"]["office"]["findings"]}
    assert "foreign-object" in synced.run("status").out
    for file in folder.glob("foreign*.ics"):
        file.unlink()
    assert synced.run("share", "verify").code == 0
    assert synced.json("status").code == 0


def test_a_dry_run_leaves_no_trace(practice: Desk) -> None:
    assert practice.run("sync", "--dry-run").code == 0
    assert practice.json("status").code == 10


def test_with_a_daemon_it_says_what_comes_next(synced: Desk) -> None:
    now = int(datetime.now(UTC).timestamp())
    known = (
        status.load(synced.state).with_calendar("coaching", due=now + 150).with_share("office", due=now + 3 * 3600 + 60)
    )
    status.save(synced.state, known)
    with lock.hold(synced.state, "run", name=lock.DAEMON):
        said = synced.run("status").out
        document = synced.json("status").document
    assert "coachsync is working in the background." in said
    assert "Next time in 2 minutes." in said
    assert "Next time in 3 hours." in said
    assert document["running"] is True
    assert document["calendars"]["coaching"]["next"] is not None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-90_000, "just now"), (30, "just now"), (60, "1 minute ago"), (3570, "59 minutes ago"), (3600, "1 hour ago"),
        (86_400, "24 hours ago"), (2 * 86_400, "2 days ago"), (40 * 86_400, "40 days ago"),
    ],
)  # fmt: skip
def test_ages_are_said_in_words(synced: Desk, seconds: int, words: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    status.save(synced.state, status.load(synced.state).with_share("office", as_of=now - seconds))
    assert f"Share office: up to date; your calendar was read {words}." in synced.run("status").out


def test_everything_that_can_be_wrong_is_shown(synced: Desk) -> None:
    trouble = Trouble("bad-duration", "calendars.coaching.interval", "This is not a duration.", "Write PT5M.")
    known = Status(
        configuration=(trouble,),
        exposed=(Found("source-shared", "calendars.coaching", "the private calendar is shared with 2 others"),),
        channels=(Trouble("mail-not-sent", "notify.mail", "The mail could not be sent.", "Check it."),),
    ).with_calendar("coaching", unreadable=2, succeeded=1)
    status.save(synced.state, known)
    said = synced.run("status").out
    for words in ("bad-duration", "source-shared", "mail-not-sent", "2 appointments cannot be read"):
        assert words in said
    assert synced.json("status").code == 5


def test_a_status_that_cannot_be_read_counts_as_none(synced: Desk) -> None:
    (synced.state / "status.json").write_text("{")
    assert synced.json("status").code == 10
    assert synced.run("sync").code == 0
    assert json.loads((synced.state / "status.json").read_text())["version"] == 1


def test_a_mistake_in_the_file_hides_nothing_of_a_daemon_that_goes_on(synced: Desk) -> None:
    trouble = Trouble("toml-syntax", "line 24", "Line 24: A closing quote is missing.", "Check the quotes here.")
    from dataclasses import replace

    status.save(synced.state, replace(status.load(synced.state), configuration=(trouble,)))
    synced.text = synced.text.replace('name = "Office"', 'name = "Office')
    with lock.hold(synced.state, "run", name=lock.DAEMON):
        result = synced.json("status")
        said = synced.run("status").out
    assert result.code == 5
    assert list(result.document["shares"]) == ["office"]
    assert [problem["code"] for problem in result.document["configuration"]] == ["toml-syntax"]
    assert "Line 24" in said
    assert "coachsync is working in the background." in said


def test_a_daemon_whose_file_is_gone_is_still_found_in_the_usual_place(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = synced.folder / "xdg"
    usual.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(usual))
    synced.state.rename(usual / "coachsync")
    from coachsync.app.cli import carry_out

    with lock.hold(usual / "coachsync", "run", name=lock.DAEMON):
        synced.capsys.readouterr()
        assert carry_out(["--json", "status"]) == 0
        document = json.loads(synced.capsys.readouterr().out)
    assert document["running"] is True
    assert list(document["calendars"]) == ["coaching"]
    assert carry_out(["--json", "status"]) == 10


def test_a_share_that_is_behind_is_not_called_up_to_date(synced: Desk) -> None:
    trouble = Trouble("timeout", "shares.office", "The server did not answer in time.")
    known = status.load(synced.state).with_share("office", trouble=trouble, unseen=trouble)
    status.save(synced.state, known)
    said = synced.run("status").out
    assert "Share office: as your calendar was just now." in said
    assert "up to date" not in said


def test_what_came_up_while_the_state_was_opened_needs_somebody(synced: Desk) -> None:
    assert synced.json("status").document["opening"] == []
    found = Trouble("ledger-forged", "practice.state", "The ledger has a line too many.", "Look who writes there.")
    status.save(synced.state, replace(status.load(synced.state), opening=(found,)))
    result = synced.json("status")
    assert (result.code, [one["code"] for one in result.document["opening"]]) == (5, ["ledger-forged"])
    assert "The ledger has a line too many. [ledger-forged]\n    Look who writes there.\n" in synced.run("status").out


def test_changes_for_a_calendar_that_left_the_configuration_need_somebody(synced: Desk) -> None:
    synced.run("appointment", "add", "coaching", "--start", "2030-01-07 10:00", "--title", "x")
    synced.text = synced.text.replace("calendars.coaching", "calendars.other").replace('["coaching"]', '["other"]')
    synced.text = synced.text.replace('name = "Coaching"', 'name = "Elsewhere"')
    synced.run("sync")

    result = synced.json("status")

    assert result.code == 5
    [problem] = result.document["left_behind"]
    assert (problem["code"], problem["where"]) == ("changes-left-behind", "calendars.coaching")
    assert "changes-left-behind" in synced.run("status").out
