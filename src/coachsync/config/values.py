"""The configuration as the rest of the program sees it: frozen, complete, every path absolute.

Addresses, user names and commands are left out of every `repr`: a value may end up in a traceback or a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from coachsync.model import EVERYTHING, Choice, Label
from coachsync.redaction.profiles import Profile


@dataclass(frozen=True, slots=True)
class Practice:
    """The coach's practice. `timezone` is an IANA name that exists here; `state` is the folder of the local state."""

    name: str
    language: str  # en | fr
    timezone: str
    state: Path


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password is kept: exactly one of a file, a command (the program and its arguments), the name of an entry
    in the keyring and the name of a systemd credential."""

    file: Path | None = field(default=None, repr=False)
    command: tuple[str, ...] | None = field(default=None, repr=False)
    keyring: str | None = None
    credential: str | None = None

    @property
    def kind(self) -> str:
        """Which of the four it is, as the configuration calls it."""
        return next(name for name in ("file", "command", "keyring", "credential") if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Account:
    """A login on a CalDAV server; `timeout` in seconds. Without a password the server is asked without one."""

    name: str
    url: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """A source calendar, by its display name or by its URL (absolute, or relative to the account's): one of the two.

    With `categories` (folded) only what bears one of them counts.
    """

    name: str
    account: str
    display_name: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    interval: timedelta = timedelta(minutes=5)
    categories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CalDavTarget:
    """A share's collection, by its display name or by its URL: one of the two."""

    account: str
    display_name: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A share's `.ics` file."""

    path: Path


class OnLeak(StrEnum):
    """What becomes of a share that was found to show what it should not."""

    BUSY = "busy"  # it shows busy times only; when that cannot be made clean either, nobody can reach it any more
    ALARM = "alarm"  # the coach is told, and nothing else


@dataclass(frozen=True, slots=True)
class Share:
    """A redacted copy. `profile` has the share's own settings in it; `texts` is what each label says;
    `audience` is the account with whose eyes the share is verified, `public_link` lets in whoever has it. `clients` are
    codes of clients and of sponsors, `categories` are folded. `on_leak`: what becomes of it when it shows what it
    should not."""

    name: str
    calendars: tuple[str, ...]
    to: CalDavTarget | FileTarget
    profile: Profile
    texts: Mapping[Label, str]
    audience: str | None = None
    public_link: str | None = field(default=None, repr=False)
    clients: Choice = EVERYTHING
    categories: Choice = EVERYTHING
    on_leak: OnLeak = OnLeak.BUSY


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server where mail is handed in. `security` is starttls, tls or none; `sender` an address; `timeout` in
    seconds. There is a password exactly where there is a user name."""

    host: str = field(repr=False)
    port: int
    security: str
    sender: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Notify:
    """How alarms reach the coach: by mail to this one address, by a notice on the desktop, both or neither. There is a
    server exactly where there is an address."""

    mail: str | None = field(default=None, repr=False)
    desktop: bool = False
    smtp: Smtp | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """The folder that is watched, and the coach whose notes are dropped there: None where the vault has one coach."""

    folder: Path
    coach: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; accounts, calendars and shares by their names, in the order of the file.

    `trust` is the file beside it that says whose the vault is, and after
    `lock_after` without use that is locked. `dormant` names the sections that are understood and
    have no effect in this version.
    """

    practice: Practice
    accounts: Mapping[str, Account]
    calendars: Mapping[str, Calendar]
    shares: Mapping[str, Share]
    notify: Notify = Notify()
    inbox: Inbox | None = None
    trust: Path = Path("trust.toml")
    lock_after: timedelta = timedelta(minutes=15)
    dormant: tuple[str, ...] = ()
