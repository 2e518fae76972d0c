"""`coachsync appointment` and `coachsync conflict` on a real server: added, moved, cancelled, deleted, brought back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli_desk import NAME, Desk, Result, event, tomorrow
from cli_dialogue import Dialogue
from cli_terminal import on_a_terminal
from coachsync.app import queueing, quietly, wiring
from coachsync.sync.sameness import same

_SERIES = "RRULE:FREQ=WEEKLY;COUNT=4\r\n"


def when(days: int, hour: int) -> str:
    """A time as an option takes it, UTC."""
    return f"{tomorrow(days, hour):%Y-%m-%dT%H:%M}Z"


def day(days: int) -> str:
    return f"{tomorrow(days):%Y-%m-%d}"


def stated(desk: Desk, name: str) -> list[str]:
    """The starts and the status of an object on the server."""
    lines = desk.storage.objects("Coaching")[f"{name}.ics"].decode().split("\r\n")
    return [line for line in lines if line.startswith(("DTSTART", "STATUS", "EXDATE", "RECURRENCE-ID"))]


def start(days: int, hour: int) -> str:
    return f"DTSTART:{tomorrow(days, hour):%Y%m%dT%H%M%SZ}"


def shared(desk: Desk) -> set[str]:
    """The starts that the share serves."""
    served = [body.decode() for body in desk.storage.objects("Office").values()]
    return {line for body in served for line in body.split("\r\n") if line.startswith("DTSTART")}


def lines(result: Result) -> list[list[str]]:
    return [line.split("\t") for line in result.out.splitlines()]


@contextmanager
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody can be asked for anything."""

    def refused(*_: object) -> Any:
        raise AssertionError("asked for a server")

    with monkeypatch.context() as patched:
        patched.setattr(wiring, "to_caldav", refused)
        yield


@pytest.fixture
def series(synced: Desk) -> Desk:
    """Five sessions and a series, from tomorrow on at twelve, four weeks."""
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    (folder / "series.ics").write_bytes(event("series", tomorrow(1, 12), extra=_SERIES))
    assert synced.run("sync").code == 0
    return synced


