"""The files of a vault beside its database: grants, keyslots, the ledger of erasures, and the remembered head.

`vault/keys/SHELF/GENERATION.1.RECIPIENT`, `vault/slots/PERSON.KIND.json` and `vault/head` in the state folder. The
ledger (`ledger.py`) lies beside the vault, so that whoever puts an older vault in its place leaves it there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from coachsync.adapters.bodyfiles import BodyFiles, vault_refused
from coachsync.adapters.cachetag import leave_out
from coachsync.adapters.files import (
    create_atomically,
    make_private_folder,
    read_if_there,
    sync_folder,
    write_atomically,
)
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.privacy import is_open
from coachsync.adapters.shredding import is_shredded, shred
from coachsync.vault.chain import Head
from coachsync.vault.grants import FILE_BYTES

_WHERE = "practice.state"
_SHELF = re.compile(r"[0-9a-f]{32}")
_GRANT = re.compile(r"([1-9]\d{0,9})\.1\.([0-9a-f]{32})")
_GENERATIONS = 1 << 32  # a grant has four bytes for its own
_SLOT = re.compile(r"([0-9a-f]{32})\.([a-z]+)\.json")
_HEAD = re.compile(rb"([1-9]\d{0,8}) ([0-9a-f]{64})\n")
_GUESSES = re.compile(rb"(\d{1,9}) (\d{1,12})\n")
_ROTATION = re.compile(rb"([0-9a-f]{32}) ([1-9]\d{0,9})")
_SCRAPS = ".coachsync-*"  # what a run that was killed while writing has left
FORMER = ".former"
_SCRATCH, _OLD = ".coachsync-", ".old-"  # what a file is called until it is in place, and a keyslot on its way out


class VaultFiles:
    """The folder of one vault. Raises CoachsyncError wherever the system refuses something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys = folder / "keys"
        self._slots = folder / "slots"
        self._ledger = Ledger(folder.parent)
        self.bodies = BodyFiles(folder / "files")
        self._owed = folder / "forgetting"
        self._head = folder / "head"
        self._daemon = folder / "daemon.key"
        self._rotation = folder / "rotation"

    def make(self) -> None:
        """The folders, as private as the state folder; no other program is to keep copies of the grants."""
        for folder in (self.folder, self._keys, self._slots):
            make_private_folder(folder)
        leave_out(self._keys)
        self.bodies.make()

    # --- grants -------------------------------------------------------------------------------------------------------

    def grant_file(self, shelf: bytes, generation: int, recipient: bytes) -> Path:
        """Where a grant lies."""
        return self._keys / shelf.hex() / f"{generation}.1.{recipient.hex()}"

    def put_grant(self, shelf: bytes, generation: int, recipient: bytes, content: bytes) -> None:
        """Write a grant, whole and synced to disk. Raises CoachsyncError where there is one already."""
        path = self.grant_file(shelf, generation, recipient)
        make_private_folder(path.parent)
        try:
            sync_folder(self._keys)
        except OSError as problem:
            raise vault_refused("grant-not-written", problem) from None
        create_atomically(path, content)

    def grant(self, shelf: bytes, generation: int, recipient: bytes) -> bytes | None:
        """The content of a grant; None where there is none, or one that was overwritten."""
        content = read_if_there(self.grant_file(shelf, generation, recipient))
        return None if content is None or is_shredded(content) else content[: FILE_BYTES + 1]

    def grants(self, shelf: bytes) -> Iterator[tuple[int, bytes]]:
        """Generation and recipient of each grant of a shelf, sorted; also of those that were overwritten."""
        found = (_GRANT.fullmatch(path.name) for path in self._listed(self._keys / shelf.hex()))
        named = ((int(one[1]), bytes.fromhex(one[2])) for one in found if one)
        yield from sorted(one for one in named if one[0] < _GENERATIONS)

    def shelves(self) -> Iterator[bytes]:
        """The shelves that have a folder."""
        found = (path for path in self._listed(self._keys) if _SHELF.fullmatch(path.name) and path.is_dir())
        yield from sorted(bytes.fromhex(path.name) for path in found)

    def shred_grant(self, shelf: bytes, generation: int, recipient: bytes) -> None:
        """Overwrite a grant in place and unlink it; the last of a shelf takes the folder along."""
        path = self.grant_file(shelf, generation, recipient)
        try:
            shred(path)
            for scrap in path.parent.glob(_SCRAPS):  # one that has another name is in use: zeros would destroy that
                shred(scrap) if scrap.stat().st_nlink == 1 else scrap.unlink()
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
                sync_folder(self._keys)
        except OSError as problem:
            raise vault_refused("grant-not-destroyed", problem) from None

    # --- keyslots -----------------------------------------------------------------------------------------------------

    def slots(self) -> Iterator[tuple[bytes, str]]:
        """Person and kind of each keyslot, sorted."""
        found = (_SLOT.fullmatch(path.name) for path in self._listed(self._slots))
        yield from sorted((bytes.fromhex(one[1]), one[2]) for one in found if one)

    def slot(self, person: bytes, kind: str) -> bytes | None:
        """A keyslot; None where there is none, or one that was overwritten."""
        content = read_if_there(self._slot_file(person, kind))
        return None if content is None or is_shredded(content) else content

    def put_slot(self, person: bytes, kind: str, content: bytes) -> None:
        """Put a keyslot in the place of the one before, whose bytes are overwritten once the new one is on the disk."""
        path, before = self._slot_file(person, kind), self._slots / f"{_OLD}{person.hex()}.{kind}"
        self.end_slots()
        try:
            if path.exists():
                os.link(path, before, follow_symlinks=False)
            write_atomically(path, content)
            shred(before)
        except OSError as problem:
            raise vault_refused("keyslot-not-written", problem) from None

    def shred_slot(self, person: bytes, kind: str) -> bool:
        """Overwrite a keyslot in place and unlink it; whether there was one."""
        self.end_slots()
        path = self._slot_file(person, kind)
        try:
            there = path.exists()
            shred(path)
        except OSError as problem:
            raise vault_refused("keyslot-not-destroyed", problem) from None
        return there

    def end_slots(self) -> None:
        """End what a run cut short has left of keyslots: the old one that a new one has replaced is overwritten, and
        one that was to be put in place and is not."""
        try:
            for path in self._listed(self._slots):
                if path.name.startswith((_SCRATCH, _OLD)):
                    _end(path)
                elif path.suffix == FORMER and is_shredded(path.read_bytes()):
                    shred(path)
        except OSError as problem:
            raise vault_refused("keyslot-not-written", problem) from None

    def shred_slots(self, person: bytes) -> None:
        """Overwrite and unlink every keyslot of somebody, of whatever kind, and forget their wrong guesses."""
        self.end_slots()
        try:
            for _, kind in [one for one in self.slots() if one[0] == person]:
                shred(self._slot_file(person, kind))
            self._guesses(person).unlink(missing_ok=True)
        except OSError as problem:
            raise vault_refused("keyslot-not-written", problem) from None

    def former(self, person: bytes) -> bytes | None:
        """The file that keeps a former seed for the key in its place; None where there is none."""
        content = read_if_there(self._former_file(person), FILE_BYTES + 1)
        return None if content is None or is_shredded(content) else content

    def put_former(self, person: bytes, content: bytes) -> None:
        """Keep a seed that is being replaced."""
        write_atomically(self._former_file(person), content)

    def shred_former(self, person: bytes) -> None:
        """Overwrite and unlink it."""
        try:
            shred(self._former_file(person))
        except OSError as problem:
            raise vault_refused("keyslot-not-written", problem) from None

    def _former_file(self, person: bytes) -> Path:
        return self._slots / f"{person.hex()}{FORMER}"

    def _slot_file(self, person: bytes, kind: str) -> Path:
        return self._slots / f"{person.hex()}.{kind}.json"

    # --- which shelves are to get new keys ----------------------------------------------------------------------------

    def rotation(self) -> dict[bytes, int]:
        """The shelves that are to get new keys, and the generation of each when that was noted. Lines that are none
        count for nothing."""
        found = map(_ROTATION.fullmatch, (read_if_there(self._rotation) or b"").split(b"\n"))
        return {bytes.fromhex(one[1].decode()): int(one[2]) for one in found if one}

    def note_rotation(self, shelves: Mapping[bytes, int]) -> None:
        """Note them; none: there is nothing left to do."""
        if shelves:
            write_atomically(
                self._rotation, b"".join(b"%s %d\n" % (one.hex().encode(), at) for one, at in shelves.items())
            )
        else:
            self._rotation.unlink(missing_ok=True)

    # --- who writes, and who has guessed ------------------------------------------------------------------------------

    def daemon(self) -> bytes | None:
        """The sealed seed of the daemon, which signs with it; None where there is none."""
        return read_if_there(self._daemon)

    def put_daemon(self, sealed: bytes) -> None:
        """Keep the sealed seed of the daemon."""
        write_atomically(self._daemon, sealed)

    def guesses(self, person: bytes) -> tuple[int, int]:
        """How many wrong passphrases there were since the last right one, and when the last was."""
        found = _GUESSES.fullmatch(read_if_there(self._guesses(person)) or b"")
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def guessed(self, person: bytes, number: int, at: int) -> None:
        """Keep how many wrong passphrases there were; none after a right one."""
        if number:
            write_atomically(self._guesses(person), f"{number} {at}\n".encode())
            return
        try:
            self._guesses(person).unlink(missing_ok=True)
        except OSError as problem:
            raise vault_refused("vault-not-written", problem) from None

    def _guesses(self, person: bytes) -> Path:
        return self._slots / f"{person.hex()}.guesses"

    # --- what is remembered -------------------------------------------------------------------------------------------

    def remembered(self) -> Head | None:
        """The head of the log as it was last seen; None where nobody has written one."""
        found = _HEAD.fullmatch(read_if_there(self._head) or b"")
        return Head(int(found[1]), bytes.fromhex(found[2].decode())) if found else None

    def remember(self, head: Head) -> None:
        """Keep the head of the log."""
        write_atomically(self._head, f"{head.count} {head.digest.hex()}\n".encode())

    def open_to_others(self) -> Iterator[str]:
        """What of it more people may read or write, or enter, than the folder that it is in is for: as paths below the
        state folder, sorted."""
        try:
            for path in sorted([self.folder, *self.folder.rglob("*"), self._ledger.file]):
                if path.exists() and is_open(path.stat(), path.parent.stat()):
                    yield str(path.relative_to(self.folder.parent))
        except OSError as problem:
            raise vault_refused("vault-not-read", problem) from None

    def ledger(self) -> Iterator[bytes]:
        """The lines of the ledger of erasures."""
        yield from self._ledger.lines()

    def bury(self, line: bytes) -> None:
        """Add a line to the ledger and sync it to the disk; one that is there is not added again."""
        self._ledger.bury(line)

    def owe_forgetting(self) -> None:
        """Say, before rows are deleted, that their bytes are still to be overwritten."""
        if not self._owed.exists():
            write_atomically(self._owed, b"")

    @property
    def owes_forgetting(self) -> bool:
        """Whether rows were deleted whose bytes may still be there."""
        return self._owed.exists()

    def forgotten(self) -> None:
        """Say that they are gone."""
        self._owed.unlink(missing_ok=True)

    def _listed(self, folder: Path) -> list[Path]:
        try:
            return list(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as problem:
            raise vault_refused("vault-not-read", problem) from None


def _end(path: Path) -> None:
    """Overwrite and unlink what was left; of a file that has another name still, only this name goes."""
    if path.stat().st_nlink > 1:
        path.unlink()
        sync_folder(path.parent)
    else:
        shred(path)
