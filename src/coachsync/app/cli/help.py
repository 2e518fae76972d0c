"""The help of commands and options, in the language of the terminal.

Click keeps copies of these texts that are no phrases any more, so they are looked up as they stand: none holds a value.
"""

from __future__ import annotations

from gettext import gettext
from weakref import WeakKeyDictionary

import click

SHOWN = ("help", "short_help", "epilog", "metavar", "options_metavar", "subcommand_metavar")
_written: WeakKeyDictionary[click.Command | click.Parameter, dict[str, str]] = WeakKeyDictionary()


def in_tongue(command: click.Command) -> click.Command:
    """The command, with all that its help shows said in the language that is spoken now; its subcommands too."""
    parts: tuple[click.Command | click.Parameter, ...] = (command, *command.params)
    for part in parts:
        for name, text in as_written(part).items():
            setattr(part, name, gettext(text))
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        in_tongue(inner)
    return command


def as_written(part: click.Command | click.Parameter) -> dict[str, str]:
    """What its help shows, by attribute, as it is written in the code."""
    if part not in _written:
        shown = {name: getattr(part, name, None) for name in SHOWN}
        _written[part] = {name: text for name, text in shown.items() if text}
    return _written[part]
