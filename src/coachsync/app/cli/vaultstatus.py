"""What `coachsync status` tells of the vault: whether it is unlocked, and for how long. The agent is asked, which is no
use of the vault; what knows of keys is loaded only where one may be there to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from coachsync.adapters import agent
from coachsync.app.cli.output import instant
from coachsync.errors import CoachsyncError
from coachsync.phrases import say

if TYPE_CHECKING:
    from coachsync.adapters.trustfile import Trust

_TRUST = "trust.toml"


class Unlocked(NamedTuple):
    """A coach, by the name in trust.toml, who has unlocked the vault in this way; if nobody uses it, it is locked after
    so many seconds."""

    coach: str
    by: str
    left: int


class VaultView(NamedTuple):
    """For whom it is unlocked, and whether several coaches share it."""

    unlocked: tuple[Unlocked, ...] = ()
    is_shared: bool = False


def view(folder: Path, state: Path) -> VaultView | None:
    """As it stands now; None where the folder of the configuration knows of no vault."""
    if not (folder / _TRUST).exists():
        return None
    if not any(agent.all_sockets(state)):
        return VaultView()
    trust = _trust(folder)
    named = {} if trust is None else {name: one.fingerprint for name, one in trust.coaches.items()}
    return VaultView(tuple(_unlocked(named, state)), len(named) > 1)


def lines(seen: VaultView | None, ahead: Callable[[int], str]) -> Iterator[str]:
    """For people; `ahead` says when something is that so many seconds are left to."""
    if seen is not None and not seen.unlocked:
        yield say("The vault is locked.")
    for one in seen.unlocked if seen else ():
        when = ahead(one.left)
        if seen and seen.is_shared:
            yield say("The vault is unlocked for {coach}; unused, it locks itself {when}.", coach=one.coach, when=when)
        else:
            yield say("The vault is unlocked; unused, it locks itself {when}.", when=when)


def document(seen: VaultView | None, now: int) -> dict[str, Any] | None:
    """For machines; `now` in seconds since 1970."""
    if seen is None:
        return None
    coaches = [
        {"coach": one.coach, "by": one.by, "until": instant(datetime.fromtimestamp(now + one.left, UTC))}
        for one in seen.unlocked
    ]
    return {"unlocked": coaches}


def _trust(folder: Path) -> Trust | None:
    from coachsync.adapters.trustfile import read_trust

    with suppress(CoachsyncError):  # what is wrong with it, every command on the vault says
        return read_trust(folder / _TRUST)
    return None


def _unlocked(named: dict[str, bytes], state: Path) -> Iterator[Unlocked]:
    for name, fingerprint in named.items():
        for place in dict.fromkeys(agent.sockets_of(fingerprint, state)):
            told = agent.told(place)
            if told is not None:
                yield Unlocked(name, told.by, int(told.left))
                break
