"""A question that is answered with yes or no, in the language of the terminal."""

from __future__ import annotations

import click

from coachsync.app.cli.tongue import spoken
from coachsync.phrases import say

_YES = frozenset({"y", "yes", "o", "oui"})  # whatever the language is: fingers have habits
_NO = frozenset({"", "n", "no", "non"})


def agreed(question: str) -> bool:
    """Ask on stderr until the answer is one; nothing at all means no. Raises click.Abort when there is no answer."""
    while True:
        text = spoken(say("{question} [y/N]", question=question))
        given: str = click.prompt(text, default="", show_default=False, prompt_suffix=" ", err=True)
        answer = given.strip().lower()
        if answer in _YES:
            return True
        if answer in _NO:
            return False
        click.echo(spoken(say("Please answer yes or no.")), err=True)
