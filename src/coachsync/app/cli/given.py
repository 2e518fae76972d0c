"""What the options of `coachsync init` already answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Given:
    """The value of each option, None (or nothing) where it was not given."""

    language: str | None = None
    timezone: str | None = None
    practice: str | None = None
    address: str | None = None
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    keep_password: str | None = None
    browser: bool | None = None
    calendars: tuple[str, ...] = ()
    profile: str | None = None
    share: str | None = None
    label: str | None = None
    to_calendar: str | None = None
    to_file: str | None = None
    publish: bool | None = None
