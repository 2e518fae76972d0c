"""When a file is whole, and when the coach hears of one that is not."""

from __future__ import annotations

import pytest

from coachsync.inbox.names import Sort
from coachsync.inbox.settling import (
    EMPTY,
    SETTLED,
    SETTLED_UNSEEN,
    UNFINISHED,
    Open,
    Seen,
    Stamp,
    Why,
    look,
    never,
    whole,
)

STAMP = Stamp(1, 2, 3, 4, 5)
SEEN = Seen(STAMP, 100.0, 50.0)


@pytest.mark.parametrize("changed", ["size", "modified", "changed"])
def test_any_change_begins_the_wait_anew(changed: str) -> None:
    after = STAMP._replace(**{changed: 9})
    assert look(SEEN, after, 200.0) == Seen(after, 200.0, 50.0)
    assert look(SEEN, STAMP, 200.0) == SEEN
    assert look(SEEN, STAMP._replace(inode=9), 200.0).first == 200.0
    assert look(None, STAMP, 200.0) == Seen(STAMP, 200.0, 200.0)


@pytest.mark.parametrize(("opened", "quiet"), [(Open.NOBODY, SETTLED), (Open.UNSEEN, SETTLED_UNSEEN)])
def test_a_file_is_whole_after_a_while(opened: Open, quiet: float) -> None:
    assert not whole(Sort.FILE, SEEN, opened, 100.0 + quiet - 1).ready
    assert whole(Sort.FILE, SEEN, opened, 100.0 + quiet - 1).until == 100.0 + quiet
    assert whole(Sort.FILE, SEEN, opened, 100.0 + quiet).ready
    assert whole(Sort.ASIDE, SEEN, opened, 100.0 + quiet).ready


@pytest.mark.parametrize(
    ("sort", "stamp", "opened", "patience", "why"),
    [
        (Sort.FILE, STAMP._replace(size=0), Open.NOBODY, EMPTY, Why.EMPTY),
        (Sort.PARTIAL, STAMP, Open.NOBODY, UNFINISHED, Why.UNFINISHED),
        (Sort.LITTER, STAMP, Open.NOBODY, SETTLED, Why.LITTER),
        (Sort.FILE, STAMP, Open.SOMEBODY, UNFINISHED, Why.OPEN),
    ],
)
def test_what_is_not_whole_is_told_in_the_end(
    sort: Sort, stamp: Stamp, opened: Open, patience: float, why: Why
) -> None:
    seen = Seen(stamp, 100.0, 100.0)
    before = whole(sort, seen, opened, 100.0 + patience - 1)
    assert (before.ready, before.why) == (False, None)
    after = whole(sort, seen, opened, 100.0 + patience)
    assert (after.ready, after.why) == (False, why)


def test_what_is_never_imported_is_told_once_it_stays() -> None:
    assert never(Why.LINK, SEEN, 101.0).why is None
    assert never(Why.LINK, SEEN, 100.0 + SETTLED).why is Why.LINK
