"""Certificates for the reader that was written from `vault/FORMAT.md` alone (`formatreader`): section 10."""

from __future__ import annotations

import re
from typing import Any

from formatlog import check_entry, read_entry
from formatreader import Trust, check_signature, read_json, written
from handhpke import demand

CERTIFICATE = {
    "version", "vault", "verify", "tombstone", "erased", "key_files", "client_key", "records", "files", "method",
    "file_system", "copy_on_write", "copies", "head", "signed_at", "signature",
}  # fmt: skip


def check_certificate(trust: Trust, text: bytes) -> dict[str, Any]:
    """What it says, after all was checked."""
    found = read_json(text)
    demand(found.keys() == CERTIFICATE and found["version"] == 1, "no certificate")
    demand(found["vault"] == trust.vault.hex(), "of another vault")
    coach, verify = next((item for item in trust.keys.items() if item[1].hex() == found["verify"]), (b"", b""))
    demand(coach, "no coach")
    signed = written({name: value for name, value in found.items() if name != "signature"})
    check_signature(verify, "erasure", signed, bytes.fromhex(found["signature"]))
    stone, erased = (read_entry(found[name], bytes.fromhex(found[name]["said"])) for name in ("tombstone", "erased"))
    said, done = (check_entry(trust.keys, trust.vault, one) for one in (stone, erased))
    line = {one: former.later[-1] for one, former in trust.formers.items()}
    demand({line.get(one, one) for one in (stone.actor, erased.actor, coach)} == {line.get(coach, coach)}, "another's")
    demand(said["e"] == "erase" and (done["e"], done["entry"]) == ("erased", stone.number), "no erasure that is done")
    demand(found["key_files"] == len(said["keys"]) + (found["client_key"] is not None), "another number of keys")
    demand(found["records"] == len(said["records"]), "another number of records")
    demand(type(found["files"]) is int and 0 <= found["files"] <= found["records"], "another number of files")
    demand(erased.number <= found["head"]["count"], "signed before it was done")
    demand(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(found["signed_at"])), "no time")
    return found
