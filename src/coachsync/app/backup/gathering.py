"""What goes into a backup, and what never does: keys of clients and grants, which the mirror has, other keyslots than
those that stand in clear, and whatever is only of the moment. A former seed that waits, sealed to the key in its place,
goes along: without it nothing opens what has no new key yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from coachsync.adapters.database.copying import copy_database
from coachsync.adapters.files import read_if_there
from coachsync.adapters.shredding import is_shredded
from coachsync.adapters.vaultfiles import FORMER
from coachsync.app.backup import mirroring, remembering
from coachsync.config import Config
from coachsync.vault.chunks import CHUNK

_SLOTS = "vault/slots"
_KEYS = frozenset({"keys", "vault/keys", _SLOTS})  # of the state folder, with all that is in them
_BODIES = "vault/files/"  # never change: read where they are, once nobody waits any more
_MOMENTARY = ("status.json", remembering.NAME, *mirroring.MOMENTARY)
_SCRAPS = (".coachsync-", ".old-")
_BESIDE = ("lock", "-wal", "-shm", "-journal")


class Source(NamedTuple):
    """A file that goes into a backup: where it belongs, its mode, and what it says or where that is."""

    path: str
    mode: int
    content: bytes | Path

    def pieces(self) -> Iterator[bytes]:
        """What it says, in pieces of one object each. Raises OSError."""
        if isinstance(self.content, bytes):
            yield from (self.content[start : start + CHUNK] for start in range(0, len(self.content), CHUNK))
            return
        with self.content.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece


def gather(config: Config, configuration: Path, scratch: Path) -> list[Source]:
    """Everything, as it is now: the state's lock must be held. Copies of databases are made in `scratch`. Raises
    CoachsyncError where something cannot be read, and Altered where a database is damaged."""
    found = [*_of_state(config.practice.state, scratch), *_former_seeds(config.practice.state)]
    for file in _of_configuration(config, configuration):
        content = read_if_there(file)
        if content is not None:
            below = file.relative_to(configuration.parent).as_posix()
            found.append(Source(f"config/{below}", stat.S_IMODE(file.stat().st_mode), content))
    return found


def _of_state(state: Path, scratch: Path) -> Iterator[Source]:
    for number, file in enumerate(_files(state)):
        below = file.relative_to(state).as_posix()
        mode = stat.S_IMODE(file.stat().st_mode)
        if file.suffix == ".db":
            copy = scratch / str(number)
            copy_database(file, copy)
            yield Source(f"state/{below}", mode, copy)
        elif below.startswith(_BODIES):
            yield Source(f"state/{below}", mode, file)
        else:
            content = read_if_there(file)
            if content is not None:
                yield Source(f"state/{below}", mode, content)


def _former_seeds(state: Path) -> Iterator[Source]:
    for file in sorted((state / _SLOTS).glob(f"*{FORMER}")):
        content = read_if_there(file)
        if content and not is_shredded(content):
            yield Source(f"state/{_SLOTS}/{file.name}", stat.S_IMODE(file.stat().st_mode), content)


def _files(state: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(state):
        below = Path(root).relative_to(state)
        folders[:] = sorted(one for one in folders if (below / one).as_posix() not in _KEYS and _lasts(one))
        for name in sorted(files):
            path = Path(root, name)
            momentary = name.endswith(_BESIDE) or (below / name).as_posix() in _MOMENTARY
            if _lasts(name) and not momentary and path.is_file() and not path.is_symlink():
                yield path


def _lasts(name: str) -> bool:
    return not name.startswith(_SCRAPS)


def _of_configuration(config: Config, configuration: Path) -> Iterable[Path]:
    """The configuration, trust.toml, and the files beside it that it names: a new machine has none of them."""
    named: list[Path | None] = [configuration, config.trust]
    for account in config.accounts.values():
        named += [account.password.file if account.password else None, account.ca_file]
    if config.notify.smtp is not None:
        smtp = config.notify.smtp
        named += [smtp.password.file if smtp.password else None, smtp.ca_file]
    folder, state = configuration.parent, config.practice.state
    here = (one for one in named if one is not None and one.is_relative_to(folder) and not one.is_relative_to(state))
    return dict.fromkeys(here)
