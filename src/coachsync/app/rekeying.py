"""Another device key: everything that this machine has sealed with the one before is sealed with the new one."""

from __future__ import annotations

from pathlib import Path

from coachsync.adapters import keychanging, lock
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.database import open_database
from coachsync.adapters.database.engine import database_file
from coachsync.adapters.database.rekeying import rekey
from coachsync.adapters.vaultfiles import VaultFiles
from coachsync.app.vault.making import relock_daemon

_VAULT = "vault"


def rotate(state: Path) -> None:
    """Replace the device key, while nobody else works with the state; killed anywhere, whoever opens the state next
    ends it. Raises Temporary while another process has the state, and as `keychanging.begin` does."""
    with lock.hold(state, "key rotate"):
        finish(state)
        keychanging.begin(state)
        finish(state)


def finish(state: Path) -> None:
    """End a change of the device key that has begun; twice is once. The state's lock must be held."""
    if not keychanging.is_changing(state):
        return
    keys = keychanging.change(state)
    if database_file(state).exists():
        database = open_database(state, keys.old)
        try:
            rekey(database, keys.old, keys.new)
            database.forget()
        finally:
            database.close()
    ClientKeys(state, keys.old).rekey(keys.new)
    relock_daemon(VaultFiles(state / _VAULT), keys.old, keys.new)
    keychanging.finish(state, keys)
