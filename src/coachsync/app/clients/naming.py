"""What a share calls a client, when the coach chooses it."""

from __future__ import annotations

import unicodedata

from coachsync.app.wiring import Wiring
from coachsync.clients.directory import Client
from coachsync.clients.pseudonyms import Telling
from coachsync.errors import UsageError
from coachsync.model import Pseudonym
from coachsync.phrases import say


def choose(wiring: Wiring, client: Client, share: str, typed: str) -> Pseudonym:
    """Let the share call the client so. Raises UsageError for a share that is not configured, and for a name that has
    another form, tells who a client is, or was given before."""
    refuse_unknown(wiring, share)
    if not wiring.config.shares[share].profile.pseudonyms:
        raise UsageError(
            "share-without-pseudonyms",
            say("That share shows no pseudonyms."),
            say('Only a share with profile = "pseudonym" does.'),
        )
    try:
        pseudonym = Pseudonym(unicodedata.normalize("NFC", typed.strip()))
    except ValueError:
        raise UsageError(
            "pseudonym-form",
            say("That cannot be a client's name in a share."),
            say(
                "It has 2 to 24 signs: a letter first, then letters and digits, with single hyphens or spaces between "
                "them."
            ),
        ) from None
    if Telling(wiring.clients.directory().identifiers())(pseudonym):
        raise UsageError(
            "pseudonym-tells",
            say("That name holds a word by which a client, or who pays, can be known."),
            say("Choose one that has nothing to do with anybody, such as a stone or a bird and a number."),
        )
    wiring.clients.name(share, client.code, pseudonym)
    return pseudonym


def refuse_unknown(wiring: Wiring, share: str) -> None:
    """Raise UsageError, with the list of those there are, for a share that is not configured."""
    if share not in wiring.config.shares:
        there = ", ".join(sorted(wiring.config.shares)) or say("none")
        raise UsageError(
            "no-such-share", say("No share of that name is configured."), say("There are: {names}.", names=there)
        )


def names_of(wiring: Wiring, client: Client) -> dict[str, Pseudonym]:
    """What each configured share calls the client, where it was given a name."""
    named = {share: wiring.clients.pseudonyms(share).get(client.code) for share in wiring.config.shares}
    return {share: name for share, name in named.items() if name is not None}
