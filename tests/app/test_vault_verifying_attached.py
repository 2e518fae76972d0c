"""Whatever is done to the contents of attachments, `vault verify` names it without a key, and nothing of it is read."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from attached_files import CONTENT, attach_to, read, write
from coachsync.adapters.bodyfiles import BodyFiles, Place
from coachsync.app.vault.verifying import verify
from coachsync.errors import CoachsyncError
from coachsync.vault import contents
from vault_damage import check_told
from vault_house import VaultHouse, copied

_CHUNK = 16384 + 16


@dataclass
class Attached:
    """A vault with two files of the same length."""

    house: VaultHouse
    first: bytes = b""
    second: bytes = b""

    def file(self, record: bytes) -> Path:
        return self.house.vault_folder / "files" / f"{record.hex()}.1"

    def change(self, change: Callable[[bytes], bytes]) -> None:
        self.file(self.first).write_bytes(change(self.file(self.first).read_bytes()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Attached:
    house = VaultHouse(tmp_path_factory.mktemp("vault"))
    house.make()
    note = write(house)
    return Attached(house, *(attach_to(house, content, to=note.record).record for content in (CONTENT, CONTENT[::-1])))


@pytest.fixture
def attached(whole: Attached, tmp_path: Path) -> Attached:
    return Attached(copied(whole.house, tmp_path), whole.first, whole.second)


def _exchanged(attached: Attached) -> None:
    first, second = attached.file(attached.first), attached.file(attached.second)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _renamed(attached: Attached) -> None:
    attached.file(attached.first).rename(attached.file(bytes(16)))


DAMAGE: dict[str, tuple[Callable[[Attached], None], set[str], set[str]]] = {
    "missing": (lambda a: a.file(a.first).unlink(), {"file-missing"}, set()),
    "empty": (lambda a: a.change(lambda _: b""), {"file-cut"}, set()),
    "without its last byte": (lambda a: a.change(lambda file: file[:-1]), {"file-cut"}, set()),
    "cut after a chunk": (lambda a: a.change(lambda file: file[: 56 + 2 * _CHUNK]), {"file-cut"}, set()),
    "a chunk more": (lambda a: a.change(lambda file: file + file[-_CHUNK:]), {"file-longer"}, set()),
    "chunks in another order": (
        lambda a: a.change(
            lambda file: file[:56] + file[56 + _CHUNK : 56 + 2 * _CHUNK] + file[56 : 56 + _CHUNK]
            + file[56 + 2 * _CHUNK :]
        ),
        {"file-altered"}, set(),
    ),
    "zeros": (lambda a: a.change(lambda file: bytes(len(file))), {"file-altered"}, set()),
    "one bit": (lambda a: a.change(lambda file: file[:-1] + bytes([file[-1] ^ 1])), {"file-altered"}, set()),
    "exchanged": (_exchanged, {"file-altered"}, set()),
    "renamed": (_renamed, {"file-missing"}, {"file-orphan"}),
    "not named yet": (
        lambda a: a.file(a.first).rename(a.file(a.first).with_name(f".coachsync-{a.file(a.first).name}")) and None,
        set(), set(),
    ),
    "one of nobody": (lambda a: a.file(bytes(16)).write_bytes(b"x"), {"open-to-others"}, {"file-orphan"}),
    "of no such name": (
        lambda a: (a.house.vault_folder / "files" / "of Anna Martin").write_bytes(b"x") and None,
        {"open-to-others"}, {"file-orphan"},
    ),
    "half of one": (
        lambda a: (a.house.vault_folder / "files" / f".coachsync-{'ab' * 16}.1").write_bytes(b"x") and None,
        {"open-to-others"}, {"file-unfinished"},
    ),
}  # fmt: skip
UNREADABLE = [name for name, (_, codes, _) in DAMAGE.items() if any(code.startswith("file-") for code in codes)]


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_damage_is_named_without_a_key(attached: Attached, damage: str) -> None:
    spoil, findings, notes = DAMAGE[damage]
    spoil(attached)
    looked = verify(attached.house.config, attached.house.now)
    assert ({one.code for one in looked.findings}, {one.code for one in looked.notes}) == (findings, notes)
    check_told(looked)
    assert not any("Anna" in str(one) for one in looked.notes)


@pytest.mark.parametrize("damage", UNREADABLE)
def test_what_is_damaged_is_not_handed_out_as_whole(attached: Attached, damage: str) -> None:
    DAMAGE[damage][0](attached)
    with attached.house.session() as session:
        with pytest.raises(CoachsyncError) as refused:
            read(session, attached.first)
        assert refused.value.code in ("file-missing", "file-altered")
        if damage != "exchanged":
            assert read(session, attached.second) == CONTENT[::-1]
        looked = verify(attached.house.config, attached.house.now, [session.coach])
    assert looked.opened == (1 if damage == "exchanged" else 2)


def test_a_sound_one_is_counted_and_opened(attached: Attached) -> None:
    with attached.house.session() as session:
        looked = verify(attached.house.config, attached.house.now, [session.coach])
    assert (looked.findings, looked.notes) == ([], [])
    assert (looked.records, looked.files, looked.opened) == (3, 2, 3)


def test_a_file_that_the_log_names_and_nobody_can_open_is_found_in_a_session(
    attached: Attached, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write can seal what nobody opens: its digest is right, and what is in it is not."""
    monkeypatch.setattr(contents, "context", lambda *_: b"another")
    forged = attach_to(attached.house, b"forged")
    monkeypatch.undo()
    assert not verify(attached.house.config, attached.house.now).findings
    with attached.house.session() as session:
        looked = verify(attached.house.config, attached.house.now, [session.coach])
    assert [(one.code, one.where) for one in looked.findings] == [
        ("file-altered", f"record {forged.record.hex()}, version 1")
    ]


def test_what_the_disk_does_not_give_is_named_and_stops_nothing_else(
    attached: Attached, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sector of a large file goes bad sooner than one of anything else."""
    opening = BodyFiles._open

    def failing(self: BodyFiles, place: Place) -> int | None:
        if place[0] == attached.first:
            raise OSError(errno.EIO, "Input/output error")
        return opening(self, place)

    monkeypatch.setattr(BodyFiles, "_open", failing)
    place = f"record {attached.first.hex()}, version 1"
    looked = verify(attached.house.config, attached.house.now)
    assert [(one.code, one.where) for one in looked.findings] == [("file-not-read", place)]
    check_told(looked)
    with attached.house.session() as session:
        looked = verify(attached.house.config, attached.house.now, [session.coach])
        assert read(session, attached.second) == CONTENT[::-1]
    assert [(one.code, one.where) for one in looked.findings] == [("file-not-read", place)]
    assert looked.opened == 2
