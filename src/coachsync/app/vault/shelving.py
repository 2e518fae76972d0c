"""Shelves: made in the coach's session alone, assigned by whoever needs one."""

from __future__ import annotations

import hashlib
import os

from coachsync.app.vault.opening import Vault
from coachsync.errors import Altered, Locked
from coachsync.phrases import say
from coachsync.vault import grants
from coachsync.vault.envelope import ID_BYTES, Kind
from coachsync.vault.keys import Person, ShelfKey, Signer
from coachsync.vault.shelves import UNSORTED
from coachsync.vault.suite import SEED_BYTES, Opener

SPARES = 20  # shelves that wait for clients while the coach is away
_LEAST = 10
_AHEAD = 1000  # generations that a newer copy of the vault may have made, at most: one for each note erased on a shelf
# The class of records, which retention is decided by, of each kind.
CLASSES = {
    Kind.NOTE: "notes",
    Kind.AGREEMENT: "agreements",
    Kind.DISCLOSURE: "disclosures",
    Kind.ATTACHMENT: "notes",
}
_FOR_UNSORTED = len({*CLASSES.values()})  # what lies unsorted has a shelf for each class


def mint(vault: Vault, coach: Person, shelf: bytes) -> ShelfKey:
    """Make the next generation of a shelf: the coach's grant is on the disk before anything can be sealed to it."""
    generation, seed = last_of(vault, shelf) + 1, os.urandom(SEED_BYTES)
    opener = Opener(seed)
    me = coach.actor
    key = ShelfKey(vault.id, shelf, generation, me.fingerprint, opener.public).signed(coach)
    grant = grants.grant(key, seed, me)
    vault.files.put_grant(shelf, generation, me.fingerprint, grant)
    with vault.transaction():
        vault.store.put_shelf_key(key)
        vault.append(
            coach,
            e="shelf",
            shelf=shelf.hex(),
            generation=generation,
            key=hashlib.sha256(opener.public).hexdigest(),
            grants=[grants.digest(grant).hex()],
        )
    return key


def last_of(vault: Vault, shelf: bytes) -> int:
    """The last generation of a shelf that anybody has spoken of: this log, a tombstone, or a file; 0 without any. A
    grant that the log does not know is of a run that was cut short, or of a newer copy of this vault, and opens notes
    in that; one that is far ahead is of neither, and would leave no numbers for those that come."""
    history = vault.history
    known = history.shelves.get(shelf)
    spoken = [stone.shelves.get(shelf, 0) for stone in history.graves.values()]
    last = max(known.generation if known else 0, *spoken, 0)
    there = (generation for generation, _ in vault.files.grants(shelf))
    return max(last, *(generation for generation in there if generation <= last + _AHEAD), 0)


def mint_spares(vault: Vault, coach: Person) -> int:
    """Make new spares where few are left; how many."""
    free = len(vault.history.spares(coach.actor.fingerprint))
    number = SPARES - free if free < _LEAST else 0
    for _ in range(number):
        mint(vault, coach, os.urandom(ID_BYTES))
    return number


def shelf_for(vault: Vault, signer: Signer, coach: bytes, client: str, category: str) -> ShelfKey:
    """The key that records of a client are sealed to: of the shelf that there is, else of a spare, which becomes the
    client's; the last spares become the shelves of the unsorted, one for each class, and all clients share these.

    Raises Locked when the coach has left none at all, and Altered for a key that the coach has not certified.
    """
    history = vault.history
    shelf = history.shelf_of(coach, client, category)
    if shelf is None:
        spares = history.spares(coach)
        owner = client if len(spares) > _FOR_UNSORTED else UNSORTED
        shelf = history.shelf_of(coach, owner, category)
        if shelf is None and spares:
            shelf = spares[0]
            assign(vault, signer, shelf, owner, category)
    if shelf is not None:
        return current_key(vault, shelf)
    raise Locked(
        "no-shelf",
        say("There is no place left for a new client's records until the coach unlocks the vault."),
        say("Run: coachsync vault unlock"),
    )


def assign(vault: Vault, signer: Signer, shelf: bytes, client: str, category: str) -> None:
    """Make a spare shelf a client's, or that of the unsorted, for a class of records. Raises Altered for one that is no
    spare."""
    with vault.transaction():
        vault.append(signer, **{"e": "assign", "shelf": shelf.hex(), "client": client, "class": category})


def current_key(vault: Vault, shelf: bytes) -> ShelfKey:
    """The certified key of a shelf's newest generation. Raises Altered when it, or what opens it, is missing or was
    replaced."""
    known = vault.history.shelves[shelf]
    if vault.history.makers[shelf][known.generation] not in vault.history.coaches:
        raise being_renewed()
    key = checked(vault, vault.store.shelf_key(vault.id, shelf, known.generation))
    grant = vault.files.grant(shelf, known.generation, known.coach)
    if grant is None or grants.digest(grant) not in vault.history.grants[shelf]:
        raise Altered(
            "grant-missing" if grant is None else "grant-replaced",
            say(
                "The file that opens this client's notes is missing or was replaced: nobody could read what is sealed."
            ),
            say(
                "Nothing was stored. Bring the folder vault/keys of the state folder back, from the mirror or another "
                "copy."
            ),
        )
    return key


def being_renewed() -> Locked:
    """That nothing can be stored until the coach's keys are new."""
    return Locked(
        "keys-being-renewed",
        say("The keys of this coach are being replaced, and nothing is stored under the old ones."),
        say("Have it finished first: coachsync vault unlock. If that says nothing of it: coachsync vault verify"),
    )


def checked(vault: Vault, key: ShelfKey | None) -> ShelfKey:
    """The key, once it is known to be the one that its coach has made. Raises Altered."""
    if key is None:
        raise Altered(
            "shelf-key-missing",
            say("A key that notes are sealed to is missing from the vault."),
            say("Restore the vault from a backup; to see what else is damaged, run: coachsync vault verify"),
        )
    vault.history.check_key(key)
    return key
