"""What is stored, compared with what the log says is stored: keys of shelves, grants, records. No secret is needed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from coachsync.adapters.database.vaults import Place
from coachsync.app.vault.destroying import first_needed, left
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import in_place, record_place
from coachsync.errors import Altered, Problem
from coachsync.phrases import Phrase, say
from coachsync.vault import grants
from coachsync.vault.grants import GrantHeader
from coachsync.vault.history import History
from coachsync.vault.keys import ShelfKey

RESTORE = say("Restore the vault from a backup.")
_RESTORE_KEYS = say("Bring the folder vault/keys of the state folder back, from the mirror or another copy.")
_ERASE_AGAIN = say("Unlock the vault, which erases it again. If it was an older copy, look where that came from.")
_NOBODY = say("Nothing is sealed to it or opened with it. Look who can write to the state folder.")
_CUT_SHORT = say(
    "A key whose making was cut short leaves that, and so does an older copy of the vault that was put back: it opens "
    "notes of the newer one. It is kept, and harms nobody. Else look who has put it there."
)


class Known:
    """What the log of a vault tells, whether that is the `whole` log, and what was erased: `after` is the history once
    the ledger has been heard too."""

    def __init__(self, vault: Vault, after: History, *, whole: bool) -> None:
        self.vault = vault
        self.whole = whole
        self._after = after
        self._erased = after.erased
        self._records = {record for stone in after.graves.values() for record in stone.records}
        self._through: dict[bytes, int] = {}
        self._named: dict[bytes, int] = {}
        needed = first_needed(after)
        for stone in after.graves.values():
            for shelf, through in stone.shelves.items():
                last = min(through, needed.get(shelf, through + 1) - 1)
                self._through[shelf] = max(last, self._through.get(shelf, 0))
                self._named[shelf] = max(through, self._named.get(shelf, 0))

    @cached_property
    def doomed(self) -> set[tuple[bytes, int, bytes]]:
        """The grants that are here and were to be destroyed."""
        return left(self.vault.store, self.vault.files, self._after, self._after.graves.values()).grants

    def is_gone(self, shelf: bytes, generation: int, record: bytes = b"") -> bool:
        """Whether a key or a record was to be erased."""
        gone = shelf in self._erased or generation <= self._through.get(shelf, 0)
        return gone or record in self._records

    def is_erased(self, record: bytes) -> bool:
        """Whether a record of which nothing else is known was to be erased."""
        return record in self._erased

    def is_missed(self, shelf: bytes, generation: int, record: bytes = b"") -> bool:
        """Whether that it is not here is worth a word: no tombstone names it, whatever an older log says."""
        return generation > self._named.get(shelf, 0) and not self.is_gone(shelf, generation, record)

    def keys(self) -> dict[tuple[bytes, int], bytes]:
        """Digests of the keys that there must be, by shelf and generation."""
        return {
            (shelf, generation): digest
            for shelf in self.vault.history.shelves
            for generation, digest in self.vault.history.keys[shelf].items()
            if not self.is_gone(shelf, generation)
        }


def keys_compared(known: Known) -> Iterator[Problem]:
    """The keys that notes are sealed to: certified, and those of the log."""
    vault, logged = known.vault, known.keys()
    stored = {(key.shelf, key.generation): key for key in vault.store.shelf_keys(vault.id)}
    for shelf, generation in logged:
        place = shelf_place(vault, shelf, generation)
        key = stored.get((shelf, generation))
        if key is None:
            if known.is_missed(shelf, generation):
                yield Problem("shelf-key-missing", place, say("A key that notes are sealed to is missing."), RESTORE)
        elif not _is_certified(vault, key):
            message = say("A key that notes would be sealed to is not the one that the coach has made.")
            yield Problem("shelf-key-replaced", place, message, RESTORE)
    message = say("There is a key of which the log knows nothing.")
    for shelf, generation in sorted(stored.keys() - logged.keys()):
        place = shelf_place(vault, shelf, generation)
        if known.is_gone(shelf, generation):
            yield erased_here(place)
        elif known.whole:  # beside half a log nothing is said of what it may tell
            yield Problem("shelf-key-unknown", place, message, _NOBODY)


def grants_compared(known: Known) -> Iterator[Problem]:
    """The files that open shelves: each known to the log by its digest, called as it says, and none missing."""
    vault, logged = known.vault, known.keys()
    for shelf, generation in logged:
        coach = vault.history.makers[shelf][generation]
        if known.is_missed(shelf, generation) and vault.files.grant(shelf, generation, coach) is None:
            message = say("The file that opens these notes is missing.")
            yield Problem("grant-missing", shelf_place(vault, shelf, generation), message, _RESTORE_KEYS)
    message = say("There is a file in the folder vault/keys of which the log knows nothing.")
    for shelf in vault.files.shelves():
        for generation, recipient in vault.files.grants(shelf):
            if (shelf, generation) in logged:
                yield from _grant(vault, GrantHeader(vault.id, shelf, generation, recipient))
            elif (shelf, generation, recipient) in known.doomed:
                yield erased_here(shelf_place(vault, shelf, generation))
            elif known.whole:
                yield Problem("grant-orphan", shelf_place(vault, shelf, generation), message, _CUT_SHORT)


def records_compared(known: Known) -> Iterator[Problem]:
    """Every version of every record: the one of the log, in its place, and none missing."""
    vault = known.vault
    places = vault.store.places()
    for shelf in sorted({place.shelf for place in places}):
        for place, sealed in vault.store.sealed(shelf):
            yield from _record(known, place, sealed)
    there = {(place.record, place.version) for place in places}
    for (record, version), stored in vault.history.records.items():
        if (record, version) not in there and known.is_missed(stored.shelf, stored.generation, record):
            message = say("A record that the log names is missing from the vault.")
            yield Problem("record-missing", record_place(record, version), message, RESTORE)


def shelf_place(vault: Vault, shelf: bytes, generation: int) -> Phrase:
    """Where a key is: whose notes it opens, as far as that is known."""
    known = vault.history.shelves.get(shelf)
    if known is None or not known.client:
        return say("shelf {shelf}, key {generation}", shelf=shelf.hex(), generation=generation)
    return say(
        "shelf {shelf} of {client} ({category}), key {generation}",
        shelf=shelf.hex(),
        client=known.client,
        category=known.category,
        generation=generation,
    )


def _is_certified(vault: Vault, key: ShelfKey) -> bool:
    try:
        vault.history.check_key(key)
    except Altered:
        return False
    return True


def _grant(vault: Vault, named: GrantHeader) -> Iterator[Problem]:
    content = vault.files.grant(named.shelf, named.generation, named.recipient)
    if content is None:
        return  # being destroyed
    place = shelf_place(vault, named.shelf, named.generation)
    if grants.digest(content) not in vault.history.grants[named.shelf]:
        message = say("The file that opens these notes is not the one that the coach has made.")
        yield Problem("grant-replaced", place, message, _RESTORE_KEYS)
    elif grants.header_of(content) != named:
        message = say("A file that opens notes is not called as it was: it was moved or copied.")
        yield Problem("grant-moved", place, message, _RESTORE_KEYS)


def _record(known: Known, place: Place, sealed: bytes) -> Iterator[Problem]:
    where = record_place(place.record, place.version)
    stored = known.vault.history.records.get((place.record, place.version))
    said = {place[2:]} | ({(stored.shelf, stored.generation)} if stored else set())  # a row may say what it likes
    if all(known.is_gone(shelf, generation, place.record) for shelf, generation in said):
        yield erased_here(where)
        return
    try:
        in_place(known.vault, place, sealed)
    except Altered as problem:
        if known.whole or stored is not None:
            yield Problem(problem.code, where, problem.message, RESTORE)


def erased_here(place: Phrase) -> Problem:
    """That something is here which was to be destroyed."""
    return Problem(
        "erased-here",
        place,
        say("Something that was erased is here: that is not done yet, or an older copy has brought it back."),
        _ERASE_AGAIN,
    )
