"""Whom a dropped file can be of: everybody in the client directory, but for those who were erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coachsync.app.vault.opening import Vault
from coachsync.app.wiring import Wiring
from coachsync.inbox.whose import People, compared


def people_of(wiring: Wiring, vault: Vault) -> People:
    """Everybody, as names of folders and what texts say can mean them."""
    clients = wiring.clients.directory().clients
    erased = {stone.client for stone in vault.history.graves.values() if stone.what == "client"}
    buried, _ = wiring.clients.keys.buried()
    return People(
        frozenset((*clients, *(code for code in wiring.clients.unreadable() if code.startswith("C-")))),
        frozenset(erased | buried) - clients.keys(),
        _by((compared(name), code) for code, one in clients.items() for name in (*one.names, *one.aliases)),
        _by((address, code) for code, one in clients.items() for address in one.addresses),
    )


def _by(pairs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, code in pairs:
        found.setdefault(key, set()).add(code)
    return {key: frozenset(codes) for key, codes in found.items()}
