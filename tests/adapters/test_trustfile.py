"""Whose the vault is stands in a file of its own: what others may have written there counts for nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.adapters import trustfile
from coachsync.adapters.trustfile import Pinned, Trust, is_coach_name, read_trust, write_trust
from coachsync.errors import Altered, CoachsyncError
from coachsync.vault.keys import Person

ANNA, BEA = (Person(bytes([number] * 32)).actor for number in (1, 2))
TRUST = Trust(
    bytes(range(16)), {name: Pinned(one.verify, one.fingerprint) for name, one in (("anna", ANNA), ("bea-2", BEA))}
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_trust(tmp_path / "trust.toml", TRUST)
    return tmp_path / "trust.toml"


def test_what_is_written_is_read(file: Path) -> None:
    assert read_trust(file) == TRUST
    assert TRUST.coaches["anna"].fits(ANNA)
    assert not TRUST.coaches["anna"].fits(BEA)
    assert file.stat().st_mode & 0o777 == 0o644
    assert read_trust(file.with_name("another")) is None


def test_another_sealing_key_does_not_fit(file: Path) -> None:
    """The fingerprint pins it as well: else notes would be sealed to whoever wrote the row."""
    from dataclasses import replace

    assert not TRUST.coaches["anna"].fits(replace(ANNA, sealing=BEA.sealing))


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(Altered) as refused:
        read_trust(file)
    assert (refused.value.code, refused.value.where) == ("trust-open", "trust.toml")


def test_a_file_of_another_user_is_refused_but_not_the_administrators(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: me + 4711)
    if me == 0:
        assert read_trust(file) == TRUST
        os.chown(file, 4712, 4712)
    with pytest.raises(Altered):
        read_trust(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to other users")
@pytest.mark.parametrize(
    ("owner", "folder", "mode", "trusted"),
    [
        (0, 4712, 0o777, True),  # the administrator's, wherever it stands
        (4711, 0, 0o755, True),  # the reader's own
        (4712, 4712, 0o755, True),  # of whoever owns the folder, and so the configuration in it
        (4712, 0, 0o755, False),
        (4712, 4712, 0o775, False),  # where others can write, they have put it there
        (4712, 4712, 0o757, False),
        (4713, 4712, 0o755, False),
    ],
)
def test_whose_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, folder: int, mode: int, trusted: bool
) -> None:
    place = tmp_path / "etc"
    place.mkdir()
    place.chmod(mode)
    write_trust(place / "trust.toml", TRUST)
    os.chown(place / "trust.toml", owner, owner)
    os.chown(place, folder, folder)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    if trusted:
        assert read_trust(place / "trust.toml") == TRUST
        return
    with pytest.raises(Altered) as refused:
        read_trust(place / "trust.toml")
    assert refused.value.code == "trust-open"
    assert f"sudo chown root {place / 'trust.toml'}" in refused.value.aside


def test_who_cannot_write_it_is_told_to_have_it_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trustfile.refuse_closed(tmp_path / "trust.toml")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CoachsyncError) as refused:
        trustfile.refuse_closed(tmp_path / "trust.toml")
    assert (refused.value.code, "sudo" in refused.value.hint) == ("trust-not-writable", True)


@pytest.mark.parametrize(
    "content",
    [
        "", "vault = 1", "[coaches]", 'vault = "00"\n[coaches.anna]\nverify = "00"\nfingerprint = "00"',
        'vault = "{vault}"', 'vault = "{vault}"\ncoaches = 1', 'vault = "{vault}"\n[coaches]',
        'vault = "{vault}"\n[coaches.anna]', 'vault = "{vault}"\n[coaches.Anna]\n{pin}',
        'vault = "{vault}"\nmore = 1\n[coaches.anna]\n{pin}', 'vault = "{vault}"\n[coaches.anna]\n{pin}\nmore = 1',
        'vault = "{vault}"\n[coaches.anna]\n{pin}\n[coaches.anna]\n{pin}', "\x00", "coaches = []\nvault = []",
    ],
)  # fmt: skip
def test_what_says_nothing_is_refused(file: Path, content: str) -> None:
    pin = f'verify = "{ANNA.verify.hex()}"\nfingerprint = "{ANNA.fingerprint.hex()}"'
    file.write_text(content.replace("{vault}", "00" * 16).replace("{pin}", pin))
    with pytest.raises(Altered) as refused:
        read_trust(file)
    assert refused.value.code == "trust-damaged"


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_whatever_is_in_the_file_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed-trust.toml"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(Altered):
        read_trust(file)


def test_what_cannot_be_read_is_no_reason_to_trust_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trust.toml").mkdir()
    with pytest.raises(CoachsyncError) as refused:
        read_trust(tmp_path / "trust.toml")
    assert refused.value.code == "trust-not-read"
    assert str(tmp_path) not in refused.value.message


@pytest.mark.parametrize("name", ["anna", "a", "bea-2", "a" * 31])
def test_names_of_coaches(name: str) -> None:
    assert is_coach_name(name)
    assert not is_coach_name(f"{name} ")
    assert not is_coach_name(f"1{name}")
    assert trustfile.NAME == "trust.toml"
