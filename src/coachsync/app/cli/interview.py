"""The questions of `coachsync init`, in their order; each answer is checked by the rules of the configuration file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from coachsync.app.cli.asking import Asker
from coachsync.app.cli.given import Given
from coachsync.app.cli.tongue import speak, tongue
from coachsync.app.language import LANGUAGES
from coachsync.app.onboarding import system, trying
from coachsync.app.onboarding.answers import Source
from coachsync.app.onboarding.keeping import NewPassword, in_file, in_keyring, keyring_here
from coachsync.app.onboarding.trying import Login
from coachsync.app.printable import printable
from coachsync.config import single
from coachsync.config.faults import Fault
from coachsync.errors import CoachsyncError, UsageError
from coachsync.model import Collection
from coachsync.phrases import say
from coachsync.redaction.profiles import LABELS, PROFILES

_LANGUAGE = "Language / Langue (en, fr)"  # asked before anybody knows which to ask in
_SHARE = {"en": "office", "fr": "bureau"}
_KEY = "coaching"  # of the first private calendar in the file
_MEANINGS = (
    ("busy", say("when you are not free, in quarters of an hour: tells least")),
    ("session", say("each session by itself, with its exact times")),
)
_PLACES = (
    ("file", say("in a file that only you can read")),
    ("keyring", say("in the keyring of your desktop, which opens when you sign in there")),
)


def refuse_contradictions(given: Given) -> None:
    """Raise UsageError for options that exclude each other."""
    if given.to_calendar is not None and given.to_file is not None:
        raise UsageError(
            "one-of", say("A share goes to one place."), say("Give --to-calendar or --to-file."), where="--to-file"
        )
    if given.keep_password is not None and given.password_file is not None:
        raise UsageError(
            "one-of",
            say("The password stays in the file that was given."),
            say("Leave --keep-password away, or --password-file, and type the password."),
            where="--keep-password",
        )


def refuse_missing(asker: Asker, given: Given) -> None:
    """Raise UsageError that names every option that is missing, where nobody can be asked.

    What a server may or may not ask for is not known yet: a user name, a password.
    """
    usual = {
        "--language": given.language,
        "--timezone": given.timezone,
        "--practice": given.practice,
        "--address": given.address,
        "--calendar": given.calendars or None,
        "--profile": given.profile,
        "--share": given.share,
        "--label": given.label,
        "--to-calendar": given.to_file if given.to_calendar is None else given.to_calendar,
        "--publish": given.publish,
    }
    asker.refuse_missing([option for option, value in usual.items() if value is None], ["--address"])


def language(asker: Asker, given: Given) -> str:
    """Which language to speak, from now on."""
    code = asker.ask(_LANGUAGE, "--language", given.language, _language, tongue().code)
    speak(code)
    return code


def timezone(asker: Asker, given: Given) -> str:
    """Where the coach works."""
    known = system.zone(os.environ)
    question = say("Your time zone, like Europe/Paris")
    check = _checked("practice", "timezone")
    return asker.ask(question, "--timezone", given.timezone, lambda text: check(system.spelled(text)), known)


def practice(asker: Asker, given: Given) -> str:
    """What the practice is called, "" for nothing."""
    check = _checked("practice", "name")
    question = say("Name of your practice (Enter to leave it out)")
    return asker.ask(question, "--practice", given.practice, lambda name: name and check(name), "")


def sources(asker: Asker, given: Given, login: Login) -> tuple[Source, ...]:
    """Which calendars hold the sessions."""
    asked = ",".join(given.calendars) if given.calendars else None
    if asker.interactive and (asked is None or asked == "-"):
        asker.tell(say("Your calendars there:"))
        for number, calendar in enumerate(login.calendars, 1):
            asker.tell(f"  {number}  {_shown(calendar)}")
    chosen = asker.ask(
        say("Which one holds your sessions? (its number; several with commas)"),
        "--calendar",
        asked,
        lambda answer: _chosen(login, given.calendars if answer == asked else answer.split(","), tell=answer == asked),
        _likely(login),
    )
    keys = [_KEY, *(f"{_KEY}-{number}" for number in range(2, len(chosen) + 1))]
    return tuple(_source(login, key, calendar) for key, calendar in zip(keys, chosen, strict=True))


def profile(asker: Asker, given: Given) -> str:
    """How much the share tells."""
    return asker.choose(say("What may others see?"), "--profile", given.profile, _MEANINGS, "busy")


def share(asker: Asker, given: Given, code: str) -> str:
    """The share's name in the configuration, in reports and in journals."""
    question = say("A short name for this share, without a client's name")
    return asker.ask(question, "--share", given.share, _share, _SHARE[code])


def label(asker: Asker, given: Given, code: str, kind: str) -> str:
    """What each entry says; "" for what it says anyway."""
    usual = LABELS[code][PROFILES[kind].label]
    question = say("What each entry says (everybody sees it: no name belongs there)")
    answer = asker.ask(question, "--label", given.label, _checked("shares", "label"), usual)
    return "" if answer == usual else answer


