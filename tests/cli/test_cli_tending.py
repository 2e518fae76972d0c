"""What the agent has done while the vault is unlocked: by the command that it is given, in a process of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_desk import environment
from cli_vault import CANARY, PASSPHRASE, VaultDesk
from coachsync import config
from coachsync.adapters import agent, lock
from coachsync.adapters.database.vaults import vault_file
from coachsync.app import status
from coachsync.app.cli.commands import Options
from coachsync.app.cli.vaulttend import tending_command
from coachsync.app.daemon import opening
from coachsync.app.vault import making, shelving, unlocking
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.app.wiring import open_wiring
from coachsync.errors import Problem
from coachsync.vault.keys import Person
from coachsync.vault.shelves import UNSORTED


@contextmanager
def vault_of(vaulted: VaultDesk) -> Iterator[Vault]:
    with open_vault(config.load(vaulted.desk.file), datetime.now(UTC)) as vault:
        yield vault


def coach(vaulted: VaultDesk) -> Person:
    with vault_of(vaulted) as vault:
        return unlocking.unlock(vault, coach_of(vault.trust, None), PASSPHRASE, datetime.now(UTC))


def standing(vaulted: VaultDesk) -> dict[str, int]:
    """How many spares there are, and how many records lie unsorted."""
    with vault_of(vaulted) as vault:
        history, me = vault.history, coach_of(vault.trust, None)
        unsorted = {shelf for shelf, one in history.shelves.items() if one.client == UNSORTED}
        records = [stored for stored in history.records.values() if stored.shelf in unsorted]
        return {"spares": len(history.spares(me)), "unsorted": len(records)}


def given(vaulted: VaultDesk) -> list[str]:
    """What the agent is given when the vault is unlocked."""
    return list(tending_command(Options(str(vaulted.desk.file), json=False)))


HURRIED = """
import sys
from coachsync.adapters import lock
from coachsync.app.cli import main
lock.time.sleep = lambda seconds: None
main(sys.argv[1:])
"""


def tend(vaulted: VaultDesk, seed: bytes, command: Sequence[str] = ()) -> subprocess.CompletedProcess[bytes]:
    """As the agent does it."""
    command = command or given(vaulted)
    return subprocess.run(command, input=seed, capture_output=True, timeout=60, check=False, env=environment(), cwd="/")


def use_up(vaulted: VaultDesk) -> None:
    """What a daemon leaves of the spares, with a note that found none."""
    with vault_of(vaulted) as vault:
        me = coach_of(vault.trust, None)
        with open_wiring(config.load(vaulted.desk.file), "test", datetime.now(UTC)) as wiring:
            daemon = making.daemon_of(vault.files, wiring.database.key)
        assert daemon is not None
        for number, _ in enumerate(vault.history.spares(me)[1:]):
            shelving.shelf_for(vault, daemon, me, f"C-{number:06}", "notes")
    vaulted.note(CANARY)


def test_spares_are_made_and_what_was_unsorted_is_sorted(vaulted: VaultDesk) -> None:
    use_up(vaulted)
    assert standing(vaulted)["unsorted"] == 1
    done = tend(vaulted, coach(vaulted).seed)
    assert (done.returncode, done.stderr) == (0, b"")
    assert standing(vaulted) == {"spares": shelving.SPARES, "unsorted": 0}
    assert len(vaulted.ids()) == 1
    log = vaulted.desk.json("log", "show", "--head").document
    assert tend(vaulted, coach(vaulted).seed).returncode == 0
    assert vaulted.desk.json("log", "show", "--head").document == log


def test_for_a_daemon_nobody_was_there_unless_more_than_the_vault_was_touched(vaulted: VaultDesk) -> None:
    """What a daemon has published need not be compared anew every ten minutes."""
    seed, signature = coach(vaulted).seed, vaulted.desk.state / lock.WRITER
    use_up(vaulted)
    signature.write_bytes(b"run 4711")
    assert tend(vaulted, seed).returncode == 0
    assert (standing(vaulted)["unsorted"], signature.read_bytes()) == (0, b"run 4711")
    with (vaulted.desk.state / "erasures.ledger").open("ab") as ledger:
        ledger.write(b'{"client":"C-000000","proof":"00"}\n')
    assert tend(vaulted, seed).returncode == 0
    assert signature.read_bytes().startswith(b"vault tend ")


def test_it_gives_way_to_who_holds_the_state(vaulted: VaultDesk) -> None:
    seed, before, command = coach(vaulted).seed, standing(vaulted), given(vaulted)
    command[2:4] = ["-c", HURRIED]
    with lock.hold(vaulted.desk.state, "run"):
        assert tend(vaulted, seed, command).returncode == 75
    assert tend(vaulted, seed, command).returncode == 0
    assert standing(vaulted) == before


def test_what_has_gone_is_not_made_again(vaulted: VaultDesk) -> None:
    seed, state = coach(vaulted).seed, vaulted.desk.state
    kept, command = vaulted.desk.folder / "kept", given(vaulted)
    for gone, code in ((vaulted.desk.file, 78), (state, 1), (vault_file(state / "vault"), 1)):
        shutil.move(gone, kept)
        done = tend(vaulted, seed, command)
        assert (done.returncode, done.stdout, gone.exists()) == (code, b"", False)
        assert b"Traceback" not in done.stderr
        shutil.move(kept, gone)


def test_who_is_no_coach_here_gets_nothing_done(vaulted: VaultDesk) -> None:
    before = standing(vaulted)
    for seed in (bytes(32), b"short"):
        assert tend(vaulted, seed).returncode == 11
    assert standing(vaulted) == before
    _, error = vaulted.desk.refused("vault", "tend")
    assert error["code"] == "nobody-to-tend-for"
    assert "tend" not in vaulted.desk.run("vault", "--help").out


def test_what_had_come_back_while_nobody_was_there_is_told_by_status(vaulted: VaultDesk) -> None:
    came_back = Problem(opening.BACK, "practice.state", "It came back.", "Look for who did that.", aside=CANARY)
    now = datetime.now(UTC)
    with open_wiring(config.load(vaulted.desk.file), "test", now) as wiring:
        opening.remember_returned(wiring, [replace(came_back, code="other")], str)
        assert status.load(vaulted.desk.state).opening == ()
        for _ in range(2):
            opening.remember_returned(wiring, [came_back], str)
    known = status.load(vaulted.desk.state)
    assert [(one.code, one.message) for one in known.opening] == [(opening.BACK, "It came back.")]
    assert known.returned == int(now.timestamp())


# --- what status tells ------------------------------------------------------------------------------------------------


@pytest.fixture
def unlocked(vaulted: VaultDesk) -> Iterator[VaultDesk]:
    assert vaulted.unlocked("vault", "unlock").code == 0
    yield vaulted
    assert vaulted.desk.run("vault", "lock").code == 0


def told(vaulted: VaultDesk) -> tuple[Any, str]:
    return vaulted.desk.json("status").document["vault"], vaulted.desk.run("status").out


def test_status_tells_whether_the_vault_is_unlocked_and_till_when(unlocked: VaultDesk) -> None:
    document, lines = told(unlocked)
    ((one),) = document["unlocked"]
    left = (datetime.fromisoformat(one.pop("until")) - datetime.now(UTC)).total_seconds()
    assert 840 < left <= 900
    assert one == {"coach": "anna", "by": "passphrase"}
    assert re.search("The vault is unlocked; unused, it locks itself in 1[45] minutes\\.", lines)
    assert unlocked.desk.run("vault", "lock").code == 0
    document, lines = told(unlocked)
    assert (document, "The vault is locked." in lines) == ({"unlocked": []}, True)


def test_where_it_was_unlocked_does_not_matter(vaulted: VaultDesk, tmp_path: Path) -> None:
    """By a service, which has no folder of a session."""
    assert vaulted.unlocked("vault", "unlock").code == 0
    (tmp_path / "run").mkdir()
    vaulted.monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert vaulted.given("", "--json", "note", "list").code == 0
    assert len(told(vaulted)[0]["unlocked"]) == 1
    assert vaulted.desk.run("vault", "lock").code == 0
    assert told(vaulted)[0]["unlocked"] == []


def test_without_a_vault_status_says_nothing_of_it(vaulted: VaultDesk) -> None:
    trust = trusted(config.load(vaulted.desk.file))
    file = vaulted.desk.folder / "trust.toml"
    kept = file.read_text()
    assert vaulted.unlocked("vault", "unlock").code == 0
    file.write_text("garbage")
    assert told(vaulted)[0] == {"unlocked": []}
    file.write_text(kept)
    assert agent.lock(agent.socket_of(coach_of(trust, None), vaulted.desk.state))
    file.unlink()
    assert vaulted.desk.run("status").code == 10
