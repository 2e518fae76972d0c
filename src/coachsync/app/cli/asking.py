"""Questions on the terminal: each has an option, a wrong answer is asked again with the reason, and where nobody can
be asked, a missing answer names its option.

Questions and reasons go to stderr: stdout is for the result.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import click

from coachsync.app.cli.tongue import spoken
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say

_T = TypeVar("_T")
_PROMPT = "-"  # as an option's value: ask, although there is an option
_UNTYPEABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # an arrow key, or bytes that are no text
# Whatever the language is: fingers have habits.
_YES = {"y": True, "yes": True, "o": True, "oui": True, "n": False, "no": False, "non": False}


class Declined(click.Abort):
    """A person said no."""


class Asker:
    """Asks a person, or nobody: without a terminal, and with `--yes`, which accepts every default."""

    def __init__(self, *, accept: bool) -> None:
        self.interactive = sys.stdin.isatty() and not accept
        self._accept = accept

    def tell(self, text: str = "") -> None:
        """A line for the person."""
        click.echo(spoken(text), err=True)

    def tell_trouble(self, problem: CoachsyncError) -> None:
        """Why an answer will not do, and what to do about it."""
        for line in filter(None, (problem.message, problem.hint, problem.aside)):
            click.echo(f"  ! {spoken(line)}", err=True)

    def ask(
        self,
        question: str,
        option: str,
        given: str | None,
        read: Callable[[str], _T],
        default: str | None = None,
    ) -> _T:
        """The answer as `read` understands it. `read` raises CoachsyncError for one that will not do.

        `given` is the option's value, None without it; `default` may be "" where nothing is an answer too. Raises
        UsageError where nobody can be asked, click.Abort when the person ends it.
        """
        answer = None if given == _PROMPT and self.interactive else given
        while True:
            asked = answer is None
            if answer is None:
                answer = self._answer(question, option, default)
            try:
                return read(_readable(answer))
            except CoachsyncError as problem:
                problem.where = problem.where or ("" if asked else option)
                if not self.interactive:
                    raise
                self.tell_trouble(problem)
                answer = None

    def refuse_missing(self, options: Sequence[str], without_default: Collection[str]) -> None:
        """Raise UsageError for options that are missing, all at once, where nobody can be asked about them."""
        if self.interactive:
            return
        missing = [option for option in options if option in without_default or not self._accept]
        if missing:
            has_default = all(option not in without_default for option in missing)
            problem = _missing(", ".join(missing), "" if has_default else None)
            problem.where = missing[0]
            raise problem

    def choose(
        self, question: str, option: str, given: str | None, choices: Sequence[tuple[str, str]], default: str
    ) -> str:
        """One of the choices (word, explanation), by its number or its word."""
        if given is None and self.interactive:
            for number, (word, meaning) in enumerate(choices, 1):
                self.tell(f"  {number}  {word:<8} {spoken(meaning)}")
        words = [word for word, _ in choices]
        return self.ask(question, option, given, lambda answer: words[_number(answer, words)], default)

    def hidden(self, question: str, option: str) -> str:
        """A password, typed without being seen. Raises UsageError where nobody can be asked."""
        if not self.interactive:
            raise _missing(option, None)
        try:
            return getpass.getpass(spoken(say("{question}: ", question=question)), stream=sys.stderr)
        except EOFError:
            raise click.Abort from None
        except UnicodeDecodeError:
            raise _untypeable() from None

    def confirm(self, question: str, option: str, given: bool | None, *, usual: bool = True) -> bool:
        """Yes or no; `usual` is the default."""
        word = None if given is None else "yes" if given else "no"
        default = spoken(say("yes") if usual else say("no"))
        return self.ask(say("{question} (yes/no)", question=question), option, word, _yes, default)

    def _answer(self, question: str, option: str, default: str | None) -> str:
        if not self.interactive:
            if default is None or not self._accept:
                raise _missing(option, default)
            return default
        if default:
            question = say("{question} [{default}]", question=question, default=default)
        while True:
            click.echo(spoken(say("{question}: ", question=question)), nl=False, err=True)
            line = _line()
            if not line:
                click.echo(err=True)
                raise click.Abort
            if line.strip() or default is not None:
                return line.strip() or default or ""
            self.tell(say("  ! An answer is needed here."))


def agreed(question: str, *, usual: bool = False) -> bool:
    """Ask on stderr until the answer is one; nothing means `usual`. Raises click.Abort when there is no answer."""
    while True:
        text = spoken(
            say("{question} [Y/n]", question=question) if usual else say("{question} [y/N]", question=question)
        )
        given: str = click.prompt(text, default="", show_default=False, prompt_suffix=" ", err=True)
        answer = _YES.get(given.strip().casefold()) if given.strip() else usual
        if answer is not None:
            return answer
        click.echo(spoken(say("Please answer yes or no.")), err=True)


def typed(question: str, option: str) -> str:
    """What is typed for an option that was given as `-`: asked for on a terminal, else the next line of stdin.

    Raises UsageError for nothing, or what cannot be read, and click.Abort when a person ends it.
    """
    if sys.stdin.isatty():
        return Asker(accept=False).ask(question, option, None, str)
    given = _readable(_line())
    if not given:
        raise _missing(option, None)
    return given


def _line() -> str:
    """The next line; bytes that are no text become something that no answer may hold."""
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        return "\x7f\n"


def _readable(answer: str) -> str:
    if _UNTYPEABLE.search(answer.strip()):
        raise _untypeable()
    return answer.strip()


def _untypeable() -> UsageError:
    return UsageError(
        "answer-unreadable",
        say("The answer holds a character that cannot be read, such as an arrow key."),
        say("Type it again."),
    )


def _number(answer: str, words: Sequence[str]) -> int:
    """The index of what was chosen, by number (from 1) or by word."""
    if answer.isdecimal() and 1 <= int(answer) <= len(words):
        return int(answer) - 1
    if answer in words:
        return words.index(answer)
    raise UsageError(
        "no-such-choice",
        say("There is no such choice."),
        say("Type a number from 1 to {count}.", count=len(words)),
    )


def _yes(answer: str) -> bool:
    found = _YES.get(answer.casefold())
    if found is None:
        raise UsageError("not-yes-or-no", say("That is neither yes nor no."), say("Type yes or no."))
    return found


def _missing(option: str, default: str | None) -> UsageError:
    if default is None:
        hint = say("Give {option}, or run this in a terminal, which asks for it.", option=option)
    else:
        hint = say("Give {option}, or accept what is usual with --yes.", option=option)
    return UsageError("answer-missing", say("An answer is missing: {option}.", option=option), hint, where=option)
