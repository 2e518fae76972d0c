"""Everything that a first configuration needs to know, and the TOML that says it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from coachsync.phrases import say

Speak = Callable[[str], str]  # a phrase in the language of the file

_WIDTH = 108
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Source:
    """A private calendar: its key in the file, and its display name or, where that does not tell it, its URL."""

    key: str
    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked. The password is in `password_file` or in the keyring under `password_entry`, or there is none;
    the share goes to the calendar `to_name` or to the file `to_file`; what is "" is left out.
    """

    language: str
    timezone: str
    account: str
    url: str = field(repr=False)
    username: str = field(repr=False)
    sources: tuple[Source, ...]
    share: str
    profile: str
    to_name: str = ""
    to_file: str = ""
    label: str = ""
    practice: str = ""
    password_file: str = ""
    password_entry: str = ""
    ca_file: str = ""
    state: str = ""


def toml(answers: Answers, speak: Speak) -> str:
    """The configuration file, with remarks in the coach's language."""
    sections = (_head, _practice, _account, _calendars, _share)
    blocks = ("\n".join(section(answers, speak)) for section in sections)
    return "\n\n".join(blocks) + "\n"


def _head(_answers: Answers, speak: Speak) -> Iterator[str]:
    yield from _remark(speak, say("Written by coachsync init. You may change it; then run: coachsync check"))
    yield "version = 1"


def _practice(answers: Answers, speak: Speak) -> Iterator[str]:
    yield "[practice]"
    if answers.practice:
        yield f"name = {quoted(answers.practice)}"
    yield f"language = {quoted(answers.language)}"
    yield f"timezone = {quoted(answers.timezone)}"
    if answers.state:
        yield from _remark(speak, say("The folder where coachsync keeps its own data."))
        yield f"state = {quoted(answers.state)}"


def _account(answers: Answers, speak: Speak) -> Iterator[str]:
    yield from _remark(
        speak, say("The login on the calendar server. Its password is in a file that only you can read.")
    )
    yield f"[accounts.{answers.account}]"
    yield f"url = {quoted(answers.url)}"
    if answers.username:
        yield f"username = {quoted(answers.username)}"
    if answers.password_file:
        yield f"password = {{ file = {quoted(answers.password_file)} }}"
    if answers.password_entry:
        yield f"password = {{ keyring = {quoted(answers.password_entry)} }}"
    if answers.ca_file:
        yield f"ca_file = {quoted(answers.ca_file)}"


def _calendars(answers: Answers, speak: Speak) -> Iterator[str]:
    yield from _remark(speak, say("The calendar where your sessions are. coachsync only reads it."))
    for number, source in enumerate(answers.sources):
        if number:
            yield ""
        yield f"[calendars.{source.key}]"
        yield f"account = {quoted(answers.account)}"
        yield f"name = {quoted(source.name)}" if source.name is not None else f"url = {quoted(source.url or '')}"


def _share(answers: Answers, speak: Speak) -> Iterator[str]:
    if answers.to_file:
        remark = say(
            "What others may see: times and one label, nothing else. Give them that file, never your calendar."
        )
    else:
        remark = say("What others may see: times and one label, nothing else. Share that calendar, never your own.")
    yield from _remark(speak, remark)
    yield f"[shares.{answers.share}]"
    yield f"from = [{', '.join(quoted(source.key) for source in answers.sources)}]"
    if answers.to_file:
        yield f"to = {{ file = {quoted(answers.to_file)} }}"
    else:
        yield f"to = {{ account = {quoted(answers.account)}, name = {quoted(answers.to_name)} }}"
    yield f"profile = {quoted(answers.profile)}"
    if answers.label:
        yield f"label = {quoted(answers.label)}"


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0, "String"): whatever stands in it, it ends where it should."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04X}" if character < " " or character == "\x7f" else character


def _remark(speak: Speak, phrase: str) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(speak(phrase), _WIDTH))
