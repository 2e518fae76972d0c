"""How many records there are of a client: the log tells, and no key is needed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from coachsync.adapters.trustfile import read_trust
from coachsync.app.vault.opening import Vault, open_vault
from coachsync.app.vault.trusting import refuse_unknown
from coachsync.config import Config
from coachsync.vault.envelope import Kind


def records_of(vault: Vault, code: str) -> Counter[Kind]:
    """The records of a client by kind, of all coaches."""
    history = vault.history
    shelves = {shelf for shelf, one in history.shelves.items() if one.client == code}
    return Counter(dict.fromkeys(Kind, 0)) + Counter(
        one.kind for (_, version), one in history.records.items() if version == 1 and one.shelf in shelves
    )


def has_vault(config: Config) -> bool:
    """Whether the practice has a vault. Raises as `read_trust` does, and where only trust.toml is lost."""
    if read_trust(config.trust) is None:
        refuse_unknown(config)
        return False
    return True


def counted(config: Config, code: str, now: datetime) -> Counter[Kind]:
    """The same, where there may be no vault; the state's lock must be held. Raises as `open_vault` does."""
    if not has_vault(config):
        return Counter()
    with open_vault(config, now) as vault:
        return records_of(vault, code)
