"""How things stand, kept in a file of the state folder: written after every run, read by `status` without the database.

It holds configuration names, codes, times and sentences in the configured language; never a name, title or address.
Everything in it can be found out again, so a file that cannot be read counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from coachsync.adapters.files import read_if_there, write_atomically
from coachsync.errors import CoachsyncError

FALLEN = "share-fallen-"  # begins the codes of a share that has leaked
_FILE = "status.json"
_MOST_TOLD = 10  # troubles of one calendar
_VERSION = 1  # of the file; another one counts as none


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps something from working, as a person is told of it."""

    code: str
    where: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CalendarStatus:
    """One source calendar. Times are seconds since 1970; `due` is when it is looked at next, None without a daemon.

    `waiting` counts appointments whose disappearance waits for a person, `unreadable` those that cannot be read.
    `unsent` counts changes of the coach that the server does not have yet; of them `conflicts` and `withheld` wait for
    a person, and `rejected` are not taken by the server again and again. `trouble` comes first of what went wrong,
    `more` is the rest of it, as far as a person wants to read on.
    """

    tried: int | None = None
    succeeded: int | None = None
    due: int | None = None
    waiting: int = 0
    unreadable: int = 0
    unsent: int = 0
    conflicts: int = 0
    withheld: int = 0
    rejected: int = 0
    trouble: Trouble | None = None
    more: tuple[Trouble, ...] = ()

    def troubles(self) -> tuple[Trouble, ...]:
        """All of it, in order."""
        return (self.trouble, *self.more) if self.trouble is not None else ()


@dataclass(frozen=True, slots=True)
class Found:
    """Something that should not be in a share; `detail` never repeats it."""

    code: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShareStatus:
    """One share. It serves what its calendars held at `as_of`; what it served at `verified` had these `findings`.

    `unseen` is why it could not be looked at from outside since then. `owed`: at an edge of its schedule a calendar
    could not be read, and it is written again once that can be. `gone`: it was taken out of everybody's reach.
    """

    tried: int | None = None
    as_of: int | None = None
    due: int | None = None
    held_back: int = 0
    verified: int | None = None
    findings: tuple[Found, ...] = ()
    unseen: Trouble | None = None
    trouble: Trouble | None = None
    owed: bool = False
    gone: bool = False

    @property
    def has_fallen(self) -> bool:
        """Whether a leak has put something else in its place, or taken it away."""
        return self.trouble is not None and self.trouble.code.startswith(FALLEN)


@dataclass(frozen=True, slots=True)
class Status:
    """Everything, by configuration name.

    `refused` holds, by account, a keyed fingerprint of the credential that its server has refused: it is not tried
    again until it changes. `configuration` lists what is wrong with a changed file while the old one stays in force.
    `left_behind` are changes of the coach for calendars that are not configured any more.
    `opening` is what came up while the daemon opened the state and the vault; at `returned` (seconds since 1970) it saw
    last that something erased had come back. `inbox` is what was dropped there and cannot be imported, `dropped` how
    many files wait in it.
    `state` is why coachsync's own data could not be worked on. `told` is what alarms have said, and `channels` which of
    their ways to the coach failed.
    """

    calendars: Mapping[str, CalendarStatus] = field(default_factory=dict)
    shares: Mapping[str, ShareStatus] = field(default_factory=dict)
    exposed: tuple[Found, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    configuration: tuple[Trouble, ...] = ()
    left_behind: tuple[Trouble, ...] = ()
    opening: tuple[Trouble, ...] = ()
    returned: int | None = None
    inbox: tuple[Trouble, ...] = ()
    dropped: int = 0
    state: Trouble | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[Trouble, ...] = ()

    def calendar(self, name: str) -> CalendarStatus:
        """How a calendar stands; nothing is known of one that was never tried."""
        return self.calendars.get(name, CalendarStatus())

    def share(self, name: str) -> ShareStatus:
        """How a share stands."""
        return self.shares.get(name, ShareStatus())

    def with_calendar(self, name: str, **changes: Any) -> Status:
        """The same with something changed about a calendar."""
        return replace(self, calendars={**self.calendars, name: replace(self.calendar(name), **changes)})

    def with_troubles(self, name: str, troubles: Sequence[Trouble]) -> Status:
        """The same with all that is wrong with a calendar; of much, the first."""
        told = tuple(dict.fromkeys(troubles))[:_MOST_TOLD]
        return self.with_calendar(name, trouble=told[0] if told else None, more=told[1:])

    def with_share(self, name: str, **changes: Any) -> Status:
        """The same with something changed about a share."""
        return replace(self, shares={**self.shares, name: replace(self.share(name), **changes)})

    def pardoned(self, account: str) -> Status:
        """The same without a refusal of this account."""
        if account not in self.refused:
            return self
        return replace(self, refused={name: value for name, value in self.refused.items() if name != account})


def load(state: Path) -> Status:
    """What the file says; nothing where there is none, or none that can be read."""
    try:
        content = read_if_there(state / _FILE)
        return _read(json.loads(content)) if content else Status()
    except (CoachsyncError, ValueError, TypeError, KeyError, AttributeError):
        return Status()


def save(state: Path, status: Status) -> None:
    """Write the file, unless it says the same already. Raises CoachsyncError when it cannot be written."""
    content = json.dumps({"version": _VERSION, **asdict(status)}, ensure_ascii=False, indent=1).encode()
    if read_if_there(state / _FILE) != content:
        write_atomically(state / _FILE, content)


def _read(content: Mapping[str, Any]) -> Status:
    if content["version"] != _VERSION:
        return Status()
    return Status(
        calendars={
            name: CalendarStatus(
                **{**values, "trouble": _trouble(values["trouble"]), "more": _troubles(values["more"])}
            )
            for name, values in content["calendars"].items()
        },
        shares={
            name: ShareStatus(
                **{
                    **values,
                    "trouble": _trouble(values["trouble"]),
                    "unseen": _trouble(values["unseen"]),
                    "findings": _found(values["findings"]),
                }
            )
            for name, values in content["shares"].items()
        },
        exposed=_found(content["exposed"]),
        refused={str(name): str(value) for name, value in content["refused"].items()},
        configuration=_troubles(content["configuration"]),
        left_behind=_troubles(content["left_behind"]),
        opening=_troubles(content["opening"]),
        returned=content["returned"],
        inbox=_troubles(content["inbox"]),
        dropped=int(content["dropped"]),
        state=_trouble(content["state"]),
        told=dict(content["told"]),
        channels=_troubles(content["channels"]),
    )


def _trouble(values: Mapping[str, Any] | None) -> Trouble | None:
    return None if values is None else Trouble(**values)


def _troubles(values: list[Mapping[str, Any]]) -> tuple[Trouble, ...]:
    return tuple(Trouble(**value) for value in values)


def _found(values: list[Mapping[str, Any]]) -> tuple[Found, ...]:
    return tuple(Found(**value) for value in values)
