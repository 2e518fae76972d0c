"""A command that has sealed notes anew ends with a backup; where none can be made, it is told and stays due."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_desk import Result
from cli_vault import CANARY, VaultDesk

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
    assert erased(backed).err == ""
    away.rename(mirror)
    result = backed.given("", "backup", "create")
    assert (result.code, result.err, backups(backed)) == (0, "", ["1", "2"])
    assert not due(backed)


def test_a_command_that_fails_makes_none(backed: VaultDesk) -> None:
    assert backed.unlocked("note", "erase", "0" * 32, "--yes").code != 0
    assert backups(backed) == ["1"]
