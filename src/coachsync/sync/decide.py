"""What each side of an object holds afterwards, from three observations of it. An edit beats nothing silently.

| base  | ours    | theirs  | verdict                                                     |
|-------|---------|---------|-------------------------------------------------------------|
| any   | x       | x       | agreed                                                      |
| x     | changed | x       | both hold ours, also when ours is: no such object           |
| x     | x       | changed | both hold theirs, also when theirs is: no such object       |
| x     | gone    | changed | a person decides: deleted-here                              |
| x     | changed | gone    | a person decides: deleted-there                             |
| none  | y       | z       | a person decides: created-twice                             |
| x     | y       | z       | both hold the merged text; a person decides where they clash |

"x" twice means that the texts say the same (`sync.sameness`). Where a person decides, both sides keep what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from coachsync import contentline
from coachsync.sync.merge import merge_versions
from coachsync.sync.objects import Version, versions

DELETED_HERE = "deleted-here"
DELETED_THERE = "deleted-there"
CREATED_TWICE = "created-twice"

Side = str | None
"""The text of an object on one side; None: that side has no such object."""


def side(text: bytes | None) -> Side:
    """A side from what is stored of it."""
    return None if text is None else contentline.decode(text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What each side holds afterwards. `clashes`, sorted, say why a person must decide; codes, never values."""

    ours: Side
    theirs: Side
    clashes: tuple[str, ...] = ()


def decide(base: Side, ours: Side, theirs: Side) -> Verdict:
    """Decide one object. `base` is what both sides last agreed on, None when they never did.

    Exchanging the sides gives the mirrored verdict.
    """
    known = iter(versions(*(side for side in (base, ours, theirs) if side is not None)))
    before, here, there = (None if side is None else next(known) for side in (base, ours, theirs))
    if _same(here, there) or _same(here, before):
        return Verdict(theirs, theirs)
    if _same(there, before):
        return Verdict(ours, ours)
    if here is None or there is None:
        return Verdict(ours, theirs, (DELETED_HERE if here is None else DELETED_THERE,))
    if before is None:
        return Verdict(ours, theirs, (CREATED_TWICE,))
    merged = merge_versions(before, here, there)
    if merged.text is None:
        return Verdict(ours, theirs, merged.clashes)
    return Verdict(merged.text, merged.text)


def _same(one: Version | None, other: Version | None) -> bool:
    return one is other if one is None or other is None else one.says_the_same_as(other)
