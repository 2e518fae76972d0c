"""Whose the vault is: what trust.toml says, beside what there is and what the vault itself knows."""

from __future__ import annotations

from pathlib import Path

from coachsync.adapters.database.vaults import VaultStore, open_vault_store, vault_file
from coachsync.adapters.membership import refuse_shut
from coachsync.adapters.trustfile import Trust, read_trust
from coachsync.config import Config
from coachsync.errors import Altered, NotInitialised, Problem, UsageError
from coachsync.phrases import say
from coachsync.vault.formers import Former
from coachsync.vault.keys import Actor

_FOLDER = "vault"  # below the state folder


def open_store(folder: Path) -> VaultStore:
    """The database of a vault that there must be. Raises Altered where there is none."""
    refuse_none(folder)
    return open_vault_store(folder)


def refuse_none(folder: Path) -> None:
    """Raise Altered where there is no vault in its folder."""
    if not vault_file(folder).exists():
        raise Altered(
            "vault-missing",
            say("The file trust.toml names a vault, and the state folder has none."),
            say("Restore the folder vault/ of the state folder from a backup."),
            where="practice.state",
        )


def trusted(config: Config) -> Trust:
    """Whose the vault is. Raises NotInitialised where none was made, Altered where only trust.toml is lost, and as
    `read_trust` does."""
    trust = read_trust(config.trust)
    if trust is None:
        refuse_unknown(config)
        raise NotInitialised(
            "no-vault",
            say("There is no vault yet: notes are kept in one."),
            say("Run: coachsync vault init"),
            where=config.trust.name,
        )
    return trust


def refuse_unknown(config: Config) -> None:
    """Raise Altered for a vault without its trust.toml: it is not made over, for what is in it would be lost. One whose
    making was cut short has no log yet, and is none. Raises CoachsyncError for a state folder that this user may
    not enter."""
    folder = vault_folder(config)
    refuse_shut(config.practice.state)
    if not vault_file(folder).exists():
        return
    store = open_vault_store(folder)
    try:
        written = any(True for _ in store.entries())
    finally:
        store.close()
    if written:
        raise Altered(
            "trust-missing",
            say("There is a vault in the state folder, and no trust.toml that says whose it is."),
            say(
                "Restore trust.toml beside the configuration from a backup. Without one, each coach writes it anew "
                "with the recovery code: coachsync vault recovery --use"
            ),
            where="trust.toml",
        )


def coach_of(trust: Trust, name: str | None) -> bytes:
    """The fingerprint of a coach by the name in trust.toml; without a name, of the only one. Raises UsageError."""
    names = trust.coaches
    if name is None and len(names) == 1:
        name = next(iter(names))
    if name is None or name not in names:
        raise UsageError(
            "no-such-coach",
            say("It is not said which coach is meant, or there is none of that name in this vault."),
            say("There are: {names}. Say which with --coach.", names=", ".join(sorted(names))),
            where="--coach",
        )
    return names[name].fingerprint


def signers(trust: Trust) -> dict[bytes, bytes]:
    """The keys that check what each coach has signed, also with a key of before, by fingerprint."""
    former = {one.fingerprint: one.verify for now in trust.coaches.values() for one in now.former}
    return former | signers_of_today(trust)


def signers_of_today(trust: Trust) -> dict[bytes, bytes]:
    """The same, of the keys alone that nobody has replaced."""
    return {now.fingerprint: now.verify for now in trust.coaches.values()}


def name_of(trust: Trust, coach: bytes) -> str:
    """What the coach with this fingerprint is called in trust.toml."""
    return next(name for name, one in trust.coaches.items() if one.fingerprint == coach)


def known_coaches(trust: Trust, store: VaultStore) -> tuple[dict[bytes, Actor], list[Problem]]:
    """Those whom trust.toml names and the vault knows, by fingerprint, and what is to be said of the others: an older
    copy does not know a coach who came later, and that locks nobody else out."""
    actors = store.actors()
    known: dict[bytes, Actor] = {}
    problems = []
    for name, one in trust.coaches.items():
        actor = actors.get(one.fingerprint)
        if actor is not None and one.fits(actor):
            known[one.fingerprint] = actor
        else:
            problems.append(_coach_unknown(name))
    return known, problems


def formers_of(trust: Trust, store: VaultStore) -> dict[bytes, Former]:
    """The keys that coaches had before and that the vault knows, by fingerprint."""
    actors, found = store.actors(), dict[bytes, Former]()
    for pinned in trust.coaches.values():
        line = [*(one.fingerprint for one in pinned.former), pinned.fingerprint]
        for place, one in enumerate(pinned.former, 1):
            actor = actors.get(one.fingerprint)
            if actor is not None and one.fits(actor):
                found[one.fingerprint] = Former(actor, one.until, pinned.fingerprint, frozenset(line[place:]))
    return found


def vault_folder(config: Config) -> Path:
    """Where the vault lies."""
    return config.practice.state / _FOLDER


def no_coach() -> Altered:
    """That nobody of trust.toml is known: there is nobody whom the log could be believed of."""
    return Altered(
        "coach-unknown",
        say("The vault knows no coach whom trust.toml names."),
        say("Restore trust.toml and the folder vault/ of the state folder from one backup."),
        where="trust.toml",
    )


def _coach_unknown(name: str) -> Problem:
    return Problem(
        "coach-unknown",
        f"trust.toml: coaches.{name}",
        say("The vault does not know a coach whom trust.toml names: it is older, or one of the two was changed."),
        say(
            "If it is older, that coach comes back by: coachsync vault unlock, or without the passphrase: coachsync "
            "vault recovery --use. Else restore both from one backup."
        ),
    )
