"""The contents of attachments as FORMAT.md, section 11, has them: read without any code of the program."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from formatreader import read_json
from handhpke import (
    TAG,
    decrypted,
    demand,
    expand,
)

CHUNK, SALT = 16384, 24
ATTACHMENT = {"name", "media", "size", "digest", "key"}
CHUNKED = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


@dataclass(frozen=True)
class Attachment:
    """What the body of an attachment says."""

    name: str
    media: str
    size: int
    digest: bytes
    key: bytes
    to: bytes | None


def attachment_of(body: bytes) -> Attachment:
    found = read_json(body)
    demand(found.keys() - {"to", "client"} == ATTACHMENT, "no attachment")
    demand(type(found["size"]) is int and 0 <= found["size"] <= 2 << 30, "no size")
    digest, key = in_hex(found["digest"], 32), in_hex(found["key"], 32)
    to = in_hex(found["to"], 16) if "to" in found else None
    return Attachment(found["name"], found["media"], found["size"], digest, key, to)


def in_hex(text: object, size: int) -> bytes:
    demand(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), "no bytes in hex")
    return bytes.fromhex(str(text))


def with_zeros(size: int) -> int:
    """How long a content of this size is with the zeros that follow it."""
    bits = 0
    while size >> bits:
        bits += 1
    step = max(4096, 2 ** (bits - 6) if bits > 6 else 0)
    return max(step, -(-size // step) * step)


def content_of(file: bytes, said: Attachment, vault: bytes, record: bytes, version: int) -> bytes:
    """The content, once all of the file was looked at."""
    demand(len(file) >= SALT + 32 + TAG, "a file is longer")
    context = b"coachsync/file/v1\0" + vault + record + struct.pack(">I", version)
    salt, commitment, rest = file[:SALT], file[SALT : SALT + 32], file[SALT + 32 :]
    keys = expand(said.key, CHUNKED + salt + context, 76, "sha512")
    demand(keys[44:] == commitment, "not this key, or not this record's file")
    chunks = [rest[start : start + CHUNK + TAG] for start in range(0, len(rest), CHUNK + TAG)]
    demand(len(chunks[-1]) < CHUNK + TAG, "the last chunk is missing")
    plain = b""
    for number, chunk in enumerate(chunks):
        nonce = int.from_bytes(keys[32:44]) ^ number
        plain += decrypted(keys[:32], nonce.to_bytes(12), chunk, b"")
    demand(len(plain) == with_zeros(said.size) and not any(plain[said.size :]), "other zeros")
    content = plain[: said.size]
    demand(hashlib.sha256(content).digest() == said.digest, "another content")
    return content
