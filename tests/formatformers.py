"""The former seeds of the reader that was written from `vault/FORMAT.md` alone (`formatreader`): end of section 8."""

from __future__ import annotations

import struct

from formatreader import coach_fingerprint, sealing_seed
from handhpke import ENC, TAG, demand, open_sealed

FORMER = struct.Struct(">4sBBH16s16s16s")
SEAL = ENC + 32 + TAG


def open_former(content: bytes, vault: bytes, person: bytes) -> bytes:
    """The seed that waits to be replaced, by that of the person who has come in its place."""
    demand(len(content) == 4096 and not any(content[FORMER.size + SEAL :]), "4096 bytes, the rest zeros")
    magic, suite, zero, more, of, former, new = FORMER.unpack_from(content)
    demand((magic, suite, zero, more, of) == (b"CSF1", 1, 0, 0, vault), "no former seed of this vault")
    demand(new == coach_fingerprint(person), "for somebody else")
    head, seal = content[: FORMER.size], content[FORMER.size : FORMER.size + SEAL]
    seed = open_sealed(sealing_seed(person), b"coachsync/former/v1\0" + head, seal)
    demand(coach_fingerprint(seed) == former, "another seed")
    return seed
