"""What must change so that the local copies agree with the server, from three observations.

`base` is what both sides last agreed on, `local` what is held here, `remote` what the server says now. Objects are
named by href; a version is the server's ETag.

| base | local | remote          | plan                                                              |
|------|-------|-----------------|-------------------------------------------------------------------|
| any  | any   | another version | fetch it                                                          |
| same | held  | same version    | nothing                                                           |
| same | gone  | same version    | fetch it: the copy was lost, the server has it                     |
| same | held  | absent          | forget it: it disappeared at the source                            |
| none | held  | absent          | keep it: nobody ever agreed on it, a first sync deletes nothing    |
| any  | any   | unclear         | nothing: a partial read is not an absence                         |
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from coachsync.model import Listing


@dataclass(frozen=True, slots=True)
class Plan:
    """Hrefs to fetch (new, then changed) and to forget, in a stable order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def fetch(self) -> tuple[str, ...]:
        """Everything whose text must be asked for."""
        return self.added + self.changed


def plan(base: Mapping[str, str], local: Set[str], remote: Listing) -> Plan:
    """Compare the three sides.

    Args:
        base: href to ETag of every object both sides agreed on.
        local: hrefs of the copies held here.
        remote: the server's listing, complete or a delta.
    """
    wanted = [href for href, etag in remote.etags.items() if base.get(href) != etag or href not in local]
    return Plan(
        added=tuple(sorted(href for href in wanted if href not in base)),
        changed=tuple(sorted(href for href in wanted if href in base)),
        gone=tuple(sorted(_disappeared(base, remote))),
    )


def _disappeared(base: Mapping[str, str], remote: Listing) -> Set[str]:
    absent = base.keys() - remote.etags.keys() if remote.complete else base.keys() & remote.gone
    return absent - remote.unclear