def target(asker: Asker, given: Given, login: Login, private: tuple[Source, ...], name: str) -> tuple[str, str]:
    """Where the share goes: the name of a calendar, or the path of a file; the other one is ""."""
    option = "--to-file" if given.to_file is not None else "--to-calendar"
    names = [f"Coaching ({name})", *(f"Coaching ({name} {number})" for number in range(2, 100))]
    answer = given.to_file if given.to_file is not None else given.to_calendar
    while True:
        found = asker.ask(
            say("Calendar that others will see (it is made), or a file that ends in .ics"),
            option,
            answer,
            lambda text: _target(login, private, text, is_file=text == given.to_file or text.endswith(".ics")),
            next((free for free in names if free not in login.names), names[0]),
        )
        if found[0] not in login.names or asker.confirm(
            say("This calendar exists and is empty; coachsync will fill it. Use it?"),
            option,
            None if asker.interactive else True,
        ):
            return found
        answer = None


def keeping(asker: Asker, given: Given, secret: str, folder: Path, account: str) -> NewPassword:
    """Where a new password is kept. Nobody is asked where there is only one place."""
    word = given.keep_password
    if word is None and not (asker.interactive and keyring_here()):
        word = "file"
    while True:
        question = say("Where shall the password be kept?")
        if asker.choose(question, "--keep-password", word, _PLACES, "file") == "file":
            return in_file(secret, folder, account)
        try:
            return in_keyring(secret, account)
        except CoachsyncError as problem:
            if not asker.interactive:
                raise
            asker.tell_trouble(problem)
            word = None


def _language(text: str) -> str:
    if text.casefold() not in LANGUAGES:
        raise UsageError("no-such-language", say("That language is not here."), say("Type en or fr."))
    return text.casefold()


def _checked(section: str, key: str) -> Callable[[str], str]:
    """Accepts what the configuration file accepts under this key."""

    def check(text: str) -> str:
        _refuse(single.fault(section, key, text))
        return text

    return check


def _share(text: str) -> str:
    _refuse(single.name_fault(text))
    return text


def _refuse(fault: Fault | None) -> None:
    if fault is not None:
        raise UsageError(fault.code, fault.message, fault.hint)


def _shown(calendar: Collection) -> str:
    return printable(calendar.name) or calendar.url.rstrip("/").rpartition("/")[2]


def _likely(login: Login) -> str | None:
    """The number of the only calendar, or of the only one whose name speaks of coaching."""
    found = [number for number, calendar in enumerate(login.calendars, 1) if "coach" in calendar.name.casefold()]
    if len(login.calendars) == 1:
        found = [1]
    return str(found[0]) if len(found) == 1 else None


def _chosen(login: Login, words: Sequence[str], *, tell: bool) -> tuple[Collection, ...]:
    """The calendars of these numbers or names, each once; `tell`: who gave a wrong one has not seen the list."""
    found = tuple(dict.fromkeys(number for word in words for number in _numbers(login, word.strip(), tell=tell)))
    if not found:
        raise UsageError("answer-missing", say("An answer is needed here."))
    return tuple(login.calendars[number] for number in found)


def _numbers(login: Login, word: str, *, tell: bool) -> list[int]:
    named = [number for number, calendar in enumerate(login.calendars) if word == calendar.name.strip() != ""]
    if len(named) == 1:
        return named
    if word.isdecimal() and 1 <= int(word) <= len(login.calendars):
        return [int(word) - 1]
    problem = UsageError(
        "calendar-not-found",
        say("Several calendars have this name.") if named else say("There is no such calendar."),
        say("Type its number, from 1 to {count}.", count=len(login.calendars)),
    )
    if tell:
        names = ", ".join(f'{number} "{_shown(calendar)}"' for number, calendar in enumerate(login.calendars, 1))
        problem.aside = say("Calendars that are there: {names}.", names=names)
    raise problem


def _source(login: Login, key: str, calendar: Collection) -> Source:
    """By its name where that tells it from the others and can stand in the file, else by its address."""
    name = calendar.name.strip()
    if login.names.count(name) == 1 and single.fault("calendars", "name", name) is None:
        return Source(key, name=name)
    return Source(key, url=calendar.url)


def _target(login: Login, private: tuple[Source, ...], text: str, *, is_file: bool) -> tuple[str, str]:
    if is_file:
        return "", _file(text)
    _refuse(single.fault("to", "name", text))
    if text in {source.name for source in private}:
        raise UsageError("target-is-source", say("That is the calendar with your sessions."), say("Type another name."))
    if trying.taken(login, text):
        raise UsageError(
            "target-not-empty",
            say("A calendar of this name is there and is not empty."),
            say("Type the name of a new calendar: coachsync makes it."),
        )
    return text, ""


def _file(text: str) -> str:
    _refuse(single.fault("to", "file", text))
    path = Path(text).expanduser().absolute()
    if path.suffix != ".ics":
        raise UsageError(
            "not-an-ics-file", say("The file's name does not end in .ics."), say("Name it like office.ics.")
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(
            "folder-not-writable",
            say("The folder of the file is not there, or may not be written to."),
            say("Make the folder first, or name a file in another one."),
        )
    if path.exists():
        raise UsageError("target-not-empty", say("There is such a file already."), say("Name a new one."))
    return str(path)
