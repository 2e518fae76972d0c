"""What this machine keeps to open the vault with: a random secret in the keyring of the desktop, or in a systemd
credential, one for each coach."""

from __future__ import annotations

from coachsync.adapters import credentials, oskeyring
from coachsync.errors import Misconfigured
from coachsync.phrases import say
from coachsync.vault.keyslots import SECRET_BYTES

_PLAIN = "keyrings.alt."  # a package of keyrings that keep what they are given in plain files


def from_keyring(person: bytes) -> bytes | None:
    """The secret of the coach with this fingerprint; None where the keyring has none, b"" where it has something else.
    Raises as `oskeyring.read` does."""
    kept = oskeyring.read(_entry(person))
    try:
        return None if kept is None else bytes.fromhex(kept)
    except ValueError:
        return b""


def into_keyring(person: bytes, secret: bytes) -> None:
    """Keep the secret there, in the place of the one before. Raises as `oskeyring.store` does, and Misconfigured where
    what stands behind the keyring is a plain file."""
    if oskeyring.backend().startswith(_PLAIN):
        raise Misconfigured(
            "keyring-plain",
            say("The keyring here keeps what it is given in a file that anybody can read who gets hold of the disk."),
            say("Use the keyring of the desktop (GNOME, KDE), or unlock the vault with the passphrase."),
        )
    oskeyring.store(_entry(person), secret.hex())


def out_of_keyring(person: bytes) -> None:
    """Remove the secret if it is there. Raises as `oskeyring.remove` does."""
    oskeyring.remove(_entry(person))


def credential_name(coach: str) -> str:
    """The credential of the coach of this name in trust.toml."""
    return f"coachsync-vault-{coach}"


def from_credential(coach: str) -> bytes | None:
    """The secret that this process was handed; None where it was handed none. Raises Misconfigured for one that is not
    of SECRET_BYTES bytes, and as `credentials.credential` does."""
    given = credentials.credential(credential_name(coach))
    if given is not None and len(given) != SECRET_BYTES:
        raise Misconfigured(
            "credential-no-secret",
            say("The credential for the vault is not the random bytes that it should be."),
            say("Make another one; how is said by: coachsync vault keyslot add credential"),
        )
    return given


def _entry(person: bytes) -> str:
    """The keyring's name for it: the colon keeps it apart from every name that a password can have."""
    return f"vault:{person.hex()}"
