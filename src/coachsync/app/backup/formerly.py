"""Backups from before a coach's keys were replaced: whoever has the leaked seed opens them, and can write others."""

from __future__ import annotations

from collections.abc import Collection

from coachsync.adapters.trustfile import Trust
from coachsync.app.vault.trusting import signers, signers_of_today
from coachsync.errors import Altered, Problem
from coachsync.phrases import say
from coachsync.vault.snapshots import Snapshot


def replaced(trust: Trust) -> Collection[bytes]:
    """The keys that coaches had before, by fingerprint."""
    return signers(trust).keys() - signers_of_today(trust).keys()


def is_of_today(snapshot: Snapshot, trust: Trust) -> bool:
    """Whether a key of today has let in whoever wrote a backup: no other one takes precedence."""
    return snapshot.by in signers_of_today(trust)


def is_formerly(snapshot: Snapshot, trust: Trust) -> bool:
    """Whether a backup rests on a key of before, or is sealed to one."""
    return not is_of_today(snapshot, trust) or bool(snapshot.sealed.keys() & replaced(trust))


def finding(place: str) -> Problem:
    """What is said of such a backup."""
    return Problem(
        "backup-of-former-key",
        place,
        say("This backup is of before the keys of a coach were replaced: what was leaked opens it."),
        say("Make another one, which removes it: coachsync backup create. Destroy other copies of it."),
    )


def not_to_be_opened() -> Altered:
    """That backups and what is to open them are of two times."""
    return Altered(
        "backup-before-renewal",
        say(
            "The keys of a coach were replaced after the last backup was made. The keys that are in the mirror since "
            "then do not open what is in that backup."
        ),
        say(
            "Name a newer backup, or a copy of the mirror from before that day. Without one, --without-mirror and the "
            "old passphrase bring back what needs no key of the mirror."
        ),
        where="backup.folder",
    )


def before_renewal() -> Altered:
    """That backups and mirror are of before a renewal that this machine knows of."""
    return Altered(
        "backup-before-renewal",
        say(
            "The keys of a coach were replaced after these backups were made: no passphrase or code of today opens "
            "them."
        ),
        say(
            "Name a newer backup. Without one, write a configuration in a new folder, with a state folder of its own, "
            "and restore with that, by the old passphrase or code."
        ),
        where="backup.folder",
    )
