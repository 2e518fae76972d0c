"""What may stand behind one key: pydantic types whose refusals carry our codes and hints, and never the value."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from coachsync.config import faults, urls
from coachsync.phrases import say
from coachsync.redaction.profiles import LONGEST_BUFFER
from coachsync.span import Span, parse

_BREAKING = ("Cc", "Zl", "Zp")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # RFC 5322, unquoted
_HOST = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")  # a name or an address
_LAST_PORT = 65535
_CLOCK = re.compile(r"\d{1,2}:\d\d", re.ASCII)
_CLIENT_CODE = re.compile(r"[CS]-[0-9A-Z]{6}", re.ASCII)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LONGEST_TIMEOUT = 600.0  # seconds
_DAYS_A_MONTH = 30.4375


def refuse(code: str, message: str, hint: str = "") -> NoReturn:
    """Refuse a value: called by a validator."""
    raise PydanticCustomError("coachsync", "refused", {"code": code, "message": message, "hint": hint})


def text(longest: int) -> AfterValidator:
    """One line of text that is not blank."""

    def check(value: str) -> str:
        if not value.strip():
            refuse(
                "empty-text",
                say("The text is empty."),
                say("Write something between the quotes, or leave the key away."),
            )
        if any(unicodedata.category(character) in _BREAKING for character in value):
            refuse("bad-text", say("The text holds a line break or control character."), say("Keep it on one line."))
        if len(value) > longest:
            refuse(
                "text-too-long",
                say("The text is longer than {longest} characters.", longest=longest),
                say("Shorten it."),
            )
        return value.strip()

    return AfterValidator(check)


def _path(value: str) -> str:
    try:
        Path(value).expanduser()
    except RuntimeError:
        refuse("bad-path", say("There is no such home folder."), say("Write the whole path."))
    return value


def _name(value: str) -> str:
    if not faults.NAME.fullmatch(value):
        refuse(
            "bad-name",
            say("A name here has 1 to 40 letters (a-z, A-Z), digits, _ and -."),
            say("It appears in reports and journals: choose one that says nothing about a client."),
        )
    return value


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zones = zoneinfo.available_timezones()
        cities = {zone for zone in zones if zone.rpartition("/")[2].casefold() == value.casefold()}
        hint = faults.closest(min(cities, default=value), zones) or say('Write it like "Europe/Paris".')
        refuse("unknown-timezone", say("There is no such time zone."), hint)
    return value


def _url(wrong: Callable[[str], tuple[str, str, str] | None]) -> AfterValidator:
    def check(value: str) -> str:
        fault = wrong(value)
        if fault:
            refuse(*fault)
        return value

    return AfterValidator(check)


def _span(value: object) -> Span:
    if isinstance(value, str):
        try:
            return parse(value)
        except ValueError:
            pass
    refuse(
        "bad-duration", say("This is not a duration."), say('Write "PT15M" (minutes), "P14D" (days) or "P6M" (months).')
    )


def _elapsed(span: Span) -> timedelta:
    if span.months:
        refuse(
            "bad-duration", say("Months and years have no fixed length."), say("Write days, hours, minutes or seconds.")
        )
    return span.elapsed()


def _interval(length: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= length <= _DAY:
        refuse("bad-duration", say("The interval is not between a second and a day."), say('Five minutes are "PT5M".'))
    return length


def _rounding(length: timedelta) -> timedelta:
    if not timedelta(0) < length <= _HOUR or _HOUR % length:
        refuse(
            "bad-rounding",
            say("Times are rounded to a part of an hour."),
            say("PT5M, PT10M, PT15M, PT20M, PT30M or PT1H."),
        )
    return length


def _buffer(length: timedelta) -> timedelta:
    if not timedelta(0) <= length <= LONGEST_BUFFER:
        refuse("bad-buffer", say("A buffer is at most four hours long."), say('A quarter of an hour is "PT15M".'))
    return length


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        try:
            return time.fromisoformat(value.zfill(5))
        except ValueError:
            pass
    refuse("bad-time-of-day", say("This is not a time of day."), say('Write it like "08:30".'))


def _client_code(value: str) -> str:
    code = value.strip().upper()
    if not _CLIENT_CODE.fullmatch(code):
        refuse(
            "bad-client-code",
            say("Clients and sponsors are named here by their codes."),
            say("`coachsync client list` shows them: C-7F3K2M is a client, S-7F3K2M a sponsor. No name belongs here."),
        )
    return code


def _timeout(value: object) -> float:
    seconds: object = value
    if isinstance(value, str):
        seconds = _elapsed(_span(value)).total_seconds()
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_TIMEOUT:
        refuse(
            "bad-duration",
            say("A timeout is more than 0 and at most 600 seconds."),
            say("Write 30, or PT30S in quotes."),
        )
    return float(seconds)


def _mail_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        refuse(
            "bad-address",
            say("This is not one mail address."),
            say('Write it like "me@practice.example", without a name.'),
        )
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        refuse("bad-host", say("This is not the name of a server."), say('Write it like "smtp.practice.example".'))
    return value


def _port(value: int) -> int:
    if not 1 <= value <= _LAST_PORT:
        refuse(
            "bad-port",
            say("This is not the number of a port."),
            say("Leave it away, or write the one your provider names."),
        )
    return value


def _reach(months: int) -> AfterValidator:
    def check(span: Span) -> Span:
        if span.seconds:
            refuse("bad-window", say("A window is made of whole days."), say('Write "P14D", "P8W" or "P6M".'))
        if span.months + span.days / _DAYS_A_MONTH > months:
            refuse(
                "bad-window",
                say("A window reaches at most {months} months this way.", months=months),
                say("Make it shorter."),
            )
        return span

    return AfterValidator(check)


def _password(value: object) -> object:
    if isinstance(value, str):
        refuse(
            "password-in-configuration",
            say("A password does not belong in this file."),
            say(
                'Put it in a file of its own (chmod 600) and write: password = {{ file = "cloud.password" }}. '
                "If this file was copied or backed up, change the password."
            ),
        )
    return value


Text = Annotated[str, text(200)]
LabelText = Annotated[str, text(60)]
PathText = Annotated[str, text(4000), AfterValidator(_path)]
Name = Annotated[str, AfterValidator(_name)]
Zone = Annotated[str, AfterValidator(_zone)]
ServerUrl = Annotated[str, _url(urls.wrong)]
PublicLink = Annotated[str, text(2000), _url(urls.wrong_link)]
CollectionUrl = Annotated[str, _url(urls.wrong_collection)]
MailAddress = Annotated[str, text(200), AfterValidator(_mail_address)]
HostName = Annotated[str, text(253), AfterValidator(_host)]
Port = Annotated[int, AfterValidator(_port)]
Duration = Annotated[Span, BeforeValidator(_span)]
Interval = Annotated[timedelta, BeforeValidator(lambda value: _interval(_elapsed(_span(value))))]
Rounding = Annotated[timedelta, BeforeValidator(lambda value: _rounding(_elapsed(_span(value))))]
Buffer = Annotated[timedelta, BeforeValidator(lambda value: _buffer(_elapsed(_span(value))))]
Clock = Annotated[time, BeforeValidator(_clock)]
ClientCode = Annotated[str, AfterValidator(_client_code)]
Timeout = Annotated[float, BeforeValidator(_timeout)]
Past = Annotated[Duration, _reach(12)]
Future = Annotated[Duration, _reach(24)]
NotInHere = BeforeValidator(_password)
