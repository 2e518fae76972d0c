"""The files of a vault: made whole, never half; overwritten before they go; and read whatever is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coachsync.adapters import ledger, vaultfiles
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.errors import CoachsyncError
from coachsync.vault.chain import Head

SHELF, OTHER, PERSON = bytes(range(16)), bytes(16), bytes([7] * 16)
GRANT = b"grant".ljust(4096, b"\0")


@pytest.fixture
def files(tmp_path: Path) -> VaultFiles:
    made = VaultFiles(tmp_path / "vault")
    made.make()
    return made


def slots(files: VaultFiles) -> list[str]:
    return sorted(path.name for path in (files.folder / "slots").iterdir())


def test_grants_are_listed_read_and_destroyed(files: VaultFiles, tmp_path: Path) -> None:
    for generation in (2, 10, 1):
        files.put_grant(SHELF, generation, PERSON, GRANT)
    assert list(files.grants(SHELF)) == [(1, PERSON), (2, PERSON), (10, PERSON)]
    assert list(files.grants(OTHER)) == []
    assert list(files.shelves()) == [SHELF]
    os.link(files.grant_file(SHELF, 2, PERSON), tmp_path / "witness")
    files.shred_grant(SHELF, 2, PERSON)
    assert (tmp_path / "witness").read_bytes() == bytes(4096)
    assert (files.grant(SHELF, 1, PERSON), files.grant(SHELF, 2, PERSON)) == (GRANT, None)
    for generation in (1, 2, 10):
        files.shred_grant(SHELF, generation, PERSON)
    assert list(files.shelves()) == []


def test_a_grant_of_zeros_is_none_and_one_that_is_too_long_is_seen_to_be(files: VaultFiles) -> None:
    files.put_grant(SHELF, 1, PERSON, GRANT)
    path = files.grant_file(SHELF, 1, PERSON)
    path.write_bytes(GRANT + b"x" * 10_000)
    assert len(files.grant(SHELF, 1, PERSON) or b"") == 4097
    path.write_bytes(bytes(4096))
    assert files.grant(SHELF, 1, PERSON) is None
    assert list(files.grants(SHELF)) == [(1, PERSON)]


def test_what_is_called_otherwise_is_no_grant_and_no_keyslot(files: VaultFiles) -> None:
    files.put_grant(SHELF, 1, PERSON, GRANT)
    folder = files.grant_file(SHELF, 1, PERSON).parent
    for name in (
        "0.1." + "ab" * 16,
        "1.2." + "ab" * 16,
        "1.1.AB",
        ".coachsync-x",
        "01.1." + "ab" * 16,
        f"{1 << 32}.1." + "ab" * 16,
    ):
        (folder / name).touch()
    assert list(files.grants(SHELF)) == [(1, PERSON)]
    for name in ("x.json", f"{'ab' * 16}.passphrase.json~", f".old-{'ab' * 16}.passphrase"):
        (files.folder / "slots" / name).touch()
    assert list(files.slots()) == []


def test_a_keyslot_takes_the_place_of_the_one_before_which_is_overwritten(files: VaultFiles, tmp_path: Path) -> None:
    files.put_slot(PERSON, "passphrase", b"first")
    os.link(files.folder / "slots" / f"{PERSON.hex()}.passphrase.json", tmp_path / "witness")
    files.put_slot(PERSON, "passphrase", b"second")
    assert files.slot(PERSON, "passphrase") == b"second"
    assert set((tmp_path / "witness").read_bytes()) == {0}
    assert list(files.slots()) == [(PERSON, "passphrase")]
    assert slots(files) == [f"{PERSON.hex()}.passphrase.json"]


def test_a_keyslot_is_overwritten_before_it_goes(files: VaultFiles, tmp_path: Path) -> None:
    files.put_slot(PERSON, "passphrase", b"stays")
    files.put_slot(PERSON, "keyring", b"goes")
    os.link(files.folder / "slots" / f"{PERSON.hex()}.keyring.json", tmp_path / "witness")
    assert files.shred_slot(PERSON, "keyring")
    assert not any((tmp_path / "witness").read_bytes())
    assert not files.shred_slot(PERSON, "keyring")
    assert slots(files) == [f"{PERSON.hex()}.passphrase.json"]


def test_what_a_killed_change_left_is_ended_and_the_keyslot_that_counts_stays(files: VaultFiles) -> None:
    """Killed before the new one was in place, and after."""
    files.put_slot(PERSON, "passphrase", b"counts")
    folder = files.folder / "slots"
    os.link(folder / f"{PERSON.hex()}.passphrase.json", folder / f".old-{PERSON.hex()}.passphrase")
    (folder / ".coachsync-abc").write_bytes(b"never in place")
    files.end_slots()
    assert files.slot(PERSON, "passphrase") == b"counts"
    (folder / f".old-{PERSON.hex()}.passphrase").write_bytes(b"the one before")
    files.end_slots()
    files.end_slots()
    assert files.slot(PERSON, "passphrase") == b"counts"
    assert slots(files) == [f"{PERSON.hex()}.passphrase.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1",
        b"-1 " + b"00" * 32 + b"\n",
        b"1 " + b"0g" * 32 + b"\n",
        b"9" * 30 + b" " + b"00" * 32 + b"\n",
        b"\xff",
    ],
)
def test_a_head_that_is_none_is_not_remembered(files: VaultFiles, content: bytes) -> None:
    assert files.remembered() is None
    head = Head(17, bytes(range(32)))
    files.remember(head)
    assert files.remembered() == head
    (files.folder / "head").write_bytes(content)
    assert files.remembered() is None


def test_guesses_are_counted_by_person(files: VaultFiles) -> None:
    assert files.guesses(PERSON) == (0, 0)
    files.guessed(PERSON, 3, 1_772_000_000)
    assert (files.guesses(PERSON), files.guesses(OTHER)) == ((3, 1_772_000_000), (0, 0))
    files.guessed(PERSON, 0, 1_772_000_001)
    files.guessed(PERSON, 0, 1_772_000_001)
    assert files.guesses(PERSON) == (0, 0)


def test_a_line_is_buried_once_also_after_a_power_cut(files: VaultFiles) -> None:
    files.bury(b"one")
    files.bury(b"one")
    file = files.folder.parent / "erasures.ledger"
    assert file.read_bytes() == b"one\n"
    file.write_bytes(b"one\nha")  # half a line
    files.bury(b"half")
    assert list(files.ledger()) == [b"one", b"half"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_everything_is_for_its_owner_alone_and_what_is_not_is_told(files: VaultFiles) -> None:
    old = os.umask(0)
    try:
        files.put_grant(SHELF, 1, PERSON, GRANT)
        files.put_slot(PERSON, "recovery", b"slot")
        files.remember(Head(1, bytes(32)))
        files.bury(b"line")
        files.put_daemon(b"sealed")
        files.guessed(PERSON, 1, 1)
    finally:
        os.umask(old)
    assert list(files.open_to_others()) == []
    (files.folder / "head").chmod(0o604)
    (files.folder.parent / "erasures.ledger").chmod(0o620)
    files.grant_file(SHELF, 1, PERSON).parent.chmod(0o701)
    assert list(files.open_to_others()) == ["erasures.ledger", "vault/head", f"vault/keys/{SHELF.hex()}"]


def test_p13_what_the_system_refuses_names_no_path(files: VaultFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(files.folder))

    files.put_grant(SHELF, 1, PERSON, GRANT)
    files.put_slot(PERSON, "passphrase", b"one")
    monkeypatch.setattr(vaultfiles, "shred", refuse)
    monkeypatch.setattr(vaultfiles, "sync_folder", refuse)
    monkeypatch.setattr(ledger, "sync_folder", refuse)
    tries = (
        lambda: files.shred_grant(SHELF, 1, PERSON),
        lambda: files.put_slot(PERSON, "passphrase", b"two"),
        lambda: files.bury(b"line"),
    )
    for one in tries:
        with pytest.raises(CoachsyncError) as refused:
            one()
        assert str(files.folder) not in f"{refused.value.message} {refused.value.hint}"
        assert refused.value.hint