def test_changes_are_made_without_a_network_and_sent_at_the_next_sync(
    series: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = series
    before = desk.storage.everything()
    with offline(monkeypatch):
        added = desk.json("appointment", "add", "coaching", "--start", when(9, 15), "--title", f"{NAME} neuf").document
        moved = desk.run("appointment", "move", "good-1", "--to", when(2, 17))
        assert desk.run("appointment", "move", "series", "--to", when(9, 18), "--on", day(8)).code == 0
        assert desk.run("appointment", "cancel", "series", "--on", day(15)).code == 0
        assert desk.run("appointment", "cancel", "good-2").code == 0
        assert desk.run("appointment", "cancel", "good-3", "--delete").code == 0
        shown = {line["id"]: line for line in desk.json("agenda", "--days", "40").document if line["unsent"]}
        assert {(line["uid"], line["unsent"]) for line in shown.values()} == {
            (added["uid"], "waiting"),
            ("good-1", "waiting"),
            ("good-2", "waiting"),
            ("series", "waiting"),
        }
        assert shown[added["id"]]["title"] == f"{NAME} neuf"
        assert desk.run("agenda", "--days", "12").out.count("not sent yet") == 5
        assert "  5 changes of yours are not in the calendar yet." in desk.run("status").out
    assert desk.storage.everything() == before
    assert moved.out.splitlines()[-1] == (
        "Kept here until the next sync. To send it to the calendar now, run: coachsync sync"
    )

    assert desk.run("sync").code == 0

    assert stated(desk, "good-1") == [start(2, 17)]
    assert stated(desk, "good-2") == [start(3, 10), "STATUS:CANCELLED"]
    assert "good-3.ics" not in desk.storage.objects("Coaching")
    assert stated(desk, "series").count("STATUS:CANCELLED") == 1
    assert start(9, 18) in stated(desk, "series")
    assert {start(9, 15), start(2, 17), start(9, 18)} <= shared(desk)
    assert not {start(2, 10), start(3, 10), start(4, 10), start(8, 12), start(15, 12)} & shared(desk)
    assert {line["id"] for line in desk.json("agenda", "--days", "40").document} >= set(shown)
    assert "not sent yet" not in desk.run("agenda").out


def test_a_series_moves_as_a_whole_or_from_a_date_on(series: Desk) -> None:
    assert series.run("appointment", "move", "series", "--series", "--to", when(1, 13)).code == 0
    later = series.json("appointment", "move", "series", "--on", day(15), "--following", "--to", when(16, 13)).document
    assert [change["after"]["start"][:13] for change in later["changes"]] == [
        f"{tomorrow(16, 13):%Y-%m-%dT%H}",
        f"{tomorrow(23, 13):%Y-%m-%dT%H}",
    ]
    assert series.run("sync").code == 0
    assert {start(1, 13), start(8, 13), start(16, 13), start(23, 13)} <= shared(series)
    assert len(shared(series)) == 9
    assert {later["id"], later["new_id"]} <= {line["id"] for line in series.json("agenda", "--days", "40").document}


def test_which_dates_are_meant_must_be_said_and_how_is_told(series: Desk) -> None:
    plain, error = series.refused("appointment", "cancel", "series")
    assert (plain.code, error["code"]) == (2, "which-date")
    assert f"Its next dates: {day(1)}, {day(8)}, {day(15)}." in error["hint"]
    for words in (["--following", "--series"], ["--following"]):
        assert series.run("appointment", "cancel", "series", *words).code == 2


def test_a_preview_names_nobody_and_changes_nothing(series: Desk) -> None:
    state = series.fingerprint()
    plain = series.run("appointment", "cancel", "series", "--on", day(8), "--dry-run")
    preview = series.json("appointment", "cancel", "series", "--on", day(8), "--dry-run").document
    assert (preview["queued"], preview["dry_run"]) == (False, True)
    told = plain.out.splitlines()
    assert told[0] == f"Appointment {preview['id']} in coaching is cancelled, and stays there as cancelled:"
    assert told[1].endswith("13:00-14:00: cancelled") or told[1].endswith("14:00-15:00: cancelled")
    assert told[2:] == [
        "  The other appointments of the series stay as they are.",
        "  Nobody else is invited.",
        "  Shares made from this calendar follow at the next sync: office.",
    ]
    assert series.fingerprint() == state


def test_p06_a_preview_says_what_the_people_who_are_invited_are_told(synced: Desk) -> None:
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    guests = "ORGANIZER:mailto:me@x.example\r\nATTENDEE:mailto:a@x.example\r\nATTENDEE:mailto:b@x.example\r\n"
    (folder / "guests.ics").write_bytes(event("guests", tomorrow(7), extra=guests))
    synced.run("sync")
    quiet = synced.run("appointment", "cancel", "guests", "--dry-run").out
    assert "2 people are invited, and are told nothing." in quiet
    assert "With --notify it is asked to tell them." in quiet
    loud = synced.run("appointment", "cancel", "guests", "--dry-run", "--notify").out
    assert "2 people are invited: the calendar server is asked to tell them." in loud
    assert "@x.example" not in quiet + loud


def test_p06_what_a_server_would_tell_people_is_refused_before_anybody_is_asked(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loud(*_: object) -> None:
        raise quietly.would_tell("x")

    monkeypatch.setattr(queueing, "refuse_loud", loud)
    for more in ([], ["--dry-run"]):
        assert synced.refused("appointment", "cancel", "good-1", *more)[1]["code"] == "would-notify"
    assert synced.run("appointment", "cancel", "good-1", "--dry-run", "--notify").code == 0
    assert synced.json("appointment", "restore").document["unsent"] == []


def test_it_is_said_in_french(series: Desk) -> None:
    series.text = series.text.replace('language = "en"', 'language = "fr"')
    told = series.run("appointment", "move", "good-1", "--to", when(2, 17)).out
    assert "est déplacé" in told
    assert "Personne d’autre n’est invité." in told
    assert "coachsync sync" in told
    assert "envoyé" in series.run("agenda").out
    plain, _ = series.refused("appointment", "move", "series", "--to", when(2, 17))
    assert "--following" in plain.err
    assert "série" in plain.err


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_terminal_is_asked_before_anything_is_queued(synced: Desk) -> None:
    words = ("appointment", "move", "good-1", "--to", when(2, 17))
    code, shown, _ = on_a_terminal(synced, *words, answer=b"n\r")
    assert code == 130
    assert b"Move it? [Y/n]" in shown
    assert b"coachsync: Nothing was changed." in shown
    assert synced.json("agenda").document[1]["unsent"] == ""
    code, shown, _ = on_a_terminal(synced, *words, answer=b"\r")
    assert code == 0
    assert b"Kept here until the next sync." in shown
    code, shown, _ = on_a_terminal(synced, "appointment", "cancel", "good-2", "--delete", answer=b"\r")
    assert code != 0
    assert b"Delete it? [y/N]" in shown
    code, shown, out = on_a_terminal(synced, "--json", "appointment", "cancel", "good-2", "--yes", piped=True)
    assert (code, b"it?" in shown, b'"queued": true' in out) == (0, False, True)
    assert {line["uid"] for line in synced.json("agenda").document if line["unsent"]} == {"good-1", "good-2"}


def test_p12_a_title_is_typed_or_piped_instead_of_standing_on_the_command_line(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("appointment", "add", "coaching", "--start", when(9, 15))
    with Dialogue(synced.folder, "--config", str(synced.file), *words, "--title", "-", "--yes", environ={}) as asked:
        assert asked.answers(["Marguerite-Canari typed"]) == ["What it is called: "]
        assert asked.end() == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("Marguerite-Canari piped\nrue du secret\n"))
    assert synced.run(*words, "--title", "-", "--location", "-").code == 0
    titles = {line["title"] for line in synced.json("agenda", "--days", "20").document}
    assert {"Marguerite-Canari typed", "Marguerite-Canari piped"} <= titles
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert synced.refused(*words, "--title", "-")[1]["code"] == "answer-missing"
    assert synced.refused(*words)[1]["code"] == "title-missing"
    assert synced.refused(*words, "--title", "a\nb")[1]["code"] == "not-one-line"


NONSENSE = (
    ("no-such-calendar", "add", "holidays", "--title", "x"),
    ("end-twice", "add", "coaching", "--title", "x", "--end", "2030-01-01", "--duration", "1h"),
    ("how-often", "add", "coaching", "--title", "x", "--times", "3"),
    ("until-twice", "add", "coaching", "--title", "x", "--every", "week", "--times", "3", "--until", "2031-01-01"),
    ("usage", "add", "coaching", "--title", "x", "--every", "moon"),
    ("usage", "add", "coaching", "--title", "x", "--every", "week", "--times", "1000"),
    ("usage", "add", "coaching", "--title", "x", "--duration", "soon"),
    ("usage", "add", "coaching", "--title", "x", "--every", "week", "--until", "2030-01-01 10:00"),
)


def test_what_makes_no_sense_is_a_usage_error(desk: Desk) -> None:
    for code, *words in NONSENSE:
        plain, error = desk.refused("appointment", *words, "--start", "2030-01-01 10:00")
        assert (plain.code, error["code"]) == (2, code), words


def test_a_time_that_is_none_is_told_in_words(desk: Desk) -> None:
    for words in (["--to", "tomorrow"], ["--to", "2026-13-01"], ["--to", "2026-12-01 25:00"], []):
        result = desk.run("appointment", "move", "x", *words)
        assert result.code == 2
        assert "%Y" not in result.err


# --- bringing back, conflicts ----------------------------------------------------------------------------------------


def test_what_was_deleted_on_the_phone_is_listed_and_brought_back(synced: Desk) -> None:
    folder = synced.storage.titled("Coaching")
    assert folder is not None
    before = (folder / "good-3.ics").read_bytes()
    (folder / "good-3.ics").unlink()
    synced.run("sync")
    [kept] = synced.json("appointment", "restore").document["kept"]
    assert (kept["reason"], kept["title"], kept["calendar"]) == ("deleted", f"{NAME} good-3", "coaching")
    [row] = lines(synced.run("appointment", "restore", "--calendar", "coaching"))
    assert (row[0], row[2], row[5]) == (kept["id"], "deleted", f"{NAME} good-3")
    assert synced.run("appointment", "restore", "--calendar", "nowhere").code == 2

    assert synced.json("appointment", "restore", kept["id"]).document["queued"]
    assert not synced.json("appointment", "restore", kept["id"]).document["queued"]
    assert synced.run("sync").code == 0
    assert any(same(before.decode(), body.decode()) for body in synced.storage.objects("Coaching").values())
    again = synced.run("appointment", "restore", kept["id"])
    assert "nothing to change" in again.out
    assert synced.run("sync").code == 0
    assert len(synced.storage.objects("Coaching")) == 5


def test_what_is_not_sent_yet_is_listed_and_taken_back(synced: Desk) -> None:
    synced.run("appointment", "move", "good-1", "--to", when(2, 17))
    [unsent] = synced.json("appointment", "restore").document["unsent"]
    assert (unsent["change"], unsent["conflict"]) == ("changed", False)
    assert lines(synced.run("appointment", "restore"))[0][:3] == [unsent["id"], "changed", "coaching"]
    told = synced.run("appointment", "restore", unsent["id"])
    assert told.out.startswith("What you changed about appointment")
    assert synced.json("appointment", "restore").document["unsent"] == []
    assert "not in the calendar yet" not in synced.run("status").out
    synced.run("sync")
    assert stated(synced, "good-1") == [start(2, 10)]


def test_nothing_to_bring_back_is_said(synced: Desk) -> None:
    result = synced.run("appointment", "restore")
    assert (result.code, result.out) == (0, "")
    assert "30 days" in result.err
    assert synced.refused("appointment", "restore", "ABCDEF")[1]["code"] == "nothing-kept"


def test_a_deletion_that_is_taken_back_leaves_nothing_to_bring_back(synced: Desk) -> None:
    synced.run("appointment", "cancel", "good-1", "--delete")
    assert synced.run("appointment", "restore", "good-1").out.splitlines()[-1] == "It is as it was."
    assert synced.json("appointment", "restore").document == {"kept": [], "unsent": []}


def test_what_is_cancelled_and_moved_is_said_to_stay_cancelled(synced: Desk) -> None:
    synced.run("appointment", "cancel", "good-1")
    told = synced.run("appointment", "move", "good-1", "--to", when(2, 17)).out
    assert "What is cancelled stays cancelled." in told
    assert "What is cancelled" not in synced.run("appointment", "move", "good-2", "--to", when(2, 18)).out


def test_before_the_first_sync_there_is_nothing_to_work_on(practice: Desk) -> None:
    assert practice.run("appointment", "cancel", "good-1").code == 10
    assert practice.run("appointment", "add", "coaching", "--start", when(1, 9), "--title", "x").code == 10
    assert practice.run("conflict", "list").code == 0


def test_p12_nothing_that_was_changed_lies_about_in_clear(series: Desk, tmp_path: Path) -> None:
    series.run("appointment", "add", "coaching", "--start", when(9, 15), "--title", f"{NAME} neuf")
    series.run("appointment", "cancel", "good-3", "--delete")
    series.run("appointment", "move", "good-1", "--to", when(2, 17))
    series.run("appointment", "restore", "good-1")
    found = [file for file in series.state.rglob("*") if file.is_file() and NAME.encode() in file.read_bytes()]
    assert found == []


def test_a_day_in_the_past_can_be_added(synced: Desk) -> None:
    past = f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}"
    told = synced.run("appointment", "add", "coaching", "--start", past, "--title", "x", "--dry-run").out
    assert "It is over already." in told
