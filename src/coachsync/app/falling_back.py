"""What follows when what we wrote into a share shows what it should not: busy times alone, else nothing at all.

What others wrote into a share is an alarm and no more: whoever may write there could else take the share away, and
learn by that which words identify somebody.
"""

from __future__ import annotations

from coachsync.adapters.database import Shares
from coachsync.app.fallen import GONE, Fallen, fallen, problems_of, set_fallen
from coachsync.app.outcome import Outcome, Published
from coachsync.app.publish import publish
from coachsync.app.verify import Verification, verify
from coachsync.app.wiring import Wiring
from coachsync.app.withdrawing import take_away
from coachsync.config import OnLeak, Share
from coachsync.errors import CoachsyncError, Temporary
from coachsync.model import Finding
from coachsync.redaction.kinds import is_leak


def respond(wiring: Wiring, share: Share, checked: Verification) -> tuple[Outcome, Verification]:
    """Do what a leak in our own entries asks for, and look again; the outcome says what was done, nothing where there
    was no leak. What cannot be done is a failure in it."""
    outcome = Outcome()
    if share.on_leak is not OnLeak.BUSY or not leaks(share, checked):
        return outcome, checked
    journal = Shares(wiring.database, share.name)
    if fallen(journal.share()) is Fallen.NOT:
        checked = _to_busy(wiring, share, checked, outcome) or checked
    if leaks(share, checked) and fallen(journal.share()) not in GONE:
        _away(wiring, share, outcome)
    return outcome, checked


def leaks(share: Share, checked: Verification) -> list[Finding]:
    """What was found in the share's own entries, as they were written, that tells what it should not."""
    return [finding for name, finding in checked.findings if name == share.name and is_leak(finding)]


def _to_busy(wiring: Wiring, share: Share, checked: Verification, outcome: Outcome) -> Verification | None:
    """Rebuild the share from busy times and look at it, later when the server cannot be reached now; None when there is
    no way to."""
    set_fallen(wiring, share.name, Fallen.BUSY, ", ".join(dict.fromkeys(one.code for one in leaks(share, checked))))
    try:
        outcome.shares[share.name] = publish(wiring, share, {}, anew=True)
    except CoachsyncError as failure:
        outcome.failures.append((f"shares.{share.name}", failure))
        return Verification() if isinstance(failure, Temporary) else None
    return verify(wiring, [share], share.calendars)


def _away(wiring: Wiring, share: Share, outcome: Outcome) -> None:
    journal = Shares(wiring.database, share.name)
    bound, number = journal.share(), len(journal.entries())
    if bound is None:
        return
    try:
        take_away(wiring, share, bound, Fallen.AWAY)
    except CoachsyncError as failure:
        outcome.failures.append((f"shares.{share.name}", failure))
        return
    outcome.shares[share.name] = Published(deleted=number, problems=problems_of(share, journal.share()))
