"""`trust.toml`: whose the vault is; it stands beside the configuration, outside of all that the daemon writes.

It counts where nobody could have written it but the administrator, the user who reads it, or whoever owns the folder
that it and the configuration stand in: they could put another configuration there as well.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coachsync.adapters.files import write_atomically
from coachsync.adapters.lowering import as_administrator
from coachsync.adapters.system import reason
from coachsync.errors import Altered, CoachsyncError
from coachsync.phrases import say
from coachsync.vault.chain import DIGEST_BYTES, Head
from coachsync.vault.keys import FINGERPRINT_BYTES, VERIFY_BYTES, Actor

NAME = "trust.toml"
VAULT_BYTES = 16
_COACH = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LONGEST = 1 << 20
_OTHERS = 0o022
_MODE = 0o644
_HEAD = """\
# Whose notes these are. coachsync seals to nobody else, whatever its database says: keep this file where only you, or
# whoever runs the machine, can write. There is no secret in it.
"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A key that a coach had before, and where the log ended when it was replaced: beyond that it says nothing."""

    verify: bytes
    fingerprint: bytes
    until: Head

    def fits(self, actor: Actor) -> bool:
        """Whether this is who had the key."""
        return (actor.verify, actor.fingerprint) == (self.verify, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Pinned:
    """What is pinned of a coach, with the keys of before, the oldest first."""

    verify: bytes
    fingerprint: bytes
    former: tuple[Replaced, ...] = ()

    def fits(self, actor: Actor) -> bool:
        """Whether this is the coach who is meant."""
        return (actor.verify, actor.fingerprint) == (self.verify, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Trust:
    """The vault and its coaches, by their names in the file."""

    vault: bytes
    coaches: Mapping[str, Pinned] = field(default_factory=dict)


def read_trust(path: Path) -> Trust | None:
    """What the file pins; None where there is none.

    Raises Altered when others may write to it or own it, or when it says nothing that makes sense; CoachsyncError when
    it cannot be read.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & _OTHERS or status.st_uid not in _owners(path.parent.stat()):
                raise _open(path)
            content = file.read(_LONGEST)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise CoachsyncError(
            "trust-not-read",
            say("The file trust.toml cannot be read: {cause}.", cause=reason(problem)),
            say("Let the user who runs coachsync read it."),
            where=NAME,
        ) from None
    return trust_of(content)


def trust_of(content: bytes) -> Trust:
    """What the text of such a file pins. Raises Altered when it says nothing that makes sense."""
    try:
        return _trust(tomllib.loads(content.decode()))
    except (ValueError, KeyError, TypeError, AttributeError):  # a TOMLDecodeError is a ValueError
        raise Altered(
            "trust-damaged",
            say("The file trust.toml does not say whose the vault is."),
            say(
                "Restore it from a backup. Without one, move it away, and write it anew with the recovery code: "
                "coachsync vault recovery --use"
            ),
            where=NAME,
        ) from None


def write_trust(path: Path, trust: Trust) -> None:
    """Write the file. Raises CoachsyncError when it cannot be written."""
    lines = [f'vault = "{trust.vault.hex()}"']
    for name, one in trust.coaches.items():
        lines += ["", f"[coaches.{name}]", *_keys(one)]
        for former in one.former:
            until = [f"count = {former.until.count}", f'digest = "{former.until.digest.hex()}"']
            lines += ["", f"[[coaches.{name}.former]]", *_keys(former), *until]
    with as_administrator():
        write_atomically(path, (_HEAD + "\n".join(lines) + "\n").encode(), mode=_MODE)


def refuse_closed(path: Path) -> None:
    """Raise CoachsyncError where this user cannot write the file: before anything is asked."""
    if os.access(path.parent, os.W_OK | os.X_OK):
        return
    refused = CoachsyncError(
        "trust-not-writable",
        say(
            "The file trust.toml, which says whose the vault is, stands beside the configuration, and you may not "
            "write there."
        ),
        say("Let the administrator give this one command, with sudo before it. All others you give yourself."),
        where=NAME,
    )
    refused.aside = say("The folder is {folder}", folder=path.parent)
    raise refused


def _owners(folder: os.stat_result) -> set[int]:
    """Who may own the file. Where others can write in the folder, what stands there says nothing about its owner."""
    return {0, os.geteuid()} | (set() if folder.st_mode & _OTHERS else {folder.st_uid})


def is_coach_name(name: str) -> bool:
    """Whether a coach can be called so in the file."""
    return _COACH.fullmatch(name) is not None


def _trust(found: dict[str, object]) -> Trust:
    coaches = found["coaches"]
    if found.keys() != {"vault", "coaches"} or not isinstance(coaches, dict) or not coaches:
        raise ValueError
    return Trust(_bytes(found["vault"], VAULT_BYTES), {name: _pinned(name, one) for name, one in coaches.items()})


def _keys(one: Pinned | Replaced) -> list[str]:
    return [f'verify = "{one.verify.hex()}"', f'fingerprint = "{one.fingerprint.hex()}"']


def _pinned(name: str, values: dict[str, Any]) -> Pinned:
    former = values.pop("former", [])
    if not is_coach_name(name) or values.keys() != {"verify", "fingerprint"} or not isinstance(former, list):
        raise ValueError
    keys = _bytes(values["verify"], VERIFY_BYTES), _bytes(values["fingerprint"], FINGERPRINT_BYTES)
    return Pinned(*keys, tuple(map(_replaced, former)))


def _replaced(values: dict[str, Any]) -> Replaced:
    count = values["count"]
    if values.keys() != {"verify", "fingerprint", "count", "digest"} or type(count) is not int or count < 1:
        raise ValueError
    keys = _bytes(values["verify"], VERIFY_BYTES), _bytes(values["fingerprint"], FINGERPRINT_BYTES)
    return Replaced(*keys, Head(count, _bytes(values["digest"], DIGEST_BYTES)))


def _bytes(text: object, size: int) -> bytes:
    found = bytes.fromhex(text) if isinstance(text, str) else b""
    if len(found) != size:
        raise ValueError
    return found


def _open(path: Path) -> Altered:
    failure = Altered(
        "trust-open",
        say("Others may write to the file trust.toml, which says whose the vault is."),
        say(
            "See that its coaches are yours. Then make it the administrator's, and let nobody else write (chmod go-w)."
        ),
        where=NAME,
    )
    file = shlex.quote(str(path))
    failure.aside = say("Run: {command}", command=f"sudo chown root {file} && sudo chmod go-w {file}")
    return failure
