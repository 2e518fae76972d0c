"""A practice that makes backups: a vault with notes, clients, a folder of backups and a mirror."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from coachsync.adapters.backupset import BackupSet
from coachsync.adapters.trustfile import read_trust
from coachsync.app import rekeying
from coachsync.app.backup import creating, reading, remembering, restoring, verifying
from coachsync.app.backup.creating import Created
from coachsync.app.backup.reading import Backups, Key
from coachsync.app.backup.restoring import Restored, Target
from coachsync.app.backup.verifying import Looked
from coachsync.app.clients import forgetting
from coachsync.app.progress import silent
from coachsync.app.vault import erasing
from coachsync.app.vault.making import Made
from coachsync.app.wiring import open_wiring
from coachsync.clients.directory import Client
from coachsync.errors import CoachsyncError
from vault_house import CLIENT, COACH, CONFIG, OTHER, VaultHouse

BACKUP = '[backup]\nfolder = "backups"\nmirror = "mirror"\n'


@dataclass
class BackupHouse:
    """The practice, and where its backups and its mirror are."""

    house: VaultHouse
    made: Made | None = None

    def __post_init__(self) -> None:
        self.house.file.write_text(CONFIG + BACKUP)
        for folder in (self.backups, self.mirror):
            folder.mkdir(exist_ok=True)

    @property
    def backups(self) -> Path:
        return self.house.folder / "backups"

    @property
    def mirror(self) -> Path:
        return self.house.folder / "mirror"

    @property
    def store(self) -> BackupSet:
        return BackupSet(self.backups)

    def copied(self, folder: Path) -> BackupHouse:
        """The same in another, empty folder."""
        shutil.copytree(self.house.folder, folder, dirs_exist_ok=True)
        return BackupHouse(Came(folder, self.house.now), self.made)

    def begin(self) -> None:
        """A vault with a coach, and two clients."""
        self.made = self.house.make()
        with open_wiring(self.house.config, "test", self.house.now) as wiring:
            wiring.clients.save(Client(CLIENT, ("Marina Dupont",)))
            wiring.clients.save(Client(OTHER, ("Bo Li",)))
        for body, client in ((b"one", CLIENT), (b"two", CLIENT), (b"three", OTHER)):
            self.house.add(body, client)

    def backup(self, *, anew: bool = False, days: float = 0) -> Created:
        """Make a backup, some days later than the last one."""
        self.house.now += timedelta(days=days)
        with ExitStack() as gathered:
            with open_wiring(self.house.config, "test", self.house.now) as wiring:
                what = gathered.enter_context(creating.prepared(wiring, self.house.file, anew=anew))
            return creating.create(what, silent)

    def opened(self, mirror: Path | None = None, *, trusting: bool = False) -> Backups:
        """The backups as they are read; with trust.toml of the practice, or only with their own."""
        aside = BackupSet(mirror or self.mirror, "backup.mirror")
        return reading.backups(self.store, aside, read_trust(self.house.config.trust) if trusting else None)

    def look(self) -> Looked:
        with open_wiring(self.house.config, "test", self.house.now) as wiring:
            memory = remembering.recall(self.house.state)
            return verifying.verify(self.opened(trusting=True), memory, wiring.clients.keys)

    def key(self) -> Key:
        assert self.made is not None
        return Key(self.made.code, "recovery")

    def restored(
        self,
        folder: Path,
        number: int | None = None,
        mirror: Path | None = None,
        *,
        without: bool = False,
        replace: bool = False,
    ) -> tuple[VaultHouse, Restored]:
        """The practice on a clean machine, by the recovery code."""
        folder.mkdir(exist_ok=True)
        backups = self.opened(mirror)
        if without:
            backups.mirror = None
        pinned = backups.trust.coaches[COACH]
        person = backups.unlock(pinned.fingerprint, self.key())
        snapshot = backups.snapshot(number)
        manifest = backups.manifest(snapshot, person)
        target = Target(folder / "coachsync.toml", replace)
        done = restoring.restore(backups, snapshot, manifest, person, target, self.house.now)
        return Came(folder, self.house.now), done

    @property
    def records(self) -> dict[bytes, str]:
        """Whose each record is, the oldest first."""
        with self.house.open() as vault:
            shelves, places = vault.history.shelves, vault.history.records
            return {record: shelves[one.shelf].client or "" for (record, _), one in places.items()}

    def erase(self, record: bytes) -> None:
        with open_wiring(self.house.config, "test", self.house.now), self.house.session() as session:
            assert erasing.erase_records(session, [record])[0].done

    def erase_client(self, code: str) -> None:
        with open_wiring(self.house.config, "test", self.house.now) as wiring:
            with self.house.session() as session:
                shelves = erasing.shelves_of(session, code)
                assert erasing.erase_shelves(session, "client", code, shelves).done
            assert forgetting.forget(wiring.clients, wiring.database, self.house.state, code, lambda _: None)

    def follow(self) -> None:
        """What a command does at its end."""
        with open_wiring(self.house.config, "test", self.house.now):
            pass

    def another_device(self) -> None:
        """Put another device key in the place of the one that the state has."""
        rekeying.rotate(self.house.state)
        self.house.__dict__.pop("device", None)

    def kept(self, name: str, folder: Path) -> Path:
        """A copy of a folder, as it is now."""
        return Path(shutil.copytree(folder, self.house.folder / name))


class Came(VaultHouse):
    """A practice that came back: nothing is made in it."""

    def __post_init__(self) -> None:
        assert self.file.exists()


def notes(house: VaultHouse) -> dict[str, set[bytes]]:
    """What every record says, by client; those that do not open are b""."""
    found: dict[str, set[bytes]] = {}
    with house.session() as session:
        for shelf, one in session.vault.history.shelves.items():
            for read in session.shelf(shelf) if one.client else ():
                body = b"" if isinstance(read, CoachsyncError) else read.body
                found.setdefault(one.client or "", set()).add(body)
    return found


def names(house: VaultHouse) -> dict[str, str]:
    """What is known of the clients; "" for one who cannot be read."""
    with open_wiring(house.config, "test", house.now) as wiring:
        known = {code: one.names[0] for code, one in wiring.clients.directory().clients.items()}
        return known | dict.fromkeys(wiring.clients.unreadable(), "")
