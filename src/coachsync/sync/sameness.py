"""Whether two texts of a calendar object say the same.

Order, folding, case of names, stamps, what servers note beside an event and repeated defaults make no difference
(`sync.meaning` has the list). A text that cannot be taken apart is the same as its own bytes only.
"""

from __future__ import annotations

from coachsync.sync.objects import versions


def same(one: str | None, other: str | None) -> bool:
    """Whether two objects, decoded with `contentline.decode`, say the same; None is no object."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    first, second = versions(one, other)
    return first.says_the_same_as(second)
