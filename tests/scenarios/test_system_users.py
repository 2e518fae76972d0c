"""The service, a coach and somebody else as three real users of the machine (promise 7): the first two work on one
state, whoever made what is in it, and neither of the others reaches what only the coach may have."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coachsync import config
from coachsync.adapters import agent, sharing
from coachsync.app import wiring
from coachsync.app.inbox.receiving import receive
from coachsync.app.inbox.watch import Watch
from coachsync.inbox.settling import SETTLED_UNSEEN
from systemusers import User, administrator
from users_house import CANARY, PASSPHRASE, USUAL, House, place_of, readable


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


def test_who_is_no_coach_reads_nothing_and_is_told_what_to_ask_for(vault: House) -> None:
    assert vault.stranger.does(readable, b"", [vault.state, vault.folder / "etc" / "cloud.password"]) == []
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
    place = vault.alice.does(place_of, old, vault.state)
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
