"""What `check` says of two users who share a state, and of what is only half done."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from coachsync.adapters import membership, sharing, slotsecrets, units
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app import checking_users
from coachsync.app.checking import Check, Grade
from coachsync.app.checking_users import check_users
from coachsync.app.vault.trusting import trusted
from coachsync.vault.keyslots import By
from vault_house import VaultHouse


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VaultHouse:
    """A practice whose state is shared with a group in which a coach is; whoever runs this has made it all."""
    house = VaultHouse(tmp_path)
    house.make()
    sharing.share_state(house.state, os.geteuid(), os.getegid())
    monkeypatch.setattr(checking_users, "members", lambda _: frozenset({"anna"}))
    return house


def found(house: VaultHouse) -> dict[str, Check]:
    return {one.code: one for one in check_users(house.config)}


def test_p07_a_state_that_a_coach_and_the_service_share_needs_no_word(house: VaultHouse) -> None:
    service = "configuration-of-the-service"  # here it has made it all
    assert found(house).keys() == ({service} if os.geteuid() else set())


def test_p07_where_nobody_else_is_in_the_group_it_is_told(house: VaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    me = membership.user_name(os.geteuid())
    monkeypatch.setattr(checking_users, "members", lambda _: frozenset({me}))
    told = found(house)
    assert told["same-user"].grade is Grade.NOTE
    assert told["no-coach-in-group"].grade is Grade.BAD
    assert "--coach USER" in told["no-coach-in-group"].aside


def test_a_folder_that_is_open_to_its_group_without_setgid_is_told_and_mended_by_what_is_said(
    house: VaultHouse,
) -> None:
    house.state.chmod(0o770)
    told = found(house)["state-without-setgid"]
    subprocess.run(shlex.split(told.aside.removeprefix("Run: sudo ")), check=True)
    assert house.state.stat().st_mode & 0o7777 == 0o2770
    assert "state-without-setgid" not in found(house)


@pytest.mark.parametrize(("name", "mode"), [("vault/head", 0o640), ("vault/vault.db", 0o664), ("vault/slots", 0o770)])
def test_a_file_with_other_rights_is_named_with_what_mends_it(house: VaultHouse, name: str, mode: int) -> None:
    (house.state / name).chmod(mode)
    told = found(house)["state-file-not-shared"]
    assert (told.where, told.grade) == (name, Grade.BAD)
    assert str(house.state) not in told.message + told.hint
    for command in told.aside.removeprefix("Run: ").split(" && "):
        subprocess.run(shlex.split(command.removeprefix("sudo ")), check=True)
    assert "state-file-not-shared" not in found(house)


def test_of_many_files_a_few_are_named_and_the_rest_counted(house: VaultHouse) -> None:
    files = [path for path in house.state.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o600)
    told = [one for one in check_users(house.config) if one.code == "state-file-not-shared"]
    assert len(told) == 4
    assert f"{len(files) - 3} more files" in told[-1].message
    assert told[-1].aside == "Run: sudo coachsync service install --system --coach anna"


@pytest.mark.parametrize(
    ("name", "line", "told"),
    [
        ("coachsync.service.d/override.conf", "LoadCredentialEncrypted={}:/etc/credstore.encrypted/{}", True),
        ("coachsync.service.d/override.conf", ' SetCredential = "{}:secret"', True),
        ("coachsync.service.d/override.conf", "ImportCredential=coachsync-*", True),
        ("coachsync-backup.service", "LoadCredential={}", True),
        ("coachsync.service", "#LoadCredential={}", False),
        ("coachsync.service", "LoadCredential=coachsync-device-key:/etc/{}", False),
        ("of-anna.service", "LoadCredential={}", False),
    ],
)
def test_p07_a_secret_that_opens_the_vault_and_is_handed_to_the_service_is_told_and_taken_away_by_what_is_said(
    house: VaultHouse, monkeypatch: pytest.MonkeyPatch, name: str, line: str, told: bool
) -> None:
    ((coach, pinned),) = trusted(house.config).coaches.items()
    file = house.folder / "units" / name
    file.parent.mkdir(parents=True)
    file.write_text(f"[Service]\n{line.format(*[slotsecrets.credential_name(coach)] * 2)}\nUser=coachsync\n")
    monkeypatch.setattr(units.handed, "__defaults__", ([house.folder / "units"],))
    code = "vault-credential-of-the-service"
    assert code not in found(house)  # it opens nothing
    VaultFiles(house.state / "vault").put_slot(pinned.fingerprint, By.CREDENTIAL, b"slot")
    assert (code in found(house)) is told
    if told:
        taken, *others = found(house)[code].aside.removeprefix("Run: ").split(" && ")
        subprocess.run(shlex.split(taken.removeprefix("sudo ")), check=True)
        assert others == ["sudo systemctl daemon-reload", "sudo systemctl try-restart coachsync.service"]
        assert file.read_text() == "[Service]\nUser=coachsync\n"
        assert code not in found(house)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to other users")
def test_p07_what_the_service_could_say_of_whose_the_vault_is_is_told(house: VaultHouse) -> None:
    os.chown(house.state, 4711, -1)
    assert found(house) == {}
    os.chown(house.config.trust, 4711, -1)
    assert found(house).keys() == {"trust-of-the-service"}
    os.chown(house.config.trust, 0, -1)
    for owner, mode in ((4711, 0o755), (0, 0o775), (0, 0o757)):
        os.chown(house.folder, owner, house.state.stat().st_gid)
        house.folder.chmod(mode)
        assert found(house).keys() == {"configuration-of-the-service"}
    house.folder.chmod(0o755)
    os.chown(house.folder, 0, -1)
    assert found(house) == {}


def test_p07_a_state_of_ones_own_is_told_as_before(tmp_path: Path) -> None:
    house = VaultHouse(tmp_path)
    assert found(house) == {}  # there is nothing to read
    house.make()
    assert found(house).keys() == {"same-user"}
