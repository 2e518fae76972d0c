"""The lines that say what came in and what went out."""

from __future__ import annotations

import pytest

from coachsync.app.cli.counts import published_line, pulled_line, pushed_line
from coachsync.app.outcome import Outcome, Published, Pulled, Pushed
from coachsync.errors import Temporary


def published(share: Published, *unread: str) -> str:
    failures = [(f"calendars.{name}", Temporary("timeout", "Slow.")) for name in unread]
    return published_line("office", Outcome(shares={"office": share}, failures=list(failures)), ("coaching", "other"))


def test_a_share_whose_calendar_could_not_be_read_is_said_to_stay() -> None:
    assert published(Published(), "coaching") == "share office: left as it is, because coaching could not be read"


def test_a_share_that_changed_by_another_calendar_is_told_with_its_counts() -> None:
    assert published(Published(created=1), "coaching") == "share office: 1 added, 0 removed"


@pytest.mark.parametrize("unread", [(), ("another-share-is-made-from-it",)])
def test_a_share_without_a_change_has_nothing_new(unread: tuple[str, ...]) -> None:
    assert published(Published(), *unread) == "share office: nothing new"


def test_times_that_wait_for_a_person_are_told_with_it() -> None:
    assert published(Published(held_back=2)) == "share office: nothing new, 2 kept until you decide"


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_calendar_without_a_change_has_nothing_new(dry_run: bool) -> None:
    assert pulled_line("coaching", Pulled(), dry_run=dry_run) == "calendar coaching: nothing new"


def test_a_dry_run_says_what_would_be() -> None:
    assert "2 would be added" in pulled_line("coaching", Pulled(added=2), dry_run=True)
    assert pulled_line("coaching", Pulled(added=2)) == "calendar coaching: 2 added, 0 changed, 0 removed"


def test_what_was_sent_is_told_and_what_would_be() -> None:
    pushed = Pushed(added=1, changed=2)
    assert pushed_line("coaching", pushed) == "calendar coaching, from here: 1 added, 2 changed, 0 removed"
    assert "1 would be added" in pushed_line("coaching", pushed, dry_run=True)


def test_what_waits_is_told_and_nothing_when_nothing_does() -> None:
    assert pushed_line("coaching", Pushed(waiting=2)) == "calendar coaching, from here: nothing sent, 2 waiting"
    assert pushed_line("coaching", Pushed()) == ""
