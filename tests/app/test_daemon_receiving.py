"""The inbox in the daemon: looked at when something drops, now and then, and without keeping the calendars waiting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters import keystore
from coachsync.app.standing import standing
from coachsync.app.vault import making, opening
from coachsync.vault.keyslots import Cost
from daemon_life import DAY, HOUR, MINUTE, Life, life, seldom
from practice_house import CONFIG

CHEAP, WORDS, CLIENT = Cost(1, 8, 1), "correct horse battery staple", "C-7F3K2M"
INBOX = '[inbox]\nfolder = "inbox"\n'


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.vault.keyslots.FLOOR", CHEAP)


def make_vault(life: Life, name: str = "anna") -> None:
    life.house.write()
    device = keystore.load_device_key(life.house.state, create=not (life.house.state / "keys").exists())
    making.make(config.load(life.house.file), device, name, WORDS, life.house.now, CHEAP)


@pytest.fixture
def one(tmp_path: Path) -> Life:
    """A daemon over a practice with an inbox and a vault."""
    (tmp_path / "inbox").mkdir(mode=0o700)
    started = life(tmp_path, seldom(CONFIG) + INBOX, sessions=0)
    make_vault(started)
    started.live(MINUTE)
    return started


def inbox(life: Life) -> Path:
    return life.house.folder / "inbox"


def drop(life: Life, name: str, content: str = "a note") -> Path:
    path = inbox(life) / name
    path.write_text(content)
    life.daemon.dropped()
    return path


def records(life: Life) -> int:
    with opening.open_vault(config.load(life.house.file), life.house.now) as vault:
        return len(vault.history.records)


def said(life: Life) -> list[str]:
    return [line for line in life.journal if line.startswith("inbox")]


def test_what_drops_is_imported_within_seconds_and_the_calendars_are_left_alone(one: Life) -> None:
    before = one.requests
    drop(one, f"{CLIENT} Zoubrowka.md", "Zoubrowka was here")
    assert 0 < one.step() <= 10
    assert one.status.dropped == 1
    one.live(timedelta(seconds=30))
    assert (list(inbox(one).iterdir()), records(one), one.status.dropped) == ([], 1, 0)
    assert said(one) == ["inbox: imported 1"]
    assert one.requests == before
    assert not any("Zoubrowka" in line for line in one.journal)
    assert not any(b"Zoubrowka" in path.read_bytes() for path in one.house.folder.rglob("*") if path.is_file())


def test_what_no_watch_has_seen_is_found_all_the_same(one: Life) -> None:
    (inbox(one) / f"{CLIENT}.md").write_text("a note")
    one.live(6 * MINUTE)
    assert (list(inbox(one).iterdir()), records(one)) == ([], 1)


def test_where_nothing_drops_there_is_little_to_do(one: Life) -> None:
    number = len(one.passes)
    one.live(HOUR)
    assert len(one.passes) - number <= 14


def test_what_cannot_be_imported_is_told_once_and_stands(one: Life) -> None:
    (inbox(one) / "Marina Zoubrowka").symlink_to("/nowhere")
    drop(one, f"{CLIENT}.md")
    one.live(MINUTE)
    (line,) = [line for line in said(one) if "link" in line]
    assert "Zoubrowka" not in line
    assert [found.code for found in one.status.inbox] == ["inbox-link"]
    assert [alarm.key for alarm in standing(one.status)] == ["held/inbox.folder"]
    one.start()
    one.live(DAY)
    assert said(one).count(line) == 1
    (inbox(one) / "Marina Zoubrowka").unlink()
    one.live(6 * MINUTE)
    assert one.status.inbox == ()


def test_a_thousand_files_keep_no_calendar_waiting(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.app.inbox.receiving.FILES", 2)
    for number in range(6):
        drop(one, f"{CLIENT} {number}.md")
    one.live(timedelta(seconds=11))
    number, one.house.server.requests["changes"] = len(one.passes), 0
    one.daemon.reload()
    one.step()  # a part of the files, and the calendar
    assert one.requests == 1
    one.live(timedelta(seconds=20))
    assert records(one) == 6
    assert len(one.passes) > number


@pytest.mark.parametrize(("wrong", "code"), [("folder", "inbox-missing"), ("vault", "no-vault")])
def test_what_is_wrong_with_it_is_told_and_stops_no_sync(tmp_path: Path, wrong: str, code: str) -> None:
    if wrong != "folder":
        (tmp_path / "inbox").mkdir()
    started = life(tmp_path, seldom(CONFIG) + INBOX, sessions=1)
    if wrong != "vault":
        make_vault(started)
    else:
        drop(started, f"{CLIENT}.md")
    started.live(2 * HOUR)
    assert [found.code for found in started.status.inbox] == [code]
    assert started.requests > 1
    assert len([line for line in said(started) if code in line]) == 1
    (tmp_path / "inbox").mkdir(exist_ok=True)
    if wrong == "vault":
        make_vault(started)
    started.live(HOUR)
    assert (started.status.inbox, started.status.dropped) == ((), 0)


def test_a_defect_in_it_is_told_and_stops_no_sync(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("coachsync.app.inbox.receiving.receive", broken)
    before = one.requests
    one.live(2 * HOUR)
    assert [found.code for found in one.status.inbox] == ["defect"]
    assert one.requests > before


def test_of_several_coaches_one_must_be_named(one: Life) -> None:
    make_vault(one, "bert")
    drop(one, f"{CLIENT}.md")
    one.live(MINUTE)
    assert [(found.code, found.where) for found in one.status.inbox] == [("inbox-whose", "inbox.coach")]
    one.house.text = one.house.text.replace(INBOX, INBOX + 'coach = "bert"\n')
    one.house.write()
    one.live(HOUR)
    assert (one.status.inbox, records(one)) == ((), 1)
