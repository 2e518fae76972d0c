"""What is made in a folder is as private as that folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from coachsync.adapters import files, keyfile, lock, membership, privacy, shredding
from coachsync.adapters.database.engine import open_database
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.errors import CoachsyncError
from coachsync.vault.rows import DeviceKey


@pytest.fixture(params=[0o022, 0o077, 0o007], ids=["umask 022", "umask 077", "umask 007"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def shared(tmp_path: Path, umask: None) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o2770)
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rights(state: Path) -> dict[bool, set[int]]:
    """The same without setgid, which a folder takes from the one around it."""
    return {folders: {one & 0o777 for one in found} for folders, found in modes(state).items()}


def fill(state: Path) -> None:
    """Everything that makes a file or a folder there."""
    files.make_state_folder(state)
    vault = VaultFiles(state / "vault")
    vault.make()
    vault.put_grant(bytes(16), 1, bytes(16), b"grant")
    vault.put_slot(bytes(16), "passphrase", b"slot")
    vault.guessed(bytes(16), 1, 1)
    Ledger(state).bury(b"{}")
    keyfile.make(state)
    files.make_private_folder(state / "vault" / "files" / "deep")
    files.create(state / "created", b"")
    with lock.hold(state, "test"):
        open_database(state, DeviceKey(bytes(32)))  # its journal lies there as long as it is open


def modes(state: Path) -> dict[bool, set[int]]:
    """Those of folders (True) and files."""
    found: dict[bool, set[int]] = {True: {mode(state)}, False: set()}
    for path in state.rglob("*"):
        found[path.is_dir()].add(mode(path))
    return found


def test_in_a_shared_folder_everything_is_for_its_group_and_for_nobody_else(shared: Path) -> None:
    fill(shared)
    assert modes(shared) == {True: {0o2770}, False: {0o660}}
    assert keyfile.read(shared)
    assert list(VaultFiles(shared / "vault").open_to_others()) == []


def test_elsewhere_everything_is_its_owners_alone(tmp_path: Path, umask: None) -> None:
    fill(tmp_path / "state")
    assert modes(tmp_path / "state") == {True: {0o700}, False: {0o600}}


def test_a_new_state_folder_is_its_owners_alone_wherever_it_is_made(shared: Path) -> None:
    """A folder of a team is no reason to let the team into the state."""
    fill(shared / "own")
    assert rights(shared / "own") == {True: {0o700}, False: {0o600}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (0o2770, 0o2770),
        (0o2775, 0o2770),
        (0o755, 0o700),
        (0o750, 0o700),
        (0o777, 0o700),
        (0o770, 0o770),
        (0o700, 0o700),
    ],
)
def test_a_folder_that_others_can_enter_is_closed_to_them_and_a_shared_one_stays_so(
    tmp_path: Path, before: int, after: int
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    for make in (files.make_state_folder, files.make_private_folder):
        state.chmod(before)
        make(state)
        assert mode(state) == after
        assert privacy.is_shared(state) is (after == 0o2770)


def test_the_service_shares_folders_although_it_may_not_set_setgid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RestrictSUIDSGID= of its unit, whose umask leaves the group in."""
    tmp_path.chmod(0o2770)
    change = os.chmod

    def restricted(path: Path, mode: int, **more: bool) -> None:
        if mode & (stat.S_ISGID | stat.S_ISUID):
            raise PermissionError
        change(path, mode, **more)

    monkeypatch.setattr(os, "chmod", restricted)
    before = os.umask(0o007)
    try:
        fill(tmp_path)
    finally:
        os.umask(before)
    assert modes(tmp_path) == {True: {0o2770}, False: {0o660}}


def test_a_mode_that_is_asked_for_is_given_also_in_a_shared_folder(shared: Path) -> None:
    files.write_atomically(shared / "office.ics", b"", 0o644)
    files.create_atomically(shared / "cloud.password", b"", privacy.PRIVATE)
    assert (mode(shared / "office.ics"), mode(shared / "cloud.password")) == (0o644, 0o600)


def test_what_is_left_half_written_in_a_shared_folder_can_be_overwritten_by_both(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_handle: int) -> None:
        assert [mode(path) for path in shared.iterdir()] == [0o660]
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    for write in (files.write_atomically, files.create_atomically):
        with pytest.raises(KeyboardInterrupt):
            write(shared / "new", b"content")


