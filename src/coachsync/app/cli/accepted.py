"""`--accept-restored`: a coach goes on with another copy of the vault that was put back."""

from __future__ import annotations

import click

from coachsync.app.cli.output import tell
from coachsync.phrases import say

ACCEPT_RESTORED = click.option(
    "--accept-restored",
    is_flag=True,
    help=say("You have put a backup of the vault back: go on with it, and give up what was written since."),
)


def tell_accepted(*, accepted: bool, err: bool = False) -> None:
    """Say whether there was anything to accept."""
    if accepted:
        tell(say("The copy that was put back is the vault now; the log that it had until then is given up."), err=err)
    else:
        tell(say("There was nothing to accept: the vault is the one that was there."), err=err)
