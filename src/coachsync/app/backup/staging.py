"""A backup brought back into a folder of its own: erasures first, then keys, then the vault is opened and swept.

Nothing is served from there, and nobody's data is touched: a restore moves it into its place, a drill throws it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from coachsync.adapters import heldfolders, keyfile, keystore
from coachsync.adapters.backupset import refused
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.files import create_atomically, make_private_folder, write_atomically
from coachsync.adapters.ledger import Ledger
from coachsync.adapters.trustfile import write_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.backup import ledgers, mirroring, places
from coachsync.app.backup.mirroring import Mirror
from coachsync.app.backup.reading import Backups
from coachsync.app.clients import forgetting
from coachsync.app.clients.hiding import keep_out
from coachsync.app.vault import accepting
from coachsync.app.vault.destroying import left
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.wiring import Wiring, open_wiring
from coachsync.config import Backup, Config
from coachsync.errors import Altered, CoachsyncError, Problem, WrongKey
from coachsync.phrases import say, say_count
from coachsync.vault.chain import Head
from coachsync.vault.keys import Person
from coachsync.vault.rows import DeviceKey
from coachsync.vault.snapshots import Manifest, Stored

_BODIES = "state/vault/files/"
_COMMAND = "backup restore"


@dataclass
class Staged:
    """A backup in a folder: its state and the files of its configuration. `problems` is what the coach must hear of."""

    folder: Path
    config: Config  # whose state and trust.toml are those of the folder
    device: DeviceKey
    former: list[DeviceKey] = field(default_factory=list)  # that the practice had, as far as it is told here
    elsewhere: dict[str, str] = field(default_factory=dict)  # whom a device that nobody knows has forgotten, and where
    problems: list[Problem] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.config.practice.state


def put(
    backups: Backups,
    manifest: Manifest,
    coach: Person,
    config: Config,
    folder: Path,
    others: list[Path],
    bodies: Path | None = None,
) -> Staged:
    """Put the files of a backup into an empty folder, with the ledgers of erasures of the mirror, of the backups and of
    `others`, which are state folders. The keys of notes and clients are not there yet: nothing of them opens. The files
    of attachments go to the folder `bodies` where one is given.

    Raises Altered where the backup is damaged, and CoachsyncError where the system refuses something.
    """
    state, pinned = folder / "state", folder / "trust.toml"
    settings = replace(config, practice=replace(config.practice, state=state), trust=pinned, backup=Backup())
    staged = Staged(folder, settings, DeviceKey(manifest.device))
    make_private_folder(state / "vault")
    if bodies is not None:
        (folder / _BODIES).symlink_to(bodies, target_is_directory=True)
    for stored in manifest.files:
        _put_file(backups, stored, folder, staged)
    VaultFiles(state / "vault").make()
    write_trust(pinned, backups.trust)
    keyfile.write(state, manifest.device)
    (state / "device-key-place").unlink(missing_ok=True)  # it is in the file now, wherever it was
    files = VaultFiles(state / "vault")
    files.make()
    for (person, kind), content in _slots(backups, coach).items():
        files.put_slot(person, kind, content)
    staged.former = list(dict.fromkeys([*backups.devices(coach), *_devices_of(others)]))
    _bury(backups, staged, others)
    return staged


def revive(backups: Backups, staged: Staged, coach: Person, now: datetime, heads: list[Head]) -> None:
    """Open the vault of what was put there: what is erased goes, the keys that are left come from the mirror, and where
    somebody remembers a newer log (`heads`), it is given up. Raises as `open_vault` does."""
    config = staged.config
    mirror = Mirror(backups.mirror.folder, staged.device) if backups.mirror is not None else None
    if mirror is not None:
        _client_keys(mirror, staged)
    with open_wiring(config, _COMMAND, now) as wiring:  # what is erased of clients goes
        _give_up(config, coach, now, heads)
        with open_vault(config, now) as vault:
            if mirror is not None:
                _grants(mirror, vault)
            _forget(wiring, vault, staged)
            if mirror is not None:
                staged.problems += _of_another_device(wiring.clients.keys)
            staged.problems += [one for one in (*wiring.problems, *vault.problems) if one.code not in _EXPECTED]
            staged.problems += _unopened(vault, coach)


@contextmanager
def opened(staged: Staged, now: datetime) -> Iterator[tuple[Wiring, Vault]]:
    """The state of what was put there, and its vault."""
    with open_wiring(staged.config, _COMMAND, now) as wiring, open_vault(staged.config, now) as vault:
        yield wiring, vault


def heads_of(backups: Backups, states: list[Path]) -> list[Head]:
    """Where logs end that somebody remembers: the mirror, and state folders that are here. Raises Altered where the
    mirror does not say it itself."""
    stamp = mirroring.stamp_of(backups.mirror, backups.trust) if backups.mirror is not None else None
    found = [VaultFiles(state / "vault").remembered() for state in states]
    return [head for head in (*found, stamp.head if stamp else None) if head is not None and head.count]


_EXPECTED = frozenset({"erased-came-back", "head-missing"})  # a backup is older than the ledger


def _put_file(backups: Backups, stored: Stored, folder: Path, staged: Staged) -> None:
    path = folder / stored.path
    make_private_folder(path.parent)
    try:
        heldfolders.fill(path, backups.content(stored))
    except OSError as problem:
        raise refused(problem, "practice.state", path.parent) from None
    except Altered as problem:
        if not stored.path.startswith(_BODIES):
            raise
        staged.problems.append(Problem(problem.code, stored.path, problem.message, problem.hint))


def _slots(backups: Backups, coach: Person) -> dict[tuple[bytes, str], bytes]:
    """The keyslots of backups and mirror; of two, the mirror's is the newer one."""
    found = dict(backups.store.slots())
    if backups.mirror is not None:
        found |= backups.mirror.slots()
    trusted = {one.fingerprint for one in backups.trust.coaches.values()} | {coach.actor.fingerprint}
    return {key: content for key, content in found.items() if key[0] in trusted}


