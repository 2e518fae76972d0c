"""What stays of calendars and shares that the configuration no longer names, and waits for a word of the coach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.adapters.database.renaming import left_behind as stranded
from coachsync.adapters.database.shares import share_names
from coachsync.app.claiming import same_collection
from coachsync.app.fallen import is_gone
from coachsync.app.wiring import Wiring
from coachsync.errors import Problem, WrongKey
from coachsync.phrases import say, say_count


def left_behind(wiring: Wiring) -> tuple[Problem, ...]:
    """All of it, as the coach is told: changes that are not sent, and shares that are still shown."""
    changes = stranded(wiring.database, wiring.config.calendars)
    return (*(_stranded(*one) for one in changes.items()), *map(_shown, shares(wiring)))


def shares(wiring: Wiring) -> tuple[str, ...]:
    """The shares that go on showing what was published last; not those that were taken away, or whose target is another
    share's by now."""
    configured = [bound for _, bound in _bound(wiring, wiring.config.shares.keys()) if bound is not None]
    others = _bound(wiring, sorted(share_names(wiring.database) - wiring.config.shares.keys()))
    return tuple(
        name for name, bound in others if not is_gone(bound) and not any(_same(bound, one) for one in configured)
    )


def _bound(wiring: Wiring, names: Iterable[str]) -> Iterator[tuple[str, Bound | None]]:
    """What each is bound to, None where that does not open any more."""
    for name in names:
        try:
            bound = Shares(wiring.database, name).share()
        except WrongKey:
            yield name, None
        else:
            if bound is not None:
                yield name, bound


def _same(one: Bound | None, other: Bound) -> bool:
    if one is None:
        return False
    return same_collection(one.url, other.url) if one.url or other.url else one.target == other.target


def _shown(name: str) -> Problem:
    return Problem(
        "share-not-configured",
        f"shares.{name}",
        say("This share is no longer configured, and its calendar or file goes on showing what was published last."),
        say("To take it away, run: coachsync share recall {share} --remove", share=name),
    )


def _stranded(name: str, number: int) -> Problem:
    message = say_count(
        "{number} change of yours was made for a calendar that is no longer configured; it is not sent.",
        "{number} changes of yours were made for a calendar that is no longer configured; they are not sent.",
        number,
    )
    hint = say(
        "To send it, configure the calendar again under this name. To take it back: coachsync appointment restore"
    )
    return Problem("changes-left-behind", f"calendars.{name}", message, hint)
