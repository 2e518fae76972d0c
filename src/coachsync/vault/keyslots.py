"""Keyslots: a person's seed, locked under something that a person knows or has on paper, or that a machine keeps.

A slot is JSON that stands by itself. Everything in it but the sealed seed is authenticated with it, so neither the cost
of guessing nor whose it is can be changed. Floors and ceilings are checked before anything is computed: a slot that was
made cheap to guess, or impossible to open, is refused.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.phrases import say
from coachsync.vault.keys import FINGERPRINT_BYTES, Person
from coachsync.vault.suite import stretched, unknown

_VERSION = 1
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES, _SEALED_BYTES = 16, 12, 32, 48
_LONGEST = 4096  # bytes of a slot
SECRET_BYTES = 32  # of what a machine keeps


class By(StrEnum):
    """What opens a keyslot, and so its kind."""

    PASSPHRASE = "passphrase"  # noqa: S105 - a kind
    RECOVERY = "recovery"
    KEYRING = "keyring"
    CREDENTIAL = "credential"

    @property
    def is_deliberate(self) -> bool:
        """Whether opening it is an act of the coach. What a machine keeps opens for anybody who sits down at it, or for
        nobody at all: that shows nothing of how the coach is."""
        return self in _PORTABLE

    @property
    def is_portable(self) -> bool:
        """Whether it opens on another machine too, and belongs in a backup: what only this one keeps does not."""
        return self in _PORTABLE


_PORTABLE = frozenset({By.PASSPHRASE, By.RECOVERY})
_INFO: dict[By, bytes] = {by: f"coachsync/{by}/v1".encode() for by in By if by is not By.PASSPHRASE}


def portable_kinds() -> tuple[str, ...]:
    """The kinds of keyslots that belong in a backup."""
    return tuple(by.value for by in By if by.is_portable)


@dataclass(frozen=True, slots=True)
class Cost:
    """What guessing costs (Argon2id, RFC 9106): passes, KiB of memory, lanes. The default is the second recommendation
    of its section 4."""

    passes: int = 3
    memory: int = 64 << 10
    lanes: int = 4


USUAL = Cost()
FLOOR = Cost(2, 19 << 10, 1)  # OWASP Password Storage Cheat Sheet, Argon2id with 19 MiB
CEILING = Cost(16, 4 << 20, 16)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slot says of itself before it is opened: its kind, the vault, and whose it is (a fingerprint)."""

    kind: str
    vault: bytes
    person: bytes


def lock(person: Person, vault: bytes, passphrase: str, cost: Cost = USUAL) -> bytes:
    """A slot that a passphrase opens; every one has a salt of its own."""
    head = _head(By.PASSPHRASE, person, vault) | {"t": cost.passes, "m": cost.memory, "p": cost.lanes}
    return _sealed(head, _stretched(head, passphrase), person)


def lock_for_recovery(person: Person, vault: bytes, code: bytes) -> bytes:
    """A slot that the code of `recovery.new` opens."""
    return _locked(By.RECOVERY, person, vault, code)


def lock_under(person: Person, vault: bytes, by: By, secret: bytes) -> bytes:
    """A slot that a secret of SECRET_BYTES random bytes opens, which a keyring or a credential keeps. Raises ValueError
    for any other secret: it could be guessed."""
    if by.is_portable or len(secret) != SECRET_BYTES:
        raise ValueError(by)
    return _locked(by, person, vault, secret)


def slot_of(content: bytes) -> Slot:
    """What a slot says of itself. Raises Altered when it is none, or was made too cheap or too dear to guess."""
    head = _read(content)
    return Slot(head["kind"], bytes.fromhex(head["vault"]), bytes.fromhex(head["person"]))


def unlock(content: bytes, passphrase: str) -> Person:
    """Who has locked this slot with this passphrase. Raises WrongKey for another one, Altered as `slot_of` does."""
    head = _read(content, By.PASSPHRASE)
    return _opened(head, _stretched(head, passphrase))


def recover(content: bytes, code: bytes) -> Person:
    """The same with a recovery code."""
    return open_under(content, By.RECOVERY, code)


def open_under(content: bytes, by: By, secret: bytes) -> Person:
    """The same with what a keyring or a credential keeps. Raises ValueError for a passphrase, which is stretched."""
    if by is By.PASSPHRASE:
        raise ValueError(by)
    head = _read(content, by)
    return _opened(head, _expanded(head, secret))


def _head(by: By, person: Person, vault: bytes) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "kind": str(by),
        "vault": vault.hex(),
        "person": person.actor.fingerprint.hex(),
        "kdf": _kdf(by),
        "salt": os.urandom(_SALT_BYTES).hex(),
    }


def _kdf(by: By) -> str:
    return "argon2id" if by is By.PASSPHRASE else "hkdf-sha256"


