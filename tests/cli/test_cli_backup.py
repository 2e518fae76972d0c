"""`coachsync backup` at the command line: made, looked at, drilled, and brought back where there is nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_desk import NAME, Result
from cli_vault import CANARY, VaultDesk
from coachsync import config
from coachsync.adapters import keystore, lock
from coachsync.adapters.backupset import IDENTITY
from coachsync.app.backup import verifying
from coachsync.app.backup.verifying import Looked
from coachsync.app.vault import relocking
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.unlocking import unlock

BACKUP = '[backup]\nfolder = "backups"\nmirror = "mirror"\n'


@pytest.fixture
def backed(vaulted: VaultDesk) -> VaultDesk:
    """A desk with one note, a client, and the folders for backups; the code is in a file."""
    vaulted.desk.text += BACKUP
    vaulted.desk.write()
    for folder in ("backups", "mirror"):
        (vaulted.desk.folder / folder).mkdir()
    vaulted.note(f"{CANARY} said so\n")
    made = vaulted.document("vault", "recovery")
    code = vaulted.passphrase("code")
    code.write_text(made["recovery_code"] + "\n")
    return vaulted


def made(desk: VaultDesk, *words: str) -> Result:
    return desk.given("", "backup", "create", *words)


def code(desk: VaultDesk) -> tuple[str, str]:
    return ("--code-file", str(desk.desk.folder / "code.txt"))


def restored(desk: VaultDesk, place: Path, *words: str) -> Result:
    """`backup restore` as on another machine: with another configuration, which is not there yet."""
    source = ("--from", str(desk.desk.folder / "backups"))
    return desk.given("", "--config", str(place / "coachsync.toml"), "backup", "restore", *source, *words)


def mirror(desk: VaultDesk) -> tuple[str, str]:
    return ("--mirror", str(desk.desk.folder / "mirror"))


def test_a_backup_needs_no_secret_and_tells_how_much_is_new(backed: VaultDesk) -> None:
    result = made(backed)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Backup 1 is made, and was read back: ")
    again = made(backed, "--json").document
    assert (again["backup"], again["problems"], again["dropped"]) == (2, [], [])
    backed.desk.check_sound(result)
    backed.desk.check_quiet(result)


def test_a_lost_laptop_comes_back_from_backup_mirror_and_code(backed: VaultDesk, tmp_path: Path) -> None:
    assert made(backed).code == 0
    for name in ("state", "trust.toml", "coachsync.toml", "cloud.password"):
        place = backed.desk.folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    new = tmp_path / "new machine"
    result = restored(backed, new, *mirror(backed), *code(backed))
    assert (result.code, result.err) == (0, "")
    assert "The vault has 1 record." in result.out
    assert "The coaches of this vault are: anna." in result.out
    backed.desk.check_quiet(result)
    listed = backed.given("", "--config", str(new / "coachsync.toml"), "client", "list")
    assert NAME in listed.out
    found = backed.given("", "--config", str(new / "coachsync.toml"), "note", "search", CANARY, *backed.key)
    assert f"{CANARY} said so" in found.out
    assert (new / "cloud.password").stat().st_mode & 0o777 == 0o600
    looked = backed.given("", "--config", str(new / "coachsync.toml"), "vault", "verify", *backed.key)
    assert looked.code == 0
    status = backed.given("", "--json", "--config", str(new / "coachsync.toml"), "status").document
    assert status["backup"]["made"] is None  # its folders are others


def test_without_the_mirror_it_is_said_what_is_lost_and_what_is_left(backed: VaultDesk, tmp_path: Path) -> None:
    made(backed)
    new = tmp_path / "new"
    error = restored(backed, new, "--json", *code(backed)).error
    assert error["code"] == "mirror-needed"
    assert "no note, agreement or disclosure of the backup can be opened" in error["message"]
    assert "appointments, shares and the log are left" in error["message"]
    assert "--without-mirror" in error["hint"]
    assert not new.exists()
    result = restored(backed, new, "--json", "--without-mirror", *code(backed))
    assert result.code == 3
    assert "grants-missing" in result.codes
    note = backed.given("", "--json", "--config", str(new / "coachsync.toml"), "note", "list", *backed.key).document
    (one,) = note["notes"]
    read = backed.given("", "--config", str(new / "coachsync.toml"), "note", "show", one["id"], *backed.key)
    assert (read.code, read.out) == (12, "")
    assert "The file that opens this client's notes is missing." in read.err
    backed.desk.check_sound(read)


def test_nothing_is_put_over_data_unless_that_is_said(backed: VaultDesk, tmp_path: Path) -> None:
    made(backed)
    before = backed.desk.fingerprint()
    here = backed.desk.folder
    error = restored(backed, here, "--json", *mirror(backed), *code(backed)).error
    assert error["code"] == "data-there"
    assert "--replace" in error["hint"]
    assert backed.desk.fingerprint() == before
    result = restored(backed, here, "--replace", *mirror(backed), *code(backed))
    assert result.code == 0
    assert "remove it once all is well" in result.out
    (aside,) = here.glob("state.before-*")
    assert aside.name in result.out
    told = backed.given("", "--json", "status").document["backup"]  # it goes on in the folders that it came from
    assert (told["number"], told["made"] is None, told["mirrored"] is None) == (1, False, False)
    assert made(backed, "--json").document["backup"] == 2
    assert backed.ids() != []


def test_a_wrong_code_a_wrong_passphrase_and_none_open_nothing(backed: VaultDesk, tmp_path: Path) -> None:
    made(backed)
    wrong = backed.passphrase("not the passphrase")
    shown = restored(backed, tmp_path / "new", "--json", *mirror(backed), "--passphrase-file", str(wrong))
    assert (shown.code, shown.error["code"]) == (12, "wrong-passphrase")
    mistyped = restored(backed, tmp_path / "new", "--json", *mirror(backed), "--code-file", str(wrong))
    assert (mistyped.code, mistyped.error["code"]) == (2, "recovery-code-mistyped")
    nobody = restored(backed, tmp_path / "new", "--json", *mirror(backed))
    assert (nobody.code, nobody.error["code"]) == (11, "passphrase-needed")
    assert not (tmp_path / "new").exists()


def test_verify_checks_without_a_secret_and_a_drill_reads_it_all(backed: VaultDesk) -> None:
    made(backed)
    result = backed.given("", "backup", "verify")
    assert (result.code, result.err) == (0, "")
    assert "The backups are whole." in result.out
    drilled = backed.given("", "--json", "backup", "verify", "--drill", *code(backed)).document
    assert (drilled["drill"]["records"], drilled["drill"]["clients"], drilled["drill"]["findings"]) == (1, 1, [])
    shown = backed.given("", "backup", "verify", "--drill", *backed.key)
    assert "The drill has opened backup 1: 1 record and 1 client were read." in shown.out
    backed.desk.check_quiet(shown)
    backed.desk.run("sync")
    status = backed.given("", "status")
    assert "Backup: made just now." in status.out
    assert "Drill just now: all of it opens." in status.out
    told = backed.given("", "--json", "status").document["backup"]
    assert (told["number"], told["drill_findings"]) == (1, 0)
    checked = backed.given("", "--json", "check").document["checks"]
    assert {"backup-current", "drill-passed", "backup-on-same-disk"} <= {one["code"] for one in checked}


def test_an_unlocked_vault_opens_no_drill(backed: VaultDesk) -> None:
    """On a new machine, nobody keeps a vault unlocked."""
    made(backed)
    assert backed.unlocked("vault", "unlock").code == 0
    refused = backed.given("", "--json", "backup", "verify", "--drill")
    assert (refused.code, refused.error["code"]) == (11, "passphrase-needed")
    assert backed.given("", "vault", "lock").code == 0
    assert backed.given("", "--json", "status").document["backup"]["drilled"] is None


def test_what_was_damaged_is_a_finding(backed: VaultDesk) -> None:
    made(backed)
    objects = backed.desk.folder / "backups" / "objects"
    shutil.copytree(objects, backed.desk.folder / "whole")
    for file in objects.rglob("*"):
        if file.is_file():
            file.write_bytes(b"?" + file.read_bytes()[1:])
    result = backed.given("", "backup", "verify")
    assert result.code == 5
    assert "[backup-object-damaged]" in result.out
    backed.desk.check_sound(result)
    found = len(backed.given("", "--json", "backup", "verify").document["findings"])
    status = backed.given("", "--json", "status")
    assert (status.code, status.document["backup"]["findings"]) == (5, found)
    checked = {one["code"] for one in backed.given("", "--json", "check").document["checks"]}
    assert "backup-findings" in checked
    assert "The last look through them had" in backed.given("", "status").out
    shutil.rmtree(objects)
    (backed.desk.folder / "whole").rename(objects)
    assert backed.given("", "backup", "verify").code == 0
    assert backed.given("", "--json", "status").document["backup"]["findings"] == 0


def test_what_cannot_be_done_is_said(backed: VaultDesk, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = backed.given("", "--json", "backup", "restore", "--from", str(empty), *mirror(backed)).error
    assert nothing["code"] == "no-backup"
    made(backed)
    source = ("--from", str(backed.desk.folder / "backups"), "--mirror", str(empty))
    unconnected = backed.given("", "--json", "backup", "restore", *source)
    assert (unconnected.code, unconnected.error["code"]) == (10, "no-mirror")
    gone = backed.given("", "--json", "backup", "restore", "--from", str(tmp_path / "gone"), *mirror(backed)).error
    assert gone["code"] == "backup-folder-missing"
    made(backed)
    none = restored(backed, tmp_path / "new", "--json", "--snapshot", "7", *mirror(backed), *code(backed)).error
    assert none["code"] == "no-such-backup"
    mixed = backed.given("", "--json", "backup", "verify", "--recovery").error
    assert mixed["code"] == "option-not-here"
    shutil.rmtree(backed.desk.folder / "mirror")
    partly = made(backed, "--json")
    assert (partly.code, partly.codes) == (3, ["backup-folder-missing"])
    backed.desk.text = backed.desk.text.replace(BACKUP, "")
    backed.desk.write()
    for words in (("create",), ("verify",)):
        error = backed.given("", "--json", "backup", *words).error
        assert (error["code"], error["where"]) == ("no-backup-folder", "backup")


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_verify_looks_at_the_backups_where_the_mirror_is_in_a_drawer(backed: VaultDesk, left: str) -> None:
    made(backed)
    drawer, place = backed.desk.folder / "drawer", backed.desk.folder / "mirror"
    place.rename(drawer)
    if left == "an empty folder":
        place.mkdir()
    result = backed.given("", "--json", "backup", "verify")
    assert (result.code, result.codes) == (3, ["mirror-not-looked-at"])
    assert (result.document["findings"], result.document["grants"]) == ([], 0)
    shown = backed.given("", "backup", "verify")
    assert "only the backups were looked at" in shown.err
    assert "The backups are whole." in shown.out
    backed.desk.check_quiet(shown)
    next(iter((backed.desk.folder / "backups" / "objects").rglob("*/*"))).write_bytes(b"")
    damaged = backed.given("", "--json", "backup", "verify")
    assert (damaged.code, damaged.document["problems"] != []) == (5, True)
    drill = backed.given("", "--json", "backup", "verify", "--drill", *code(backed))  # nothing opens without it
    assert drill.error["where"] == "backup.mirror"


def test_a_mirror_that_does_not_say_whose_it_is_is_not_in_a_drawer(backed: VaultDesk) -> None:
    made(backed)
    (backed.desk.folder / "mirror" / IDENTITY).unlink()
    result = backed.given("", "--json", "backup", "verify")
    assert (result.code, result.error["where"]) == (10, "backup.mirror")


@pytest.mark.parametrize("given", ['folder = "state/backups"', 'folder = "."', 'folder = "b"\nmirror = "b/m"'])
def test_folders_that_would_be_lost_together_are_refused(backed: VaultDesk, given: str) -> None:
    backed.desk.text = backed.desk.text.replace(BACKUP, f"[backup]\n{given}\n")
    backed.desk.write()
    (told,) = backed.given("", "--json", "backup", "create").error["problems"]
    assert told["code"] in ("backup-in-state", "backup-in-mirror")


def test_p12_no_canary_is_in_clear_in_backup_and_mirror(backed: VaultDesk) -> None:
    """Names, notes, passwords and passphrases; and neither the device key nor the seed of the coach."""
    loaded = config.load(backed.desk.file)
    device = keystore.load_device_key(backed.desk.state, create=False)
    backed.desk.run("sync")
    made(backed)
    made(backed)
    with open_vault(loaded, _now()) as vault:
        (pinned,) = vault.trust.coaches.values()
        person = unlock(vault, pinned.fingerprint, "correct horse battery staple", _now())
        relocking.change_passphrase(vault, person, "another passphrase altogether")
    made(backed)
    words = [
        CANARY,
        NAME,
        backed.desk.storage.password,
        backed.desk.url,
        "said so",
        "correct horse",
        "another passphrase",
    ]
    secrets = [device.secret, person.seed, *(one.encode() for one in words)]
    secrets += [one.hex().encode() for one in (device.secret, person.seed)]
    places = [backed.desk.folder / name for name in ("backups", "mirror")]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    assert len(files) > 30
    for file in files:
        content = file.read_bytes() + file.name.encode()
        assert not [secret for secret in secrets if secret in content or secret.hex().encode() in content]


def _now() -> datetime:
    return datetime.now(UTC)


def test_others_work_on_while_backups_are_looked_through(backed: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk of a network is slow; but no backup goes meanwhile."""
    made(backed)
    held: list[bool] = []
    original = verifying.verify

    def looking(*given: Any) -> Looked:
        held.extend(lock.is_held(backed.desk.state, name) for name in (lock.WRITER, lock.BACKUP))
        return original(*given)

    monkeypatch.setattr(verifying, "verify", looking)
    assert backed.given("", "backup", "verify").code == 0
    assert held == [False, True]


