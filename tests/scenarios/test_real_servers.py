"""A life of an appointment with people on every real server, and a calendar of a hundred: nobody hears of it.

What a coach does with one is done as `sync.quiet` says, with another client in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from coachsync.adapters.caldav.hrefs import path
from coachsync.errors import Stale
from coachsync.sync.quiet import sending
from events import event
from realservers.fixtures import debian
from realservers.people import GUEST, START, People, invitation
from realservers.realserver import RealServer


@pytest.fixture(params=debian())
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    server: RealServer = request.getfixturevalue(f"{request.param}_server")
    people = People(server)
    yield people
    people.close()


class Appointment:
    """One event of Alice's with a guest, written quietly from version to version."""

    def __init__(self, people: People) -> None:
        self.people, self.uid = people, uuid4().hex
        self.href = people.place(self.uid)

    def text(self, **changes: object) -> str:
        host = self.people.alice.address
        return invitation(self.uid, host, [host, GUEST], **changes)  # type: ignore[arg-type]

    def now(self) -> tuple[str | None, str | None]:
        """What the server has: text and ETag."""
        found = list(self.people.client.fetch(self.people.calendar, [self.href]))
        return (found[0].body.decode(), found[0].etag) if found else (None, None)

    def become(self, text: str | None) -> None:
        before, etag = self.now()
        who, client = self.people.who, self.people.client
        plan = sending(before, text, who.addresses, who.software, schedules=who.schedules)
        assert not plan.refused
        for step in plan.steps:
            if step is None:
                assert client.remove(self.href, etag or "")
            elif etag is None:
                client.create(self.href, step.encode())
            else:
                client.update(self.href, step.encode(), etag)
            etag = client.etag(self.href)


def test_p06_a_life_of_an_appointment_is_told_to_nobody(people: People) -> None:
    meeting = Appointment(people)
    before = people.client.changes(people.calendar, None)

    meeting.become(meeting.text())
    meeting.become(meeting.text(moved=True, sequence=1))
    assert "RECURRENCE-ID" in (meeting.now()[0] or "")
    meeting.become(meeting.text(moved=True, hours=1, sequence=2))
    assert f"DTSTART:{START + timedelta(hours=1):%Y%m%dT%H%M%SZ}" in (meeting.now()[0] or "")
    meeting.become(meeting.text(hours=1, sequence=3).replace("COUNT=4", "COUNT=2"))
    meeting.become(meeting.text(status="CANCELLED", sequence=4))
    assert "STATUS:CANCELLED" in (meeting.now()[0] or "")
    meeting.become(None)
    assert meeting.now() == (None, None)
    meeting.become(meeting.text())

    assert people.client.changes(people.calendar, before.token).etags.keys() == {meeting.href}
    assert not people.told(asked=False)


def test_p04_what_another_client_changed_in_between_stays(people: People) -> None:
    meeting = Appointment(people)
    meeting.become(meeting.text())
    _, seen = meeting.now()
    other = people.alice.client()
    [item] = other.fetch(people.calendar, [meeting.href])
    theirs = item.body.decode().replace("SUMMARY:Session", "SUMMARY:Theirs")
    other.update(meeting.href, theirs.encode(), item.etag)
    other.close()
    people.told(asked=True)  # what that client had sent is its own doing

    with pytest.raises(Stale):
        people.client.update(meeting.href, meeting.text(hours=2, sequence=1).encode(), seen or "")
    with pytest.raises(Stale):
        people.client.remove(meeting.href, seen or "")

    assert "SUMMARY:Theirs" in (meeting.now()[0] or "")
    assert not people.told(asked=False)


def test_a_hundred_events_come_back_as_they_were_sent(people: People) -> None:
    client, place = people.client, path(people.calendar)
    hrefs = {f"{place}{number}.ics": f"{uuid4().hex}-{number}" for number in range(100)}
    starts = {href: START + timedelta(hours=2 * number) for number, href in enumerate(hrefs)}

    for href, uid in hrefs.items():
        client.create(href, event(uid, starts[href]))

    listing = client.changes(people.calendar, None)
    assert listing.etags.keys() == hrefs.keys()
    items = {item.href: item for item in client.fetch(people.calendar, hrefs)}
    assert {href: item.etag for href, item in items.items()} == listing.etags
    for href, uid in hrefs.items():
        assert f"UID:{uid}".encode() in items[href].body
        assert f"DTSTART:{starts[href]:%Y%m%dT%H%M%SZ}".encode() in items[href].body
    assert not client.changes(people.calendar, listing.token).gone
    assert not people.told(asked=False)


@pytest.mark.parametrize("real_server", debian("sogo"), indirect=True)
def test_what_sogo_changes_within_one_second_is_not_missed(real_server: RealServer) -> None:
    """Its tokens count seconds: a delta repeats what came in the second of its token, so that nothing falls between."""
    account = real_server.account()
    client, url = account.client(), account.new_calendar()
    client.make(url, "Coaching")
    seen: dict[str, str] = {}
    token = client.changes(url, None).token
    made = []

    for number in range(30):
        href = f"{path(url)}{number}.ics"
        client.create(href, event(f"{uuid4().hex}", START + timedelta(hours=number)))
        made.append(href)
        listing = client.changes(url, token)
        seen, token = {**seen, **listing.etags}, listing.token
        if number % 3 == 2:
            gone = made.pop(0)
            client.remove(gone, seen[gone])
            listing = client.changes(url, token)
            token = listing.token
            assert gone in listing.gone
            seen = {known: etag for known, etag in {**seen, **listing.etags}.items() if known not in listing.gone}

    assert seen.keys() == set(made)
    client.close()
