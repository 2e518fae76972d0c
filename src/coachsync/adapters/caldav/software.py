"""Which server it is that answers, where that matters."""

from __future__ import annotations

from coachsync.adapters.caldav import hrefs

_SOGO = "/SOGo/"


def unconditional(url: str) -> bool:
    """Whether what answers at this URL takes no notice of conditions: SOGo of If-None-Match, of an If-Match for what is
    not there, and of one on DELETE. A look right before the write stands for them; what comes between is lost.

    SOGo is known by its path: it makes its own addresses with this name, so that no proxy can give it another.
    """
    return _SOGO in hrefs.path(url)
