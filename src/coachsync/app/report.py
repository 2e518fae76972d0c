"""What can still be inferred from a share: from the slots that it should show now, and from those of other settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coachsync.app import reading
from coachsync.app.choosing import Groups, marked
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
    """One share: what its slots tell, what they would tell otherwise, and what a poller learns by each schedule."""

    share: str
    publish: Publish
    inference: Inference
    alternatives: tuple[Compared, ...]
    polling: tuple[Learnt, ...]

    @property
    def learnt(self) -> Learnt:
        """What a poller learns by the share's own schedule."""
        return next(one for one in self.polling if one.publish is self.publish)


def report(wiring: Wiring, share: Share) -> Report:
    """From the last synced copies: no network. Raises NotInitialised before they were ever synced."""
    for calendar in share.calendars:
        reading.read(wiring, calendar)
    profile = share.profile
    refuse_unread(wiring, share)
    with wiring.database.rehearsal():  # whoever looks gives nobody a pseudonym
        groups = marked(wiring, share, {})
    inference = _inferred(wiring, share, profile, groups)
    today = wiring.now.astimezone(wiring.zone).date()
    frame = window(today, profile.past, profile.future, wiring.zone)
    return Report(
        share.name,
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
