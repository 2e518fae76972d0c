"""What the coach calls things that others see: the target of a share, and its labels."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from coachsync import contentline
from coachsync.adapters.database import Copies
from coachsync.app.people import house
from coachsync.app.wiring import Wiring
from coachsync.config import FileTarget, Share
from coachsync.redaction import words
from coachsync.redaction.profiles import LABELS

USUAL = frozenset(text for texts in LABELS.values() for text in texts.values())  # nobody's, whoever is called so
_DISTINCTIVE = 4  # letters of a word that may be a name
_TITLES = frozenset(("SUMMARY",))


def target(share: Share) -> Iterator[tuple[str, str]]:
    """What the coach called the target, wherever its audience sees it: name, end of the address, file name; each with
    its configuration key."""
    key = f"shares.{share.name}.to"
    if isinstance(share.to, FileTarget):
        yield f"{key}.file", share.to.path.stem
        return
    if share.to.display_name is not None:
        yield f"{key}.name", share.to.display_name
    if share.to.url is not None:
        yield f"{key}.url", unquote(share.to.url.rstrip("/").rpartition("/")[2])


def own_labels(share: Share) -> frozenset[str]:
    """What the coach lets entries say, without the usual labels."""
    return frozenset(share.texts.values()) - USUAL


def titled(wiring: Wiring, share: Share) -> bool:
    """Whether a word of four letters or more in a label of the share stands in the title of a source event too.

    Words of the house and of the usual labels do not count. Looks at the stored copies.
    """
    said = words.said(share.texts.values()) - house(wiring.config) - words.said(USUAL)
    telling = {word for word in said if len(word) >= _DISTINCTIVE}
    return bool(telling) and any(not telling.isdisjoint(words.said([title])) for title in _titles(wiring))


def _titles(wiring: Wiring) -> Iterator[str]:
    for name in wiring.config.calendars:
        for _, body in Copies(wiring.database, name).texts():
            for line in contentline.named(contentline.decode(body), _TITLES):
                yield contentline.unescape(line.value)
