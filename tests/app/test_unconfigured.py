"""A share that the coach takes out of the configuration goes on being served: that is told until it is taken away."""

from __future__ import annotations

import pytest

from coachsync.adapters.database import Shares
from coachsync.app.checking import Grade, check
from coachsync.app.outcome import Outcome
from coachsync.app.recall import Recalled, remove
from coachsync.app.recording import record
from coachsync.app.standing import standing
from coachsync.app.status import Status, load
from coachsync.app.unconfigured import shares
from coachsync.errors import CoachsyncError, NotInitialised, Temporary
from events import event
from practice_house import House, codes

CODE = "share-not-configured"
TARGET = 'to = { account = "cloud", name = "Office" }'


@pytest.fixture
def left(house: House) -> House:
    """A share that was published, and is called something else now, with another target."""
    house.sessions(3)
    house.sync()
    house.text = house.text.replace("[shares.office]", "[shares.team]").replace('"Office"', '"Team"')
    return house


def removed(house: House, name: str = "office") -> Recalled:
    with house.wiring() as wiring:
        return remove(wiring, name)


def still_shown(house: House) -> tuple[str, ...]:
    with house.wiring() as wiring:
        return shares(wiring)


def status(house: House, outcome: Outcome) -> Status:
    """What stands in the status after a run."""
    with house.wiring() as wiring:
        record(wiring, str, outcome)
    return load(house.state)


def test_p03_a_share_that_is_not_configured_any_more_is_told_by_every_run_until_it_is_taken_away(left: House) -> None:
    for _ in range(2):
        outcome = left.sync()
        assert (codes(outcome), outcome.exit_code()) == ([CODE], 3)
        assert len(left.served()) == 3  # nothing is taken away by itself: it may be a mistake in the file
    known = status(left, outcome)
    assert [one.code for one in standing(known)] == [CODE]
    assert [(one.where, one.hint) for one in known.left_behind] == [
        ("shares.office", "To take it away, run: coachsync share recall office --remove")
    ]
    with left.wiring() as wiring:
        assert [(one.grade, one.where) for one in check(wiring) if one.code == CODE] == [(Grade.NOTE, "shares.office")]

    done = removed(left)
    assert (done.replaced, done.shown, done.outcome.exit_code()) == (3, 0, 0)
    assert any("Phones" in line for line in done.left)
    assert [one.name for one in left.server.calendars("https://calendar.example/alice/")] == ["Coaching", "Team"]
    outcome = left.sync()
    assert (codes(outcome), status(left, outcome).left_behind) == ([], ())


def test_a_dry_run_tells_it_too(left: House) -> None:
    assert CODE in codes(left.sync(dry_run=True))


def test_a_share_that_keeps_its_target_under_another_name_is_not_told_of(house: House) -> None:
    house.sessions(1)
    house.sync()
    house.text = house.text.replace("[shares.office]", "[shares.team]")
    house.publish("team", replace_content=True)
    assert still_shown(house) == ()
    assert codes(house.sync()) == []
    with pytest.raises(CoachsyncError) as refused:
        removed(house)
    assert refused.value.code == "same-target"
    assert len(house.served()) == 1


def test_a_file_is_told_of_and_removed(house: House) -> None:
    house.text = house.text.replace(TARGET, 'to = { file = "office.ics" }')
    house.sessions(1)
    house.sync()
    house.text = house.text.replace("[shares.office]", "[shares.team]").replace("office.ics", "team.ics")
    assert codes(house.sync()) == [CODE]
    assert any("downloaded" in line for line in removed(house).left)
    assert sorted(path.name for path in house.folder.glob("*.ics")) == ["team.ics"]
    assert still_shown(house) == ()


def test_one_whose_account_is_gone_too_is_told_once_more_and_forgotten(house: House) -> None:
    house.sessions(2)
    house.text += '[accounts.outlet]\nurl = "https://calendar.example/"\nusername = "alice"\n'
    house.text = house.text.replace(TARGET, TARGET.replace("cloud", "outlet"))
    house.sync()
    house.text = house.text.replace("[shares.office]", "[shares.team]").replace(
        TARGET.replace("cloud", "outlet"), TARGET.replace("Office", "Team")
    )
    house.text = house.text.partition("[accounts.outlet]")[0]
    assert codes(house.sync()) == [CODE]
    done = removed(house)
    assert codes(done.outcome) == ["share-not-away"]
    assert "Delete its calendar in your calendar program" in done.outcome.problems()[0].hint
    assert len(house.served()) == 2
    assert codes(house.sync()) == []
    with pytest.raises(NotInitialised):
        removed(house)


def test_p04_p06_what_must_stay_stays_and_is_told_again(left: House) -> None:
    url = left.share_url()
    invitation = event("lunch", left.now, title="Lunch", extra="ATTENDEE:mailto:a@b.example\r\n")
    left.server.store(url, f"{url.removeprefix('https://calendar.example')}lunch.ics", invitation)
    with pytest.raises(CoachsyncError) as refused:
        removed(left)
    assert refused.value.code == "share-not-away"
    assert list(left.served()) == [f"{url.removeprefix('https://calendar.example')}lunch.ics"]
    assert still_shown(left) == ("office",)


def test_p13_cut_short_it_is_told_of_until_the_end(left: House) -> None:
    left.server.fail("destroy", Temporary("network", "There is no network."))
    with pytest.raises(Temporary):
        removed(left)
    assert still_shown(left) == ("office",)
    removed(left)
    assert still_shown(left) == ()
    with left.wiring() as wiring:
        assert Shares(wiring.database, "office").entries() == ()
