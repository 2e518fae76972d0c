"""What no key can know alone: names that must exist, targets that must not be a source, places that must stay apart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from coachsync.config import schema, urls
from coachsync.config.faults import NAME, Fault, Key, meant
from coachsync.config.resolving import located

DATABASE = "coachsync.db"  # below the state folder

Place = tuple[str, ...]  # two spellings of one calendar or file give the same place


@dataclass(frozen=True, slots=True)
class Parts:
    """The sections that are in order by themselves, every name there is in the file, and the resolved state folder."""

    accounts: Mapping[str, schema.Account] = field(default_factory=dict)
    calendars: Mapping[str, schema.Calendar] = field(default_factory=dict)
    shares: Mapping[str, schema.Share] = field(default_factory=dict)
    account_names: Set[str] = frozenset()
    calendar_names: Set[str] = frozenset()
    folder: Path = Path("/")
    state: Path | None = None
    database: schema.Database | None = None


def check(parts: Parts) -> Iterator[Fault]:
    """Every fault between the sections."""
    yield from _references(parts)
    yield from _targets(parts)
    yield from _files(parts)
    yield from _database(parts)


def _references(parts: Parts) -> Iterator[Fault]:
    for name, calendar in parts.calendars.items():
        yield from _account(parts, ("calendars", name, "account"), calendar.account)
    for name, share in parts.shares.items():
        for source in share.sources:
            if source not in parts.calendar_names:
                hint = _choice(source, parts.calendar_names, "calendars")
                yield Fault("unknown-calendar", ("shares", name, "from"), "It names a calendar that is not here.", hint)
        if len(set(share.sources)) < len(share.sources):
            yield Fault("named-twice", ("shares", name, "from"), "It names a calendar twice.", "Name it once.")
        if share.to.account is not None:
            yield from _account(parts, ("shares", name, "to", "account"), share.to.account)
        if share.audience is not None:
            yield from _account(parts, ("shares", name, "audience", "account"), share.audience.account)


def _account(parts: Parts, key: Key, name: str) -> Iterator[Fault]:
    if name not in parts.account_names:
        hint = _choice(name, parts.account_names, "accounts")
        yield Fault("unknown-account", key, "It names an account that is not here.", hint)


def _choice(given: str, names: Set[str], section: str) -> str:
    plain = filter(NAME.fullmatch, names)  # a name that is refused itself is not repeated
    return meant(given, plain, f"The {section} are:") or f"Add a section [{section}.NAME]."


def _targets(parts: Parts) -> Iterator[Fault]:
    sources = {
        _calendar_place(parts, calendar.account, calendar.name, calendar.url) for calendar in parts.calendars.values()
    } - {None}
    taken: set[Place] = set()
    for name, share in parts.shares.items():
        place = _target_place(parts, share.to)
        if place is None:
            continue
        key = ("shares", name, "to")
        if place in sources:
            yield Fault(
                "target-is-source",
                key,
                "The share would be written into a calendar that is private.",
                "Give the share a calendar of its own; it is made when it does not exist.",
            )
        if place in taken:
            yield Fault("same-target", key, "Another share goes to the same place.", "Give each share its own.")
        taken.add(place)


def _target_place(parts: Parts, to: schema.Target) -> Place | None:
    if to.file is not None:
        return "file", _real(parts.folder, to.file)
    return _calendar_place(parts, to.account or "", to.name, to.url)


def _calendar_place(parts: Parts, account: str, name: str | None, url: str | None) -> Place | None:
    """None while the account is missing or wrong itself. Two accounts may be the same login under two names."""
    login = parts.accounts.get(account)
    if login is None:
        return None
    if url is not None:
        return "url", urls.same(login.url, url)
    return "name", urls.same(login.url), login.username, name or ""


def _files(parts: Parts) -> Iterator[Fault]:
    for name, share in parts.shares.items():
        if share.to.file is None or parts.state is None:
            continue
        if Path(_real(parts.folder, share.to.file)).is_relative_to(os.path.realpath(parts.state)):
            yield Fault(
                "target-in-state",
                ("shares", name, "to", "file"),
                "The file would stand in the state folder, which nobody else may read.",
                "Choose a folder that its readers may enter.",
            )


def _real(folder: Path, path: str) -> str:
    """One spelling of a path, links followed as far as they exist."""
    return os.path.realpath(located(folder, path))


def _database(parts: Parts) -> Iterator[Fault]:
    if parts.database is None or parts.state is None:
        return
    scheme, _, path = parts.database.url.partition("://")
    if scheme != "sqlite" or _real(parts.folder, path.removeprefix("/")) != os.path.realpath(parts.state / DATABASE):
        yield Fault(
            "not-in-this-version",
            ("database", "url"),
            "This version keeps its data in an SQLite file in the state folder.",
            "Leave [database] away; practice.state says where that folder is.",
        )
