"""What keeps the vault unlocked and what lies in memory, tried by other real users of the machine (promise 7); and
files that two of them work on, whoever made them."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import tempfile
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coachsync.adapters import agent, agent_child, heldfolders, lock, ramfolder, sharing
from coachsync.adapters.database.engine import open_database
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.errors import CoachsyncError
from coachsync.vault.rows import DeviceKey
from systemusers import User, administrator
from users_house import CANARY, PTRACE_ATTACH, House, place_of, read, readable


def test_p07_nobody_else_reaches_what_keeps_the_vault_unlocked(vault: House) -> None:
    vault.run(vault.alice, "vault", "unlock", *vault.key)
    place = vault.alice.does(place_of, vault.fingerprint, vault.state)
    seed = vault.alice.does(agent.seed, place)
    assert seed is not None
    assert place.is_relative_to(vault.alice.home)  # no session: the service may do what it likes in the state folder
    (process,) = (
        path for path in Path("/proc").glob("[0-9]*") if str(place).encode() in (read(path / "cmdline") or b"")
    )
    for user in (vault.service, vault.stranger):
        assert user.does(agent.seed, place) is None
        assert user.does(_tries, place, int(process.name)) == {}
        assert user.does(readable, seed, [vault.folder, vault.alice.home, process]) == []
    assert vault.alice.does(_opens, int(process.name)) == set()  # nor another program of hers: it asks, as all do
    assert administrator(vault.alice).does(_opens, int(process.name)) == {"mem", "environ", "maps"}  # so it is tried
    assert vault.alice.does(agent.seed, place) == seed
    vault.run(vault.alice, "vault", "lock")
    assert vault.alice.does(agent.seed, place) is None


def test_p07_who_listens_in_the_place_of_the_agent_is_not_asked(users: list[User]) -> None:
    """Also where others can put a socket of theirs, as in a folder that a forgotten variable names."""
    alice = users[1]
    asked: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="cs", dir="/tmp") as name, socket.socket(socket.AF_UNIX) as listening:
        folder = Path(name)
        folder.chmod(0o777)
        listening.bind(str(folder / "one.sock"))
        (folder / "one.sock").chmod(0o777)
        listening.listen()
        threading.Thread(target=_answer, args=(listening, asked), daemon=True).start()
        assert agent.seed(folder / "one.sock") == bytes(32)  # we ask ourselves
        assert alice.does(agent.seed, folder / "one.sock") is None
        assert not alice.does(agent.lock, folder / "one.sock")
        assert set(asked) == {agent_child.GIVE, b""}
        lent = replace(alice, environment=(("XDG_RUNTIME_DIR", name),))
        assert lent.does(place_of, b"x", folder) == folder / "vault" / "78.sock"
        assert lent.does(_cannot_start, folder / "two.sock")


def _answer(listening: socket.socket, asked: list[bytes]) -> None:
    with suppress(OSError):  # it is closed
        while True:
            with listening.accept()[0] as asking:
                asked.append(asking.recv(len(agent_child.GIVE)))
                with suppress(OSError):
                    asking.sendall(bytes(32))


def test_p07_nobody_else_reads_what_lies_in_memory_for_an_editor(users: list[User]) -> None:
    service, alice, stranger, _ = users
    folder = alice.does(_written_in_memory)
    try:
        for user in (service, stranger):
            assert not user.does(_may, folder)
            assert not user.does(_may, folder / "note.md")
            assert not user.does(heldfolders.sweep, folder.parent, folder.name)
        assert alice.does((folder / "note.md").read_text) == CANARY
    finally:
        alice.does(heldfolders.erase, folder)


def _tries(place: Path, process: int) -> dict[str, object]:
    """Each way to what an agent keeps: what came of those that are not refused."""
    found: dict[str, object] = {}
    with socket.socket(socket.AF_UNIX) as asking:
        found["socket"] = asking.connect_ex(str(place)) or "connected"
    found |= dict.fromkeys(_opens(process), "opened")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, process, None, None) == 0:
        found["ptrace"] = "attached"
    for taken in (
        place.unlink,
        place.with_name("other").touch,
        lambda: place.parent.rename(place.parent.with_name("x")),
    ):
        with suppress(PermissionError):
            found["place"] = taken()
    with suppress(PermissionError):
        found["killed"] = os.kill(process, 0)
    return {name: what for name, what in found.items() if what != errno.EACCES}


def _opens(process: int) -> set[str]:
    """What of a process can be opened."""
    found = set()
    for name in ("mem", "environ", "maps"):
        with suppress(PermissionError):
            os.close(os.open(f"/proc/{process}/{name}", os.O_RDONLY))
            found.add(name)
    return found


def _cannot_start(place: Path) -> bool:
    try:
        agent.start(place, bytes(32), 1)
    except CoachsyncError as refused:
        return refused.code == "agent-not-started"
    return False


def _written_in_memory() -> Path:
    """What an editor works on, as it is left for as long as it works."""
    folder = heldfolders.make(ramfolder._place(""), "coachsync-text-").path
    (folder / "note.md").write_text(CANARY)
    (folder / "note.md").chmod(0o666)
    return folder


@pytest.mark.parametrize("first", ["service", "alice"])
def test_whoever_makes_a_file_the_other_can_replace_it_overwrite_it_and_remove_it(
    users: list[User], tmp_path_factory: pytest.TempPathFactory, first: str
) -> None:
    service, alice, stranger, _ = users
    one, two = (service, alice) if first == "service" else (alice, service)
    with tempfile.TemporaryDirectory(prefix="cs", dir="/tmp") as name:
        state = Path(name)
        sharing.share_state(state, service.uid, service.gid)
        one.does(_fill, state)
        assert two.does(_look, state) == [b"grant", b"slot"]
        two.does(_work, state)
        assert one.does(_look, state) == [None, b"another slot"]
        one.does(_work, state)
        assert {path.stat().st_mode & 0o7777 for path in state.rglob("*") if path.is_dir()} == {0o2770}
        assert {path.stat().st_mode & 0o7777 for path in state.rglob("*") if path.is_file()} == {0o660}
        everything = [state, *state.rglob("*")]
        assert [path for path in everything if stranger.does(_may, path)] == []
        assert all(service.does(_may, path) and alice.does(_may, path) for path in everything)


def _fill(state: Path) -> None:
    """What a run leaves: a vault with a grant and a keyslot, an open database, a ledger, a lock, half a file."""
    files = VaultFiles(state / "vault")
    files.make()
    files.put_grant(bytes(16), 1, bytes(16), b"grant")
    files.put_slot(bytes(16), "passphrase", b"slot")
    files.guessed(bytes(16), 3, 4)
    files.bury(b'{"a": 1}')
    (state / "vault" / "keys" / bytes(16).hex() / ".coachsync-left").touch(0o600)  # killed at once
    with lock.hold(state, "test"):
        open_database(state, DeviceKey(bytes(32)))  # and never closed


def _look(state: Path) -> list[bytes | None]:
    files = VaultFiles(state / "vault")
    return [files.grant(bytes(16), 1, bytes(16)), files.slot(bytes(16), "passphrase")]


def _work(state: Path) -> None:
    files = VaultFiles(state / "vault")
    files.shred_grant(bytes(16), 1, bytes(16))
    files.put_slot(bytes(16), "passphrase", b"another slot")
    files.guessed(bytes(16), 0, 0)
    files.bury(b'{"b": 2}')
    with lock.hold(state, "test"):
        database = open_database(state, DeviceKey(bytes(32)))
        with database.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS more (a)")
        assert database.forget()
        database.close()


def _may(path: Path) -> bool:
    """Whether a file can be opened, or a folder listed."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except PermissionError:
        return False
    return True
