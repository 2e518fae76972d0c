"""How well each secret of a practice is kept here, as far as can be known: looked up, and never opened."""

from __future__ import annotations

from coachsync.adapters import keystore, oskeyring
from coachsync.adapters.credentials import chip
from coachsync.adapters.keyplaces import Place
from coachsync.adapters.privacy import group_of
from coachsync.adapters.secrets import open_to_others
from coachsync.app.keys import passwords
from coachsync.app.weakest import Link, Strength
from coachsync.config import Config, Secret
from coachsync.errors import CoachsyncError

_DESKTOPS = "keyring.backends."  # what comes with the package opens with its owner's login
_SHORT = 5.0  # seconds: nobody waits longer for a piece of advice


def links(config: Config) -> list[Link]:
    """The device key and every password. A key of which there are copies is kept as badly as its worst copy."""
    state = config.practice.state
    places = {keystore.place_of(state) or Place.FILE, *keystore.copies(state)}
    secrets = passwords(config)
    asked = Place.KEYRING in places or any(secret.kind == "keyring" for secret in secrets.values())
    known = {"file": Strength.FILE, "command": Strength.PROGRAM, "credential": _credential()}
    known["keyring"] = _keyring() if asked else Strength.LOGIN
    key = Link("practice.state", min(known[place.value] for place in places), key=True)
    return [key, *(Link(where, _password(secret, known, group_of(state))) for where, secret in secrets.items())]


def _password(secret: Secret, known: dict[str, Strength], group: int | None) -> Strength:
    if secret.file is not None and open_to_others(secret.file, group):
        return Strength.OPEN
    return known[secret.kind]


def _credential() -> Strength:
    return Strength.CHIP if chip() else Strength.MACHINE


def keyring_here() -> bool:
    """Whether this machine has a keyring that opens with its owner's login. It is asked for its kind, never opened."""
    return _keyring(_SHORT) is Strength.LOGIN


def _keyring(timeout: float = oskeyring.TIMEOUT) -> Strength:
    """By the program that stands behind the keyring: a plug-in from elsewhere may keep things in a plain file."""
    try:
        name = oskeyring.backend(timeout)
    except CoachsyncError:  # whoever needs it tells why
        return Strength.PROGRAM
    return Strength.LOGIN if name.startswith(_DESKTOPS) else Strength.PROGRAM
