"""What the share commands print, for people and for machines, and that a dry run writes nowhere."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_desk import SCRIPT, SHARE, Desk, environment, event, fill, tomorrow
from cli_terminal import on_a_terminal
from coachsync.adapters.caldav import delegation, sharing
from coachsync.app.cli.onlookers import seen
from coachsync.errors import CoachsyncError
from coachsync.model import Grant, Grantee
from coachsync.redaction.visibility import Sight
from servers import Recorder, Reply

WRITES = {"PUT", "DELETE", "MKCALENDAR", "MKCOL", "PROPPATCH", "MOVE", "COPY", "POST", "PATCH"}


def office(desk: Desk) -> Path:
    folder = desk.storage.titled("Office")
    assert folder is not None
    return folder


def test_sync_json_has_the_shape_that_is_promised(practice: Desk) -> None:
    result = practice.json("sync")
    nothing = {"added": 0, "changed": 0, "removed": 0}
    assert result.document == {
        "calendars": {"coaching": {"pulled": nothing | {"added": 5}, "pushed": nothing}},
        "shares": {"office": {"created": 5, "deleted": 0, "held_back": 0}},
        "conflicts": 0,
        "quarantined": 0,
        "problems": [],
    }
    assert result.err == ""


def test_problems_in_json_have_code_place_and_hint(practice: Desk) -> None:
    folder = practice.storage.titled("Coaching")
    assert folder is not None
    (folder / "bad.ics").write_bytes(event("bad", extra="RRULE:FREQ=SECONDLY\r\n"))
    (problem,) = practice.json("sync").document["problems"]
    assert set(problem) == {"code", "where", "hint"}
    assert all(isinstance(value, str) and value for value in problem.values())


def test_list_says_what_each_share_serves(practice: Desk) -> None:
    practice.text += SHARE.replace("office", "second").replace("Office", "Second").replace('"session"', '"busy"')
    assert [share["slots"] for share in practice.json("share", "list").document] == [0, 0]
    practice.run("sync")
    listed = practice.json("share", "list").document
    assert [(one["name"], one["profile"], one["slots"]) for one in listed] == [
        ("office", "session", 5),
        ("second", "busy", 5),
    ]
    plain = practice.run("share", "list")
    assert plain.out.splitlines()[0].split("\t")[:3] == ["office", "session", "coaching"]


def test_preview_json_is_a_list_of_start_end_label(synced: Desk) -> None:
    found = synced.json("share", "preview", "office").document
    assert [set(slot) for slot in found] == [{"start", "end", "label"}] * 5
    assert [(slot["start"], slot["end"], slot["label"]) for slot in found] == [
        (f"{tomorrow(1 + n):%Y-%m-%dT10:00:00Z}", f"{tomorrow(1 + n):%Y-%m-%dT11:00:00Z}", "Séance") for n in range(5)
    ]
    plain = synced.run("share", "preview", "office")
    assert plain.out.count("Séance") == plain.out.count("\n") == 5


def test_preview_asks_no_server(synced: Desk) -> None:
    synced.url = "https://nowhere.invalid/"
    assert len(synced.json("share", "preview", "office").document) == 5


@pytest.mark.parametrize(
    "words", [["agenda"], ["share", "preview", "office"], ["share", "verify", "office"]], ids=" ".join
)
def test_before_the_first_sync_a_command_ends_with_10(practice: Desk, words: list[str]) -> None:
    plain, error = practice.refused(*words)
    assert plain.code == 10
    assert "coachsync " in error["hint"]


def test_a_calendar_that_was_found_but_never_read_shows_no_empty_agenda(
    practice: Desk, recorder: Callable[[str], Recorder]
) -> None:
    server = recorder(practice.url)
    practice.url, passing = server.url, server.script
    server.script = lambda request: Reply(503) if request.method == "REPORT" else passing(request)
    assert practice.run("sync").code != 0
    assert practice.run("agenda").code == 10


def test_verify_json_is_an_object_of_findings(synced: Desk) -> None:
    clean = synced.json("share", "verify")
    assert (clean.code, clean.document["findings"]) == (0, [])
    (office(synced) / "foreign.ics").write_bytes(event("somebody", tomorrow()))
    result = synced.json("share", "verify", "office")
    assert result.code == 5
    assert result.document["findings"]
    assert all({"code", "where", "detail"} <= set(finding) for finding in result.document["findings"])
    plain = synced.run("share", "verify")
    assert plain.code == 5
    assert "To publish it anew, or take it away with --remove: coachsync share recall office\n" in plain.out


def test_verify_without_a_network_is_no_finding(practice: Desk) -> None:
    between = Recorder(practice.storage.url)
    practice.url = between.url
    practice.text += SHARE.replace("office", "second").replace("Office", "Second")
    assert practice.run("sync").code == 0
    between.close()
    alone = practice.json("share", "verify", "office")
    assert (alone.code, alone.error["code"]) == (75, "no-connection")
    both = practice.run("share", "verify")
    assert (both.code, both.out) == (3, "")
    assert "verified" not in both.err


def test_verify_says_what_it_could_see_when_the_server_keeps_silent_about_the_source(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise CoachsyncError("sharing-not-told", "The server does not say.", "Look yourself.")

    monkeypatch.setattr(sharing, "exposure", silent)
    result = synced.run("share", "verify", "office")
    assert (result.code, result.out) == (3, "1 share verified: nothing but what was published\n")
    assert "sharing-not-told" in result.err


def test_verify_does_not_call_a_share_clean_that_it_could_not_search_for_everybody(synced: Desk) -> None:
    code = synced.json("client", "add", "--name", "Zoubrowka").document["code"]
    (synced.state / "keys" / "clients" / f"{code}.key").unlink()
    result = synced.run("share", "verify")
    assert (result.code, result.out) == (3, "")
    assert f"client {code}" in result.err


LET_IN = (
    Grant("Béa\x1b[2J Roux", writes=True),
    Grant("staff", Grantee.GROUP),
    Grant("authenticated", Grantee.EVERYBODY, reads=False, times_only=True),
    Grant("", Grantee.EVERYBODY),
    Grant("", Grantee.LINK),
)


def test_verify_shows_by_name_who_can_see_the_private_calendar(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "exposure", lambda _: LET_IN)
    monkeypatch.setattr(delegation, "delegates", lambda *_: (Grant("Léo", Grantee.DELEGATE),))
    result = synced.run("share", "verify", "office")
    assert result.code == 5
    table = result.out.partition("Who can see the private calendar coaching:\n")[2].splitlines()
    everything, times = "5 appointments in full", "the times of 5 appointments"
    assert [line.split("\t") for line in table] == [
        ["Béa[2J Roux", "yes", everything],
        ["staff (a group)", "no", everything],
        ["everybody with a login on the server", "no", times],
        ["everybody", "no", everything],
        ["whoever has the public link", "no", everything],
        ["Léo (for the whole account)", "no", everything],
    ]
    kept = (synced.folder / "state" / "status.json").read_text()
    assert "source-delegated" in kept
    assert not any(name in kept for name in ("Roux", "staff", "L\\u00e9o", "Léo"))
    assert "Who may see a private calendar is changed in your calendar program" in result.out
    assert "share recall" not in result.out


def test_verify_json_lists_who_can_see_the_private_calendar(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert synced.json("share", "verify").document["exposure"] == []
    monkeypatch.setattr(sharing, "exposure", lambda _: LET_IN[:1])
    assert synced.json("share", "verify").document["exposure"] == [
        {
            "calendar": "coaching",
            "who": LET_IN[0].who,
            "kind": "person",
            "writes": True,
            "full": 5,
            "times_only": 0,
            "searchable": 0,
            "hidden": 0,
        }
    ]


@pytest.mark.parametrize(
    ("sight", "sentence"),
    [
        (Sight(), "there is nothing in it"),
        (Sight(full=1), "1 appointment in full"),
        (Sight(2, 1, 3), "2 appointments in full, the times of 1 appointment, nothing of 3 appointments"),
        (
            Sight(0, 4, 0, 4),
            "the times of 4 appointments; a search finds words in the hidden text of 4",
        ),
        (Sight(2, assumed=True), "2 appointments in full (assumed: it is not known what this server hides)"),
    ],
)
def test_what_somebody_sees_is_a_sentence_with_counts(sight: Sight, sentence: str) -> None:
    assert seen(sight) == sentence


def test_a_share_without_slots_is_listed_with_nought(practice: Desk) -> None:
    (line,) = practice.run("share", "list").out.splitlines()
    assert line.split("\t")[-3:] == ["0", "-", "configured"]


def test_an_answer_that_cannot_be_written_is_no_defect(synced: Desk) -> None:
    with Path("/dev/full").open("wb") as full:
        words = [SCRIPT, "--config", synced.file, "share", "list"]
        done = subprocess.run(words, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"The answer cannot be written" in done.stderr


def test_check_json_lists_every_check(synced: Desk) -> None:
    result = synced.json("check")
    assert result.code == 0
    places = [one["where"] for one in result.document["checks"]]
    assert places == ["accounts.cloud", "calendars.coaching", "shares.office.to", "notify", "practice.state"]
    assert all({"code", "where", "ok", "message", "hint"} <= set(one) for one in result.document["checks"])
    assert all(one["ok"] for one in result.document["checks"])


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_a_dry_run_writes_nothing_anywhere(practice: Desk, recorder: Callable[[str], Recorder], first: bool) -> None:
    server = recorder(practice.url)
    practice.url = server.url
    folder = practice.storage.titled("Coaching")
    assert folder is not None
    if not first:
        assert practice.run("sync").code == 0
        fill(folder, 2, first=20, prefix="new")
        (folder / "good-0.ics").unlink()
    before, state, disk = practice.storage.everything(), practice.fingerprint(), listing(practice.folder)
    server.clear()
    result = practice.json("sync", "--dry-run")
    assert result.code == 0
    wanted = (5, 5, 0) if first else (2, 2, 1)
    pulled, share = result.document["calendars"]["coaching"]["pulled"], result.document["shares"]["office"]
    assert (pulled["added"], share["created"], share["deleted"]) == wanted
    assert not WRITES & set(server.methods)
    assert practice.storage.everything() == before
    if not first:
        assert practice.fingerprint() == state
        assert listing(practice.folder) == disk
    assert practice.json("sync").document["shares"]["office"]["created"] == wanted[1]


def listing(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def test_a_server_s_new_address_does_not_stop_a_share(synced: Desk, recorder: Callable[[str], Recorder]) -> None:
    synced.url = recorder(synced.url).url
    assert synced.run("sync").code == 0
    assert len(synced.storage.objects("Office")) == 5
    assert synced.run("share", "verify").code == 0


# --- asking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"], ids=["no", "return", "end"])
def test_replace_asks_on_a_terminal_and_a_no_changes_nothing(taken: Desk, answer: bytes) -> None:
    before = taken.storage.everything()
    code, shown, out = on_a_terminal(taken, "share", "publish", "office", "--replace", answer=answer, piped=True)
    assert code != 0
    assert b"removed" in shown
    assert (out, b"Traceback" in shown) == (b"", False)
    assert taken.storage.everything() == before


def test_replace_goes_on_after_a_yes(taken: Desk) -> None:
    code, _, out = on_a_terminal(taken, "--json", "share", "publish", "office", "--replace", answer=b"y\n", piped=True)
    assert code == 0
    assert out.startswith(b"{")
    assert len(taken.storage.objects("Office")) == 5


def test_replace_does_not_ask_with_yes(taken: Desk) -> None:
    code, shown, _ = on_a_terminal(taken, "share", "publish", "office", "--replace", "--yes")
    assert (code, b"Go on?" in shown) == (0, False)


def test_without_a_terminal_nothing_is_asked(taken: Desk) -> None:
    result = taken.process("share", "publish", "office", "--replace", env=environment())
    assert (result.returncode, b"Go on?" in result.stderr) == (0, False)
    assert len(taken.storage.objects("Office")) == 5


def test_without_replace_nothing_is_asked_and_a_taken_target_is_refused(taken: Desk) -> None:
    code, shown, _ = on_a_terminal(taken, "share", "publish", "office")
    assert (code, b"Go on?" in shown) == (1, False)


# --- terminals and pipes --------------------------------------------------------------------------------------------


def test_without_a_terminal_no_escape_sequence_is_written(practice: Desk) -> None:
    for words in (
        ["sync"],
        ["check"],
        ["agenda"],
        ["share", "list"],
        ["share", "preview", "office"],
        ["share", "verify"],
    ):
        result = practice.process(*words, env=environment(TERM="xterm-256color", COLORTERM="truecolor"))
        assert result.returncode == 0
        assert b"\x1b" not in result.stdout + result.stderr


COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


@pytest.mark.parametrize("words", [["agenda"], ["share", "list"], ["share", "preview", "office"]], ids=" ".join)
def test_no_color_is_honoured(synced: Desk, words: list[str]) -> None:
    code, shown, _ = on_a_terminal(synced, *words, NO_COLOR="1")
    assert code == 0
    assert b"\x1b" in shown
    assert not COLOUR.search(shown)


def test_no_color_is_honoured_by_progress(practice: Desk) -> None:
    code, shown, _ = on_a_terminal(practice, "sync", NO_COLOR="1")
    assert (code, b"100%" in shown) == (0, True)
    assert not COLOUR.search(shown)


def test_a_dumb_terminal_gets_no_escape_sequence(synced: Desk) -> None:
    code, shown, _ = on_a_terminal(synced, "agenda", TERM="dumb")
    assert (code, b"\x1b" in shown) == (0, False)
    assert b"title" in shown  # a table, as on any terminal


def test_a_title_cannot_steer_a_terminal(practice: Desk) -> None:
    folder = practice.storage.titled("Coaching")
    assert folder is not None
    nasty = event("nasty", tomorrow(2)).replace(b"SUMMARY:", b"SUMMARY:\xc2\x9b31m\xe2\x80\xae[red]bold[/red]")
    (folder / "nasty.ics").write_bytes(nasty)
    practice.run("sync")
    _, shown, _ = on_a_terminal(practice, "agenda", NO_COLOR="1")
    assert "[red]bold[/red]" in shown.decode()
    assert not {"\u009b", "\u202e"} & set(shown.decode())


def test_progress_on_a_terminal_leaves_json_alone(practice: Desk) -> None:
    code, _, out = on_a_terminal(practice, "--json", "sync", piped=True)
    assert code == 0
    assert out.startswith(b"{\n")
    assert b"\x1b" not in out


@pytest.mark.parametrize(
    "words",
    [["agenda", "--days", "366"], ["share", "preview", "office"], ["--json", "agenda", "--days", "366"]],
    ids=" ".join,
)
def test_piping_into_head_is_quiet(desk: Desk, words: list[str]) -> None:
    desk.text = desk.text.replace('{ account = "cloud", name = "Office" }', '{ file = "office.ics" }')
    folder = desk.storage.calendar("home", "Coaching")
    (folder / "daily.ics").write_bytes(
        event(
            "daily",
            extra="RRULE:FREQ=DAILY\r\nRDATE:"
            + ",".join(f"{tomorrow(n, 5):%Y%m%dT%H%M%SZ}" for n in range(350))
            + "\r\n",
        )
    )
    assert desk.run("sync").code == 0
    command = f'"{SCRIPT}" --config "{desk.file}" {" ".join(words)} | head -n 1'
    result = subprocess.run(["sh", "-c", command], capture_output=True, check=False, timeout=30, env=environment())
    assert result.stdout.count(b"\n") == 1
    assert result.stderr == b""


def test_output_that_cannot_be_encoded_does_not_break_a_command(synced: Desk) -> None:
    for more in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}):
        for words in (["share", "preview", "office"], ["--json", "share", "preview", "office"], ["agenda"]):
            result = synced.process(*words, env=environment(**more))
            assert result.returncode == 0, (more, words)
            assert b"defect" not in result.stderr
