"""Alarms reach the coach: one message a look through each channel, and what each channel has said remembered apart.

A channel that fails has said nothing: its memory stays, and everything is due again. It is left alone for a while
then, longer each time: a mail server that is asked for ever with a wrong password locks the account.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from coachsync.app import alarms
from coachsync.app.alarms import Alarm, Told
from coachsync.app.channels import DESKTOP, MAIL, Send, channels
from coachsync.app.language import Language
from coachsync.app.letters import written
from coachsync.config import Config, Notify
from coachsync.errors import CoachsyncError, Problem, Refused
from coachsync.phrases import say

FIRST_PAUSE = 5 * 60.0  # seconds after the first failure; twice as long after each further one
LONGEST_PAUSE = 6 * 3600.0  # and after a refused login at once
_WHERE = {MAIL: "notify.smtp"}


@dataclass(frozen=True, slots=True)
class Memory:
    """What one channel has said. After `failures` in a row it is not used for `pause` more seconds; `seen` is the last
    look (seconds since 1970), `code` what failed last."""

    told: Mapping[str, Told] = field(default_factory=dict)
    failures: int = 0
    pause: float = 0.0
    seen: float = 0.0
    code: str = ""

    def later(self, now: datetime) -> Memory:
        """The same at a later look: time that was seen to pass shortens the pause."""
        moment = now.timestamp()
        return replace(self, pause=max(self.pause - alarms.passed(self.seen, moment), 0.0), seen=moment)


@dataclass(frozen=True, slots=True)
class Telling:
    """What came of it: the memories to keep, by channel; the channels that said something; what went wrong."""

    memories: Mapping[str, Memory]
    used: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def tell(
    current: Sequence[Alarm],
    memories: Mapping[str, Memory],
    now: datetime,
    language: Language,
    notify: Notify,
    places: Collection[str],
    group: int | None = None,
) -> Telling:
    """Say what is due, at most one message through each channel. `current` is everything that stands now, also what was
    not looked at again; `places` as `places` gives them, `group` is whom the state folder is shared with. Never raises
    for a channel that fails."""
    look = _Look(tuple(current), now, language, places)
    tried = {
        name: _through(name, send, memories.get(name, Memory()).later(now), look)
        for name, send in channels(notify, group).items()
    }
    return Telling(
        memories={name: result.memory for name, result in tried.items()},
        used=tuple(name for name, result in tried.items() if result.said),
        problems=tuple(result.problem for result in tried.values() if result.problem is not None),
    )


def afresh(memories: Mapping[str, Memory]) -> dict[str, Memory]:
    """The same without pauses: what failed is tried again at the next look, because the configuration has changed."""
    return {name: replace(memory, failures=0, pause=0.0) for name, memory in memories.items()}


def places(config: Config) -> frozenset[str]:
    """The configuration keys that an alarm can be about."""
    sections = {"accounts": config.accounts, "calendars": config.calendars, "shares": config.shares}
    return frozenset(f"{section}.{name}" for section, names in sections.items() for name in names)


def as_json(memories: Mapping[str, Memory]) -> dict[str, object]:
    """Plain JSON values: configuration names, codes and seconds."""
    return {
        name: {
            "told": alarms.as_json(memory.told),
            "failures": memory.failures,
            "pause": memory.pause,
            "seen": memory.seen,
            "code": memory.code,
        }
        for name, memory in memories.items()
    }


def from_json(document: object) -> dict[str, Memory]:
    """What `as_json` gave; what makes no sense is forgotten, and told once more."""
    entries = document.items() if isinstance(document, dict) else ()
    return {name: _memory(entry) for name, entry in entries if isinstance(name, str) and isinstance(entry, dict)}


def _memory(entry: Mapping[str, object]) -> Memory:
    failures, pause, seen = (_number(entry.get(name)) for name in ("failures", "pause", "seen"))
    told, code = alarms.from_json(entry.get("told")), entry.get("code")
    return Memory(told, int(failures), min(pause, LONGEST_PAUSE), seen, code if isinstance(code, str) else "")


def _number(value: object) -> float:
    return max(float(value), 0.0) if isinstance(value, int | float) and math.isfinite(value) else 0.0


@dataclass(frozen=True, slots=True)
class _Look:
    """What is the same for every channel."""

    current: tuple[Alarm, ...]
    now: datetime
    language: Language
    places: Collection[str]


@dataclass(frozen=True, slots=True)
class _Tried:
    memory: Memory
    said: bool = False
    problem: Problem | None = None


def _through(name: str, send: Send, memory: Memory, look: _Look) -> _Tried:
    plan = alarms.decide(look.current, memory.told, look.now)
    if not plan:
        return _Tried(replace(memory, told=plan.told_after))
    if memory.pause:
        return _Tried(memory, problem=_problem(name, _waiting(memory)))
    try:
        send(written(plan, look.language, look.places), look.now)
    except CoachsyncError as failure:
        return _Tried(_failed(name, memory, failure), problem=_problem(name, failure))
    return _Tried(Memory(plan.told_after, seen=memory.seen), said=True)


def _failed(name: str, memory: Memory, failure: CoachsyncError) -> Memory:
    failures = memory.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    if isinstance(failure, Refused):
        pause = LONGEST_PAUSE
    if name == DESKTOP:  # costs nothing to try, and the coach may sit down at any moment
        pause = 0.0
    return replace(memory, failures=failures, pause=pause, code=failure.code)


def _waiting(memory: Memory) -> CoachsyncError:
    return CoachsyncError(
        memory.code,
        say("You have alarms that could not be sent; it is tried again later."),
        say("To see what is wrong with it, run: coachsync check"),
    )


def _problem(name: str, failure: CoachsyncError) -> Problem | None:
    """Nobody at the desk is no problem: the notice is shown when somebody is."""
    return None if name == DESKTOP else failure.problem(_WHERE[name])
