"""Trying the ways to reach the coach: in silence, or with a message that says that it is a trial."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from coachsync.adapters.privacy import group_of
from coachsync.app.channels import DESKTOP, MAIL, channels, try_desktop, try_mail
from coachsync.app.checking import Check, Grade
from coachsync.app.language import language
from coachsync.app.letters import trial
from coachsync.config import Config, Notify
from coachsync.errors import CoachsyncError
from coachsync.phrases import Phrase, say

_WHERE = {MAIL: "notify.smtp", DESKTOP: "notify.desktop"}
_SENT = {
    MAIL: say("A trial mail was handed in: look whether it arrives."),
    DESKTOP: say("A trial notice was shown."),
}
_REACHED = {
    MAIL: say("The mail server can be used; nothing was sent."),
    DESKTOP: say("Notices can be shown here."),
}


def check_channels(config: Config, now: datetime, *, send_trial: bool = False) -> Iterator[Check]:
    """Try mail and desktop one after the other; one that fails does not stop the other."""
    group = group_of(config.practice.state)
    ways = channels(config.notify, group)
    if not ways:
        yield Check(
            Grade.NOTE,
            "nobody-told",
            "notify",
            say("Nobody is told when something needs you; coachsync status says it to those who ask."),
            say("Add mail or desktop in a section [notify]: see the commented example configuration."),
        )
    for name, send in ways.items():
        try:
            if send_trial:
                send(trial(language(config.practice.language)), now)
                yield Check(Grade.GOOD, "trial-sent", _WHERE[name], _SENT[name])
            else:
                yield Check(Grade.GOOD, "reached", _WHERE[name], _in_silence(name, config.notify, group))
        except CoachsyncError as failure:
            where = failure.where or _WHERE[name]
            yield Check(Grade.BAD, failure.code, where, failure.message, failure.hint, failure.aside)


def _in_silence(name: str, notify: Notify, group: int | None) -> Phrase:
    if name == MAIL and notify.smtp is not None:
        try_mail(notify.smtp, group)
    else:
        try_desktop()
    return _REACHED[name]
