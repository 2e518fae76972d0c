"""Opening the vault: all that the log says is checked first, and what was erased is gone before anything is served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from coachsync.adapters.database.vaults import VaultStore, open_vault_store, vault_file
from coachsync.adapters.trustfile import Trust, read_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.destroying import destroy, is_here
from coachsync.config import Config
from coachsync.errors import Altered, CoachsyncError, NotInitialised, Problem, Temporary
from coachsync.phrases import say
from coachsync.vault import chain
from coachsync.vault.chain import Entry, Head
from coachsync.vault.history import History
from coachsync.vault.keys import Actor, Signer

_FOLDER = "vault"  # below the state folder
_IN_LEDGER = ("previous", "actor", "said", "signature")


class Vault:
    """An open vault. `history` is what its log says, all of it checked; `problems` is what the coach must hear of."""

    def __init__(self, trust: Trust, store: VaultStore, files: VaultFiles, coaches: Mapping[bytes, Actor]) -> None:
        self.id = trust.vault
        self.trust = trust
        self.store = store
        self.files = files
        self.history = History(trust.vault, coaches)
        self.problems: list[Problem] = []

    def append(self, signer: Signer, **event: object) -> Entry:
        """Add an event to the log, inside of the transaction of what it tells. Raises Altered for one that this signer
        may not add."""
        entry, _ = chain.entry(self.history.head, self.id, signer, event)
        self.history.take([entry])
        self.store.append(entry)
        return entry

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Rows and log entries together or not at all; inside another one they are a part of that. Then the head of the
        log is remembered: not before all of it is stored, and without room for it an older one stays."""
        outermost = not self.store.in_transaction
        with self.store.transaction():
            yield
        if outermost:
            with suppress(Temporary):
                self.files.remember(self.history.head)


@contextmanager
def open_vault(config: Config) -> Iterator[Vault]:
    """The vault of a practice, for as long as the body runs; the state's lock must be held.

    Raises NotInitialised where none was made, and Altered when anything is not what the coaches have signed.
    """
    trust, folder = trusted(config), vault_folder(config)
    if not vault_file(folder).exists():
        raise Altered(
            "vault-missing",
            say("The file trust.toml names a vault, and the state folder has none."),
            say("Restore the folder vault/ of the state folder from a backup."),
            where="practice.state",
        )
    store = open_vault_store(folder)
    try:
        vault = Vault(trust, store, VaultFiles(folder), _coaches(trust, store))
        _take_log(vault)
        _replay(vault)
        yield vault
    finally:
        store.close()


def trusted(config: Config) -> Trust:
    """Whose the vault is. Raises NotInitialised where none was made, and as `read_trust` does."""
    trust = read_trust(config.trust)
    if trust is None:
        raise NotInitialised(
            "no-vault",
            say("There is no vault yet: notes are kept in one."),
            say("Run: coachsync vault init"),
            where=config.trust.name,
        )
    return trust


def coach_of(trust: Trust, name: str | None) -> bytes:
    """The fingerprint of a coach by the name in trust.toml; without a name, of the only one. Raises NotInitialised."""
    names = trust.coaches
    if name is None and len(names) == 1:
        name = next(iter(names))
    if name is None or name not in names:
        raise NotInitialised(
            "no-such-coach",
            say("It is not said which coach is meant, or there is none of that name in this vault."),
            say("There are: {names}. Say which with --coach.", names=", ".join(sorted(names))),
            where="--coach",
        )
    return names[name].fingerprint


def vault_folder(config: Config) -> Path:
    """Where the vault lies."""
    return config.practice.state / _FOLDER


def line_of(entry: Entry) -> bytes:
    """A tombstone as it stands in the ledger."""
    values = {name: getattr(entry, name).hex() for name in _IN_LEDGER}
    return chain.canonical({"number": entry.number, **values})


def _coaches(trust: Trust, store: VaultStore) -> dict[bytes, Actor]:
    actors = store.actors()
    found = {one.fingerprint: actors.get(one.fingerprint) for one in trust.coaches.values()}
    if not all(
        actor is not None and one.fits(actor) for one in trust.coaches.values() for actor in [found[one.fingerprint]]
    ):
        raise Altered(
            "coach-unknown",
            say("The vault does not know a coach whom trust.toml names."),
            say("Restore trust.toml and the folder vault/ of the state folder from one backup."),
            where="trust.toml",
        )
    return {fingerprint: actor for fingerprint, actor in found.items() if actor is not None}


def _take_log(vault: Vault) -> None:
    remembered = vault.files.remembered() or Head()
    vault.history.remembered = remembered
    vault.history.take(vault.store.entries())
    chain.refuse_cut(vault.history.head, remembered)


def _replay(vault: Vault) -> None:
    """Destroy again what is to be gone: what a run cut short has left, and what an older copy has brought back."""
    stones = [stone for stone in vault.history.tombstones.values() if not stone.done]
    for line in vault.files.ledger():
        try:
            entry = _entry(line)
            if not _in_log(vault, entry):
                stone = vault.history.bury(entry)
                stones += [stone] if is_here(vault.store, vault.files, stone) else []
        except CoachsyncError:
            vault.problems.append(_forged())
    for stone in stones:
        destroy(vault.store, vault.files, stone)


def _in_log(vault: Vault, entry: Entry) -> bool:
    known = vault.history.tombstones.get(entry.number)
    return known is not None and any(one == entry for one in islice(vault.store.entries(entry.number - 1), 1))


def _entry(line: bytes) -> Entry:
    try:
        found = json.loads(line)
        return Entry(int(found["number"]), *(bytes.fromhex(found[name]) for name in _IN_LEDGER))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Altered("ledger-damaged", say("A line of the ledger of erasures cannot be read.")) from None


def _forged() -> Problem:
    return Problem(
        "ledger-forged",
        "practice.state",
        say("The ledger of erasures has a line that no coach has signed; nothing was destroyed for it."),
        say("Somebody may have tried to have records destroyed. Look who can write to the state folder."),
    )
