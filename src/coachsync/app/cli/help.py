"""The help of commands and options, in the language of the terminal: phrases stand in them, and click shows text."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import click

from coachsync.app.cli.tongue import spoken
from coachsync.phrases import Phrase, say

_SHOWN = ("help", "short_help", "epilog", "metavar", "options_metavar", "subcommand_metavar")
_CLICKS = {str(words): words for words in (say("[OPTIONS]"), say("COMMAND [ARGS]..."))}
_phrases: WeakKeyDictionary[click.Command | click.Parameter, dict[str, Phrase]] = WeakKeyDictionary()


def in_tongue(command: click.Command) -> click.Command:
    """The command, with all that its help shows said in the language that is spoken now; its subcommands too."""
    parts: tuple[click.Command | click.Parameter, ...] = (command, *command.params)
    for part in parts:
        known = _phrases.setdefault(part, {})
        for name in _SHOWN:
            text = getattr(part, name, None)
            text = _CLICKS.get(text, text) if isinstance(text, str) else None
            if isinstance(text, Phrase):
                known[name] = text
            if name in known:
                setattr(part, name, spoken(known[name]))
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        in_tongue(inner)
    return command


def phrase(part: click.Command | click.Parameter, name: str = "help") -> Phrase | None:
    """What `in_tongue` said in the language of the terminal, as it is written in the code."""
    text = getattr(part, name, None)
    return text if isinstance(text, Phrase) else _phrases.get(part, {}).get(name)
