"""Erasing a client: the shelves of a coach, then what the device knows, and the certificate of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from coachsync.app.backup import mirroring, places
from coachsync.app.clients import forgetting
from coachsync.app.clients.hiding import keep_out
from coachsync.app.vault import certificates, erasing, opening, sorting
from coachsync.app.vault.certificates import Copy
from coachsync.app.vault.erasing import Erased
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import Session
from coachsync.app.wiring import Wiring
from coachsync.config import Config
from coachsync.vault.shelves import Tombstone

_CLIENT = "client"


class Gone(NamedTuple):
    """A client that was erased: how many records and key files went, whether what the directory says had to stay
    because a colleague keeps records too, and the certificate (None without a vault). `mirrored`: no mirror has the
    keys any more; `aside`: the states that a restore has moved away, by name, which nothing reaches."""

    records: int
    keys: int
    stays: bool
    certificate: bytes | None
    mirrored: bool = True
    aside: tuple[str, ...] = ()


def erase(wiring: Wiring, session: Session, code: str) -> Gone:
    """Erase all that this coach keeps of a client, then what the device knows; called again it ends what was cut short,
    and certifies anew. Raises Temporary while somebody reads in a database: the keys are gone, and it is not done; and
    as `sorting.sort` does, before anything is erased."""
    sorting.sort(session)
    erased = _in_vault(session, code)
    stays = of_a_colleague(session, code)
    on_device = stays or _on_device(wiring, code)
    if not erased.done:
        raise opening.not_done()
    if not on_device:
        raise forgetting.not_done()
    key = None if stays else wiring.clients.keys.buried_with(code)
    mirrored, aside = mirroring.forgets(wiring, session.vault), _aside(wiring.config)
    left = [*_of_ours(aside, mirrored=mirrored), *copies(wiring.config, stays=stays)]
    certificate = certificates.issue(session, erased.stone, wiring.now, left, key)
    keys = len(erased.stone.keys) + (key is not None)
    return Gone(len(erased.stone.records), keys, stays, certificate, mirrored, aside)


def erase_without_vault(wiring: Wiring, code: str) -> Gone:
    """Erase what the device knows of a client, where there is no vault: nobody can sign for it. Raises Temporary while
    somebody reads in the database."""
    keys = int(wiring.clients.keys.content(code) is not None)
    if not _on_device(wiring, code):
        raise forgetting.not_done()
    return Gone(0, keys, stays=False, certificate=None, aside=_aside(wiring.config))


def is_mentioned(vault: Vault, code: str) -> bool:
    """Whether the vault knows the code: it has a shelf of the client, or a tombstone."""
    history = vault.history
    named = (stone.client for stone in history.graves.values() if stone.what == _CLIENT)
    return code in named or any(one.client == code for one in history.shelves.values())


def of_a_colleague(session: Session, code: str) -> bool:
    """Whether another coach of the practice keeps records of the client, or may do so: nobody else can tell whom those
    are about that still lie unsorted."""
    shelves = session.vault.history.shelves.values()
    known = any(one.client == code and one.coach != session.fingerprint for one in shelves)
    return known or sorting.holds_unsorted_of_colleagues(session)


def copies(config: Config, *, stays: bool = False) -> Iterator[Copy]:
    """Every copy that no erasure here reaches, with what `stays` for a colleague. None of them has a date: nothing
    tells until when it is kept."""
    if stays:
        yield from (Copy("colleagues"), Copy("directory"))
    yield Copy("backups")
    yield from (Copy("calendar-server", account) for account in sorted(config.accounts))
    yield from (Copy("share", share) for share in sorted(config.shares))
    yield Copy("phones")
    yield Copy("exported-folders")


def _of_ours(aside: Iterable[str], *, mirrored: bool) -> Iterator[Copy]:
    """What is ours, and was not reached: a mirror that is not connected, and what a restore has moved away."""
    if not mirrored:
        yield Copy("mirror")
    yield from (Copy("moved-away", name) for name in aside)


def _aside(config: Config) -> tuple[str, ...]:
    return tuple(one.name for one in places.moved_away(config.practice.state))


def _in_vault(session: Session, code: str) -> Erased:
    """One tombstone, however often it is asked for, until there are records again."""
    shelves, before = erasing.shelves_of(session, code), _before(session, code)
    if shelves or before is None:
        return erasing.erase_shelves(session, _CLIENT, code, shelves)
    return erasing.finish(session, before)


def _before(session: Session, code: str) -> Tombstone | None:
    wanted = (_CLIENT, code, session.fingerprint)
    history = session.vault.history
    stones = history.tombstones.values()
    found = [stone for stone in stones if (stone.what, stone.client, history.heir(stone.coach)) == wanted]
    return found[-1] if found else None


def _on_device(wiring: Wiring, code: str) -> bool:
    state = wiring.config.practice.state
    return forgetting.forget(wiring.clients, wiring.database, state, code, partial(keep_out, wiring))
