"""From the shape of the file to the values of the program: paths made absolute, defaults filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from coachsync.config import schema, share_schema
from coachsync.config.glance import located, state_folder
from coachsync.config.values import (
    Account,
    CalDavTarget,
    Calendar,
    Config,
    FileTarget,
    Inbox,
    Notify,
    OnLeak,
    Practice,
    Secret,
    Share,
    Smtp,
)
from coachsync.model import EVERYTHING, Choice
from coachsync.redaction.profiles import LABELS, PROFILES, AllDay, Profile, Publish, WorkingHours

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321

K = TypeVar("K")
V = TypeVar("V")


def resolve(document: schema.Document, folder: Path) -> Config:
    """The frozen configuration of a file that stands in `folder` and has no fault."""
    language = document.practice.language
    return Config(
        practice=Practice(
            name=document.practice.name,
            language=language,
            timezone=document.practice.timezone,
            state=state_folder(document.practice.state, folder),
        ),
        accounts=_frozen({name: _account(name, table, folder) for name, table in document.accounts.items()}),
        calendars=_frozen({name: _calendar(name, table) for name, table in document.calendars.items()}),
        shares=_frozen({name: _share(name, table, folder, language) for name, table in document.shares.items()}),
        notify=_notify(document.notify or schema.Notify(), folder),
        inbox=None if document.inbox is None else Inbox(located(folder, document.inbox.folder), document.inbox.coach),
        trust=folder / "trust.toml",
        lock_after=(document.vault or schema.Vault()).lock_after,
        dormant=tuple(name for name in schema.DORMANT if getattr(document, name) is not None),
    )


def _account(name: str, table: schema.Account, folder: Path) -> Account:
    return Account(
        name=name,
        url=table.url,
        username=table.username,
        password=_secret(table.password, folder),
        ca_file=located(folder, table.ca_file) if table.ca_file else None,
        timeout=table.timeout,
    )


def _secret(password: schema.Password | None, folder: Path) -> Secret | None:
    if password is None:
        return None
    if password.file is not None:
        return Secret(file=located(folder, password.file))
    if password.command is not None:
        return Secret(command=tuple(password.command))
    return Secret(keyring=password.keyring, credential=password.credential)


def _calendar(name: str, table: schema.Calendar) -> Calendar:
    return Calendar(
        name,
        table.account,
        display_name=table.name,
        url=table.url,
        interval=table.interval,
        categories=None if table.categories is None else _folded(table.categories),
    )


def _share(name: str, table: share_schema.Share, folder: Path, language: str) -> Share:
    profile = _profile(table)
    own = {} if table.label is None else {profile.label: table.label}
    return Share(
        name=name,
        calendars=tuple(table.sources),
        to=_target(table.to, folder),
        profile=profile,
        texts=_frozen({**LABELS[language], **own}),
        audience=table.audience.account if table.audience else None,
        public_link=table.public_link,
        clients=_choice(table.clients),
        categories=_choice(table.categories),
        on_leak=OnLeak(table.on_leak),
    )


def _choice(table: share_schema.Clients | share_schema.Categories | None) -> Choice:
    if table is None:
        return EVERYTHING
    if isinstance(table, share_schema.Clients):
        return Choice(None if table.only is None else frozenset(table.only), frozenset(table.without))
    return Choice(None if table.only is None else _folded(table.only), _folded(table.without))


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in words)


def _target(to: share_schema.Target, folder: Path) -> CalDavTarget | FileTarget:
    if to.file is not None:
        return FileTarget(located(folder, to.file))
    return CalDavTarget(to.account or "", display_name=to.name, url=to.url)


def _profile(table: share_schema.Share) -> Profile:
    """The profile with what the share sets in its place."""
    usual = PROFILES[table.profile]
    return replace(
        usual,
        past=usual.past if table.window.past is None else table.window.past,
        future=usual.future if table.window.future is None else table.window.future,
        round_to=usual.round_to if table.round_to is None else table.round_to,
        all_day=usual.all_day if table.all_day is None else AllDay(table.all_day),
        publish=usual.publish if table.publish is None else Publish(table.publish),
        hours=usual.hours if table.hours is None else _hours(table.hours),
        hours_only=table.hours is not None and table.hours.only,
        before=usual.before if table.buffer is None else table.buffer.before,
        after=usual.after if table.buffer is None else table.buffer.after,
        series=table.recurrence == "series",
    )


def _hours(table: share_schema.Hours) -> WorkingHours:
    return WorkingHours(table.start, table.end, frozenset(map(_WEEKDAYS.index, table.days)))


def _notify(table: schema.Notify, folder: Path) -> Notify:
    if table.mail is None or table.smtp is None:
        return Notify(desktop=table.desktop)
    smtp = table.smtp
    security = smtp.security or ("tls" if smtp.port == _PORTS["tls"] else "starttls")
    server = Smtp(
        host=smtp.host,
        port=smtp.port or _PORTS[security],
        security=security,
        sender=smtp.sender or table.mail,
        username=smtp.username,
        password=_secret(smtp.password, folder),
        ca_file=located(folder, smtp.ca_file) if smtp.ca_file else None,
        timeout=smtp.timeout,
    )
    return Notify(table.mail, table.desktop, server)


def _frozen(values: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(values))