def test_an_erasure_that_the_mirror_has_not_heard_of_is_told_until_it_has(backed: VaultDesk) -> None:
    made(backed)
    away = (backed.desk.folder / "mirror").rename(backed.desk.folder / "away")
    result = backed.unlocked("client", "erase", "--yes", backed.client)
    assert result.code == 3
    assert "The mirror could not be reached and still has the keys." in result.err
    certificate = backed.desk.folder / "certificate.json"
    certificate.write_text(result.out)
    checked = backed.given("", "log", "verify", "--certificate", str(certificate)).out
    assert "Out of reach, with no date: the mirror of the keys, which forgets it once its disk is connected" in checked
    assert "It lacks what was written or erased since" in backed.given("", "status").out
    assert "mirror-behind" in {one["code"] for one in backed.given("", "--json", "check").document["checks"]}
    away.rename(backed.desk.folder / "mirror")
    again = backed.unlocked("--json", "client", "erase", "--yes", backed.client)
    assert (again.code, again.document["mirror"], again.document["moved_away"]) == (0, True, [])
    assert "It lacks" not in backed.given("", "status").out
    backed.desk.check_sound(result)


def test_whoever_has_it_in_a_drawer_is_told_once_of_each_change(backed: VaultDesk) -> None:
    first, second = backed.ids()[0], backed.note("another\n")
    backed.note("one that stays\n")
    made(backed)
    away = (backed.desk.folder / "mirror").rename(backed.desk.folder / "away")
    assert "[mirror-behind]" in backed.unlocked("note", "erase", first, "--yes").err
    assert (backed.unlocked("note", "list").err, backed.given("", "client", "list").err) == ("", "")
    assert made(backed, "--json").codes == ["backup-folder-missing"]
    assert "[mirror-behind]" in backed.unlocked("note", "erase", second, "--yes").err
    assert "It lacks what was written or erased since" in backed.given("", "status").out
    away.rename(backed.desk.folder / "mirror")
    assert made(backed).err == ""
    (backed.desk.folder / "mirror").rename(away)
    assert backed.unlocked("note", "list").err == ""