def _devices_of(states: list[Path]) -> Iterator[DeviceKey]:
    """The device keys of states that are here. One that was changed after every backup is in none of them, and what
    was erased since is signed with it. A state that has lost its key tells none."""
    for state in states:
        with suppress(CoachsyncError, OSError):
            yield keystore.load_device_key(state, create=False)


def _bury(backups: Backups, staged: Staged, others: list[Path]) -> None:
    """The ledger of what was put there: everything that is approved in any ledger, and nothing else."""
    keys, own = ClientKeys(staged.state, staged.device), Ledger(staged.state)
    ledgers_there = [(places.FOLDER, backups.store.ledger), ("practice.state", own)]
    ledgers_there += [("practice.state", Ledger(state)) for state in others]
    if backups.mirror is not None:
        ledgers_there.append((places.MIRROR, backups.mirror.ledger))
    lines: list[bytes] = []
    for where, ledger in ledgers_there:
        heard = ledgers.approved(ledger.lines(), backups.trust, keys, staged.former)
        lines += heard.lines
        staged.elsewhere |= dict.fromkeys(heard.elsewhere, where)
        if heard.forged and (told := ledgers.forged(where)) not in staged.problems:
            staged.problems.append(told)
    written = b"".join(line + b"\n" for line in dict.fromkeys(lines))
    if written or own.file.exists():
        write_atomically(own.file, written)


def _client_keys(mirror: Mirror, staged: Staged) -> None:
    """The keys of clients, but for those who are erased."""
    keys = ClientKeys(staged.state, staged.device)
    codes, _ = keys.buried()
    keys.make_folder()
    for code in mirror.keys.codes():
        try:
            content = mirror.keys.relocked(code, staged.former) if code not in codes else None
        except CoachsyncError as problem:
            staged.problems.append(problem.problem(places.MIRROR))
            continue
        if content is not None:
            write_atomically(keys.file(code), content)


def _forget(wiring: Wiring, vault: Vault, staged: Staged) -> None:
    """Forget the clients who were erased under a device key that is in no backup: the tombstone of the only coach says
    so too, and there are no records of them. Whoever keeps some has the client in the directory still; then, and where
    the tombstone does not count, somebody else may have written that line."""
    kept = {one.client for one in vault.history.shelves.values()}
    erased = {stone.client for stone in vault.history.graves.values() if stone.what == "client"}
    for code, where in sorted(staged.elsewhere.items()):
        if code not in erased - kept:
            staged.problems += [told] if (told := ledgers.forged(where)) not in staged.problems else []
            continue
        state, hide = wiring.config.practice.state, partial(keep_out, wiring)
        forgetting.forget(wiring.clients, wiring.database, state, code, hide)


def _of_another_device(keys: ClientKeys) -> Iterator[Problem]:
    """How many clients' keys nothing opens that came back: the device key was replaced after the backup was made."""
    shut = 0
    for code in keys.codes():
        try:
            keys.load(code)
        except WrongKey:
            shut += 1
        except CoachsyncError:  # a damaged one is told by whoever reads what it opens
            continue
    if shut:
        yield Problem(
            "client-keys-of-another-device",
            places.MIRROR,
            say_count(
                "The name of {number} client cannot be opened: the device key was replaced after this backup was made.",
                "The names of {number} clients cannot be opened: the device key was replaced after this backup was "
                "made.",
                shut,
            ),
            say("If there is a newer backup, or an older mirror, restore again with that, and with --replace."),
        )


def _grants(mirror: Mirror, vault: Vault) -> None:
    """The grants, but for those of what is erased."""
    doomed = left(vault.store, mirror.files, vault.history, vault.history.graves.values()).grants
    for place in mirror.grants():
        content = mirror.files.grant(*place)
        if content is not None and place not in doomed:
            file = vault.files.grant_file(*place)
            make_private_folder(file.parent)
            if not file.exists():
                create_atomically(file, content)


def _give_up(config: Config, coach: Person, now: datetime, heads: list[Head]) -> None:
    """A backup is older than a log that somebody remembers: the coach goes on with it, and its log says so."""
    files = VaultFiles(config.practice.state / "vault")
    own = files.remembered()
    for head in heads:
        files.remember(head)
        if not accepting.accept_as(config, coach, now) and own is not None:
            files.remember(own)


def _unopened(vault: Vault, coach: Person) -> Iterator[Problem]:
    """How many of the coach's records nothing opens."""
    me, shelves = coach.actor.fingerprint, vault.history.shelves
    number = sum(shelves[shelf].coach == me for shelf, _ in mirroring.shut(vault))
    if number:
        yield Problem(
            "grants-missing",
            places.MIRROR,
            say_count(
                "{number} record cannot be opened: the key of it is not in the mirror.",
                "{number} records cannot be opened: the keys of them are not in the mirror.",
                number,
            ),
            say(
                "Mirror and backup are of different days: when a note is erased, those beside it get another key. "
                "Restore again with --replace and a newer mirror, or with --snapshot and a backup of the mirror's day."
            ),
        )
