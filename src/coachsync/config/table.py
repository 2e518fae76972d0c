"""What every table of the file is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from coachsync.config.fields import refuse
from coachsync.phrases import say


class Table(BaseModel):
    """A table of the file: exact types, no unknown key, no value in any error."""

    model_config = ConfigDict(
        defer_build=True,
        strict=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_by_name=False,
        validate_by_alias=True,
    )


def name_or_url(name: str | None, url: str | None) -> None:
    """Refuse a calendar that is named in both ways, or in none."""
    if (name is None) == (url is None):
        refuse(
            "one-of",
            say("A calendar has either a name or a url here, not both."),
            say("Give either name (as your calendar program shows it) or url."),
        )