def _locked(by: By, person: Person, vault: bytes, secret: bytes) -> bytes:
    head = _head(by, person, vault)
    return _sealed(head, _expanded(head, secret), person)


def _sealed(head: dict[str, Any], key: bytes, person: Person) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, person.seed, _canonical(head))
    return _canonical(head | {"nonce": nonce.hex(), "sealed": sealed.hex()}) + b"\n"


def _opened(head: dict[str, Any], key: bytes) -> Person:
    nonce, sealed = bytes.fromhex(head.pop("nonce")), bytes.fromhex(head.pop("sealed"))
    try:
        person = Person(AESGCM(key).decrypt(nonce, sealed, _canonical(head)))
    except InvalidTag:
        raise _WRONG.get(By(head["kind"]), _wrong_secret)() from None
    if person.actor.fingerprint.hex() != head["person"]:
        raise damaged()
    return person


def _wrong_passphrase() -> WrongKey:
    return WrongKey(
        "wrong-passphrase",
        say("That does not open the vault."),
        say("Try again. With the printed recovery code: coachsync vault recovery --use"),
    )


def _wrong_code() -> WrongKey:
    return WrongKey(
        "wrong-recovery-code",
        say("That does not open the vault: it is the code of another one, or an older code."),
        say("Look for the last code that was printed for this vault."),
    )


def _wrong_secret() -> WrongKey:
    return WrongKey(
        "wrong-keyslot-secret",
        say("What this machine keeps does not open the vault any more."),
        say("Unlock it with the passphrase, then add the keyslot again: coachsync vault keyslot add"),
    )


_WRONG = {By.PASSPHRASE: _wrong_passphrase, By.RECOVERY: _wrong_code}


def _stretched(head: Mapping[str, Any], passphrase: str) -> bytes:
    salt = bytes.fromhex(head["salt"])
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")  # however a keyboard writes é
    lanes, passes, memory = head["p"], head["t"], head["m"]
    try:
        return stretched(secret, salt, _KEY_BYTES, passes, memory, lanes)
    except MemoryError:
        raise CoachsyncError(
            "keyslot-memory",
            say("This machine has too little free memory to open the vault: {size} MB are needed.", size=memory >> 10),
            say("Close other programs and try again, or use the recovery code."),
        ) from None


def _expanded(head: Mapping[str, Any], secret: bytes) -> bytes:
    """Of a random secret: it need not be stretched."""
    salt = bytes.fromhex(head["salt"])
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt, _INFO[By(head["kind"])]).derive(secret)


def _read(content: bytes, wanted: By | None = None) -> dict[str, Any]:
    """The fields of a slot, each of its type and size."""
    found = _parsed(content)
    kind = found.get("kind")
    if kind not in list(By) or kind != (wanted or kind):
        raise damaged()
    by = By(kind)
    sizes = {
        "vault": 16,
        "person": FINGERPRINT_BYTES,
        "salt": _SALT_BYTES,
        "nonce": _NONCE_BYTES,
        "sealed": _SEALED_BYTES,
    }
    costs = {"t", "m", "p"} if by is By.PASSPHRASE else set()
    if found.keys() != {"version", "kind", "kdf", *sizes, *costs}:
        raise damaged()
    if found["kdf"] != _kdf(by) or not all(_is_hex(found[name], size) for name, size in sizes.items()):
        raise damaged()
    if costs:
        _refuse_cost(found["t"], found["m"], found["p"])
    return found


def _parsed(content: bytes) -> dict[str, Any]:
    """The table that a slot is, written in the one way there is, and of the one version."""
    try:
        found = json.loads(content) if len(content) <= _LONGEST else None
        if not isinstance(found, dict) or content != _canonical(found) + b"\n":
            raise damaged()
    except (ValueError, RecursionError):
        raise damaged() from None
    if type(found.get("version")) is not int:
        raise damaged()
    if found["version"] != _VERSION:
        raise unknown()
    return found


def _refuse_cost(passes: object, memory: object, lanes: object) -> None:
    given = (passes, memory, lanes)
    floor, ceiling = ((one.passes, one.memory, one.lanes) for one in (FLOOR, CEILING))
    if not all(type(one) is int and low <= one <= high for one, low, high in zip(given, floor, ceiling, strict=True)):
        raise Altered(
            "keyslot-cost",
            say("What it costs to guess the passphrase was changed: the keyslot is not used."),
            say("Restore the folder slots/ of the vault from a backup, or use the recovery code."),
        )


def _is_hex(value: object, size: int) -> bool:
    if not isinstance(value, str) or len(value) != 2 * size or value != value.lower():
        return False
    try:
        return len(bytes.fromhex(value)) == size
    except ValueError:
        return False


def _canonical(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def damaged() -> Altered:
    """That a keyslot is not what was written."""
    return Altered(
        "keyslot-damaged",
        say("A keyslot of the vault was altered, or cut."),
        say("Restore the folder slots/ of the vault from a backup, or use the recovery code."),
    )
