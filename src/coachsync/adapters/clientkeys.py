"""Each client's own device-tier key, in a file that is destroyed when the client is to be forgotten.

Bytes that were deleted from a database can stay on the disk; a file that is overwritten in place, synced and unlinked
does not. So whatever is stored about a client is sealed with a key that is nowhere else. The file holds the name of the
device key, the client's key sealed under it, and zeros up to one block; its own name is a code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from coachsync.adapters.cachetag import leave_out
from coachsync.adapters.files import create_atomically, make_private_folder, sync_folder, write_atomically
from coachsync.adapters.ledger import Ledger, is_of_device
from coachsync.adapters.room import is_full, no_room
from coachsync.adapters.shredding import BLOCK, is_shredded, shred
from coachsync.adapters.system import reason
from coachsync.errors import CoachsyncError, WrongKey
from coachsync.phrases import say
from coachsync.vault.rows import KEY_BYTES, DeviceKey, new_device_key

BYTES = BLOCK  # of a file
_SUFFIX = ".key"
_CODE = re.compile(r"C-[0-9A-Z]{6}")
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")  # SHA-256 of a file, "" where there was none
_SCRAPS = ".coachsync-*"  # what a process that was killed while writing leaves behind
_NAME = 16  # bytes of the device key's name
_SEALED = 32 + KEY_BYTES + 16  # salt, key, tag


class ClientKeys:
    """The keys of the clients of one state folder."""

    def __init__(self, state: Path, device: DeviceKey) -> None:
        self.folder = state / "keys" / "clients"
        self.state = state
        self.device = device
        self._ledger = Ledger(state)

    def file(self, code: str) -> Path:
        """Where the key of this client is."""
        return self.folder / f"{code}{_SUFFIX}"

    def load(self, code: str) -> DeviceKey:
        """The key of a client of whom something is stored. Raises CoachsyncError when it is not there or damaged, and
        WrongKey when it was sealed under another device key."""
        content = self._read(code)
        if content is None:
            raise _missing(code)
        if len(content) != BYTES:
            raise _damaged(code)
        if content[:_NAME] != self.device.name.encode():
            raise WrongKey(
                "client-key-of-another-state",
                say("The key of client {code} was locked with another device key.", code=code),
                say("Restore the state folder, with all of keys/, from one backup."),
                where="practice.state",
            )
        try:
            return DeviceKey(self.device.open(_context(code), content[_NAME : _NAME + _SEALED]))
        except WrongKey:
            raise _damaged(code) from None

    def make(self, code: str) -> DeviceKey:
        """The key of a client of whom nothing is stored yet: a new one, on the disk before it is used. One that a run
        cut short has left is used.

        Raises CoachsyncError when it cannot be written.
        """
        if self._read(code) is None:
            key = new_device_key()
            content = self.device.name.encode() + self.device.seal(_context(code), key.secret)
            self.make_folder()
            try:
                sync_folder(self.folder.parent)
            except OSError as problem:
                raise _failed(code, "client-key-not-written", problem) from None
            create_atomically(self.file(code), content.ljust(BYTES, b"\0"))
        return self.load(code)

    def make_folder(self) -> None:
        """The folder of the keys, which no other program is to keep copies of. Raises CoachsyncError."""
        for folder in (self.folder.parent, self.folder):
            make_private_folder(folder)
        leave_out(self.folder)

    def destroy(self, code: str) -> None:
        """Overwrite the file in place, sync it and unlink it: nothing sealed with the key opens again.

        Killed between these steps it leaves zeros, which count as no key; called again it finishes. Raises
        CoachsyncError when that cannot be done.
        """
        try:
            for path in (self.file(code), *self.folder.glob(_SCRAPS)):
                _wipe(path)
        except OSError as problem:
            raise _failed(code, "client-key-not-destroyed", problem) from None

    def rekey(self, new: DeviceKey) -> None:
        """Lock every key, and every line in the ledger, with another device key; what is locked with that already
        stays. The bytes of before are overwritten: they would open what is forgotten later. A key that does not open
        stays as it is. Raises CoachsyncError when the system refuses it."""
        try:
            for file in sorted(self.folder.glob(f"*{_SUFFIX}")):
                self._relock(file.name.removesuffix(_SUFFIX), new)
        except OSError as problem:
            raise _failed("", "client-key-not-written", problem) from None
        others = ClientKeys(self.folder.parent.parent, new)
        lines = {self._line(code, key): others._line(code, key) for code, key in self._burials()}
        if lines:
            self._ledger.rewrite(lines)

    def _relock(self, code: str, new: DeviceKey) -> None:
        file, before = self.file(code), self.folder / f".coachsync-{code}"
        try:
            key = self.load(code)
        except CoachsyncError:  # damaged, zeros, or locked with the new one
            key = None
        if key is not None:
            if not before.exists():
                os.link(file, before)
            content = new.name.encode() + new.seal(_context(code), key.secret)
            write_atomically(file, content.ljust(BYTES, b"\0"))
        if before.exists() and not before.samefile(file):
            shred(before)
        before.unlink(missing_ok=True)

    def content(self, code: str) -> bytes | None:
        """The file as it is; None where there is none, or one that was overwritten."""
        return self._read(code)

    def is_here(self, code: str) -> bool:
        """Whether there is a file at all, also one of which only zeros are left."""
        return self.file(code).exists()

    def bury(self, code: str) -> None:
        """Write into the ledger that the client is to be forgotten, and stays so whatever is put back here; and which
        key goes with that: who certifies it may come when it is gone already."""
        content = self._read(code)
        if content is not None or code not in self.buried()[0]:
            self._ledger.bury(self._line(code, "" if content is None else hashlib.sha256(content).hexdigest()))

    def buried(self) -> tuple[frozenset[str], bool]:
        """The codes of the clients who are to be forgotten; and whether there are lines that this device has not
        written, which count for nothing."""
        lines = [line for line in self._ledger.lines() if is_of_device(line)]
        codes = frozenset(code for code, _ in self._burials())
        return codes, any(_said(line)[0] not in codes for line in lines)

    def buried_with(self, code: str) -> bytes | None:
        """The SHA-256 of the file that went with a client who is to be forgotten; None where there was none."""
        keys = [key for one, key in self._burials() if one == code and key]
        return bytes.fromhex(keys[-1]) if keys else None

    def has_written(self, line: bytes) -> bool:
        """Whether this device has written a line of a ledger, wherever that lies."""
        code, key = _said(line)
        return bool(code) and line == self._line(code, key)

    def adopted(self, line: bytes, former: Iterable[DeviceKey]) -> bytes | None:
        """A line of a ledger as this device writes it, where it was written with this device key, or with one that the
        practice had at another time; None for any other."""
        if any(
            self.has_written(line) or ClientKeys(self.state, one).has_written(line) for one in (self.device, *former)
        ):
            return self._line(*_said(line))
        return None

    def relocked(self, code: str, former: Iterable[DeviceKey]) -> bytes | None:
        """The file of a client as it is, or locked with this device key where it was with a `former` one; None where
        there is none. Raises as `load`."""
        content = self._read(code)
        for one in former:
            if content is not None and one != self.device and content[:_NAME] == one.name.encode():
                key = ClientKeys(self.state, one).load(code)
                return (self.device.name.encode() + self.device.seal(_context(code), key.secret)).ljust(BYTES, b"\0")
        return content

    def codes(self) -> Iterator[str]:
        """Whose keys are here, sorted."""
        names = (file.name.removesuffix(_SUFFIX) for file in self.folder.glob(f"*{_SUFFIX}"))
        yield from sorted(name for name in names if _CODE.fullmatch(name))

    def _burials(self) -> Iterator[tuple[str, str]]:
        for line in self._ledger.lines():
            if self.has_written(line):
                yield _said(line)

    def _line(self, code: str, key: str) -> bytes:
        mark = self.device.blind("erasures", f"{code}/{key}").hex()
        return json.dumps({"client": code, "key": key, "mark": mark}, separators=(",", ":")).encode()

    def _read(self, code: str) -> bytes | None:
        try:
            with self.file(code).open("rb") as file:
                content = file.read(BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise _failed(code, "client-key-not-read", problem) from None
        if is_shredded(content):
            self.file(code).unlink(missing_ok=True)
            return None
        return content


def code_of(line: bytes) -> str:
    """Whom a line of a ledger is about; "" when it does not say so."""
    return _said(line)[0]


def _said(line: bytes) -> tuple[str, str]:
    """The code that a line of the ledger gives, and the digest of the key; "" when it gives none."""
    try:
        found = json.loads(line.decode())
        code, key = found["client"], found["key"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
    well = isinstance(code, str) and isinstance(key, str) and _CODE.fullmatch(code) and _DIGEST.fullmatch(key)
    return (code, key) if well else ("", "")


def _wipe(path: Path) -> None:
    """A scrap that is another name of a file in use is only unlinked: overwriting it would destroy that client's."""
    if path.suffix == _SUFFIX or (path.exists() and path.stat().st_nlink == 1):
        shred(path)
    else:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def _context(code: str) -> str:
    return f"clientkeys/{code}"


def _missing(code: str) -> CoachsyncError:
    return CoachsyncError(
        "client-key-missing",
        say("The key of client {code} is missing: what is stored about this client cannot be read.", code=code),
        say("Bring keys/clients/{code}.key in the state folder back, from the mirror or another copy.", code=code),
        where="practice.state",
    )


def _damaged(code: str) -> CoachsyncError:
    return CoachsyncError(
        "client-key-damaged",
        say("The key of client {code} is damaged: what is stored about this client cannot be read.", code=code),
        say("Bring keys/clients/{code}.key in the state folder back, from the mirror or another copy.", code=code),
        where="practice.state",
    )


def _failed(code: str, error: str, problem: OSError) -> CoachsyncError:
    if is_full(problem):
        return no_room("practice.state")
    return CoachsyncError(
        error,
        say("The system refuses the key of client {code}: {cause}.", code=code, cause=reason(problem)),
        say("Check that the folder keys/clients/ and its files belong to the user who runs coachsync."),
        where="practice.state",
    )
