"""X-Wing and HPKE by hand: what section 1 of `vault/FORMAT.md` names, from RFC 9180 and draft-connolly-cfrg-xwing-kem.

Of `cryptography` come only ML-KEM-768, X25519 and AES-GCM. It shares no code with coachsync.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Refused(Exception):  # noqa: N818 - named for what happened
    """The bytes are not what the format says."""


def demand(holds: object, what: str) -> None:
    if not holds:
        raise Refused(what)


# ------------------------------------------------------------------------------------------------- by hand

XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")
XWING, HKDF_SHA256, AES_256_GCM = 0x647A, 1, 2
ENC, TAG, MLKEM_CIPHERTEXT = 1120, 16, 1088
ZEROS = bytes(32)


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or ZEROS, secret, "sha256")


def expand(key: bytes, info: bytes, length: int, algorithm: str = "sha256") -> bytes:
    out = block = b""
    number = 0
    while len(out) < length:
        number += 1
        block = hmac.digest(key, block + info + bytes([number]), algorithm)
        out += block
    return out[:length]


def digest_of(what: str, *parts: bytes) -> bytes:
    return hashlib.sha256(what.encode() + b"\0" + b"".join(parts)).digest()


def halves(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    demand(len(seed) == 32, "a seed has 32 bytes")
    keys = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(keys[:64]), X25519PrivateKey.from_private_bytes(keys[64:])


def public_of(seed: bytes) -> bytes:
    lattice, curve = halves(seed)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def decapsulate(seed: bytes, enc: bytes) -> bytes:
    """The combined secret of X-Wing: both secrets, the sender's key of X25519, one's own, and a label."""
    lattice, curve = halves(seed)
    theirs = enc[MLKEM_CIPHERTEXT:]
    first = lattice.decapsulate(enc[:MLKEM_CIPHERTEXT])
    try:
        second = curve.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError:
        raise Refused("a point of low order") from None
    return hashlib.sha3_256(first + second + theirs + curve.public_key().public_bytes_raw() + XWING_LABEL).digest()


def schedule(shared: bytes, info: bytes, aead: int = AES_256_GCM) -> tuple[bytes, bytes]:
    """RFC 9180, 5.1, base mode: the key and the nonce of the first (and only) message."""
    suite = b"HPKE" + struct.pack(">HHH", XWING, HKDF_SHA256, aead)

    def labeled_extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + suite + label + secret)

    def labeled_expand(label: bytes, length: int) -> bytes:
        return expand(secret, struct.pack(">H", length) + b"HPKE-v1" + suite + label + context, length)

    context = b"\0" + labeled_extract(b"", b"psk_id_hash", b"") + labeled_extract(b"", b"info_hash", info)
    secret = labeled_extract(shared, b"secret", b"")
    return labeled_expand(b"key", 32), labeled_expand(b"base_nonce", 12)


def open_sealed(seed: bytes, info: bytes, sealed: bytes) -> bytes:
    demand(len(sealed) >= ENC + TAG, "a seal is longer")
    key, nonce = schedule(decapsulate(seed, sealed[:ENC]), info)
    return decrypted(key, nonce, sealed[ENC:], b"")


def decrypted(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Refused("it does not open") from None
