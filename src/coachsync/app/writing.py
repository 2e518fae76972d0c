"""Writing one change to a server under its condition (promise 4); nothing here touches the state."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Copy, Edit
from coachsync.errors import CoachsyncError, Refused, Stale, Temporary
from coachsync.model import Item
from coachsync.sync.decide import Side, Verdict

LOCKED = "locked"
_ONE_OBJECT = frozenset({"server-error", LOCKED})  # troubles of one entry: the others go on


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one edit; `copy` is what the server has of it, with the text `theirs`.

    `sends` is what goes out now, and `last` whether that is all: a server is kept quiet by an intermediate version.
    """

    edit: Edit
    copy: Copy | None
    theirs: Side
    verdict: Verdict
    sends: Side = None
    last: bool = True

    @property
    def removes(self) -> bool:
        """Whether the object is to be gone in the end."""
        return self.verdict.theirs is None

    @property
    def text(self) -> bytes:
        """What goes out now, as bytes."""
        return contentline.encode(self.sends or "")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server made of a step. `item` is what it has now, as far as it tells; `stale` when it had another
    version than the step was decided for, `failure` when it would not."""

    step: Step
    item: Item | None = None
    stale: bool = False
    failure: CoachsyncError | None = None


def write(url: str, step: Step, server: CalendarServer) -> Sent:
    """Send one step to the collection at `url`. It may run beside others. Raises what stops all of them."""
    try:
        return _written(url, step, server)
    except Stale:
        return Sent(step, _there(url, step, server), stale=True)
    except CoachsyncError as failure:
        raise_if_of_all(failure)
        return Sent(step, failure=failure)


def raise_if_of_all(failure: CoachsyncError) -> None:
    """Raise again what is not the trouble of one object."""
    if isinstance(failure, Refused) or (isinstance(failure, Temporary) and failure.code not in _ONE_OBJECT):
        raise failure


def _written(url: str, step: Step, server: CalendarServer) -> Sent:
    place, notify = urljoin(url, step.edit.href), step.edit.notify
    if step.copy is None:
        etag = server.create(place, step.text, notify=notify)
    elif step.sends is None:
        server.remove(place, step.copy.etag, notify=notify)
        return Sent(step)
    else:
        etag = server.update(place, step.text, step.copy.etag, notify=notify)
    if etag is not None:
        return Sent(step, Item(step.edit.href, etag, step.text))
    # The server has changed it, or does not say which version it is.
    return Sent(step, _there(url, step, server) or Item(step.edit.href, "", step.text))


def _there(url: str, step: Step, server: CalendarServer) -> Item | None:
    return next(iter(server.fetch(url, [step.edit.href])), None)
