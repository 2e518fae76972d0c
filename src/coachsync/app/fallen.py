"""A share in another state than its own: it shows busy times only, or nobody can reach it any more."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.status import FALLEN
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


def is_gone(bound: Bound | None) -> bool:
    """Whether a share was taken away, and that was done."""
    return bound is not None and fallen(bound) in GONE and not bound.leaving


def set_fallen(wiring: Wiring, name: str, state: Fallen, why: str | None = None) -> None:
    """Keep what became of a share, and for which findings (as before when None); nothing where it was never
    published."""
    journal = Shares(wiring.database, name)
    bound = journal.share()
    if bound is not None and bound.fallen != state:
        journal.bind(replace(bound, fallen=state.value, fallen_for=bound.fallen_for if why is None else why))


def in_force(config: Config, share: Share, state: Fallen) -> Share:
    """The share as it is published: after a leak with busy times and the usual label, whatever is configured."""
    if state is not Fallen.BUSY:
        return share
    own = share.profile
    profile = replace(
        own,
        key=BUSY.key,
        label=BUSY.label,
        merge=True,
        round_to=own.round_to or BUSY.round_to,
        pseudonyms=False,
        sure_only=False,
        series=False,
    )
    return replace(share, profile=profile, texts=LABELS[config.practice.language])


def now_in_force(wiring: Wiring, share: Share) -> Share:
    """The share as it is published now."""
    return in_force(wiring.config, share, fallen(Shares(wiring.database, share.name).share()))


def problems_of(share: Share, bound: Bound | None) -> tuple[Problem, ...]:
    """What the coach must know of it, for as long as it lasts."""
    state, why = fallen(bound), bound.fallen_for if bound is not None else ""
    if state is Fallen.BUSY:
        message = say("The share showed what it should not ({codes}); it shows busy times only.", codes=why)
    elif state is Fallen.AWAY:
        message = say("The share showed what it should not ({codes}); it was taken away from its audience.", codes=why)
    else:
        return ()
    hint = say("When that is mended, run: coachsync share publish {share}", share=share.name)
    return (Problem(f"{FALLEN}{state}", f"shares.{share.name}", message, hint),)
