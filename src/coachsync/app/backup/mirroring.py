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
from coachsync.app.vault.destroying import left
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import signers, signers_of_today
from coachsync.app.wiring import Wiring
from coachsync.errors import Altered, CoachsyncError, Problem
from coachsync.phrases import say
from coachsync.vault import grants, snapshots
from coachsync.vault.keyslots import portable_kinds
from coachsync.vault.rows import DeviceKey
from coachsync.vault.snapshots import Stamp
from coachsync.vault.statements import Coaches

STAMP = "mirror.json"
_SEEN = "mirror.seen"  # in the state folder: what the mirror was brought up to date with
_UNTOLD = "backups.untold"  # there while the backups may not have heard of an erasure
MOMENTARY = (_SEEN, _UNTOLD)  # of what is in the state folder, no backup has these
_SHORT = 16  # bytes of a digest that nobody has a use for finding another of


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
    erased. Where that cannot be done, it is remembered: `check` and `status` tell it, and the command where it is news;
    none fails for it."""
    config, state = wiring.config, wiring.config.practice.state
    with suppress(CoachsyncError, OSError):
        trust = read_trust(config.trust)
        if trust is None:
            return
        behind = is_behind(wiring)
        if behind or (state / _UNTOLD).exists():
            _tell_backups(wiring, trust)
        if not behind:
            remembering.catch_up(state)  # what it lacked is here no more, or it is another mirror no more
            return
        if config.backup.mirror is not None and not _follow(wiring):
            wiring.mirror_behind = True  # also where nothing can be kept
            at, lacking = int(wiring.now.timestamp()), hashlib.sha256(_seen(wiring)).digest()[:_SHORT]
            wiring.mirror_behind = remembering.fall_behind(state, at, lacking)


def is_behind(wiring: Wiring) -> bool:
    """Whether there is something here that the mirror was not told of, also where nobody could remember that: a run
    that was killed has not. Raises CoachsyncError where the system refuses it."""
    return read_if_there(wiring.config.practice.state / _SEEN) != _seen(wiring)


def forgets(wiring: Wiring, vault: Vault) -> bool:
    """Have the mirror forget at once what was erased; whether it has done so, or there is none."""
    try:
        refresh(wiring, vault)
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
    """Add to the ledger of the backups what was erased since the last one; later, where they are away."""
    folder, untold = wiring.config.backup.folder, wiring.config.practice.state / _UNTOLD
    with suppress(CoachsyncError, OSError):
        if folder is None or _have_heard(folder, wiring, trust):
            untold.unlink(missing_ok=True)
        elif not untold.exists():  # before the mirror follows: after that, nothing else tells it
            write_atomically(untold, b"")


def _have_heard(folder: Path, wiring: Wiring, trust: Trust) -> bool:
    try:
        if places.identity(BackupSet(folder), places.FOLDER) != trust.vault:
            return False
        heard = ledgers.approved(Ledger(wiring.config.practice.state).lines(), trust, wiring.clients.keys)
        ledgers.spread(heard, Ledger(folder))
    except (CoachsyncError, OSError):
        return False
    return True


def refresh(wiring: Wiring, vault: Vault, *, anew: bool = False) -> list[Problem]:
    """Bring the mirror up to date, remember that, and look at all that is in it. What is to be told.

    The state's lock must be held. Raises CoachsyncError where there is no such folder, or where the system refuses it.
    """
    mirror = wiring.config.backup.mirror
    if mirror is None:
        return []
    try:
        return _refreshed(Mirror(mirror, wiring.database.key), wiring, vault, anew=anew)
    except OSError as problem:  # of a disk that has gone in the middle
        raise refused(problem, places.MIRROR, mirror) from None


def _refreshed(mirror: Mirror, wiring: Wiring, vault: Vault, *, anew: bool) -> list[Problem]:
    config = wiring.config
    known = remembering.recall(config.practice.state).mirrored is not None
    places.claim(mirror.store, vault.id, places.MIRROR, known=known and not anew)
    mirror.make()
    held = _drop(mirror, wiring, vault)  # first: it needs no room on the disk
    heard = ledgers.approved(Ledger(config.practice.state).lines(), vault.trust, mirror.keys)
    ledgers.spread(heard, mirror.ledger)
    wrong = ledgers.approved(mirror.ledger.lines(), vault.trust, mirror.keys).forged
    _copy_grants(mirror, wiring, vault)
    _copy_client_keys(mirror, wiring)
    mirror.store.put_slots(carried(vault.files))
    mirror.store.put_clear(TRUST, read_if_there(config.trust) or b"")
    if held:
        raise _opens_more()
    _stamp(mirror, vault, wiring)
    return [ledgers.forged(places.MIRROR)] if wrong else []


def carried(files: VaultFiles) -> dict[tuple[bytes, str], bytes]:
    """The keyslots that backups and the mirror carry, by person and kind."""
    found = {(person, kind): files.slot(person, kind) for person, kind in files.slots() if kind in portable_kinds()}
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


def shut(vault: Vault) -> list[tuple[bytes, int]]:
    """Shelf and generation of each record that no grant here opens."""
    places_of = [(one.shelf, one.generation) for one in vault.history.records.values()]
    opened = {place for place in set(places_of) if _is_open(vault, *place)}
    return [place for place in places_of if place not in opened]


def _is_open(vault: Vault, shelf: bytes, generation: int) -> bool:
    history, files = vault.history, vault.files
    if files.grant(shelf, generation, history.shelves[shelf].coach) is not None:
        return True
    maker = history.makers.get(shelf, {}).get(generation)  # what has no new key yet, the former seed opens
    return maker is not None and files.former(maker) is not None and files.grant(shelf, generation, maker) is not None


def _drop(mirror: Mirror, wiring: Wiring, vault: Vault) -> bool:
    """Destroy what is erased: what the log or an approved line of the ledger says. Whether something is held back:
    where nothing here opens what was sealed anew, only the keys of before do, with a backup of their day."""
    doomed, keys = _doomed(mirror.files, vault), wiring.clients.keys
    living = {place[0] for place in doomed if place[0] not in vault.history.erased}
    kept = living & {shelf for shelf, _ in shut(vault)} if living else set[bytes]()
    doomed = {place for place in doomed if place[0] not in kept}
    _owe(wiring, [_named(*place) for place in sorted(doomed) if place[0] not in vault.history.erased])
    for shelf, generation, recipient in sorted(doomed):
        mirror.files.shred_grant(shelf, generation, recipient)
    codes, _ = keys.buried()
    for code in mirror.keys.codes():
        if code in codes:
            mirror.keys.destroy(code)
    return bool(kept)


def _opens_more() -> Altered:
    return Altered(
        "mirror-opens-more",
        say("There are records that nothing here opens, and the mirror has keys that open them in an older backup."),
        say(
            "Restore again with --replace, this mirror, and --snapshot with a backup of its day. If they are not worth "
            "that, erase them: coachsync note erase ID ID. Until then the mirror lets go of none of these keys."
        ),
        where=places.MIRROR,
    )


def _owe(wiring: Wiring, going: list[bytes]) -> None:
    """Once keys have gone from the mirror of what lives on, the last backup does not open that: it is kept before they
    go that another one is due."""
    if going and wiring.config.backup.folder is not None:
        digest, state = hashlib.sha256(b"\n".join(going)).digest()[:_SHORT], wiring.config.practice.state
        wiring.backup_due = True
        with suppress(CoachsyncError):  # whatever its disk says keeps nobody from erasing
            wiring.backup_due = remembering.owe(state, int(wiring.now.timestamp()), digest)


def _doomed(files: VaultFiles, vault: Vault) -> set[tuple[bytes, int, bytes]]:
    return left(vault.store, files, vault.history, vault.history.graves.values()).grants


def _copy_grants(mirror: Mirror, wiring: Wiring, vault: Vault) -> None:
    """Grants are never changed: one that is there stays, unless it is damaged and the one here is not, or of a log that
    was given up, of which the last backup may be."""
    doomed, others = _doomed(vault.files, vault), dict[tuple[bytes, int, bytes], bytes]()
    for shelf in vault.files.shelves():
        logged = vault.history.grants.get(shelf, frozenset())
        for generation, recipient in vault.files.grants(shelf):
            content = vault.files.grant(shelf, generation, recipient)
            if content is None or (shelf, generation, recipient) in doomed:
                continue
            there = mirror.files.grant(shelf, generation, recipient)
            if there is None:
                _write(mirror.files.grant_file(shelf, generation, recipient), content)
            elif there != content and grants.digest(there) not in logged and grants.digest(content) in logged:
                others[shelf, generation, recipient] = content
    _owe(wiring, [_named(*place) + grants.digest(content) for place, content in others.items()])
    for place, content in others.items():
        _replace(mirror.files.grant_file(*place), content)


def _named(shelf: bytes, generation: int, recipient: bytes) -> bytes:
    return b"%s %d %s" % (shelf, generation, recipient)


def _copy_client_keys(mirror: Mirror, wiring: Wiring) -> None:
    """With another device key all of them are others: the last backup has the one before."""
    keys = wiring.clients.keys
    codes, _ = keys.buried()
    here = {code: keys.content(code) for code in keys.codes() if code not in codes}
    others = {code: content for code, content in here.items() if content and mirror.keys.content(code) != content}
    _owe(wiring, [f"{code} {keys.device.name}".encode() for code in others if mirror.keys.content(code) is not None])
    for code, content in others.items():
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


def _stamp(mirror: Mirror, vault: Vault, wiring: Wiring) -> None:
    now, state = int(wiring.now.timestamp()), wiring.config.practice.state
    memory = remembering.recall(state)
    writer = Writer.of(vault, wiring.database.key)
    stamp = Stamp(now, vault.history.head, memory.number, bytes.fromhex(memory.digest))
    mirror.store.put_clear(STAMP, snapshots.write_stamp(stamp, vault.id, writer.entry, writer.daemon))
    remembering.change(state, lambda memory: remembering.mirrored(memory, now))
    write_atomically(state / _SEEN, _seen(wiring))


def _seen(wiring: Wiring) -> bytes:
    """A digest of what the mirror follows: which keys there are, and what keyslots, ledger and trust.toml say."""
    state = wiring.config.practice.state
    files, found = VaultFiles(state / "vault"), hashlib.sha256()
    for shelf in files.shelves():
        for generation, recipient in files.grants(shelf):
            found.update(_named(shelf, generation, recipient) + b"\n")
    keys = wiring.clients.keys
    for code in keys.codes():
        found.update(f"{code} {keys.device.name}\n".encode())
    for content in (*carried(files).values(), *Ledger(state).lines(), read_if_there(wiring.config.trust) or b""):
        found.update(hashlib.sha256(content).digest())
    found.update(str(wiring.config.backup.mirror).encode("utf-8", "surrogateescape"))
    return found.hexdigest().encode() + b"\n"
