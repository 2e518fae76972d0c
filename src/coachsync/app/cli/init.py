"""`coachsync init`: what its options answer. The conversation itself is loaded when it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.given import Given
from coachsync.phrases import say

_PATH = click.Path(path_type=Path)


@click.command("init", help=COMMANDS["init"][1])
@click.option("--language", metavar="en|fr", help=say("The language of messages and labels."))
@click.option("--timezone", metavar=say("ZONE"), help=say("Your time zone, like Europe/Paris."))
@click.option("--practice", metavar=say("NAME"), help=say("The name of your practice."))
@click.option(
    "--address",
    metavar=say("ADDRESS"),
    help=say("Of your calendar: a mail address, a server, or what a browser shows."),
)
@click.option("--username", metavar=say("NAME"), help=say("The user name on the calendar server."))
@click.option(
    "--password-file", type=_PATH, help=say("A file (mode 600) with the password on one line; it stays there.")
)
@click.option(
    "--keep-password", metavar="file|keyring", help=say("Where a password is kept that was typed or granted.")
)
@click.option("--ca-file", type=_PATH, help=say("The authority of a server that has a certificate of its own."))
@click.option("--browser/--no-browser", default=None, help=say("On a Nextcloud: sign in with the browser."))
@click.option(
    "--calendar",
    "calendars",
    metavar=say("NAME"),
    multiple=True,
    help=say("Holds your sessions; may stand repeatedly."),
)
@click.option("--profile", metavar="busy|session", help=say("What others may see."))
@click.option("--share", metavar=say("NAME"), help=say("A short name for the share, in reports and journals."))
@click.option("--label", metavar=say("TEXT"), help=say("What each entry of the share says."))
@click.option("--to-calendar", metavar=say("NAME"), help=say("The calendar that others will see; it is made."))
@click.option("--to-file", metavar=say("FILE"), help=say("A file that ends in .ics, instead of a calendar."))
@click.option("--publish/--no-publish", default=None, help=say("Publish the share now."))
@click.option("--yes", is_flag=True, help=say("Ask nothing, and accept what is usual."))
@everywhere
@click.pass_obj
def command(options: Options, /, yes: bool, **answers: Any) -> int:
    """Ask and do it."""
    from coachsync.app.cli.setting_up import set_up

    return set_up(options, Given(**answers), accept=yes)
