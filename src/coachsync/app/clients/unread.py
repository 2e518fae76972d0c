"""The clients and sponsors of whom nothing can be read: they are not looked for, and no share may be written."""

from __future__ import annotations

from collections.abc import Iterator

from coachsync.adapters.database import Clients
from coachsync.clients.codes import Kind, recognised
from coachsync.errors import CoachsyncError
from coachsync.phrases import Phrase, say, say_count


def unread(clients: Clients) -> Iterator[tuple[Phrase, CoachsyncError]]:
    """Each of them by code, and why."""
    for code, failure in zip(clients.unreadable(), clients.failures(), strict=True):
        yield say("sponsor {code}", code=code) if _is_sponsor(code) else say("client {code}", code=code), failure


def refuse_unread(clients: Clients, share: str) -> None:
    """Raise CoachsyncError when there are any, whatever the share is made from: that a client is kept out of every
    share stands in what cannot be read, and by a sponsor's name a client can be known."""
    codes = clients.unreadable()
    payers = sum(map(_is_sponsor, codes))
    if len(codes) > payers:
        raise _clients_unread(share, len(codes) - payers)
    if payers:
        raise _sponsors_unread(share, payers)


def _is_sponsor(code: str) -> bool:
    return recognised(Kind.SPONSOR, code, whole=True) is not None


def _clients_unread(share: str, number: int) -> CoachsyncError:
    return CoachsyncError(
        "clients-unreadable",
        say_count(
            "What is kept of {number} client cannot be read, and with it whom shares may show; the share stays "
            "as it is.",
            "What is kept of {number} clients cannot be read, and with it whom shares may show; the share stays "
            "as it is.",
            number,
        ),
        say(
            "`coachsync client list` says which. Restore the folder keys/clients in the state folder from the same "
            "backup as the state."
        ),
        where=f"shares.{share}",
    )


def _sponsors_unread(share: str, number: int) -> CoachsyncError:
    return CoachsyncError(
        "sponsors-unreadable",
        say_count(
            "What is kept of {number} sponsor cannot be read, and a share could name them unnoticed; the share stays "
            "as it is.",
            "What is kept of {number} sponsors cannot be read, and a share could name them unnoticed; the share stays "
            "as it is.",
            number,
        ),
        say("`coachsync client list` says which. Restore the state folder from a backup."),
        where=f"shares.{share}",
    )
