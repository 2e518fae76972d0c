"""What no key can know alone: names that must exist, targets that must not be a source, places that must stay apart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from coachsync.config import schema, share_schema, urls
from coachsync.config.faults import NAME, Fault, Key, meant
from coachsync.config.glance import located
from coachsync.phrases import say

DATABASE = "coachsync.db"  # below the state folder

Place = tuple[str, ...]  # two spellings of one calendar or file give the same place
Tables = Mapping[str, Mapping[str, object]]  # by section and name, as parsed: anything may be in them


@dataclass(frozen=True, slots=True)
class Parts:
    """The sections that are in order by themselves, all of them as they are in the file, and the state folder."""

    accounts: Mapping[str, schema.Account]
    calendars: Mapping[str, schema.Calendar]
    shares: Mapping[str, share_schema.Share]
    database: schema.Database | None
    inbox: schema.Inbox | None
    tables: Tables
    folder: Path
    state: Path | None


def check(parts: Parts) -> Iterator[Fault]:
    """Every fault between the sections."""
    yield from _references(parts.tables)
    yield from _targets(parts)
    yield from _files(parts)
    yield from _database(parts)
    yield from _inbox(parts)


def _references(tables: Tables) -> Iterator[Fault]:
    """Names that are not here; looked for in a section that has other faults, too."""
    for key, given, section in _mentions(tables):
        if isinstance(given, str) and given not in tables[section]:
            what = section.removesuffix("s")
            hint = _choice(given, tables[section].keys(), section)
            yield Fault(
                f"unknown-{what}", key, say("There is no [{section}] section of this name.", section=section), hint
            )
    for name, share in tables["shares"].items():
        sources = _entry(share, "from")
        if isinstance(sources, list) and any(sources.count(source) > 1 for source in sources):
            yield Fault(
                "named-twice", ("shares", name, "from"), say("It names a calendar twice."), say("Name it once.")
            )


def _mentions(tables: Tables) -> Iterator[tuple[Key, object, str]]:
    """Where the file names an account or a calendar, what it names, and the section that must have it."""
    for name, calendar in tables["calendars"].items():
        yield ("calendars", name, "account"), _entry(calendar, "account"), "accounts"
    for name, share in tables["shares"].items():
        sources = _entry(share, "from")
        for source in sources if isinstance(sources, list) else []:
            yield ("shares", name, "from"), source, "calendars"
        for place in ("to", "audience"):
            yield ("shares", name, place, "account"), _entry(_entry(share, place), "account"), "accounts"


def _entry(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _choice(given: str, names: Set[str], section: str) -> str:
    plain = filter(NAME.fullmatch, names)  # a name that is refused itself is not repeated
    return meant(given, plain, say("There are:")) or say("Add a section [{section}.NAME].", section=section)


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
                say("The share would be written into a calendar that is private."),
                say("Give the share a calendar of its own; it is made when it does not exist."),
            )
        if place in taken:
            yield Fault(
                "same-target", key, say("Another share goes to the same place."), say("Give each share its own.")
            )
        taken.add(place)


def _target_place(parts: Parts, to: share_schema.Target) -> Place | None:
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
                say("The file would stand in the state folder, which nobody else may read."),
                say("Choose a folder that its readers may enter."),
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
            say("This version keeps its data in an SQLite file in the state folder."),
            say("Leave [database] away; practice.state says where that folder is."),
        )


def _inbox(parts: Parts) -> Iterator[Fault]:
    """Whatever lies in the inbox is sealed and removed: nothing that is needed may lie there."""
    if parts.inbox is None:
        return
    inbox, key = Path(_real(parts.folder, parts.inbox.folder)), ("inbox", "folder")
    hint = say("Choose a folder of its own, with nothing in it.")
    state = None if parts.state is None else Path(os.path.realpath(parts.state))
    if state is not None and (state.is_relative_to(inbox) or inbox.is_relative_to(state)):
        yield Fault("inbox-and-state", key, say("The inbox and the state folder lie one in the other."), hint)
    elif any(Path(place).is_relative_to(inbox) for place in (os.path.realpath(parts.folder), *_kept(parts))):
        message = say("A file that coachsync needs lies in the inbox: it would be sealed there, and removed.")
        yield Fault("inbox-takes-files", key, message, hint)


def _kept(parts: Parts) -> Iterator[str]:
    """The files that the other sections name."""
    for account in parts.accounts.values():
        named = (account.ca_file, account.password.file if account.password else None)
        yield from (_real(parts.folder, path) for path in named if path)
    yield from (_real(parts.folder, share.to.file) for share in parts.shares.values() if share.to.file)
