"""Calendars that are not found and targets that must not be written: said clearly, and nothing on a server touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_desk import CALENDAR, SCRIPT, SHARE, Desk, environment, event, fill, tomorrow
from coachsync import contentline

FILE_SHARE = SHARE.replace('{ account = "cloud", name = "Office" }', '{ file = "out/office.ics" }')


def by_url(desk: Desk, folder: Path) -> str:
    """The path of a calendar's URL, as a configuration gives it."""
    return f"/{desk.username}/{folder.name}/"


# --- source calendars -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["sync"], ["check"], ["share", "publish", "office"]], ids=" ".join)
def test_a_calendar_that_is_not_there_is_answered_with_those_that_are(desk: Desk, command: list[str]) -> None:
    desk.storage.calendar("one", "Séances")
    desk.storage.calendar("two", "Privé")
    before = desk.storage.everything()
    result = desk.run(*command)
    said = result.out + result.err
    assert '"Privé", "Séances"' in said
    assert "calendars.coaching.name" in said
    assert result.code == (5 if command == ["check"] else 78)
    assert desk.storage.everything() == before


def test_a_calendar_s_name_from_the_server_cannot_steer_the_terminal(desk: Desk) -> None:
    desk.storage.calendar("one", "evil\u009b2Jname\u202egnp.\u2028line")
    result = desk.run("sync")
    assert not [sign for sign in result.out + result.err if not sign.isprintable() and sign != "\n"]


def test_two_calendars_of_one_name_are_not_guessed_between(desk: Desk) -> None:
    fill(desk.storage.calendar("one", "Coaching"), 2)
    chosen = desk.storage.calendar("two", "Coaching")
    fill(chosen, 3)
    result = desk.json("sync")
    assert result.code == 78
    assert "url" in result.hint("calendar-ambiguous")
    assert desk.storage.objects("Office") == {}
    desk.text = desk.text.replace('name = "Coaching"', f'url = "{by_url(desk, chosen)}"')
    assert desk.run("sync").code == 0
    assert len(desk.storage.objects("Office")) == 3


@pytest.mark.parametrize("place", ["", "no-such-canari/", "coaching-home-canari/good-0.ics", "../"])
def test_a_url_of_something_that_is_no_calendar_is_told(practice: Desk, place: str) -> None:
    practice.text = practice.text.replace('name = "Coaching"', f'url = "/{practice.username}/{place}"')
    before = practice.storage.everything()
    result = practice.run("sync")
    assert result.code == 78
    assert "calendars.coaching" in result.err
    assert "url" in result.err
    assert practice.storage.everything() == before


def test_a_url_that_is_no_calendar_is_answered_with_the_calendars_that_are_there(practice: Desk) -> None:
    practice.text = practice.text.replace('name = "Coaching"', f'url = "/{practice.username}/no-such/"')
    said = [practice.run(command) for command in ("sync", "check")]
    assert any('"Coaching"' in result.out + result.err for result in said)


# --- a target that is a source --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        '{ account = "cloud", name = "Coaching" }',
        '{ account = "again", name = "Coaching" }',
    ],
)
def test_a_target_that_is_a_source_by_name_is_refused_before_any_request(practice: Desk, target: str) -> None:
    practice.text = practice.text.replace('{ account = "cloud", name = "Office" }', target)
    practice.text += f'[accounts.again]\nurl = "{practice.url}"\nusername = "{practice.username}"\n'
    before = practice.storage.everything()
    plain, error = practice.refused("sync")
    assert plain.code == 78
    assert [(one["code"], one["where"]) for one in error["problems"]] == [("target-is-source", "shares.office.to")]
    assert practice.storage.everything() == before


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{url}{}", "./x/../{}"])
def test_a_target_that_is_a_source_by_url_is_refused_before_any_request(practice: Desk, spelling: str) -> None:
    place = f"{practice.username}/coaching-home-canari"
    practice.text = practice.text.replace('name = "Coaching"', f'url = "/{place}/"')
    practice.text = practice.text.replace('name = "Office"', f'url = "{spelling.format(place, url=practice.url)}"')
    plain, error = practice.refused("share", "publish", "office", "--replace")
    assert plain.code == 78
    assert [one["code"] for one in error["problems"]] == ["target-is-source"]
    assert len(practice.storage.objects("Coaching")) == 5


@pytest.mark.parametrize(
    "command", [["sync"], ["share", "publish", "office"], ["share", "publish", "office", "--replace"]]
)
def test_a_target_found_to_be_a_source_only_at_run_time_is_refused(practice: Desk, command: list[str]) -> None:
    practice.text = practice.text.replace('name = "Office"', f'url = "/{practice.username}/%63oaching-home-canari"')
    before = practice.storage.everything()
    result = practice.run(*command)
    assert result.code == (3 if command == ["sync"] else 78)
    assert "private calendar" in result.err
    assert "shares.office.to" in result.err
    assert practice.storage.everything() == before


OTHER = CALENDAR.replace("coaching", "private").replace("Coaching", "Private")


