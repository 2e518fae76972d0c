"""Opening the vault: all that the log says is checked first, and what was erased is gone before anything is served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from coachsync.adapters.database.vaults import VaultStore, open_vault_store, vault_file
from coachsync.adapters.ledger import is_of_device
from coachsync.adapters.trustfile import Trust, read_trust
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.destroying import destroy, left
from coachsync.config import Config
from coachsync.errors import Altered, CoachsyncError, NotInitialised, Problem, Temporary
from coachsync.phrases import say
from coachsync.vault import chain
from coachsync.vault.chain import Entry, Head
from coachsync.vault.history import History
from coachsync.vault.keys import Actor, Signer
from coachsync.vault.suite import refuse_missing

_FOLDER = "vault"  # below the state folder
_IN_LEDGER = ("previous", "actor", "said", "signature")


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
            history = History(self.id, self._coaches)
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
            raise _no_coach()
        self.store.put_actor(coach)
        self._coaches = {**self._coaches, coach.fingerprint: coach}
        self.history.coaches = self._coaches

    def append(self, signer: Signer, **event: object) -> Entry:
        """Add an event to the log, inside of the transaction of what it tells; what only the ledger has told comes
        first, for what follows may rest on it. Raises Altered for one that this signer may not add."""
        history = self.history
        for stray in self._strays:
            told = {name: getattr(stray, name).hex() for name in _IN_LEDGER} | {"said": stray.said.decode()}
            self._add(history, signer, {"e": "buried", "number": stray.number, **told})
        self._strays = []
        return self._add(history, signer, event)

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
            raise _no_coach()
        vault = Vault(trust, store, VaultFiles(folder), coaches, now)
        vault.problems += problems
        try:
            _replay(vault)
            yield vault
        finally:
            vault.remember()
    finally:
        store.close()


def open_store(folder: Path) -> VaultStore:
    """The database of a vault that there must be. Raises Altered where there is none."""
    if not vault_file(folder).exists():
        raise Altered(
            "vault-missing",
            say("The file trust.toml names a vault, and the state folder has none."),
            say("Restore the folder vault/ of the state folder from a backup."),
            where="practice.state",
        )
    return open_vault_store(folder)


def trusted(config: Config) -> Trust:
    """Whose the vault is. Raises NotInitialised where none was made, Altered where only trust.toml is lost, and as
    `read_trust` does."""
    trust = read_trust(config.trust)
    if trust is None:
        refuse_unknown(config)
        raise NotInitialised(
            "no-vault",
            say("There is no vault yet: notes are kept in one."),
            say("Run: coachsync vault init"),
            where=config.trust.name,
        )
    return trust


def refuse_unknown(config: Config) -> None:
    """Raise Altered for a vault without its trust.toml: it is not made over, for what is in it would be lost. One whose
    making was cut short has no log yet, and is none."""
    folder = vault_folder(config)
    if not vault_file(folder).exists():
        return
    store = open_vault_store(folder)
    try:
        written = any(True for _ in store.entries())
    finally:
        store.close()
    if written:
        raise Altered(
            "trust-missing",
            say("There is a vault in the state folder, and no trust.toml that says whose it is."),
            say(
                "Restore trust.toml beside the configuration from a backup. Without one, each coach writes it anew "
                "with the recovery code: coachsync vault recovery --use"
            ),
            where="trust.toml",
        )


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


def known_coaches(trust: Trust, store: VaultStore) -> tuple[dict[bytes, Actor], list[Problem]]:
    """Those whom trust.toml names and the vault knows, by fingerprint, and what is to be said of the others: an older
    copy does not know a coach who came later, and that locks nobody else out."""
    actors = store.actors()
    known: dict[bytes, Actor] = {}
    problems = []
    for name, one in trust.coaches.items():
        actor = actors.get(one.fingerprint)
        if actor is not None and one.fits(actor):
            known[one.fingerprint] = actor
        else:
            problems.append(_coach_unknown(name))
    return known, problems


def _take_log(history: History, store: VaultStore, files: VaultFiles) -> None:
    history.remembered = files.remembered() or Head()
    history.take(store.entries())
    history.refuse_cut()


def buried(history: History, files: VaultFiles) -> tuple[list[Entry], bool]:
    """Erase what the ledger says, and the log does not: those entries, and whether there are lines that no coach has
    signed, for which nothing is erased."""
    strays, wrong = [], False
    for line in files.ledger():
        if is_of_device(line):
            continue
        try:
            entry = entry_of(line)
            if entry.digest(history.vault) not in history.graves:
                history.bury(entry)
                strays.append(entry)
        except CoachsyncError:
            wrong = True
    return strays, wrong


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
        if not sweep(vault):
            raise not_done()
    except Temporary as problem:
        vault.problems.append(problem.problem("practice.state"))


def sweep(vault: Vault) -> bool:
    """Destroy whatever is here of what was erased. False while somebody reads in the database: that is not done yet."""
    gone = left(vault.store, vault.files, vault.history, vault.history.graves.values())
    return destroy(vault.store, vault.files, gone)


def entry_of(line: bytes) -> Entry:
    """The entry that stands in a line of the ledger. Raises Altered when there is none."""
    try:
        found = json.loads(line.decode())
        if line == chain.canonical(found) and type(found["number"]) is int and 0 < found["number"] < 1 << 32:
            return Entry(found["number"], *(bytes.fromhex(found[name]) for name in _IN_LEDGER))
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Altered("ledger-damaged", say("A line of the ledger of erasures cannot be read."))


def not_done() -> Temporary:
    """What a person is told while somebody reads in the database."""
    return Temporary(
        "erasure-not-done",
        say("The erasure is not done yet: another program is reading in the vault. The keys are destroyed already."),
        say("End that program. The next command that opens the vault ends the erasure."),
        where="practice.state",
    )


def _coach_unknown(name: str) -> Problem:
    return Problem(
        "coach-unknown",
        f"trust.toml: coaches.{name}",
        say("The vault does not know a coach whom trust.toml names: it is older, or one of the two was changed."),
        say(
            "If it is older, that coach comes back by: coachsync vault unlock, or without the passphrase: coachsync "
            "vault recovery --use. Else restore both from one backup."
        ),
    )


def _no_coach() -> Altered:
    return Altered(
        "coach-unknown",
        say("The vault knows no coach whom trust.toml names."),
        say("Restore trust.toml and the folder vault/ of the state folder from one backup."),
        where="trust.toml",
    )


def _brought_back() -> Problem:
    return Problem(
        "erased-came-back",
        "practice.state",
        say("An older copy of the vault had brought back what was erased; it was destroyed again."),
        say("If you have restored a backup, that is as it should be; else look for who has put files there."),
    )


def forged() -> Problem:
    """That somebody else has written into the ledger."""
    return Problem(
        "ledger-forged",
        "practice.state",
        say("The ledger of erasures has a line that no coach has signed; nothing was destroyed for it."),
        say("Somebody may have tried to have records destroyed. Look who can write to the state folder."),
    )
