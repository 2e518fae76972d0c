"""The daemon that writes backups, with the coach's word that it may."""

from __future__ import annotations

from typing import NamedTuple

from coachsync.app.vault.making import daemon_of
from coachsync.app.vault.opening import Vault
from coachsync.errors import Locked, WrongKey
from coachsync.phrases import say
from coachsync.vault.chain import Entry
from coachsync.vault.keys import Signer
from coachsync.vault.rows import DeviceKey


class Writer(NamedTuple):
    """The daemon, and the entry of the log by which a coach has let it in."""

    daemon: Signer
    entry: Entry

    @classmethod
    def of(cls, vault: Vault, device: DeviceKey) -> Writer:
        """That of an open vault. Raises Locked where it has none, which a coach's next session makes."""
        try:
            daemon = daemon_of(vault.files, device)
        except WrongKey:
            daemon = None
        for entry in vault.store.entries() if daemon is not None else ():
            event = entry.event
            if event["e"] == "actor" and daemon is not None and event["verify"] == daemon.actor.verify.hex():
                return cls(daemon, entry)
        raise Locked(
            "daemon-key-foreign",
            say("Nothing can be signed here: the key for that is missing or damaged, or of another device."),
            say("Run: coachsync vault unlock, which makes another one."),
            where="vault/daemon.key",
        )
