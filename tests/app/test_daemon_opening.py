"""What the daemon finds where it opens the state and the vault: it is in the status, the coach hears of it, and what
was erased is gone again, whoever has put it back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters import keystore
from coachsync.adapters.room import no_room
from coachsync.app.daemon.opening import Opening
from coachsync.app.standing import standing
from coachsync.app.status import Status
from coachsync.app.vault import erasing, making, notes, opening, trusting, unlocking
from coachsync.app.vault.opening import not_done
from coachsync.app.vault.reading import Session
from coachsync.config import Config
from coachsync.vault.bodies import Note
from coachsync.vault.keyslots import Cost
from daemon_life import DAY, HOUR, MINUTE, Life, life, seldom
from practice_house import CONFIG

CHEAP, WORDS, CLIENT = Cost(1, 8, 1), "correct horse battery staple", "C-7F3K2M"


@pytest.fixture
def one(tmp_path: Path) -> Life:
    """A daemon that has just started, over a practice with a vault and a note in it; it has little else to do."""
    started = life(tmp_path, seldom(CONFIG), sessions=0)
    made = making.make(
        settings(started),
        keystore.load_device_key(started.house.state, create=True),
        "anna",
        WORDS,
        started.house.now,
        CHEAP,
    )
    with session(started) as open_one:
        daemon = making.daemon_of(open_one.vault.files, keystore.load_device_key(started.house.state, create=False))
        assert daemon is not None
        coach = made.coach.actor.fingerprint
        notes.add(open_one.vault, daemon, coach, CLIENT, Note("He has slept."), started.house.now)
    started.live(MINUTE)
    return started


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.vault.keyslots.FLOOR", CHEAP)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each time that the vault is opened."""
    seen, real = [], opening.open_vault

    def counting(settings: Config, now: datetime) -> object:
        seen.append(None)
        return real(settings, now)

    monkeypatch.setattr(opening, "open_vault", counting)
    return seen


def settings(life: Life) -> Config:
    life.house.write()
    return config.load(life.house.file)


@contextmanager
def session(life: Life) -> Iterator[Session]:
    with opening.open_vault(settings(life), life.house.now) as vault:
        coach = trusting.coach_of(vault.trust, "anna")
        yield Session(vault, unlocking.unlock(vault, coach, WORDS, life.house.now))


def codes(life: Life) -> list[str]:
    return [found.code for found in life.status.opening]


def put_back(life: Life) -> None:
    """The vault as it was before the client was erased, beside today's ledger."""
    folder, copy = life.house.state / "vault", life.house.folder / "copy"
    shutil.copytree(folder, copy)
    with session(life) as open_one:
        shelves = erasing.shelves_of(open_one, CLIENT)
        assert erasing.erase_shelves(open_one, "client", CLIENT, shelves).done
    shutil.rmtree(folder)
    copy.rename(folder)


def records(life: Life) -> int:
    """How many records the vault has."""
    with closing(sqlite3.connect(life.house.state / "vault" / "vault.db")) as database:
        (number,) = database.execute("SELECT count(*) FROM records").fetchone()
    return int(number)


def forge(life: Life, line: bytes) -> None:
    with (life.house.state / "erasures.ledger").open("ab") as file:
        file.write(line + b"\n")


def test_where_all_is_well_it_opens_the_vault_once_a_day_and_tells_nothing(one: Life, opened: list[None]) -> None:
    one.live(2 * DAY + HOUR)
    assert (len(opened), codes(one)) == (2, [])
    assert len(one.passes) > 40
    one.start()
    one.live(HOUR)
    assert len(opened) == 3
    assert not any(line.startswith("opened") for line in one.journal)


def test_p09_what_an_older_copy_brings_back_is_gone_within_a_day_and_told_for_a_week(one: Life) -> None:
    put_back(one)
    assert records(one) == 1
    one.sleep(DAY - HOUR)
    one.live(HOUR)
    assert (records(one), codes(one)) == (0, ["erased-came-back"])
    assert [alarm.key for alarm in standing(one.status)] == ["finding/practice.state/erased-came-back"]
    assert "opened: erased-came-back" in one.journal
    for _ in range(6):
        one.start()  # and who starts it again makes it neither forget nor tell it for ever
        one.sleep(DAY)
        one.live(MINUTE)
        assert codes(one) == ["erased-came-back"]
    one.sleep(DAY)
    one.live(MINUTE)
    assert (codes(one), standing(one.status)) == ([], ())


