"""The keyslots of the reader that was written from `vault/FORMAT.md` alone (`formatreader`): section 8 of the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from formatreader import coach_fingerprint, read_json, written
from handhpke import decrypted, demand, digest_of, expand, extract

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
COSTS = {"t": (2, 16), "m": (19456, 4194304), "p": (1, 16)}
SLOT = {"version", "kind", "vault", "person", "kdf", "salt", "nonce", "sealed"}


def read_slot(text: bytes, kind: str, kdf: str, costs: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    demand(len(text) <= 4096, "a slot has at most 4096 bytes")
    slot = read_json(text)
    demand(set(slot) == SLOT | set(costs), "keys are missing, or more than there should be")
    demand((slot["version"], slot["kind"], slot["kdf"]) == (1, kind, kdf), "another kind of slot")
    for name, length in {"vault": 16, "person": 16, "salt": 16, "nonce": 12, "sealed": 48}.items():
        value = slot[name]
        demand(isinstance(value, str) and len(value) == 2 * length and set(value) <= set("0123456789abcdef"), name)
    for name, (least, most) in costs.items():
        cost = slot[name]
        demand(type(cost) is int and least <= cost <= most, "a cost that is not allowed")
    return slot


def seed_of(slot: Mapping[str, Any], key: bytes, vault: bytes) -> bytes:
    demand(slot["vault"] == vault.hex(), "another vault's")
    aad = written({name: slot[name] for name in slot if name not in {"nonce", "sealed"}})
    seed = decrypted(key, bytes.fromhex(slot["nonce"]), bytes.fromhex(slot["sealed"]), aad)
    demand(coach_fingerprint(seed).hex() == slot["person"], "another person's seed")
    return seed


def open_with_passphrase(text: bytes, passphrase: str, vault: bytes) -> bytes:
    slot = read_slot(text, "passphrase", "argon2id", COSTS)
    passes, memory, lanes = (slot[name] for name in ("t", "m", "p"))
    salt = bytes.fromhex(slot["salt"])
    argon = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
    return seed_of(slot, argon.derive(unicodedata.normalize("NFC", passphrase).encode()), vault)


def open_with_code(text: bytes, printed: str, vault: bytes) -> bytes:
    slot = read_slot(text, "recovery", "hkdf-sha256", {})
    key = expand(extract(bytes.fromhex(slot["salt"]), read_code(printed)), b"coachsync/recovery/v1", 32)
    return seed_of(slot, key, vault)


def open_with_secret(text: bytes, kind: str, secret: bytes, vault: bytes) -> bytes:
    """What a keyring or a credential keeps."""
    demand(kind in {"keyring", "credential"} and len(secret) == 32, "no secret of a machine")
    slot = read_slot(text, kind, "hkdf-sha256", {})
    key = expand(extract(bytes.fromhex(slot["salt"]), secret), f"coachsync/{kind}/v1".encode(), 32)
    return seed_of(slot, key, vault)


def read_code(printed: str) -> bytes:
    """The 20 bytes behind a printed code: blanks and hyphens are for the eye, and O, I and L are read as 0, 1 and 1."""
    signs = "".join(printed.upper().split()).replace("-", "").translate(str.maketrans("OIL", "011"))
    demand(len(signs) == 36 and set(signs) <= set(SIGNS), "a code has 36 signs")
    bits = "".join(f"{SIGNS.index(sign):05b}" for sign in signs)
    code = int(bits[:160], 2).to_bytes(20)
    check = int.from_bytes(digest_of("coachsync/recovery-checksum/v1", code)[:3]) >> 4
    demand(int(bits[160:], 2) == check, "a sign is wrong")
    return code
