"""What can still be inferred from a share: from what it should show now, and from what other settings would."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coachsync.adapters.database import Shares
from coachsync.app import reading
from coachsync.app.choosing import Groups, marked
from coachsync.app.fallen import GONE, Fallen, fallen, now_in_force
from coachsync.app.publish import refuse_unread, slots_of
from coachsync.app.wiring import Wiring
from coachsync.config import Share
from coachsync.phrases import Phrase
from coachsync.redaction.alternatives import alternatives
from coachsync.redaction.inference import Inference, infer
from coachsync.redaction.polling import Learnt, learnt
from coachsync.redaction.profiles import Profile, Publish
from coachsync.redaction.slots import Mark
from coachsync.redaction.window import window


@dataclass(frozen=True, slots=True)
class Compared:
    """What could be inferred with another setting: its key, its name for people."""

    key: str
    name: Phrase
    inference: Inference


@dataclass(frozen=True, slots=True)
class Report:
    """One share: what its slots tell, what they would tell otherwise, and what a poller learns by each schedule. In a
    `state` in which it is gone it has no slots."""

    share: str
    state: Fallen
    publish: Publish
    inference: Inference
    alternatives: tuple[Compared, ...]
    polling: tuple[Learnt, ...]

    @property
    def learnt(self) -> Learnt:
        """What a poller learns by the share's own schedule."""
        return next(one for one in self.polling if one.publish is self.publish)


def report(wiring: Wiring, share: Share) -> Report:
    """From the last synced copies: no network. It is about what is in force, which after a leak are busy times, or
    nothing. Raises NotInitialised before the calendars were ever synced."""
    state = fallen(Shares(wiring.database, share.name).share())
    share = now_in_force(wiring, share)
    for calendar in share.calendars:
        reading.read(wiring, calendar)
    profile = share.profile
    refuse_unread(wiring, share)
    with wiring.database.rehearsal():  # whoever looks gives nobody a pseudonym
        groups = {} if state in GONE else marked(wiring, share, {})
    inference = _inferred(wiring, share, profile, groups)
    today = wiring.now.astimezone(wiring.zone).date()
    frame = window(today, profile.past, profile.future, wiring.zone)
    return Report(
        share.name,
        state,
        profile.publish,
        inference,
        tuple(
            Compared(other.key, other.name, _inferred(wiring, share, other.profile, groups))
            for other in alternatives(profile)
        ),
        tuple(learnt(publish, inference.slots, frame.end - frame.start) for publish in Publish),
    )


def _inferred(wiring: Wiring, share: Share, profile: Profile, groups: Groups) -> Inference:
    """`groups` are the occurrences of the share as it is; what is merged is told apart by no mark."""
    if profile.merge:
        groups = {Mark(): [occurrence for group in groups.values() for occurrence in group]}
    return infer(slots_of(wiring, replace(share, profile=profile), groups), profile, wiring.zone)
