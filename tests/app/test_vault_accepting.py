"""A coach goes on with an older copy of the vault that was put back: nobody else can say so, and the log keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import formatlog
import formatreader
from coachsync.app.vault import accepting, erasing, logbook, making, relocking, shelving
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError, WrongKey
from coachsync.vault import chain, recovery
from coachsync.vault.chain import Head
from coachsync.vault.keys import Person, Signer
from coachsync.vault.keyslots import FLOOR
from stepping import killed_at
from vault_damage import codes
from vault_house import CLIENT, COACH, OTHER, PASSPHRASE, VaultHouse, copied

HERS = "four chairs and a table"
PARTS = ("number", "previous", "actor", "said", "signature")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves are enough."""
    monkeypatch.setattr(shelving, "SPARES", 6)
    monkeypatch.setattr(shelving, "_LEAST", 1)


@pytest.fixture
def put_back(vault_house: VaultHouse) -> VaultHouse:
    """An older database lies in the place of the newer one, which has a note more; all else is as it was."""
    vault_house.add(b"older")
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    vault_house.add(b"newer")
    shutil.copy(vault_house.vault_folder / "vault.db", vault_house.folder / "newer.db")
    older.replace(vault_house.vault_folder / "vault.db")
    return vault_house


def head_of(house: VaultHouse) -> Head:
    """The head that is remembered."""
    count, digest = (house.vault_folder / "head").read_text().split()
    return Head(int(count), bytes.fromhex(digest))


def accept(house: VaultHouse, name: str = COACH, passphrase: str = PASSPHRASE) -> bool:
    with logbook.looked_at(house.config, house.now) as (vault, _):
        coach = house.coach(vault, name)
    return accepting.accept(house.config, coach, passphrase, house.now)


def accept_by_code(house: VaultHouse, code: str, name: str = COACH) -> bool:
    with logbook.looked_at(house.config, house.now) as (vault, _):
        coach = house.coach(vault, name)
    return accepting.accept_by_code(house.config, coach, code, house.now)


def refused(house: VaultHouse) -> str:
    """Why the daemon stores nothing."""
    with pytest.raises(CoachsyncError) as caught:
        house.add(b"lost")
    return caught.value.code


def bodies(house: VaultHouse) -> set[bytes]:
    with house.session() as session:
        making.settle(session.vault, session.coach, house.device)
        erasing.settle(session)
        assert session.vault.problems == []
        read = [one for shelf in erasing.shelves_of(session, CLIENT) for one in session.shelf(shelf)]
        return {one.body for one in read if not isinstance(one, CoachsyncError)}


def test_p09_an_older_copy_is_refused_until_a_coach_accepts_it(put_back: VaultHouse) -> None:
    given_up = head_of(put_back)
    assert refused(put_back) == "log-cut"
    found = verify(put_back.config, put_back.now).findings
    assert "log-cut" in codes(found)
    assert "coachsync vault unlock --accept-restored" in next(one.hint for one in found if one.code == "log-cut")
    assert accept(put_back)
    with put_back.open() as vault:
        assert vault.history.given_up == {given_up: vault.history.head.count}
    assert put_back.add(b"since")
    assert bodies(put_back) == {b"older", b"since"}
    assert not verify(put_back.config, put_back.now).findings
    with put_back.open() as vault:
        assert head_of(put_back) == vault.history.head
    assert not accept(put_back)  # there is nothing more to accept


def test_the_copy_that_was_given_up_can_be_accepted_again_and_has_lost_nothing(put_back: VaultHouse) -> None:
    accept(put_back)
    put_back.add(b"since")
    put_back.add(b"of another", client=OTHER)
    shutil.copy(put_back.folder / "newer.db", put_back.vault_folder / "vault.db")
    assert refused(put_back) == "log-cut"
    assert accept(put_back)
    assert bodies(put_back) == {b"older", b"newer"}


def test_the_entry_is_what_the_format_says(put_back: VaultHouse) -> None:
    given_up = head_of(put_back)
    head = (given_up.count, given_up.digest)
    accept(put_back)
    trust = formatreader.read_trust(put_back.config.trust.read_text())
    with put_back.open() as vault:
        entries = [formatreader.Entry(*(getattr(one, name) for name in PARTS)) for one in vault.store.entries()]
    said = formatreader.read_said(entries[-1].said)
    assert said == {"at": int(put_back.now.timestamp()), "e": "restored", "count": head[0], "digest": head[1].hex()}
    assert formatlog.check_log(trust, entries, head)
    for other in ((head[0] + 1, head[1]), (head[0], bytes(32))):
        with pytest.raises(formatreader.Refused, match="cut"):
            formatlog.check_log(trust, entries, other)
    with pytest.raises(formatreader.Refused, match="cut"):
        formatlog.check_log(trust, entries[:-1], head)


# --- who may, and what ------------------------------------------------------------------------------------------------


def test_a_wrong_passphrase_accepts_nothing(put_back: VaultHouse) -> None:
    before = (put_back.vault_folder / "head").read_bytes()
    with pytest.raises(WrongKey):
        accept(put_back, passphrase="not the passphrase")
    assert (put_back.vault_folder / "head").read_bytes() == before
    assert refused(put_back) == "log-cut"


