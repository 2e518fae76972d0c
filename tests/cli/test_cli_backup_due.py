"""A command that has sealed notes anew ends with a backup; where none can be made, it is told and stays due."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli_desk import NAME, Result
from cli_vault import CANARY, VaultDesk
from coachsync.adapters import lock
from coachsync.errors import Temporary

NEW = "what nobody has seen yet"
MADE = "Backup 2 is made, of what was sealed anew.\n"


@pytest.fixture
def backed(vaulted: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> VaultDesk:
    """Two notes of a client, which are in a backup."""
    monkeypatch.setattr("coachsync.app.vault.shelving.SPARES", 4)
    monkeypatch.setattr("coachsync.app.vault.shelving._LEAST", 1)
    monkeypatch.setattr("coachsync.app.vault.shelving._FOR_UNSORTED", 1)
    vaulted.desk.text += '[backup]\nfolder = "backups"\nmirror = "mirror"\n'
    vaulted.desk.write()
    for folder in ("backups", "mirror"):
        (vaulted.desk.folder / folder).mkdir()
    vaulted.note(f"{CANARY} one\n")
    vaulted.note(f"{CANARY} two\n")
    vaulted.passphrase("code").write_text(vaulted.document("vault", "recovery")["recovery_code"] + "\n")
    assert vaulted.given("", "backup", "create").code == 0
    return vaulted


def erased(desk: VaultDesk, *words: str) -> Result:
    return desk.unlocked(*words, "note", "erase", desk.ids()[0], "--yes")


def due(desk: VaultDesk) -> bool:
    said = desk.given("", "--json", "status").document["backup"]["due"] is not None
    assert said == ("backup-due" in {one["code"] for one in desk.given("", "--json", "check").document["checks"]})
    return said


def backups(desk: VaultDesk) -> list[str]:
    return sorted(file.stem for file in (desk.desk.folder / "backups" / "snapshots").glob("*.json"))


def notes_on_a_clean_machine(desk: VaultDesk, place: Path, *, code: bool = True) -> str:
    """Everything that a search finds there, from backup and mirror alone."""
    here, there = desk.desk.folder, ("--config", str(place / "coachsync.toml"))
    key = ("--code-file", str(here / "code.txt")) if code else ("--passphrase-file", str(desk.passphrase(NEW)))
    words = ("--from", str(here / "backups"), "--mirror", str(here / "mirror"), *key)
    assert desk.given("", *there, "backup", "restore", *words).code == 0
    opens = desk.key if code else ("--passphrase-file", str(desk.passphrase(NEW)))
    return desk.given("", *there, "note", "search", CANARY, *opens).out


def test_a_laptop_lost_after_a_note_was_erased_loses_no_other(backed: VaultDesk, tmp_path: Path) -> None:
    result = erased(backed)
    assert (result.code, result.err) == (0, MADE)
    assert (backups(backed), due(backed)) == (["1", "2"], False)
    found = notes_on_a_clean_machine(backed, tmp_path / "new")
    assert (f"{CANARY} one" in found) != (f"{CANARY} two" in found)
    backed.desk.check_sound(result)
    backed.desk.check_quiet(result)


def test_or_after_everything_has_new_keys(backed: VaultDesk, tmp_path: Path) -> None:
    result = backed.unlocked("vault", "rotate")
    assert (result.code, result.err) == (0, MADE)
    found = notes_on_a_clean_machine(backed, tmp_path / "new")
    assert f"{CANARY} one" in found
    assert f"{CANARY} two" in found


def test_or_after_a_leak_and_the_code_is_told_first(
    backed: VaultDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    files = (*backed.key, "--new-passphrase-file", str(backed.passphrase(NEW)))
    result = backed.given("", "vault", "passphrase", "--leaked", *files)
    assert result.code == 0
    assert result.err.endswith(MADE)
    assert (backups(backed), len(result.out.strip().splitlines())) == (["2"], 1)
    found = notes_on_a_clean_machine(backed, tmp_path / "new", code=False)
    assert f"{CANARY} one" in found
    assert f"{CANARY} two" in found


def test_a_machine_reads_one_document(backed: VaultDesk) -> None:
    result = erased(backed, "--json")
    assert (result.code, result.err, result.document["erased"]) == (0, MADE, True)
    assert not due(backed)


def test_where_its_disk_is_away_it_is_told_and_stays_due(backed: VaultDesk) -> None:
    folder = backed.desk.folder / "backups"
    away = folder.rename(backed.desk.folder / "away")
    result = erased(backed)
    assert result.code == 0
    assert "[backup-due]" in result.err
    assert "coachsync backup create" in result.err
    assert "in no backup yet" in backed.given("", "status").out
    assert due(backed)
    away.rename(folder)
    assert backed.unlocked("note", "list").err == ""  # whoever owes nothing is not kept waiting
    assert due(backed)
    assert backed.given("", "backup", "create").code == 0
    assert not due(backed)
    backed.desk.check_quiet(result)


def test_what_keeps_it_from_being_made_fails_no_command(backed: VaultDesk) -> None:
    identity = backed.desk.folder / "backups" / "coachsync.json"
    identity = identity if identity.exists() else next((backed.desk.folder / "backups").glob("*.json"))
    identity.write_text("{")
    result = erased(backed)
    assert result.code == 0
    assert "[backup-set-damaged]" in result.err
    assert "[backup-due]" in result.err
    assert due(backed)


def test_one_that_asks_for_a_backup_gets_one_and_not_two(backed: VaultDesk) -> None:
    mirror = backed.desk.folder / "mirror"
    away = mirror.rename(backed.desk.folder / "away")
    told = erased(backed)
    assert (told.code, "[mirror-behind]" in told.err, "[backup-due]" in told.err) == (0, True, False)
    assert backed.unlocked("note", "list").err == ""  # once
    assert "[mirror-behind]" in backed.unlocked("vault", "rotate").err
    away.rename(mirror)
    result = backed.given("", "backup", "create")
    assert (result.code, result.err, backups(backed)) == (0, "", ["1", "2"])
    assert not due(backed)


def test_a_command_that_fails_makes_none(backed: VaultDesk) -> None:
    assert backed.unlocked("note", "erase", "0" * 32, "--yes").code != 0
    assert backups(backed) == ["1"]


def test_another_device_key_ends_with_one_too(backed: VaultDesk, tmp_path: Path) -> None:
    """The last backup has the key of before, and the mirror the names of clients under the new one alone."""
    result = backed.given("", "key", "rotate")
    assert (result.code, result.err) == (0, MADE)
    notes_on_a_clean_machine(backed, tmp_path / "new")
    shown = backed.given("", "--config", str(tmp_path / "new" / "coachsync.toml"), "client", "list")
    assert (shown.code, NAME in shown.out) == (0, True)


def test_without_a_mirror_another_device_key_needs_none(backed: VaultDesk) -> None:
    backed.desk.text = backed.desk.text.replace('mirror = "mirror"\n', "")
    backed.desk.write()
    assert (backed.given("", "key", "rotate").err, backups(backed)) == ("", ["1"])


def test_whoever_is_at_work_has_the_mirror_follow(backed: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def busy(*_: object) -> Iterator[None]:
        raise Temporary(lock.IN_USE, "")
        yield

    monkeypatch.setattr("coachsync.app.cli.key.opened", busy)
    assert backed.given("", "key", "rotate").code == 0
    monkeypatch.undo()
    assert backed.given("", "client", "list").err.endswith(MADE)


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("moment", ["before it", "in it"])
def test_ctrl_c_makes_nobody_wait_for_it_and_leaves_it_due(
    backed: VaultDesk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    place = "coachsync.app.cli.note.tell" if moment == "before it" else "coachsync.app.backup.creating.create"
    with monkeypatch.context() as patch:
        patch.setattr(place, interrupt)
        result = erased(backed)
    assert result.code == 130
    assert "[backup-due]" in result.err
    assert (backups(backed), due(backed)) == (["1"], True)
    assert backed.given("", "backup", "create").code == 0
    assert not due(backed)


def test_where_another_one_is_being_made_nobody_is_told_to_erase_again(
    backed: VaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coachsync.app.cli.backupdue._PATIENCE", 0)
    with lock.hold(backed.desk.state, "backup create", name=lock.BACKUP):
        result = erased(backed)
    assert result.code == 0
    assert ("[backup-due]" in result.err, "state-in-use" in result.err) == (True, False)
    assert due(backed)


def test_a_full_disk_here_is_told_as_one(backed: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as an answer that cannot be written."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("coachsync.app.backup.creating.heldfolders.make", full)
        result = erased(backed)
    assert result.code == 0
    assert ("[disk-full]" in result.err, "[backup-due]" in result.err) == (True, True)
    assert due(backed)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to another user")
def test_the_administrator_makes_one_with_the_rights_of_whoever_owns_the_state(backed: VaultDesk) -> None:
    """Else the service could neither read what it remembers, nor write the next backup."""
    folder, someone = backed.desk.folder, 65534
    for file in [folder, *folder.rglob("*")]:
        os.chown(file, someone, someone, follow_symlinks=False)
    os.chown(backed.key[1], 0, 0)
    reachable = [one for one in folder.parents if one.stat().st_mode & 0o005 != 0o005]
    before = {one: one.stat().st_mode for one in reachable}
    try:
        for one in reachable:
            one.chmod(0o755)
        assert backed.given("", "backup", "create").code == 0
        assert backed.given("", "backup", "verify", "--drill", *backed.key).code == 0
    finally:
        for one, mode in before.items():
            one.chmod(mode)
    made = [folder / "state" / "backup.json", *(folder / "backups").rglob("*"), *(folder / "mirror").rglob("*")]
    assert {file.stat().st_uid for file in made} == {someone}