@pytest.mark.parametrize("name", ["lock", "erasures.ledger", "coachsync.db"])
def test_a_link_that_somebody_has_put_into_a_shared_folder_is_not_followed(
    shared: Path, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (shared / "vault").symlink_to(tmp_path)
    before = mode(tmp_path)
    files.make_private_folder(shared / "vault")
    for leads_to in (mine, tmp_path / "nowhere"):
        (shared / name).symlink_to(leads_to)
        with pytest.raises(CoachsyncError):
            _use(shared, name)
        (shared / name).unlink()
    assert (mine.read_text(), mode(tmp_path)) == ("mine", before)
    assert not (tmp_path / "nowhere").exists()


def _use(state: Path, name: str) -> None:
    if name == "lock":
        with lock.hold(state, "test"):
            pass
    elif name == "coachsync.db":
        open_database(state, DeviceKey(bytes(32)))
    else:
        Ledger(state).bury(b"{}")


def test_a_link_of_ones_own_is_followed_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "lock").symlink_to(tmp_path / "elsewhere")
    with lock.hold(tmp_path / "state", "test"):
        assert (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("folder", "file", "group", "expected"),
    [
        (0o2770, 0o660, True, False),
        (0o2770, 0o640, True, False),
        (0o2770, 0o660, False, True),  # of another group
        (0o2770, 0o664, True, True),
        (0o2775, 0o660, True, True),
        (0o0770, 0o660, True, True),
        (0o0700, 0o640, True, True),
        (0o0700, 0o600, True, False),
        (0o2770, 0o600, False, False),
    ],
)
def test_who_may_touch_a_file(tmp_path: Path, folder: int, file: int, group: bool, expected: bool) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(file)
    tmp_path.chmod(folder)
    status, around = list(path.stat()), tmp_path.stat()
    status[stat.ST_GID] = around.st_gid if group else around.st_gid + 1
    assert privacy.is_open(os.stat_result(status), around) is expected


def test_what_is_open_to_others_in_a_shared_vault_is_told(shared: Path) -> None:
    fill(shared)
    (shared / "vault" / "slots").chmod(0o2775)
    (shared / "vault" / "keys").chmod(0o770)  # what is made in it gets no group
    (shared / "erasures.ledger").chmod(0o664)
    found = set(VaultFiles(shared / "vault").open_to_others())
    slot = f"vault/slots/{bytes(16).hex()}"
    assert found >= {"erasures.ledger", "vault/slots", f"vault/keys/{bytes(16).hex()}", f"{slot}.guesses"}
    keyfile.key_file(shared).chmod(0o664)
    with pytest.raises(CoachsyncError) as refused:
        keyfile.read(shared)
    assert (refused.value.code, "chgrp" in refused.value.aside) == ("device-key-open", True)


def test_what_we_or_the_administrator_have_linked_is_not_planted(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shared)
    (shared / "vault" / "more").symlink_to(shared)
    os.mkfifo(shared / "pipe")
    membership.refuse_planted(shared)
    me = os.geteuid()
    if me == 0:
        for path in (shared / "vault" / "more", shared / "pipe"):
            os.chown(path, 4711, -1, follow_symlinks=False)
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(CoachsyncError) as refused:
        membership.refuse_planted(shared)
    assert (refused.value.code, "sudo rm" in refused.value.aside) == ("state-planted", True)
    (shared / "vault" / "more").unlink()
    (shared / "pipe").unlink()
    membership.refuse_planted(shared)
    (shared / "vault" / "more").symlink_to(shared)
    shared.chmod(0o700)
    membership.refuse_planted(shared)  # nobody else can come here


def test_a_file_that_cannot_be_opened_and_holds_nothing_goes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user was killed before a byte was written: only its owner could open it."""

    def refused(*_: object) -> int:
        raise PermissionError

    for name, content in (("empty", b""), ("full", b"secret")):
        (tmp_path / name).write_bytes(content)
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)
        patched.setattr(shredding, "sync_folder", lambda _: None)
        shredding.shred(tmp_path / "empty")
        with pytest.raises(PermissionError):
            shredding.shred(tmp_path / "full")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