def test_a_backup_that_nobody_can_read_keeps_none_from_being_the_last(backed: VaultDesk) -> None:
    made(backed)
    made(backed)
    (backed.desk.folder / "backups" / "snapshots" / "9.json").write_text("{}")
    words = ("--replace", "--snapshot", "2", *mirror(backed), *code(backed))
    assert restored(backed, backed.desk.folder, *words).code == 0
    told = backed.given("", "--json", "status").document["backup"]
    assert (told["number"], told["made"] is None, told["mirrored"] is None) == (2, False, False)


@pytest.fixture
def parted(backed: VaultDesk) -> VaultDesk:
    """A laptop was lost while the mirror lay in a drawer: the newest backup is back, which that does not open."""
    (erased,) = backed.ids()
    backed.note(f"{CANARY} beside it\n")
    made(backed)
    away = (backed.desk.folder / "mirror").rename(backed.desk.folder / "away")
    assert backed.unlocked("note", "erase", erased, "--yes").code == 0
    made(backed)
    away.rename(backed.desk.folder / "mirror")
    shutil.rmtree(backed.desk.state)
    came = restored(backed, backed.desk.folder, "--replace", "--json", *mirror(backed), *code(backed))
    assert (came.code, came.codes) == (3, ["grants-missing"])
    return backed


