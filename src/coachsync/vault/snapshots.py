"""A snapshot: one backup, as one signed file. In clear it says which objects it needs; what they are, and what opens
them, stands in its manifest, an object too, whose key is sealed to each coach."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coachsync.errors import Altered, WrongKey
from coachsync.phrases import say
from coachsync.vault import chunks, statements
from coachsync.vault.chain import Entry, Head, canonical
from coachsync.vault.chunks import Chunk
from coachsync.vault.keys import Actor, Person, Signer
from coachsync.vault.rows import KEY_BYTES
from coachsync.vault.statements import Coaches
from coachsync.vault.suite import Sealer

_VERSION = 1
_WHAT, _STAMP = b"backup", b"mirror"
_LABEL = b"coachsync/backup/v1\0"
_DIGEST = b"coachsync/backup-digest/v1\0"
_INFO = struct.Struct(">16sQ32s")  # vault, number, name of the manifest
_PATH = re.compile(r"(state|config)(/[^/\0]+)+")
_MODE = 0o777


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One backup: its number, when it was made (seconds since 1970), the backups that were kept beside it (digests, by
    number), every object that it needs, which of them is the manifest, the key of that, sealed to each coach, and
    the coach who has let in whoever wrote it."""

    number: int
    at: int
    kept: Mapping[int, bytes]
    objects: tuple[bytes, ...]
    manifest: bytes
    sealed: Mapping[bytes, bytes]
    by: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in a backup: where it belongs ("state/..." or "config/..."), its mode, its size, and the name and the key
    of each of its pieces."""

    path: str
    mode: int
    size: int
    pieces: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What is in a backup, and the device key, which a new machine needs. `configuration` is the path of that file."""

    device: bytes
    configuration: str
    files: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Up to when a mirror is current (seconds since 1970): where the log ended then, and the newest backup."""

    at: int
    head: Head = field(default_factory=Head)
    number: int = 0
    digest: bytes = b""


def seal_manifest(manifest: Manifest, salt: bytes) -> Chunk:
    """The object that a manifest is."""
    said = {
        "version": _VERSION,
        "device": manifest.device.hex(),
        "configuration": manifest.configuration,
        "files": [
            {
                "path": one.path,
                "mode": one.mode,
                "size": one.size,
                "pieces": [[name.hex(), key.hex()] for name, key in one.pieces],
            }
            for one in manifest.files
        ],
    }
    return chunks.seal(salt, canonical(said))


def write(
    number: int,
    at: int,
    kept: Mapping[int, bytes],
    manifest: Chunk,
    objects: Iterable[bytes],
    coaches: Iterable[Actor],
    vault: bytes,
    writer: Entry,
    daemon: Signer,
) -> bytes:
    """The file of a snapshot, sealed to these coaches and signed by the daemon."""
    info = _info(vault, number, manifest.name)
    said = {
        "version": _VERSION,
        "number": number,
        "at": at,
        "kept": {str(one): digest.hex() for one, digest in kept.items()},
        "objects": sorted({name.hex() for name in (*objects, manifest.name)}),
        "manifest": manifest.name.hex(),
        "sealed": {one.fingerprint.hex(): Sealer(one.sealing).seal(info, manifest.key).hex() for one in coaches},
    }
    return statements.state(_WHAT, said, vault, writer, daemon)


def read(content: bytes, vault: bytes, coaches: Coaches) -> Snapshot:
    """A snapshot, once it is known that a daemon of this vault has written it. Raises Altered otherwise."""
    said, by = statements.hear(_WHAT, content, vault, coaches)
    try:
        _refuse_version(said)
        return Snapshot(
            _number(said["number"]),
            _number(said["at"]),
            {_number(int(one)): bytes.fromhex(digest) for one, digest in said["kept"].items()},
            tuple(bytes.fromhex(name) for name in said["objects"]),
            bytes.fromhex(said["manifest"]),
            {bytes.fromhex(one): bytes.fromhex(sealed) for one, sealed in said["sealed"].items()},
            by,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise chunks.damaged() from None


def digest(content: bytes) -> bytes:
    """What later snapshots call one by."""
    return hashlib.sha256(_DIGEST + content).digest()


def manifest_key(snapshot: Snapshot, vault: bytes, coach: Person) -> bytes:
    """What opens the manifest. Raises WrongKey for a coach to whom it was not sealed."""
    sealed = snapshot.sealed.get(coach.actor.fingerprint)
    if sealed is None:
        raise WrongKey(
            "backup-not-for-this-coach",
            say("This backup was made when this coach was not in the vault, or had another key."),
            say("Take another one with --snapshot, or let another coach restore it, with --coach."),
        )
    return coach.opener.open(_info(vault, snapshot.number, snapshot.manifest), sealed)


def open_manifest(snapshot: Snapshot, key: bytes, sealed: bytes) -> Manifest:
    """The manifest of a snapshot. Raises Altered when it is another one, or says what makes no sense."""
    plain = chunks.open_chunk(snapshot.manifest, key, sealed)
    try:
        said = json.loads(plain)
        _refuse_version(said)
        manifest = Manifest(
            bytes.fromhex(said["device"]), said["configuration"], tuple(_stored(one) for one in said["files"])
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise chunks.damaged() from None
    if len(manifest.device) != KEY_BYTES or len({one.path for one in manifest.files}) != len(manifest.files):
        raise chunks.damaged()
    return manifest


def write_stamp(stamp: Stamp, vault: bytes, writer: Entry, daemon: Signer) -> bytes:
    """The file that says up to when a mirror is current."""
    said = {
        "version": _VERSION,
        "at": stamp.at,
        "count": stamp.head.count,
        "head": stamp.head.digest.hex(),
        "number": stamp.number,
        "digest": stamp.digest.hex(),
    }
    return statements.state(_STAMP, said, vault, writer, daemon)


def read_stamp(content: bytes, vault: bytes, coaches: Coaches) -> Stamp:
    """What it says. Raises Altered as `read` does."""
    said, _ = statements.hear(_STAMP, content, vault, coaches)
    try:
        _refuse_version(said)
        head = Head(_whole(said["count"]), bytes.fromhex(said["head"]))
        return Stamp(_number(said["at"]), head, _whole(said["number"]), bytes.fromhex(said["digest"]))
    except (ValueError, TypeError, KeyError):
        raise chunks.damaged() from None


def _info(vault: bytes, number: int, manifest: bytes) -> bytes:
    return _LABEL + _INFO.pack(vault, number, manifest)


def _stored(said: Mapping[str, Any]) -> Stored:
    """A file of a manifest, whose path leads nowhere but into its own folder."""
    path, mode, size = said["path"], _whole(said["mode"]), _whole(said["size"])
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")) or mode & ~_MODE:
        raise ValueError
    return Stored(path, mode, size, tuple((bytes.fromhex(name), bytes.fromhex(key)) for name, key in said["pieces"]))


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _number(value: object) -> int:
    if not _whole(value):
        raise ValueError
    return _whole(value)


def _refuse_version(said: Mapping[str, Any]) -> None:
    if type(said["version"]) is not int:
        raise ValueError
    if said["version"] != _VERSION:
        raise Altered(
            "backup-too-new",
            say("This backup was written by a version of coachsync that this one does not know."),
            say("Install the newest version of coachsync."),
        )
