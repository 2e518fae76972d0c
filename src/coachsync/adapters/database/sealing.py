"""Sealed JSON and bytes in columns: each value is bound to the place it stands in."""

from __future__ import annotations

import json
from typing import Any

from coachsync.errors import WrongKey
from coachsync.phrases import say
from coachsync.vault.rows import DeviceKey

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def seal_json(key: DeviceKey, context: str, value: Any) -> bytes:
    """Seal a JSON value; text that is no valid Unicode (from a broken event) survives."""
    return key.seal(context, _ENCODER.encode(value).encode())


def open_json(key: DeviceKey, name: str, context: str, sealed: bytes) -> Any:
    """Open what `seal_json` made; `name` is the key the row says it needs. Raises WrongKey."""
    return json.loads(open_bytes(key, name, context, sealed))


def open_bytes(key: DeviceKey, name: str, context: str, sealed: bytes) -> bytes:
    """Open sealed bytes; `name` is the key the row says it needs. Raises WrongKey."""
    if name != key.name:
        raise WrongKey(
            "row-needs-another-key",
            say("What is stored here was locked with another device key."),
            say("Restore the state folder and keys/device.key from the same backup."),
            where="practice.state",
        )
    return key.open(context, sealed)