@pytest.fixture
def beside(practice: Desk) -> Desk:
    """A second source calendar, by name, that the share is not made from; the target is its URL."""
    fill(practice.storage.calendar("private-canari", "Private"), 4, prefix="private")
    practice.text = practice.text.replace('name = "Office"', f'url = "/{practice.username}/private-canari/"') + OTHER
    return practice


def test_a_target_that_is_another_share_s_source_is_never_emptied(beside: Desk) -> None:
    before = beside.storage.everything()
    result = beside.run("share", "publish", "office", "--replace")
    assert beside.storage.everything() == before
    assert result.code != 0
    assert "private calendar" in result.err


def test_a_source_that_is_empty_and_was_never_read_is_not_filled_with_slots(beside: Desk) -> None:
    folder = beside.storage.titled("Private")
    assert folder is not None
    for file in folder.glob("*.ics"):
        file.unlink()
    beside.run("share", "publish", "office")
    assert beside.storage.objects("Private") == {}


def test_check_does_not_advise_to_empty_a_source_calendar(beside: Desk) -> None:
    for _ in range(2):
        result = beside.run("check")
        assert result.code == 5
        assert "--replace" not in result.out
        assert "private calendar" in result.out
        beside.run("sync")


def test_a_source_reached_by_another_name_of_its_host_is_never_emptied(practice: Desk) -> None:
    practice.text = practice.text.replace(
        '{ account = "cloud", name = "Office" }', '{ account = "again", name = "Coaching" }'
    )
    other = practice.url.replace("127.0.0.1", "localhost")
    practice.text += f'[accounts.again]\nurl = "{other}"\nusername = "{practice.username}"\n'
    practice.text += 'password = { file = "cloud.password" }\n'
    before = practice.storage.everything()
    practice.run("sync")
    practice.run("share", "publish", "office", "--replace")
    assert practice.storage.everything() == before


# --- a target that holds something ----------------------------------------------------------------------------------


def test_a_target_that_holds_objects_is_refused_and_untouched(taken: Desk) -> None:
    before = taken.storage.everything()
    result = taken.run("sync")
    assert result.code == 3
    assert "3 entries" in result.err
    assert "coachsync share publish office --replace" in result.err
    assert "shares.office.to" in result.err
    plain, error = taken.refused("share", "publish", "office")
    assert (plain.code, error["code"]) == (1, "target-not-empty")
    assert taken.storage.everything() == before


def test_replace_empties_a_target_and_fills_it(taken: Desk) -> None:
    result = taken.json("share", "publish", "office", "--replace")
    assert (result.code, result.document["shares"]["office"]["created"]) == (0, 5)
    objects = taken.storage.objects("Office")
    assert len(objects) == 5
    assert not [body for body in objects.values() if b"canari" in body.lower()]
    found = taken.json("share", "verify").document["findings"]
    assert {one["code"] for one in found} <= {"path"}  # somebody has called the calendar so
    assert len(taken.storage.objects("Coaching")) == 5


def test_p04_what_replace_has_removed_is_listed_and_brought_back(taken: Desk) -> None:
    taken.run("share", "publish", "office", "--replace")
    kept = taken.json("appointment", "restore").document["kept"]
    assert {(one["share"], one["calendar"], one["reason"]) for one in kept} == {("office", None, "replaced")}
    assert len(kept) == 3
    [row, *_] = taken.run("appointment", "restore").out.splitlines()
    assert "removed to make room for the share" in row
    assert row.split("\t")[3] == "office"

    _, error = taken.refused("appointment", "restore", kept[0]["id"])
    assert error["code"] == "which-calendar"
    told = taken.run("appointment", "restore", kept[0]["id"], "--calendar", "coaching")
    assert told.code == 0
    assert taken.run("sync").code == 0
    there = [contentline.uid(body) for body in taken.storage.objects("Coaching").values()]
    assert sum(uid.startswith("somebody") for uid in there) == 1


def test_a_dry_run_says_that_the_target_is_refused(taken: Desk) -> None:
    before = taken.storage.everything()
    result = taken.json("sync", "--dry-run")
    assert "target-not-empty" in result.codes
    assert taken.storage.everything() == before


def test_check_says_that_the_target_is_taken(taken: Desk) -> None:
    before = taken.storage.everything()
    result = taken.json("check")
    assert result.code == 5
    assert [one["code"] for one in result.document["checks"] if not one["ok"]] == ["target-not-empty"]
    assert taken.storage.everything() == before


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def filing(practice: Desk) -> Desk:
    practice.text = practice.text.replace(SHARE, FILE_SHARE)
    return practice


def output(desk: Desk) -> Path:
    return desk.folder / "out" / "office.ics"


def test_a_file_whose_folder_is_missing_is_told_and_the_next_run_heals(filing: Desk) -> None:
    result = filing.run("sync")
    assert result.code == 3
    assert "shares.office" in result.err
    assert "folder" in result.err
    check = filing.json("check")
    assert (check.code, [one["code"] for one in check.document["checks"] if not one["ok"]]) == (5, ["folder-missing"])
    output(filing).parent.mkdir()
    assert filing.run("sync").code == 0
    assert output(filing).read_bytes().count(b"BEGIN:VEVENT") == 5


