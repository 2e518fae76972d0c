"""How a change is sent so that its server writes to nobody (promise 6), by what is known of the account."""

from __future__ import annotations

from coachsync import contentline
from coachsync.adapters.database import SignIn, SignIns
from coachsync.app.wiring import Wiring
from coachsync.errors import CoachsyncError
from coachsync.model import Software
from coachsync.phrases import say
from coachsync.sync import quiet
from coachsync.sync.decide import Side


def sending(wiring: Wiring, calendar: str, before: Side, after: Side) -> quiet.Sending:
    """What to send, one after the other, to make `before` into `after`; refused where somebody would be told.

    Where there are other people in it, the server is asked what it is, once in a run.
    """
    account = wiring.config.calendars[calendar].account
    own = wiring.addresses(account)
    if not quiet.concerns_others(before, after, own):
        return quiet.Sending((after,))
    return _sending(wiring.recognised(account), before, after, own)


def refuse_loud(wiring: Wiring, calendar: str, before: bytes | None, after: bytes | None) -> None:
    """Say at once, without network, that a change could not be sent quietly; as far as the server is known.

    Raises CoachsyncError when it could not.
    """
    account = wiring.config.calendars[calendar].account
    known = SignIns(wiring.database).find(account)
    if known is None or known.software is None:
        return
    old, new = (None if text is None else contentline.decode(text) for text in (before, after))
    told = _sending(known, old, new, wiring.addresses(account))
    if told.refused is not None:
        raise would_tell(told.refused)


def _sending(known: SignIn, before: Side, after: Side, own: frozenset[str]) -> quiet.Sending:
    # Without an address from the server, `own` is a guess by the user name.
    told = any("@" in address for address in known.addresses)
    software = known.software if told or known.software not in quiet.BY_ADDRESS else Software.OTHER
    return quiet.sending(before, after, own, software, schedules=known.schedules)


def would_tell(why: str) -> CoachsyncError:
    """The change cannot be made without the server telling somebody."""
    return CoachsyncError(
        "would-notify",
        why,
        say("Change it in your calendar program; or, if they may be told, change it again with --notify."),
    )
