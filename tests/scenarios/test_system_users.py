"""The service, a coach and somebody else as three real users of the machine (promise 7): the first two work on one
state, whoever made what is in it, and neither of the others reaches what only the coach may have."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts import Account
from coachsync import config
from coachsync.adapters import agent, agent_child, heldfolders, lock, ramfolder, sharing
from coachsync.adapters.database.engine import open_database
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app import wiring
from coachsync.app.inbox.receiving import receive
from coachsync.app.inbox.watch import Watch
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.errors import CoachsyncError
from coachsync.inbox.settling import SETTLED_UNSEEN
from coachsync.vault.rows import DeviceKey
from scenario_practice import local, session, tomorrow
from systemusers import User, administrator, made
from web import Web

PASSPHRASE, CANARY = "correct horse battery staple", "Zoubrowka"
CONFIG = """\
version = 1
[practice]
name = "Cabinet"
language = "en"
timezone = "Europe/Paris"
state = "{state}"
[accounts.cloud]
url = "{account.url}"
username = "{account.username}"
password = {{ file = "cloud.password" }}
[calendars.coaching]
account = "cloud"
url = "{calendar}"
[shares.office]
from = ["coaching"]
to = {{ account = "cloud", name = "Office" }}
profile = "busy"
"""
USUAL = {"nobody-told", "weakest-link-file", "backup-not-configured"}  # what check says of this practice at any rate
PTRACE_ATTACH = 16


@dataclass
class House:
    """What the administrator has put in place for the service and for Alice."""

    folder: Path
    service: User
    alice: User
    stranger: User
    code: str = ""

    @property
    def file(self) -> Path:
        return self.folder / "etc" / "coachsync.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def fingerprint(self) -> bytes:
        return coach_of(trusted(config.load(self.file)), None)

    def run(self, user: User, *words: str, stdin: str = "", code: int = 0) -> str:
        """What a command says to a user."""
        found = user.runs("--config", str(self.file), *words, stdin=stdin)
        assert found[0] == code, found
        return found[1] + found[2]

    def install(self, account: Account, calendar: str) -> None:
        """The configuration, the password and the state, as the administrator leaves them."""
        self.file.parent.mkdir()
        self.file.write_text(CONFIG.format(state=self.state, account=account, calendar=calendar))
        (self.file.parent / "cloud.password").write_text(account.password)
        (self.folder / "passphrase").write_text(PASSPHRASE)
        for file, owner in ((self.file, 0), (self.file.parent / "cloud.password", self.alice.uid)):
            os.chown(file, owner, self.service.gid)
            file.chmod(0o640)
        os.chown(self.folder / "passphrase", self.alice.uid, self.alice.gid)
        (self.folder / "passphrase").chmod(0o600)
        sharing.share_state(self.state, self.service.uid, self.service.gid)

    @property
    def key(self) -> tuple[str, str]:
        return ("--passphrase-file", str(self.folder / "passphrase"))


@pytest.fixture(scope="module")
def users() -> Iterator[list[User]]:
    with made("s", "a", "x", "b") as users:
        service, *others = users
        for coach in (others[0], others[2]):
            subprocess.run(["gpasswd", "--add", coach.name, service.name], check=True, capture_output=True)
        yield [replace(service, umask=0o077), *others]


@pytest.fixture(scope="module")
def house(users: list[User], radicale_url: str) -> Iterator[House]:
    """A practice in which every one of the three has tried everything already."""
    from accounts import on_radicale

    folder = Path(tempfile.mkdtemp(prefix="coachsync-house-", dir="/tmp"))
    folder.chmod(0o755)
    house, account = House(folder, *users[:3]), on_radicale(radicale_url)
    web = Web(account)
    calendar = web.make(account.new_calendar(), "Coaching")
    web.put(f"{calendar}one.ics", session(local(tomorrow(), 10)))
    house.install(account, calendar)
    try:
        yield house
        for path in house.state.rglob("*"):  # whoever made it, and whenever
            assert (path.name, path.stat().st_gid) == (path.name, house.service.gid)
            assert (path.name, path.stat().st_mode & 0o7) == (path.name, 0)
    finally:
        with suppress(AssertionError):
            house.run(house.alice, "vault", "lock")
        shutil.rmtree(folder)


@pytest.fixture
def vault(house: House) -> House:
    """The same with a vault, made once by Alice with sudo, and a client."""
    if not (house.file.parent / "trust.toml").exists():
        house.run(house.service, "sync")
        refused = house.run(house.alice, "vault", "init", *house.key, code=1)
        assert "sudo" in refused
        made = house.run(administrator(house.alice), "--json", "vault", "init", *house.key)
        house.code = json.loads(made)["recovery_code"]
        assert not [path for path in house.state.rglob("*") if path.stat().st_uid == 0]
        house.run(house.alice, "client", "add", "--name", "-", stdin="Marguerite\n")
    return house


def test_p07_the_service_writes_what_alice_reads_and_the_other_way_round(vault: House) -> None:
    (client,) = json.loads(vault.run(vault.service, "--json", "client", "list"))["clients"]
    for user in (vault.alice, vault.service, administrator(vault.alice)):
        vault.run(user, "note", "add", client["code"], stdin=f"{CANARY} of {user.name}")
    vault.run(vault.alice, "sync")
    vault.run(vault.alice, "vault", "unlock", *vault.key)
    found = json.loads(vault.run(vault.alice, "--json", "note", "search", CANARY))
    assert len(found["notes"]) == 3, found
    vault.run(vault.service, "note", "search", CANARY, code=11)
    vault.run(vault.service, "share", "verify")
    vault.run(vault.alice, "vault", "verify")
    assert "Office" not in vault.run(vault.alice, "status")


def test_p07_nobody_else_reaches_what_keeps_the_vault_unlocked(vault: House) -> None:
    vault.run(vault.alice, "vault", "unlock", *vault.key)
    place = vault.alice.does(_place, vault.fingerprint, vault.state)
    seed = vault.alice.does(agent.seed, place)
    assert seed is not None
    assert place.is_relative_to(vault.alice.home)  # no session: the service may do what it likes in the state folder
    (process,) = (
        path for path in Path("/proc").glob("[0-9]*") if str(place).encode() in (_read(path / "cmdline") or b"")
    )
    for user in (vault.service, vault.stranger):
        assert user.does(agent.seed, place) is None
        assert user.does(_tries, place, int(process.name)) == {}
        assert user.does(_found, seed, [vault.folder, vault.alice.home, process]) == []
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
        assert lent.does(_place, b"x", folder) == folder / "vault" / "78.sock"
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


def test_who_is_no_coach_reads_nothing_and_is_told_what_to_ask_for(vault: House) -> None:
    assert vault.stranger.does(_found, b"", [vault.state, vault.folder / "etc" / "cloud.password"]) == []
    vault.file.chmod(0o644)
    for words in (("status",), ("agenda",), ("vault", "verify")):
        told = vault.run(vault.stranger, *words, code=1)
        assert f"service install --system --coach {vault.stranger.name}" in told
    alone = vault.folder / "coachsync.toml"  # no trust.toml stands beside it
    alone.write_text(vault.file.read_text())
    code, _, told = vault.stranger.runs("--config", str(alone), "vault", "unlock")
    assert (code, f"--coach {vault.stranger.name}" in told) == (1, True)


def test_p07_neither_the_service_nor_the_administrator_is_given_a_passphrase(vault: House) -> None:
    """Not even with it: whoever types it into a program of the service has given it away."""
    key = vault.folder / "key"
    key.write_text(PASSPHRASE)
    key.chmod(0o600)
    for user, words in ((vault.service, "service works as"), (administrator(vault.alice), "by a coach")):
        os.chown(key, user.uid, user.gid)
        for command in (["vault", "unlock"], ["note", "list"], ["vault", "passphrase"], ["vault", "recovery"]):
            assert words in vault.run(user, *command, "--passphrase-file", str(key), code=11)
        assert words in vault.run(user, "vault", "keyslot", "add", "credential", code=11)
    for command in (["vault", "init", "--coach", "anna"], ["vault", "recovery", "--use"]):
        assert "service works as" in vault.run(vault.service, *command, code=11)


def test_p07_a_credential_that_opens_the_vault_is_made_for_the_coach(vault: House) -> None:
    steps = json.loads(vault.run(vault.alice, "--json", "vault", "keyslot", "add", "credential", code=3))["steps"]
    told = "\n".join(step["what"] for step in steps)
    assert (f"--uid={vault.alice.name}" in told, f"User={vault.alice.name}\n" in told) == (True, True)
    assert vault.service.name not in told


def test_the_administrator_works_in_the_state_as_the_service_and_follows_no_link_of_it(vault: House) -> None:
    root, keys, away = administrator(vault.alice), vault.state / "keys", vault.state / "away"
    for words in (("note", "add", *_codes(vault)), ("sync",), ("status",), ("agenda",)):
        vault.run(root, *words, stdin="A word.")
    vault.run(root, "check")
    assert not [path for path in vault.state.rglob("*") if path.stat().st_uid == 0]
    place = vault.folder / "of-root"
    place.mkdir(mode=0o700)
    (place / ".key-of-another-program").write_text("kept")
    shutil.copy(keys / "device.key", place)
    vault.service.does(keys.rename, away)
    try:
        vault.service.does(keys.symlink_to, place)
        vault.run(root, "key", "move", "--to", "file", code=1)
        assert {one.name for one in place.iterdir()} == {".key-of-another-program", "device.key"}
    finally:
        keys.unlink()
        vault.service.does(away.rename, keys)


@pytest.mark.parametrize("name", ["vault/slots", "vault/keys/away", "status.json"])
def test_p07_what_the_service_plants_leads_nobody_elsewhere(vault: House, name: str) -> None:
    """Also while the vault is unlocked, and every command tidies up in its folders."""
    vault.run(vault.alice, "vault", "unlock", *vault.key)
    place, away, home = vault.state / name, vault.state / "away", vault.alice.home / "letters"
    vault.alice.does(_writes_letters, home)
    there = place.exists()
    if there:
        vault.service.does(place.rename, away)
    try:
        for plant, what in ((place.symlink_to, home), (os.mkfifo, place)):
            vault.service.does(plant, what)
            if plant is os.mkfifo:
                vault.service.does(place.chmod, 0o666)  # else it could not even be opened
            assert f"sudo rm {place}" in vault.run(vault.alice, "status", code=1)
            assert "sudo rm" in vault.run(vault.alice, "note", "list", code=1)
            assert vault.alice.does(_letters, home) == {".old-letter": "kept", ".coachsync-one": "kept"}
            place.unlink()
    finally:
        place.unlink(missing_ok=True)
        if there:
            vault.service.does(away.rename, place)
    vault.run(vault.alice, "note", "list")


def _writes_letters(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in (".old-letter", ".coachsync-one"):
        (folder / name).write_text("kept")


def _letters(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def _codes(vault: House) -> list[str]:
    return [one["code"] for one in json.loads(vault.run(vault.service, "--json", "client", "list"))["clients"]]


def test_a_trust_toml_that_was_lost_is_written_anew_with_sudo(vault: House) -> None:
    trust = vault.file.parent / "trust.toml"
    pinned = trust.read_text().split("[coaches")
    trust.unlink()
    code = vault.folder / "code"
    code.write_text(vault.code)
    os.chown(code, vault.alice.uid, vault.alice.gid)
    code.chmod(0o600)
    use = ("vault", "recovery", "--use", "--code-file", str(code), "--new-passphrase-file", vault.key[1])
    assert "sudo" in vault.run(vault.alice, *use, code=1)
    vault.code = json.loads(vault.run(administrator(vault.alice), "--json", *use))["recovery_code"]
    assert (trust.read_text().split("[coaches"), trust.stat().st_uid) == (pinned, 0)
    vault.run(vault.alice, "note", "list", *vault.key)


def test_after_a_leak_alice_has_new_keys_with_sudo_and_locks_what_keeps_the_old_ones(vault: House) -> None:
    """Without it nothing is changed, and nothing is asked: the administrator alone says whose the vault is."""
    trust, old = vault.file.parent / "trust.toml", vault.fingerprint
    vault.run(vault.alice, "vault", "unlock", *vault.key)
    before = trust.read_bytes(), vault.state.joinpath("vault", "vault.db").read_bytes()
    leaked = ("vault", "passphrase", "--leaked", *vault.key, "--new-passphrase-file", vault.key[1])
    assert "sudo" in vault.run(vault.alice, *leaked, code=1)
    assert (trust.read_bytes(), vault.state.joinpath("vault", "vault.db").read_bytes()) == before
    done = json.loads(vault.run(administrator(vault.alice), "--json", *leaked))
    assert (done["problems"], trust.stat().st_uid) == ([], 0)
    vault.code = done["recovery_code"]
    assert not [path for path in vault.state.rglob("*") if path.stat().st_uid == 0]
    place = vault.alice.does(_place, old, vault.state)
    assert vault.alice.does(agent.seed, place) is not None  # the administrator does not reach it
    vault.run(vault.alice, "vault", "lock")
    assert vault.alice.does(agent.seed, place) is None
    vault.run(vault.alice, "note", "list", *vault.key)
    vault.run(vault.service, "share", "verify")


def test_check_finds_nothing_wrong_with_two_users_and_names_what_is(vault: House) -> None:
    def found(user: User) -> dict[str, str]:
        checks = json.loads(user.runs("--config", str(vault.file), "--json", "check")[1])["checks"]
        said = {one["code"]: "" for one in checks if one["grade"] != "ok"}
        for one in checks:
            if one["code"] in said:
                said[one["code"]] += f"{one['where']} {one['hint']}"
        return said

    for user in (vault.alice, vault.service):
        assert found(user).keys() == USUAL
    note = vault.state / "status.json"
    note.chmod(0o640)
    os.chown(note, vault.alice.uid, vault.alice.gid)
    (vault.state / "vault" / "slots").chmod(0o770)
    trust = vault.file.parent / "trust.toml"
    os.chown(trust, vault.service.uid, -1)
    told = found(vault.service)
    assert told.keys() == USUAL | {"state-file-not-shared", "trust-of-the-service"}
    for command in (f"chown root {trust}", f"chgrp {vault.service.name} {note}", "&& sudo chmod 660"):
        assert any(command in one for one in told.values()), told
    os.chown(trust, 0, -1)
    sharing.share_state(vault.state, vault.service.uid, vault.service.gid)
    assert found(vault.alice).keys() == USUAL


def test_the_service_seals_what_the_coaches_drop_and_nobody_elses(vault: House, users: list[User]) -> None:
    """Whatever their umask; what it may not remove is told, and imported by the coach whose it is."""
    bob, folder, before = users[3], vault.folder / "inbox", vault.file.read_text()
    folder.mkdir()
    os.chown(folder, vault.alice.uid, vault.alice.gid)
    sure = sharing.share_folder(folder, vault.service.gid, [vault.alice.uid])
    vault.file.write_text(f'{before}[inbox]\nfolder = "{folder}"\n')
    umask = 0o022 if sure else 0o002
    try:
        for user, name in ((vault.alice, "alice.md"), (vault.alice, "deep/er/alice.md"), (bob, "deep/bob.md")):
            replace(user, umask=umask).does(_drops, folder / name)
        vault.alice.does(_moves_in, vault.alice.home / "moved.md", folder / "moved.md")
        vault.alice.does((folder / "link.md").symlink_to, vault.folder / "etc" / "cloud.password")
        (folder / "stranger.md").write_text(CANARY)
        os.chown(folder / "stranger.md", vault.stranger.uid, vault.service.gid)
        assert vault.stranger.does(_cannot_drop, folder / "more.md")
        assert vault.service.does(_receives, vault.file) == (3, {"link.md", "moved.md", "stranger.md"})
        assert sorted(path.name for path in folder.rglob("*.md")) == ["link.md", "moved.md", "stranger.md"]
        listed = json.loads(vault.run(vault.alice, "--json", "note", "import", "--list"))["files"]
        codes = {one["name"]: one["code"] for one in listed}
        assert codes == {
            "link.md": "inbox-link", "moved.md": "inbox-unreadable-file", "stranger.md": "inbox-other-owner",
        }  # fmt: skip
        assert vault.alice.does(_receives, vault.file)[0] == 1
        assert not (folder / "moved.md").exists()
    finally:
        vault.file.write_text(before)


def _drops(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{CANARY} in {file.name}")


def _moves_in(file: Path, to: Path) -> None:
    """As with the mouse: it keeps the rights that it had."""
    _drops(file)
    file.rename(to)


def _cannot_drop(file: Path) -> bool:
    try:
        file.write_text("mine")
    except PermissionError:
        return True
    return False


def _receives(file: Path) -> tuple[int, set[str]]:
    """Work through the inbox once all has settled: how many were imported, and which were not."""
    settings, watch = config.load(file), Watch()
    assert settings.inbox is not None
    with wiring.open_wiring(settings, "run", datetime.now(UTC)) as opened:
        for at in (0.0, SETTLED_UNSEEN):
            received = receive(opened, settings.inbox, watch, at)
    return received.imported, {os.fsdecode(found.name) for found, _ in received.told}


def _place(fingerprint: bytes, state: Path) -> Path:
    return agent.socket_of(fingerprint, state)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


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


def _found(words: bytes, places: list[Path]) -> list[Path]:
    """The files below these places that this user can read, and that hold the words."""
    files = [Path(root, name) for place in places for root, _, names in os.walk(place) for name in names]
    return [file for file in [*files, *places] if (content := _read(file)) is not None and words in content]


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
