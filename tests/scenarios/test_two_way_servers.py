"""Both ways on every server: what the coach does here arrives there, what others do there is met, nobody gets mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from accounts import Account
from coachsync import contentline
from coachsync.adapters.database.removed import kept
from coachsync.app.conflicts import Keep, conflicts, resolve
from coachsync.app.outcome import Outcome
from coachsync.app.queueing import new_href, queue, wanted
from coachsync.editing.cancelling import cancel
from coachsync.editing.moving import move
from coachsync.editing.target import Scope, Target
from coachsync.errors import CoachsyncError
from coachsync.sync.sameness import same
from events import event
from realservers.fixtures import DEBIAN, debian
from realservers.realserver import RealAccount
from two_way import World

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 3, 3, 9, tzinfo=UTC)
ZONES = {"": PARIS}
MANY = 100


@dataclass
class Coach:
    """What a coach does with one calendar, and what its server has then."""

    world: World

    def want(self, body: bytes | None, href: str = "") -> str:
        """Queue a text; where it is to lie."""
        wiring = self.world.wiring
        place = href or new_href(wiring, "coaching")
        uid = contentline.uid(body or wanted(wiring, "coaching", place) or b"")
        queue(wiring, "coaching", place, uid, body)
        return place

    def text(self, href: str) -> str:
        return contentline.decode(wanted(self.world.wiring, "coaching", href) or b"")

    def there(self, href: str) -> str | None:
        """What the server has now, as another program sees it."""
        program = self.world.programs[0]
        program.refresh()
        return contentline.decode(program.seen[href][1]) if href in program.seen else None

    def elsewhere(self, href: str, before: str, after: str) -> None:
        """Another program replaces one piece of the text."""
        program = self.world.programs[1]
        program.refresh()
        etag, body = program.seen[href]
        assert before.encode() in body
        program.server.update(href, body.replace(before.encode(), after.encode()), etag)

    def sync(self) -> Outcome:
        outcome = self.world.sync()
        assert outcome is not None
        return outcome

    def arrives(self, href: str) -> None:
        """What is wanted here is what the server has after a sync, and a further one has nothing to do."""
        assert [problem.code for problem in self.sync().problems()] == []
        there = self.there(href)
        assert there is not None
        assert same(self.text(href), there)
        written = len(self.world.writes)
        assert self.sync().exit_code() == 0
        assert len(self.world.writes) == written


@pytest.fixture(params=["radicale", "xandikos", *debian()])
def account(request: pytest.FixtureRequest) -> Account:
    if request.param in DEBIAN:
        made = request.getfixturevalue(f"{request.param}_server").account()
    else:
        made = request.getfixturevalue(request.param)
    assert isinstance(made, Account)
    return made


@pytest.fixture
def coach(account: Account, tmp_path: Path) -> Iterator[Coach]:
    url = account.new_calendar()
    client = account.client()
    client.make(url, "Coaching")
    client.close()
    world = World(tmp_path, account.client, url, account.username, account.url)
    made = Coach(world)
    made.sync()
    yield made
    world.close()
    if isinstance(account, RealAccount):
        assert account.messages() == []


def series(uid: str) -> bytes:
    return event(uid, START, extra="RRULE:FREQ=WEEKLY;COUNT=8\r\n")


def test_create_move_cancel_delete_and_bring_back(coach: Coach) -> None:
    href = coach.want(series(str(uuid4())))
    coach.arrives(href)

    third = START + timedelta(weeks=2)
    arguments = {"zones": ZONES, "stamp": START, "new_uid": ""}
    moved = move(coach.text(href), Target(Scope.ONE, third), third + timedelta(days=1), **arguments)  # type: ignore[arg-type]
    coach.want(contentline.encode(moved.text or ""), href)
    coach.arrives(href)
    assert "RECURRENCE-ID:20260317T090000Z" in (coach.there(href) or "")

    moved = move(coach.text(href), Target(Scope.ALL, START), START + timedelta(hours=2), **arguments)  # type: ignore[arg-type]
    coach.want(contentline.encode(moved.text or ""), href)
    coach.arrives(href)
    assert "DTSTART:20260303T110000Z" in (coach.there(href) or "")

    off = cancel(coach.text(href), Target(Scope.ALL, None), **arguments)  # type: ignore[arg-type]
    coach.want(contentline.encode(off.text or ""), href)
    coach.arrives(href)
    assert "STATUS:CANCELLED" in (coach.there(href) or "")

    coach.want(None, href)
    assert coach.sync().exit_code() == 0
    assert coach.there(href) is None
    last = kept(coach.world.wiring.database, "calendar coaching")[-1]
    back = coach.want(last.body)
    coach.arrives(back)


@pytest.mark.parametrize("which", list(Keep))
def test_p04_a_conflict_keeps_both_until_it_is_decided(coach: Coach, which: Keep) -> None:
    href = coach.want(event(str(uuid4()), START))
    coach.arrives(href)
    coach.want(contentline.encode(coach.text(href).replace("20260303T", "20260304T")), href)
    coach.elsewhere(href, "20260303T", "20260305T")
    assert coach.sync().exit_code() == 4
    assert "20260305T" in (coach.there(href) or "")

    [conflict] = conflicts(coach.world.wiring)
    resolve(coach.world.wiring, conflict, which)

    coach.arrives(href)
    assert ("20260304T" in (coach.there(href) or "")) is (which is Keep.LOCAL)
    lost = b"20260305T" if which is Keep.LOCAL else b"20260304T"
    assert any(lost in one.body for one in kept(coach.world.wiring.database, "calendar coaching"))


def test_p04_what_changes_while_it_is_written_is_merged(coach: Coach) -> None:
    href = coach.want(event(str(uuid4()), START))
    coach.arrives(href)
    coach.want(contentline.encode(coach.text(href).replace("20260303T", "20260304T")), href)
    coach.world.trouble.meanwhile.append(lambda: coach.elsewhere(href, "Marguerite", "Capucine"))
    coach.arrives(href)
    assert "SUMMARY:Capucine" in (coach.there(href) or "")
    assert "20260304T" in (coach.there(href) or "")


def test_p04_what_is_changed_while_it_is_deleted_stays(coach: Coach) -> None:
    href = coach.want(event(str(uuid4()), START))
    coach.arrives(href)
    coach.want(None, href)
    coach.world.trouble.meanwhile.append(lambda: coach.elsewhere(href, "Marguerite", "Capucine"))
    assert coach.sync().exit_code() == 4
    assert "SUMMARY:Capucine" in (coach.there(href) or "")


def test_p06_guests_are_told_nothing_when_their_appointment_is_made_moved_cancelled_and_deleted(
    coach: Coach, account: Account
) -> None:
    """The server mails for what is to come only; that nothing was mailed is looked at by the fixture."""
    own = account.address if isinstance(account, RealAccount) else f"mailto:{account.username}@example.test"
    people = f"ORGANIZER:{own}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:marguerite@elsewhere.example\r\n"
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    made = event(str(uuid4()), start, extra=people)
    if account.username == "user":  # Xandikos, which says that it writes to people, and was not seen to be kept from it
        with pytest.raises(CoachsyncError) as raised:
            coach.want(made)
        assert raised.value.code == "would-notify"
        return
    href = coach.want(made)
    assert coach.sync().exit_code() == 0
    arguments = {"zones": ZONES, "stamp": START, "new_uid": ""}
    moved = move(coach.text(href), Target(Scope.ALL, None), start + timedelta(hours=2), **arguments).text or ""  # type: ignore[arg-type]
    coach.want(contentline.encode(moved), href)
    assert coach.sync().exit_code() == 0
    assert f"DTSTART:{start + timedelta(hours=2):%Y%m%dT%H%M%SZ}" in (coach.there(href) or "")
    off = cancel(coach.text(href), Target(Scope.ALL, None), **arguments).text or ""  # type: ignore[arg-type]
    coach.want(contentline.encode(off), href)
    assert coach.sync().exit_code() == 0
    assert "STATUS:CANCELLED" in (coach.there(href) or "")
    coach.want(None, href)
    assert coach.sync().exit_code() == 0
    assert coach.there(href) is None


@pytest.mark.debian  # half a minute on the others too: with them
def test_a_hundred_appointments_arrive_and_come_back(coach: Coach) -> None:
    texts = {coach.want(event(str(uuid4()), START + timedelta(days=day))) for day in range(MANY)}
    outcome = coach.sync()
    assert (outcome.exit_code(), outcome.pushed["coaching"].added) == (0, MANY)
    program = coach.world.programs[0]
    program.refresh()
    assert program.seen.keys() == texts
    coach.world.now += timedelta(days=1, minutes=1)  # a full listing
    written = len(coach.world.writes)
    assert coach.sync().exit_code() == 0
    assert len(coach.world.writes) == written
    coach.world.check_at_rest()
