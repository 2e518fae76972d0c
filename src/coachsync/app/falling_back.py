"""What follows when what we wrote into a share shows what it should not: busy times alone, else nothing at all.

What others wrote into a share is an alarm and no more: whoever may write there could else take the share away, and
learn by that which words identify somebody.
"""

from __future__ import annotations

from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database import Shares
from coachsync.app.fallen import GONE, Fallen, fallen, problems_of, set_fallen
from coachsync.app.outcome import FINDINGS, Outcome, Published
from coachsync.app.publish import publish
from coachsync.app.status import FALLEN
from coachsync.app.verify import Verification, verify
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import take_away
from coachsync.config import OnLeak, Share
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Finding
from coachsync.redaction.kinds import leaks


def respond(wiring: Wiring, share: Share, checked: Verification) -> tuple[Outcome, Verification]:
    """Do what a leak in our own entries asks for, and look again; the outcome says what was done, nothing where there
    was no leak. What cannot be done is a failure in it, and to be tried again."""
    outcome, journal = Outcome(), Shares(wiring.database, share.name)
    bound = journal.share()
    if bound is not None and bound.leaving:
        return outcome, _away(wiring, share, checked, outcome, fallen(bound))
    if share.on_leak is not OnLeak.BUSY:
        return outcome, checked
    if _is_unfinished(bound, journal) or (fallen(bound) is Fallen.NOT and leaking(wiring, share, checked)):
        checked = _to_busy(wiring, share, checked, outcome) or checked
    if leaking(wiring, share, checked) and fallen(journal.share()) not in GONE:
        checked = _away(wiring, share, checked, outcome, Fallen.AWAY)
    return outcome, checked


def looked_at(wiring: Wiring, share: Share, outcome: Outcome) -> Verification:
    """Look at a share that a person has just published or called back, and do at once what a leak asks for; what was
    done comes into the outcome."""
    checked = verify(wiring, [share], share.calendars)
    did, after = respond(wiring, share, checked)
    outcome.add(did)
    return after


def leak_code(outcome: Outcome) -> int:
    """The exit code of a run that has put something else in a share's place: 5, else 0."""
    told = (problem.code for published in outcome.shares.values() for problem in published.problems)
    return FINDINGS if any(code.startswith(FALLEN) for code in told) else 0


def leaking(wiring: Wiring, share: Share, checked: Verification) -> list[Finding]:
    """What was found in the share's own entries, as they were written, that tells what it should not."""
    live = sum(entry.live for entry in Shares(wiring.database, share.name).readable())
    return leaks((finding for name, finding in checked.findings if name == share.name), live)


def _is_unfinished(bound: Bound | None, journal: Shares) -> bool:
    """Whether the busy times of a fallen share are not all there, or what it showed before is still beside them."""
    return fallen(bound) is Fallen.BUSY and any(entry.going or not entry.live for entry in journal.readable())


def _to_busy(wiring: Wiring, share: Share, checked: Verification, outcome: Outcome) -> Verification | None:
    """Rebuild the share from busy times and look at it, later when the server cannot be reached now; None when there is
    no way to. All of it is marked first, so that a run cut short is ended by the next."""
    journal = Shares(wiring.database, share.name)
    if fallen(journal.share()) is Fallen.NOT:
        why = ", ".join(dict.fromkeys(one.code for one in leaking(wiring, share, checked)))
        with wiring.database.transaction():
            journal.take_back()
            set_fallen(wiring, share.name, Fallen.BUSY, why)
    try:
        outcome.shares[share.name] = publish(wiring, share, {})
    except CoachsyncError as failure:
        outcome.failures.append((f"shares.{share.name}", failure))
        return Verification() if isinstance(failure, Temporary) else None
    return verify(wiring, [share], share.calendars)


def _away(wiring: Wiring, share: Share, checked: Verification, outcome: Outcome, state: Fallen) -> Verification:
    """Take the share away; what is found then, or `checked` where nothing of it went."""
    journal = Shares(wiring.database, share.name)
    bound, number = journal.share(), len(journal.readable())
    if bound is None:
        return checked
    try:
        take_away(wiring, share.name, bound, state)
    except CoachsyncError as failure:
        outcome.failures.append((f"shares.{share.name}", failure))
        if len(journal.readable()) == number:
            return checked
    else:
        outcome.shares[share.name] = Published(deleted=number, problems=problems_of(share, journal.share()))
    return verify(wiring, [share], share.calendars)
