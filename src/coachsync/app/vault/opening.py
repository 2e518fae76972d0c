"""Opening the vault: all that the log says is checked first, and what was erased is gone before anything is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime

from coachsync.adapters.database.vaults import VaultStore
from coachsync.adapters.trustfile import Trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.burying import buried, forged, line_of
from coachsync.app.vault.destroying import destroy, end_unfinished, left
from coachsync.app.vault.trusting import formers_of, known_coaches, no_coach, open_store, trusted, vault_folder
from coachsync.config import Config
from coachsync.errors import Problem, Temporary
from coachsync.phrases import say
from coachsync.vault import entries
from coachsync.vault.chain import Entry, Head, older_than_keys
from coachsync.vault.history import History
from coachsync.vault.keys import Actor, Signer
from coachsync.vault.suite import refuse_missing


class Vault:
    """An open vault. `now` is when log entries are written; `problems` is what the coach must hear of."""

    def __init__(
        self,
        trust: Trust,
        store: VaultStore,
        files: VaultFiles,
        coaches: Mapping[bytes, Actor],
        now: datetime,
        history: History | None = None,
    ) -> None:
        self.id = trust.vault
        self.trust = trust
        self.store = store
        self.files = files
        self.now = now
        self.problems: list[Problem] = []
        self._coaches = coaches
        self._history = history
        self._strays: list[Entry] = []

    @property
    def history(self) -> History:
        """What the log says, all of it checked, and what the ledger has erased besides. Raises Altered."""
        if self._history is None:
            history = History(self.id, self._coaches, formers_of(self.trust, self.store))
            _take_log(history, self.store, self.files)
            self._strays, wrong = buried(history, self.files)
            self.problems += [forged()] if wrong and forged() not in self.problems else []
            self._history = history
        return self._history

    def read(self) -> None:
        """Take the log and the ledger as they are stored. Raises Altered."""
        self._history = None
        _ = self.history

    def know(self, coach: Actor) -> None:
        """Know a coach who has shown who they are; within the transaction of what they say next. Raises Altered for
        one whom trust.toml does not name."""
        if not any(one.fits(coach) for one in self.trust.coaches.values()):
            raise no_coach()
        self.store.put_actor(coach)
        self._coaches = {**self._coaches, coach.fingerprint: coach}
        self.history.coaches = self._coaches

    def append(self, signer: Signer, **event: object) -> Entry:
        """Add an event to the log, inside of the transaction of what it tells; what only the ledger has told comes
        first, for what follows may rest on it. Raises Altered for one that this signer may not add."""
        history = self.history
        self._add_strays(history, signer)
        return self._add(history, signer, event)

    def succeed(self, old: Signer, event: Mapping[str, object]) -> Entry:
        """Add the last thing that a former key says: before what only the ledger has told, which may rest on it."""
        return self._add(self.history, old, event)

    def catch_up(self, signer: Signer) -> None:
        """Add to the log what only the ledger has told."""
        history = self.history
        if self._strays:
            with self.transaction():
                self._add_strays(history, signer)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Rows and log entries together or not at all; inside another one they are a part of that."""
        try:
            with self.store.transaction():
                yield
        except BaseException:
            self._history = None  # it may know what was not stored; read anew when somebody asks
            raise

    def remember(self) -> None:
        """Keep where the log ends, so that a copy from before shows; without room for it an older one stays."""
        if self._history is not None and self.files.remembered() != self._history.head:
            with suppress(Temporary):
                self.files.remember(self._history.head)

    def _add_strays(self, history: History, signer: Signer) -> None:
        for stray in self._strays:
            self._add(history, signer, entries.written(stray) | {"e": "buried", "said": stray.said.decode()})
        self._strays = []

    def _add(self, history: History, signer: Signer, event: Mapping[str, object]) -> Entry:
        entry = history.add(signer, event, int(self.now.timestamp()))
        self.store.append(entry)
        return entry


@contextmanager
def open_vault(config: Config, now: datetime) -> Iterator[Vault]:
    """The vault of a practice, for as long as the body runs; `now` stands in what is logged meanwhile. The state's lock
    must be held.

    Raises NotInitialised where none was made, and Altered when anything is not what the coaches have signed.
    """
    refuse_missing()
    trust, folder = trusted(config), vault_folder(config)
    store = open_store(folder)
    try:
        coaches, problems = known_coaches(trust, store)
        if not coaches:
            raise older_than_keys() if formers_of(trust, store) else no_coach()
        vault = Vault(trust, store, VaultFiles(folder), coaches, now)
        vault.problems += problems
        try:
            if vault.history.head.count and vault.files.remembered() is None:
                vault.problems.append(no_head())
            _replay(vault)
            yield vault
        finally:
            vault.remember()
    finally:
        store.close()


def _take_log(history: History, store: VaultStore, files: VaultFiles) -> None:
    history.remembered = files.remembered() or Head()
    history.take(store.entries())
    history.refuse_cut()


def _replay(vault: Vault) -> None:
    """Destroy again what is to be gone: what a run cut short has left, and what an older copy has brought back. Where
    the disk has no room for that, it is told, and the rest is served: the log has erased it already."""
    history = vault.history
    begun = {stone.number: stone for stone in history.tombstones.values() if not stone.done}
    others = [stone for stone in history.graves.values() if begun.get(stone.number) != stone]
    if left(vault.store, vault.files, history, others):
        vault.problems.append(_brought_back())
    try:
        for number in begun:
            vault.files.bury(line_of(next(vault.store.entries(number - 1))))
        end_unfinished(vault.files, history)
        if not sweep(vault):
            raise not_done()
    except Temporary as problem:
        vault.problems.append(problem.problem("practice.state"))


def sweep(vault: Vault) -> bool:
    """Destroy whatever is here of what was erased. False while somebody reads in the database: that is not done yet."""
    gone = left(vault.store, vault.files, vault.history, vault.history.graves.values())
    return destroy(vault.store, vault.files, gone)


def not_done() -> Temporary:
    """What a person is told while somebody reads in the database."""
    return Temporary(
        "erasure-not-done",
        say("The erasure is not done yet: another program is reading in the vault. The keys are destroyed already."),
        say("End that program. The next command that opens the vault ends the erasure."),
        where="practice.state",
    )


def no_head() -> Problem:
    """That nobody remembers where the log ends."""
    return Problem(
        "head-missing",
        "vault/head",
        say("The file that remembers where the log ends is missing or damaged: what was cut off does not show."),
        say("Compare the log with a head that you have kept: coachsync log verify --head FILE"),
    )


def _brought_back() -> Problem:
    return Problem(
        "erased-came-back",
        "practice.state",
        say("An older copy of the vault had brought back what was erased; it was destroyed again."),
        say("If you have restored a backup, that is as it should be; else look for who has put files there."),
    )
