"""The mirror: the newest grants and client keys in another place, and nothing of the past.

It lies as a state folder does, so that what makes and destroys keys there does so here. A key goes from it only for an
erasure that is approved: a tombstone of a coach, or a line that this device has signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace as replace_in
from pathlib import Path

from coachsync.adapters.backupset import TRUST, BackupSet, is_there, refused, replace, sweep
from coachsync.adapters.cachetag import leave_out
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.files import create_atomically, make_inner_folder, read_if_there, write_atomically
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.trustfile import Trust, read_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.backup import ledgers, places, remembering
from coachsync.app.backup.daemons import Writer
from coachsync.app.backup.remembering import Memory
from coachsync.app.vault.destroying import left
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import signers, signers_of_today
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError, Problem
from coachsync.vault import grants, snapshots
from coachsync.vault.rows import DeviceKey
from coachsync.vault.snapshots import Stamp
from coachsync.vault.statements import Coaches

STAMP = "mirror.json"
_SEEN = "mirror.seen"  # in the state folder: what the mirror was brought up to date with
CARRIED = frozenset({"passphrase", "recovery"})  # kinds of keyslots that are made to be carried away


class Mirror:
    """The folder of a mirror, as what it holds is called in a state folder."""

    def __init__(self, folder: Path, device: DeviceKey) -> None:
        self.folder = folder
        self.store = BackupSet(folder, places.MIRROR)  # of which it has the keyslots and what stands in clear
        self.files = VaultFiles(folder / "vault")
        self.keys = ClientKeys(folder, device)
        self.ledger = Ledger(folder)

    def grants(self) -> Iterator[tuple[bytes, int, bytes]]:
        """Shelf, generation and recipient of each grant."""
        for shelf in self.files.shelves():
            for generation, recipient in self.files.grants(shelf):
                yield shelf, generation, recipient

    def make(self) -> None:
        """The folders, and no scraps of a run cut short."""
        try:
            for below in ("vault", "vault/keys", "keys", "keys/clients", "slots"):
                make_inner_folder(self.folder / below)
            for folder in (self.folder, self.folder / "slots", self.keys.folder):
                sweep(folder)
            for shelf in self.files.shelves():
                sweep(self.files.grant_file(shelf, 1, b"").parent)
        except OSError as problem:
            raise refused(problem, places.MIRROR, self.folder) from None
        leave_out(self.folder)


def follow(wiring: Wiring) -> None:
    """Bring the mirror up to date where a key, a keyslot or the ledger has changed since, and tell the backups what was
    erased. Where that cannot be done, it is remembered, and `check` and `status` tell it; no command fails for it."""
    config, state = wiring.config, wiring.config.practice.state
    with suppress(CoachsyncError, OSError):
        trust = read_trust(config.trust)
        if trust is None or read_if_there(state / _SEEN) == _seen(wiring):
            return
        with suppress(CoachsyncError, OSError):
            _tell_backups(wiring, trust)
        if config.backup.mirror is not None and not _follow(wiring):
            remembering.fall_behind(state, int(wiring.now.timestamp()))


def forgets(wiring: Wiring, vault: Vault) -> bool:
    """Have the mirror forget at once what was erased; whether it has done so, or there is none."""
    try:
        refresh(wiring, vault, remembering.recall(wiring.config.practice.state))
    except CoachsyncError:
        return False
    return True


def _follow(wiring: Wiring) -> bool:
    mirror = wiring.config.backup.mirror
    if mirror is None or not is_there(mirror):
        return False  # without a look at the vault, which takes its time
    try:
        with open_vault(wiring.config, wiring.now) as vault:
            return forgets(wiring, vault)
    except CoachsyncError:
        return False


def _tell_backups(wiring: Wiring, trust: Trust) -> None:
    """Add to the ledger of the backups what was erased since the last one."""
    folder, keys = wiring.config.backup.folder, wiring.clients.keys
    if folder is not None and places.identity(BackupSet(folder), places.FOLDER) == trust.vault:
        heard = ledgers.approved(Ledger(wiring.config.practice.state).lines(), trust, keys)
        ledgers.spread(heard, Ledger(folder))


def refresh(wiring: Wiring, vault: Vault, memory: Memory, *, anew: bool = False) -> tuple[Memory, list[Problem]]:
    """Bring the mirror up to date, and look at all that is in it. What is to be remembered, and what is to be told.

    The state's lock must be held. Raises CoachsyncError where there is no such folder, or where the system refuses it.
    """
    mirror = wiring.config.backup.mirror
    if mirror is None:
        return memory, []
    try:
        return _refreshed(Mirror(mirror, wiring.database.key), wiring, vault, memory, anew=anew)
    except OSError as problem:  # of a disk that has gone in the middle
        raise refused(problem, places.MIRROR, mirror) from None


def _refreshed(
    mirror: Mirror, wiring: Wiring, vault: Vault, memory: Memory, *, anew: bool
) -> tuple[Memory, list[Problem]]:
    config = wiring.config
    places.claim(mirror.store, vault.id, places.MIRROR, known=memory.mirrored is not None and not anew)
    mirror.make()
    memory = _dropped(mirror, wiring, vault, memory)  # first: it needs no room on the disk
    heard = ledgers.approved(Ledger(config.practice.state).lines(), vault.trust, mirror.keys)
    ledgers.spread(heard, mirror.ledger)
    wrong = ledgers.approved(mirror.ledger.lines(), vault.trust, mirror.keys).forged
    _copy_grants(mirror, vault)
    _copy_client_keys(mirror, wiring.clients.keys)
    mirror.store.put_slots(carried(vault.files))
    mirror.store.put_clear(TRUST, read_if_there(config.trust) or b"")
    told = [ledgers.forged(places.MIRROR)] if wrong else []
    return _stamped(mirror, vault, wiring, memory), told


def carried(files: VaultFiles) -> dict[tuple[bytes, str], bytes]:
    """The keyslots that backups and the mirror carry, by person and kind."""
    found = {(person, kind): files.slot(person, kind) for person, kind in files.slots() if kind in CARRIED}
    return {key: content for key, content in found.items() if content is not None}


def stamp_of(store: BackupSet, trust: Trust) -> Stamp | None:
    """Up to when a mirror is current; None where it does not say. Raises Altered where somebody else says it."""
    return _stamp_by(store, trust, signers(trust))


def _stamp_by(store: BackupSet, trust: Trust, keys: Coaches) -> Stamp | None:
    content = store.clear(STAMP)
    return None if content is None else snapshots.read_stamp(content, trust.vault, keys)


def name_backup(store: BackupSet, trust: Trust, writer: Writer, number: int, digest: bytes) -> None:
    """Have a mirror remember the newest backup: an older copy of their folder shows beside it. What a key of before
    vouches for is not signed again. Raises Altered for that, and CoachsyncError where the system refuses it."""
    stamp = _stamp_by(store, trust, signers_of_today(trust))
    if stamp is not None:
        named = replace_in(stamp, number=number, digest=digest)
        store.put_clear(STAMP, snapshots.write_stamp(named, trust.vault, writer.entry, writer.daemon))


def _dropped(mirror: Mirror, wiring: Wiring, vault: Vault, memory: Memory) -> Memory:
    """Destroy what is erased: what the log or an approved line of the ledger says. What is to be remembered: once the
    old keys of a shelf have gone that lives on, the last backup does not open what is in it."""
    doomed, keys = _doomed(mirror.files, vault), wiring.clients.keys
    if wiring.config.backup.folder is not None and any(shelf not in vault.history.erased for shelf, _, _ in doomed):
        memory = remembering.owing(memory, int(wiring.now.timestamp()), vault.history.head.count)
        wiring.backup_due = True
        with suppress(CoachsyncError):  # a full disk keeps nobody from erasing
            remembering.keep(wiring.config.practice.state, memory)
    for shelf, generation, recipient in sorted(doomed):
        mirror.files.shred_grant(shelf, generation, recipient)
    codes, _ = keys.buried()
    for code in mirror.keys.codes():
        if code in codes:
            mirror.keys.destroy(code)
    return memory


def _doomed(files: VaultFiles, vault: Vault) -> set[tuple[bytes, int, bytes]]:
    return left(vault.store, files, vault.history, vault.history.graves.values()).grants


def _copy_grants(mirror: Mirror, vault: Vault) -> None:
    """Grants are never changed: one that is there stays, unless it is damaged and the one here is not."""
    doomed = _doomed(vault.files, vault)
    for shelf in vault.files.shelves():
        logged = vault.history.grants.get(shelf, frozenset())
        for generation, recipient in vault.files.grants(shelf):
            content = vault.files.grant(shelf, generation, recipient)
            if content is None or (shelf, generation, recipient) in doomed:
                continue
            there, path = mirror.files.grant(shelf, generation, recipient), mirror.files.grant_file
            file = path(shelf, generation, recipient)
            if there is None:
                _write(file, content)
            elif there != content and grants.digest(there) not in logged and grants.digest(content) in logged:
                _replace(file, content)


def _copy_client_keys(mirror: Mirror, keys: ClientKeys) -> None:
    codes, _ = keys.buried()
    for code in keys.codes():
        content = keys.content(code)
        if content is None or code in codes or mirror.keys.content(code) == content:
            continue
        _replace(mirror.keys.file(code), content)


def _write(file: Path, content: bytes) -> None:
    try:
        make_inner_folder(file.parent)
        file.unlink(missing_ok=True)  # zeros
    except OSError as problem:
        raise refused(problem, places.MIRROR, file.parent) from None
    create_atomically(file, content)


def _replace(file: Path, content: bytes) -> None:
    try:
        replace(file, content)
    except OSError as problem:
        raise refused(problem, places.MIRROR, file.parent) from None


def _stamped(mirror: Mirror, vault: Vault, wiring: Wiring, memory: Memory) -> Memory:
    now = int(wiring.now.timestamp())
    writer = Writer.of(vault, wiring.database.key)
    stamp = Stamp(now, vault.history.head, memory.number, bytes.fromhex(memory.digest))
    mirror.store.put_clear(STAMP, snapshots.write_stamp(stamp, vault.id, writer.entry, writer.daemon))
    state = wiring.config.practice.state
    memory = remembering.mirrored(memory, now)
    remembering.keep(state, memory)
    write_atomically(state / _SEEN, _seen(wiring))
    return memory


def _seen(wiring: Wiring) -> bytes:
    """A digest of what the mirror follows: which keys there are, and what keyslots, ledger and trust.toml say."""
    state = wiring.config.practice.state
    files, found = VaultFiles(state / "vault"), hashlib.sha256()
    for shelf in files.shelves():
        for generation, recipient in files.grants(shelf):
            found.update(b"%s %d %s\n" % (shelf, generation, recipient))
    keys = wiring.clients.keys
    for code in keys.codes():
        found.update(f"{code} {keys.device.name}\n".encode())
    for content in (*carried(files).values(), *Ledger(state).lines(), read_if_there(wiring.config.trust) or b""):
        found.update(hashlib.sha256(content).digest())
    found.update(str(wiring.config.backup.mirror).encode("utf-8", "surrogateescape"))
    return found.hexdigest().encode() + b"\n"