def test_a_mirror_keeps_what_alone_opens_a_record_until_the_older_backup_is_back(parted: VaultDesk) -> None:
    """A command in between, or the daemon, is no reason to lose a note that nobody has erased."""
    assert "[mirror-behind]" in parted.unlocked("note", "list").err
    for _ in range(4):
        again = made(parted, "--json")
        assert (again.codes, again.document["dropped"]) == (["mirror-opens-more"], [])
    words = ("--replace", "--snapshot", "1", *mirror(parted), *code(parted))
    assert restored(parted, parted.desk.folder, *words).code == 0
    assert "beside it" in parted.unlocked("note", "search", CANARY).out
    assert made(parted).code == 0
    assert parted.given("", "backup", "verify").code == 0


def test_or_until_whoever_is_asked_lets_that_record_go(parted: VaultDesk) -> None:
    made(parted)
    grants = {file.name for file in (parted.desk.folder / "mirror").glob("vault/keys/*/*")}
    (shut,) = parted.ids()
    assert parted.unlocked("note", "erase", shut, "--yes").code == 0
    assert made(parted, "--json").codes == []
    assert {file.name for file in (parted.desk.folder / "mirror").glob("vault/keys/*/*")} != grants
    assert "It lacks" not in parted.given("", "status").out


def test_what_a_restore_has_moved_away_is_told_by_an_erasure(backed: VaultDesk) -> None:
    made(backed)
    shutil.copytree(backed.desk.state, backed.desk.state.with_name("state.before-2026-03-02-080000"))
    result = backed.unlocked("client", "erase", "--yes", backed.client)
    assert result.code == 3
    assert "into the folder state.before-2026-03-02-080000, beside the state folder" in result.err
