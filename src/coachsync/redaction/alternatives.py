"""Other settings that a share could have, to compare what each would leave to be inferred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from coachsync.phrases import Phrase, say
from coachsync.redaction.profiles import Profile
from coachsync.span import Span

_GRIDS = (15, 30, 60)  # minutes
_HALF_A_MONTH = 15  # days
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One profile to compare with: a key for machines, what is different for people."""

    key: str
    name: Phrase
    profile: Profile


def alternatives(profile: Profile) -> tuple[Alternative, ...]:
    """What differs from `profile` in one setting each, and at last in all that hide most; never `profile` itself."""
    found = (*_single(profile), _all(profile))
    return tuple(one for one in found if one.profile != profile)


def _single(profile: Profile) -> Iterator[Alternative]:
    for minutes in _GRIDS:
        rounded = replace(profile, round_to=timedelta(minutes=minutes))
        yield Alternative(f"round-{minutes}", say("rounded to {minutes} minutes", minutes=minutes), rounded)
    if profile.merge:
        yield Alternative("apart", say("each appointment on its own"), replace(profile, merge=False))
    else:
        yield Alternative("merged", say("what touches merged into one block"), _merged(profile))
    buffered = replace(profile, before=_QUARTER, after=_QUARTER)
    yield Alternative("buffer", say("15 minutes kept free before and after"), buffered)
    yield Alternative("half-window", say("half as far ahead and back"), _halved(profile))


def _all(profile: Profile) -> Alternative:
    most = replace(_merged(_halved(profile)), round_to=timedelta(minutes=_GRIDS[-1]))
    return Alternative("all", say("rounded to an hour, merged, and half as far ahead and back"), most)


def _merged(profile: Profile) -> Profile:
    """What is merged is nobody's."""
    return replace(profile, merge=True, pseudonyms=False, series=False)


def _halved(profile: Profile) -> Profile:
    return replace(profile, past=_half(profile.past), future=_half(profile.future))


def _half(span: Span) -> Span:
    """Half of it in whole days, a month that cannot be halved being thirty."""
    return Span(months=span.months // 2, days=(span.days // 2) + span.months % 2 * _HALF_A_MONTH)
