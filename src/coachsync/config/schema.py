"""The shape of the configuration file: which sections and keys there are, and what each takes.

A key that is not known is refused: accepted in silence it would publish more, or do less, than was asked.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar, get_args, get_origin

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from coachsync.config.fields import (
    CollectionUrl,
    Duration,
    HostName,
    Interval,
    MailAddress,
    Name,
    NotInHere,
    PathText,
    Port,
    ServerUrl,
    Text,
    Timeout,
    Zone,
    refuse,
)
from coachsync.config.share_schema import Share
from coachsync.config.table import Table, name_or_url
from coachsync.loopback import is_loopback
from coachsync.phrases import say


class Practice(Table):
    """[practice]"""

    name: Text = ""
    language: Literal["en", "fr"] = "en"
    timezone: Zone
    state: PathText | None = None


class Password(Table):
    """Where a password is kept: in one of four places."""

    file: PathText | None = None
    command: list[str] | None = None
    keyring: Name | None = None
    credential: Name | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if [self.file, self.command, self.keyring, self.credential].count(None) != len(Password.model_fields) - 1:
            refuse(
                "one-of",
                say("A password is kept in one place."),
                say("Give one of file, command, keyring and credential."),
            )
        if self.command is not None and not "".join(self.command[:1]).strip():
            refuse("one-of", say("The command is empty."), say('Write its words as a list: ["pass", "show", "cloud"].'))
        return self


class Account(Table):
    """[accounts.NAME]"""

    url: ServerUrl
    username: Text = ""
    password: Annotated[Password, NotInHere] | None = None
    ca_file: PathText | None = None
    timeout: Timeout = 30.0

    @model_validator(mode="after")
    def _whose_password(self) -> Self:
        if self.password is not None and not self.username:
            refuse("missing-key", say("There is a password and no username."), say("Add username."))
        return self


class Calendar(Table):
    """[calendars.NAME]"""

    account: str
    name: Text | None = None
    url: CollectionUrl | None = None
    interval: Interval = Field(default="PT5M", validate_default=True)
    categories: Annotated[list[Text] | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        name_or_url(self.name, self.url)
        return self


class Inbox(Table):
    """[inbox]"""

    folder: PathText
    coach: Text | None = None


class Retention(Table):
    """[retention]"""

    rules: list[Text]


class Succession(Table):
    """[succession]"""

    check_in_every: Duration | None = None
    grace: Duration | None = None


class Vault(Table):
    """[vault]"""

    lock_after: Interval = Field(default="PT15M", validate_default=True)


class Backup(Table):
    """[backup]"""

    folder: PathText | None = None
    mirror: PathText | None = None


class Smtp(Table):
    """[notify.smtp]"""

    host: HostName
    port: Port | None = None
    security: Literal["starttls", "tls", "none"] | None = None
    username: Text = ""
    password: Annotated[Password, NotInHere] | None = None
    sender: MailAddress | None = None
    ca_file: PathText | None = None
    timeout: Timeout = 30.0

    @model_validator(mode="after")
    def _login(self) -> Self:
        if self.password is not None and not self.username:
            refuse("missing-key", say("There is a password and no username."), say("Add username."))
        if self.username and self.password is None:
            refuse("missing-key", say("There is a username and no password."), say("Add password = {{ file = ... }}."))
        return self

    @model_validator(mode="after")
    def _in_clear(self) -> Self:
        if self.security == "none" and not is_loopback(self.host.lower()):
            refuse("no-tls", say("Mail would travel unencrypted."), say('Use "starttls" or "tls".'))
        return self


class Notify(Table):
    """[notify]"""

    mail: MailAddress | None = None
    desktop: bool = False
    smtp: Smtp | None = None

    @model_validator(mode="after")
    def _by_mail(self) -> Self:
        if self.mail is not None and self.smtp is None:
            refuse(
                "missing-key", say("Mail needs a server to hand it in."), say("Add a section [notify.smtp] with host.")
            )
        if self.smtp is not None and self.mail is None:
            refuse(
                "missing-key",
                say("Nobody is named who gets mail."),
                say('Add mail = "me@practice.example" to [notify].'),
            )
        return self


class Database(Table):
    """[database]"""

    url: Text


class Document(Table):
    """The whole file."""

    version: Literal[1]
    practice: Practice
    accounts: dict[Name, Account] = Field(default_factory=dict)
    calendars: dict[Name, Calendar] = Field(default_factory=dict)
    shares: dict[Name, Share] = Field(default_factory=dict)
    database: Database | None = None
    inbox: Inbox | None = None
    retention: Retention | None = None
    succession: Succession | None = None
    vault: Vault | None = None
    backup: Backup | None = None
    notify: Notify | None = None


DORMANT = ("retention", "succession", "backup")  # understood; without effect in this version


T = TypeVar("T", bound=Table)


def check(table: type[T], raw: object) -> T | list[ErrorDetails]:
    """The table read from parsed TOML, or everything that is wrong with it; no error holds a value of the file."""
    try:
        return table.model_validate(raw)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)


def keys_at(key: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that the table at this place of the file may have, none where there is no table."""
    table: type[Table] | None = Document
    named = False  # the next part of the key is a name that the coach chose
    for part in key:
        if named:
            named = False
            continue
        fields = {field.alias or name: field for name, field in table.model_fields.items()} if table else {}
        annotation = fields[part].annotation if part in fields else None
        table, named = _table_in(annotation), get_origin(annotation) is dict
    return tuple(field.alias or name for name, field in table.model_fields.items()) if table and not named else ()


def _table_in(annotation: object) -> type[Table] | None:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((table for inner in get_args(annotation) if (table := _table_in(inner))), None)