@pytest.mark.parametrize("line", [b'{"number":1}', b'{"client":"C-7F3K2M","mark":"00"}'])
def test_a_forged_line_is_told_as_long_as_it_is_there(one: Life, line: bytes) -> None:
    forge(one, line)
    one.sleep(DAY)
    one.live(HOUR)
    assert codes(one) == ["ledger-forged"]
    assert [alarm.key for alarm in standing(one.status)] == ["finding/practice.state/ledger-forged"]
    assert one.journal.count("opened: ledger-forged") == 1
    assert records(one) == 1
    (one.house.state / "erasures.ledger").unlink()
    one.live(HOUR)
    assert codes(one) == []


def damaged(life: Life) -> None:
    with sqlite3.connect(life.house.state / "vault" / "vault.db") as database:
        database.execute("DELETE FROM log WHERE number = 2")


def no_database(life: Life) -> None:
    (life.house.state / "vault" / "vault.db").unlink()


def no_trust(life: Life) -> None:
    settings(life).trust.unlink()


@pytest.mark.parametrize("wrong", [damaged, no_database, no_trust])
def test_a_vault_that_does_not_open_is_told_and_stops_no_sync(one: Life, wrong: Callable[[Life], None]) -> None:
    wrong(one)
    one.start()
    before = one.requests
    one.live(2 * HOUR)
    (found,) = one.status.opening
    assert found.code != "defect"
    assert (found.where, bool(found.hint)) in {("practice.state", True), ("trust.toml", True)}
    assert one.requests > before
    assert one.status.state is None


def test_what_the_coach_has_mended_is_not_told_any_more(one: Life, opened: list[None]) -> None:
    trust = settings(one).trust
    trust.chmod(0o666)
    one.start()
    one.live(HOUR)
    assert codes(one) == ["trust-open"]
    trust.chmod(0o644)
    one.live(HOUR)
    assert codes(one) == []
    number = len(opened)
    one.live(20 * HOUR)
    assert len(opened) == number  # then once a day is enough


def test_a_defect_in_it_is_told_and_stops_no_sync(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: Config) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(opening, "open_vault", broken)
    one.start()
    one.live(MINUTE)
    assert (codes(one), one.status.state) == (["defect"], None)


def test_whoever_reads_for_a_moment_is_no_alarm_and_who_holds_an_erasure_up_is(
    one: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault says so itself, after it has waited for whoever reads: that takes a while."""
    held = not_done().problem("practice.state")
    monkeypatch.setattr("coachsync.app.daemon.opening._opened", lambda *_: [held])
    seen = Opening()
    with one.house.wiring() as wiring:

        def told_at(boot: float) -> list[str]:
            return [found.code for found in seen.look(Status(), wiring, boot, str).opening]

        told = {boot: told_at(boot) for boot in range(0, 7200, 600)}
        assert [boot for boot, codes in told.items() if codes] == list(range(3600, 7200, 600))
        assert told[3600] == ["erasure-not-done"]
        assert seen.wait(6600) == 600  # it is tried again soon
        monkeypatch.setattr("coachsync.app.daemon.opening._opened", lambda *_: None)
        assert told_at(7200) == ["erasure-not-done"]  # nothing else is known for the moment
        assert seen.wait(7200) == 600
        monkeypatch.setattr("coachsync.app.daemon.opening._opened", lambda *_: [])
        assert (told_at(7800), seen.wait(7800)) == ([], DAY.total_seconds())


def test_an_erasure_that_finds_no_room_is_told_and_tried_again_soon(one: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coachsync.app.daemon.opening._opened", lambda *_: [no_room().problem("practice.state")])
    seen = Opening()
    with one.house.wiring() as wiring:
        assert [found.code for found in seen.look(Status(), wiring, 0, str).opening] == ["disk-full"]
        assert seen.wait(0) == 600