@pytest.mark.parametrize("name", ["x" * 300 + ".ics", "blocked/office.ics"])
def test_a_path_that_cannot_be_a_file_is_told(filing: Desk, name: str) -> None:
    filing.text = filing.text.replace("out/office.ics", name)
    (filing.folder / "blocked").write_text("a file where a folder should be")
    result = filing.run("sync")
    assert result.code == 3
    assert "shares.office" in result.err


def test_a_foreign_file_is_refused_and_untouched_until_replaced(filing: Desk) -> None:
    output(filing).parent.mkdir()
    foreign = event("somebody", tomorrow())
    output(filing).write_bytes(foreign)
    result = filing.run("sync")
    assert result.code == 3
    assert "--replace" in result.err
    plain, error = filing.refused("share", "publish", "office")
    assert (plain.code, error["code"]) == (1, "target-not-empty")
    assert output(filing).read_bytes() == foreign
    assert list(output(filing).parent.iterdir()) == [output(filing)]
    assert filing.run("share", "publish", "office", "--replace").code == 0
    assert output(filing).read_bytes().count(b"BEGIN:VEVENT") == 5


def test_check_finds_a_foreign_file(filing: Desk) -> None:
    output(filing).parent.mkdir()
    output(filing).write_bytes(event("somebody", tomorrow()))
    result = filing.json("check")
    assert (result.code, [one["code"] for one in result.document["checks"] if not one["ok"]]) == (
        5,
        ["target-not-empty"],
    )


def test_a_folder_in_the_file_s_place_is_told(filing: Desk) -> None:
    output(filing).mkdir(parents=True)
    result = filing.run("sync")
    assert result.code == 3
    assert "shares.office" in result.err
    assert output(filing).is_dir()


def test_two_shares_to_one_file_are_refused(filing: Desk) -> None:
    filing.text += FILE_SHARE.replace("office]", "second]")
    plain, error = filing.refused("sync")
    assert (plain.code, [one["code"] for one in error["problems"]]) == (78, ["same-target"])


@pytest.fixture
def lowly(desk: Desk) -> Iterator[Desk]:
    """A desk whose commands run as a user without privileges, in a folder that this user may enter."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to give up privileges")
    folder = Path(tempfile.mkdtemp(prefix="coachsync-lowly-"))
    folder.chmod(0o755)
    desk.folder = folder
    desk.write_password(desk.storage.password)
    fill(desk.storage.calendar("coaching-home-canari", "Coaching"), 5)
    desk.state.mkdir(mode=0o700)
    (folder / "out").mkdir()
    yield desk
    shutil.rmtree(folder)


NOBODY = 65534


def unprivileged(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """A command to which the modes of files apply, also when root runs the tests."""
    desk.write()
    command = [str(SCRIPT), "--config", str(desk.file), *words]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment(HOME=str(desk.folder))
    )


def sound(result: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in result.stderr
    assert "has a defect" not in result.stderr


def test_a_folder_that_may_not_be_written_is_told(lowly: Desk) -> None:
    lowly.text = lowly.text.replace(SHARE, FILE_SHARE)
    output(lowly).parent.chmod(0o500)
    result = unprivileged(lowly, "sync")
    sound(result)
    assert result.returncode == 3
    assert "shares.office" in result.stderr
    check = unprivileged(lowly, "check")
    assert check.returncode == 5
    assert "FAILED shares.office.to" in check.stdout
    assert f"The folder is {output(lowly).parent}" in check.stdout
    output(lowly).parent.chmod(0o700)
    assert unprivileged(lowly, "sync").returncode == 0
    assert output(lowly).stat().st_mode & 0o777 == 0o644


def test_a_state_folder_that_may_not_be_written_is_told(lowly: Desk) -> None:
    lowly.state.chmod(0o500)
    result = unprivileged(lowly, "--json", "sync")
    sound(result)
    assert result.returncode == 1
    assert '"practice.state"' in result.stderr
    assert lowly.storage.objects("Office") == {}
    assert list(lowly.state.iterdir()) == []
    lowly.state.chmod(0o700)
    assert unprivileged(lowly, "sync").returncode == 0


def test_a_state_folder_that_may_not_be_made_is_told(lowly: Desk) -> None:
    lowly.text = lowly.text.replace('state = "state"', 'state = "/proc/coachsync-state"')
    result = unprivileged(lowly, "sync")
    sound(result)
    assert result.returncode == 1
    assert "practice.state" in result.stderr


@pytest.mark.parametrize("name", ["coachsync.db", "lock", "keys/device.key"])
def test_a_file_of_the_state_that_another_user_owns_is_told(lowly: Desk, name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a second user")
    assert unprivileged(lowly, "sync").returncode == 0
    before = lowly.fingerprint()
    (lowly.state / name).chmod(0o600)
    os.chown(lowly.state / name, NOBODY, NOBODY)
    result = unprivileged(lowly, "sync")
    sound(result)
    assert result.returncode == 1
    assert "practice.state" in result.stderr
    assert lowly.fingerprint() == before
