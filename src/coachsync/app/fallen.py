"""A share in another state than its own: it shows busy times only, or nobody can reach it any more."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.wiring import Wiring
from coachsync.config import Config, Share
from coachsync.errors import Problem
from coachsync.phrases import say
from coachsync.redaction.profiles import BUSY, LABELS


class Fallen(StrEnum):
    """What became of a share."""

    NOT = ""
    BUSY = "busy"  # it showed what it should not: busy times stand in place of its own
    AWAY = "away"  # and these did too: nobody can reach it any more
    RECALLED = "recalled"  # the coach has taken it away


GONE = frozenset((Fallen.AWAY, Fallen.RECALLED))


def fallen(bound: Bound | None) -> Fallen:
    """What became of a share, by what it is bound to."""
    return Fallen(bound.fallen) if bound is not None else Fallen.NOT


def set_fallen(wiring: Wiring, name: str, state: Fallen) -> None:
    """Keep what became of a share; nothing where it was never published."""
    journal = Shares(wiring.database, name)
    bound = journal.share()
    if bound is not None and bound.fallen != state:
        journal.bind(replace(bound, fallen=state.value))


def in_force(config: Config, share: Share, state: Fallen) -> Share:
    """The share as it is published: after a leak with busy times and the usual label, whatever is configured."""
    if state is not Fallen.BUSY:
        return share
    own = share.profile
    profile = replace(
        BUSY, past=own.past, future=own.future, publish=own.publish, hours=own.hours, hours_only=own.hours_only
    )
    return replace(share, profile=profile, texts=LABELS[config.practice.language])


def problems_of(share: Share, state: Fallen) -> tuple[Problem, ...]:
    """What the coach must know of it, for as long as it lasts."""
    where = f"shares.{share.name}"
    if state is Fallen.BUSY:
        message = say("The share showed what it should not; it shows busy times only until you publish it again.")
    elif state is Fallen.AWAY:
        message = say("The share showed what it should not, and was taken away: its audience sees nothing of it.")
    else:
        return ()
    hint = say(
        "See what was found: coachsync share verify. When it is mended, run: coachsync share publish {share}",
        share=share.name,
    )
    return (Problem(f"share-fallen-{state}", where, message, hint),)
