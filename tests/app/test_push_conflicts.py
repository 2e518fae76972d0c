"""What both sides changed is kept on both until a person decides."""

from __future__ import annotations

import pytest

from coachsync.app.conflicts import Keep
from coachsync.errors import CoachsyncError
from practice_house import SOURCE, House, codes, session, there


def test_p04_a_real_conflict_keeps_both_and_says_so_until_it_is_decided(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    for _ in range(3):
        outcome = synced.sync()
        assert (outcome.exit_code(), codes(outcome)) == (4, ["conflict"])
        assert there(synced, "e1") == session(synced, 1, hours=5)
        [edit] = synced.edits()
        assert edit.text == session(synced, 1, hours=3)
        assert edit.clashes


@pytest.mark.parametrize(("which", "hours"), [(Keep.LOCAL, 3), (Keep.SERVER, 5)])
def test_p04_a_decided_conflict_keeps_the_other_version_among_what_was_removed(
    synced: House, which: Keep, hours: int
) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    synced.sync()

    synced.resolve(which)
    outcome = synced.sync()

    assert outcome.exit_code() == 0
    assert there(synced, "e1") == session(synced, 1, hours=hours)
    assert session(synced, 1, hours=8 - hours) in [body for _, body in synced.trash()]
    assert synced.edits() == ()


@pytest.mark.parametrize("which", list(Keep))
def test_p04_an_edit_of_what_the_phone_deleted_waits_for_a_decision(synced: House, which: Keep) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.delete("e1")
    assert synced.sync().exit_code() == 4

    synced.resolve(which)
    assert synced.sync().exit_code() == 0

    held = synced.server.objects(SOURCE)
    assert ("/alice/source/e1.ics" in held) is (which is Keep.LOCAL)
    assert which is Keep.LOCAL or session(synced, 1, hours=3) in [body for _, body in synced.trash()]


@pytest.mark.parametrize("which", list(Keep))
def test_p04_a_deletion_of_what_the_phone_changed_waits_for_a_decision(synced: House, which: Keep) -> None:
    synced.want("e1", None)
    synced.put("e1", session(synced, 1, hours=5))
    assert synced.sync().exit_code() == 4
    assert there(synced, "e1") == session(synced, 1, hours=5)

    synced.resolve(which)
    assert synced.sync().exit_code() == 0

    assert ("/alice/source/e1.ics" in synced.server.objects(SOURCE)) is (which is Keep.SERVER)
    assert which is Keep.SERVER or session(synced, 1, hours=5) in [body for _, body in synced.trash()]


def test_p04_what_was_made_differently_on_both_sides_is_for_a_person_to_decide(synced: House) -> None:
    synced.want("mine", session(synced, 9))
    synced.put("theirs", session(synced, 9, hours=5))
    assert synced.sync().exit_code() == 4
    assert there(synced, "theirs") == session(synced, 9, hours=5)
    assert [edit.clashes for edit in synced.edits()] == [("created-twice",)]


def test_what_is_in_conflict_is_not_changed_further_before_it_is_decided(synced: House) -> None:
    synced.want("e1", session(synced, 1, hours=3))
    synced.put("e1", session(synced, 1, hours=5))
    synced.sync()
    with pytest.raises(CoachsyncError) as raised:
        synced.want("e1", session(synced, 1, hours=4))
    assert raised.value.code == "conflict-open"
