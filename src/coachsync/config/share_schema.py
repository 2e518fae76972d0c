"""The shape of [shares.NAME]."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from coachsync.config import fields
from coachsync.config.fields import (
    ClientCode,
    Clock,
    CollectionUrl,
    Future,
    LabelText,
    Past,
    PathText,
    PublicLink,
    Rounding,
    Text,
    refuse,
)
from coachsync.config.table import Table, name_or_url
from coachsync.phrases import say


class Target(Table):
    """Where a share goes."""

    account: str | None = None
    name: Text | None = None
    url: CollectionUrl | None = None
    file: PathText | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.file is None:
            if self.account is None:
                refuse(
                    "one-of",
                    say("The destination says neither account nor file."),
                    say("Give account with name or url, or file."),
                )
            name_or_url(self.name, self.url)
        elif (self.account, self.name, self.url) != (None, None, None):
            refuse("one-of", say("A share goes to one place."), say("Give either file, or account with name or url."))
        elif not self.file.endswith(".ics"):
            refuse("not-an-ics-file", say("The file's name does not end in .ics."), say("Name it like office.ics."))
        return self


class Reach(Table):
    """How far a share looks back and ahead."""

    past: Past | None = None
    future: Future | None = None


class Buffer(Table):
    """What is kept free around each time."""

    before: fields.Buffer = timedelta(0)
    after: fields.Buffer = timedelta(0)


class Hours(Table):
    """Working hours: what an event of whole days takes, and with `only` all that is told."""

    start: Clock = time(9)
    end: Clock = time(17)
    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)] = Field(
        default=["mon", "tue", "wed", "thu", "fri"]
    )
    only: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            refuse(
                "bad-hours",
                say("Working hours end before they begin."),
                say("Both are times of one day, the earlier one first."),
            )
        return self


class Categories(Table):
    """Which categories count."""

    only: Annotated[list[Text] | None, Field(min_length=1)] = None
    without: list[Text] = Field(default=[], alias="except")


class Clients(Table):
    """Whose sessions count."""

    only: Annotated[list[ClientCode] | None, Field(min_length=1)] = None
    without: list[ClientCode] = Field(default=[], alias="except")


class Audience(Table):
    """With whose eyes a share is verified."""

    account: str


def _on_both_sides(value: object) -> object:
    return {"before": value, "after": value} if isinstance(value, str) else value


def _these_only(value: object) -> object:
    return {"only": value} if isinstance(value, list) else value


class Share(Table):
    """[shares.NAME]"""

    sources: list[str] = Field(alias="from", min_length=1)
    to: Target
    profile: Literal["busy", "session", "pseudonym", "sponsor"]
    label: LabelText | None = None
    window: Reach = Reach()
    round_to: Rounding | None = None
    all_day: Literal["no", "working-hours"] | None = None
    publish: Literal["now", "hourly", "daily"] | None = None
    audience: Audience | None = None
    recurrence: Literal["unlinked", "series"] = "unlinked"
    buffer: Annotated[Buffer | None, BeforeValidator(_on_both_sides)] = None
    hours: Hours | None = None
    categories: Annotated[Categories | None, BeforeValidator(_these_only)] = None
    clients: Annotated[Clients | None, BeforeValidator(_these_only)] = None
    on_leak: Literal["busy", "alarm"] = "busy"
    public_link: PublicLink | None = None

    @model_validator(mode="after")
    def _eyes(self) -> Self:
        if self.audience is not None and self.to.file is not None:
            refuse("one-of", say("A file is read without an account."), say("Leave audience away."))
        return self

    @model_validator(mode="after")
    def _one_sponsor(self) -> Self:
        codes = (self.clients.only or []) if self.clients is not None else []
        if self.profile == "sponsor" and [code[0] for code in codes] != ["S"]:
            refuse(
                "sponsor-missing",
                say("A share for a sponsor says whose it is."),
                say('Add clients = ["S-..."] with the code that `coachsync client list` shows for the sponsor.'),
            )
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.profile == "busy" and self.recurrence == "series":
            refuse(
                "series-in-busy",
                say("A share of the profile busy shows no single times that could be linked."),
                say('Use profile = "session", or leave recurrence away.'),
            )
        return self
