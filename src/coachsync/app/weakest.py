"""The weakest link among the secrets of a practice, and what it means for the coach: a decision without IO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce

from coachsync.phrases import Phrase, say


class Strength(IntEnum):
    """How well a secret is kept, worst first."""

    OPEN = 0  # a file that others on this machine can read
    FILE = 1  # a file for its owner alone, in clear on the disk
    MACHINE = 2  # a credential sealed with a key that lies on the same disk
    PROGRAM = 3  # a command or a keyring of which nothing is known
    CHIP = 4  # a credential, on a machine with a security chip, which opens it for whatever system is started there
    LOGIN = 5  # a keyring that opens when its owner signs in


@dataclass(frozen=True, slots=True)
class Link:
    """A secret by its configuration key, and how well it is kept. `key` tells the device key from passwords."""

    where: str
    strength: Strength
    key: bool = False

    @property
    def name(self) -> Phrase:
        """What to call it in a sentence."""
        return say("the device key") if self.key else say("the password {key}", key=self.where)


@dataclass(frozen=True, slots=True)
class Weakest:
    """The worst strength, the first place of that strength, and what to tell of it."""

    strength: Strength
    where: str
    message: Phrase
    hint: Phrase


def weakest(links: Sequence[Link]) -> Weakest:
    """What is kept worst. There is always a link: the device key."""
    strength = min(link.strength for link in links)
    worst = [link for link in links if link.strength is strength]
    named = reduce(_and, [link.name for link in worst])
    message = say("The weakest link: {links}. {meaning}", links=named, meaning=_meaning(strength, _loss(worst)))
    return Weakest(strength, worst[0].where, message, _hint(strength))


def _and(listed: Phrase, name: Phrase) -> Phrase:
    return say("{listed}, {name}", listed=listed, name=name)


def _loss(worst: Sequence[Link]) -> Phrase:
    """What somebody can do who has these secrets."""
    if not any(link.key for link in worst):
        return say("sign in to these accounts in your name")
    if all(link.key for link in worst):
        return say("read the appointments stored here")
    return say("read the appointments stored here and sign in to these accounts in your name")


def _meaning(strength: Strength, loss: Phrase) -> Phrase:
    match strength:
        case Strength.OPEN:
            return say("Kept in a file that others can read: every user of this computer can {loss}.", loss=loss)
        case Strength.FILE:
            return say(
                "Kept in a file on this disk: a thief of the computer, or whoever gets a backup with that file, can "
                "{loss}, unless disk and backup are encrypted as a whole. Other users of this computer cannot, only "
                "its administrators.",
                loss=loss,
            )
        case Strength.MACHINE:
            return say(
                "Kept as a credential that opens with another file on this disk, as this computer has no security "
                "chip: a thief of the computer can {loss}, unless the disk is encrypted as a whole; so can who gets a "
                "backup of the whole system. Other users of this computer cannot, only its administrators.",
                loss=loss,
            )
        case Strength.PROGRAM:
            return say(
                "Kept by a program of your choice, and coachsync cannot see how well: whoever can use that program in "
                "your place can {loss}.",
                loss=loss,
            )
        case Strength.CHIP:
            return say(
                "Kept as a credential: if it was sealed with the security chip of this computer, which is usual, "
                "neither the disk alone nor a backup opens it. Its administrators can {loss}; so can a thief of the "
                "whole computer who starts another system on it, unless the disk is encrypted as a whole.",
                loss=loss,
            )
        case Strength.LOGIN:
            return say(
                "Kept in the keyring, which opens with your login password: neither a thief of the switched-off "
                "computer nor a backup has it. Whoever uses the computer while you are signed in can {loss}.",
                loss=loss,
            )


def _hint(strength: Strength) -> Phrase:
    match strength:
        case Strength.OPEN:
            return say("Run: chmod 600 on the file. If others may have read the password, change it.")
        case Strength.FILE:
            return say(
                "Encrypt the disk and the backups, or move the secrets: coachsync key move --to keyring, and for a "
                "password: password = {{ keyring = ... }}."
            )
        case Strength.MACHINE | Strength.CHIP:
            return say("Encrypt the disk and the backups.")
        case Strength.PROGRAM:
            return say("See that the program asks for a passphrase, or keep the password in the keyring.")
        case Strength.LOGIN:
            return say("Lock the screen when you leave the computer.")