def forge(house: VaultHouse, signer: Callable[[VaultHouse], Signer]) -> str:
    """Somebody writes into the database that the log was given up: why it is not taken."""
    with logbook.looked_at(house.config, house.now) as (vault, _):
        given_up = head_of(house)
        event = {"e": "restored", "count": given_up.count, "digest": given_up.digest.hex()}
        vault.store.append(chain.entry(vault.history.head, vault.id, signer(house), event, 1)[0])
    return refused(house)


def test_p09_nobody_but_a_coach_accepts_an_older_copy(put_back: VaultHouse) -> None:
    def daemon(house: VaultHouse) -> Signer:
        with logbook.looked_at(house.config, house.now) as (vault, _):
            return house.daemon(vault)

    assert forge(put_back, daemon) == "log-not-allowed"
    assert not accept(put_back)  # nor does a coach, beside a log that is not to be believed


def test_p09_a_stranger_accepts_nothing(put_back: VaultHouse) -> None:
    assert forge(put_back, lambda _: Person(bytes(32))) == "log-of-nobody"


def test_a_log_that_is_broken_is_not_accepted(put_back: VaultHouse) -> None:
    with logbook.looked_at(put_back.config, put_back.now) as (vault, _), vault.store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM log WHERE number = 3")
    assert not accept(put_back)
    assert refused(put_back) == "log-broken"


def test_what_was_accepted_is_no_way_to_go_back_again(put_back: VaultHouse) -> None:
    """The same older copy, put back once more by somebody else, does not have the entry."""
    shutil.copy(put_back.vault_folder / "vault.db", put_back.folder / "older.db")
    accept(put_back)
    shutil.copy(put_back.folder / "older.db", put_back.vault_folder / "vault.db")
    assert refused(put_back) == "log-cut"


def test_a_coach_who_came_later_than_the_copy_accepts_it_too(vault_house: VaultHouse) -> None:
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    vault_house.make("bea", HERS)
    older.replace(vault_house.vault_folder / "vault.db")
    assert accept(vault_house, "bea", HERS)
    with vault_house.open() as vault:
        assert vault.problems == []
    assert vault_house.add(b"annas")


def test_p04_a_coach_who_has_lost_the_passphrase_accepts_it_by_the_code(vault_house: VaultHouse) -> None:
    """Neither the door nor the copy may need what only the other one gives."""
    with vault_house.session() as session:
        code = relocking.new_code(session.vault, session.coach)
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    vault_house.add(b"newer")
    older.replace(vault_house.vault_folder / "vault.db")
    with pytest.raises(WrongKey):
        accept_by_code(vault_house, recovery.printed(bytes(20)))
    assert refused(vault_house) == "log-cut"
    assert accept_by_code(vault_house, code)
    assert not accept_by_code(vault_house, code)
    with vault_house.open() as vault:
        relocking.use_code(vault, vault_house.coach(vault), code, HERS, FLOOR)
    with vault_house.session(passphrase=HERS) as session:
        assert session.vault.problems == []


def test_a_coach_who_came_later_accepts_it_by_the_code_too(vault_house: VaultHouse) -> None:
    older = vault_house.folder / "older.db"
    shutil.copy(vault_house.vault_folder / "vault.db", older)
    code = vault_house.make("bea", HERS).code
    older.replace(vault_house.vault_folder / "vault.db")
    assert accept_by_code(vault_house, code, "bea")
    assert vault_house.add(b"annas")


# --- killed -----------------------------------------------------------------------------------------------------------


def test_p13_killed_while_it_is_accepted_it_is_done_or_not(put_back: VaultHouse, tmp_path: Path) -> None:
    outcomes, given_up = set(), head_of(put_back)
    for step in range(30):
        folder = tmp_path / str(step)
        folder.mkdir()
        again = copied(put_back, folder)
        came = killed_at(step, lambda house=again: accept(house))
        with logbook.looked_at(again.config, again.now) as (_, problems):
            done = not problems
        assert accept(again) != done
        with again.open() as vault:
            assert vault.history.given_up.keys() == {given_up}
        outcomes.add(done)
        shutil.rmtree(folder)
        if not came:
            break
    assert outcomes == {False, True}


# --- a head that was kept elsewhere -----------------------------------------------------------------------------------


def test_a_kept_head_that_was_given_up_is_told_from_one_that_was_cut_off(put_back: VaultHouse) -> None:
    def told(head: Head) -> tuple[str, str]:
        with logbook.looked_at(put_back.config, put_back.now) as (vault, problems):
            assert problems == []
            problem = logbook.compared(vault, f"coachsync-log {vault.id.hex()} {head.count} {head.digest.hex()}")
        return ("", "") if problem is None else (problem.code, f"{problem.where} {problem.hint}")

    given_up = head_of(put_back)
    accept(put_back)
    number = head_of(put_back).count
    assert told(head_of(put_back)) == ("", "")
    code, words = told(given_up)
    assert (code, f"log entry {number} " in words) == ("head-given-up", True)
    code, words = told(Head(given_up.count, bytes(32)))
    assert (code, "given up" in words) == ("log-not-the-kept-one", True)
    code, words = told(Head(number - 1, bytes(32)))  # from before the copies went apart
    assert (code, "given up" in words) == ("log-not-the-kept-one", False)
