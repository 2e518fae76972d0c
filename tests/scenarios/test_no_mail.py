"""Promise 6 on real servers: what each sends by itself when an event with people changes, and that nothing goes out of
what is sent as `sync.quiet` says.

The first half of the table shows that the sinks take what is sent. docs/servers.md says it in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from coachsync.errors import CoachsyncError
from coachsync.model import Software
from coachsync.sync.quiet import sending
from realservers.people import BOSS, GUEST, People, invitation
from realservers.realserver import RealServer

pytestmark = pytest.mark.debian

CHANGES = ("create", "move", "move-one", "skip-one", "cancel", "delete")
# m: mail goes out; c: the calendar or inbox of somebody else on the server changes; -: neither; x: the server refuses.
# After the bar, sent quietly: - nothing went out; r: refused here, and nothing sent.
TABLE = """
    sabre18 host                -  -  -  -  -  - | - - - - - -
    sabre18 host-of-neighbour   -  -  -  -  -  - | - - - - - -
    sabre18 guest               -  -  -  -  -  - | - - - - - -
    davical host                -  -  -  -  -  m | - - - - - -
    davical host-of-neighbour   c  c  x  c  c mc | - - - - - -
    davical guest               -  -  -  -  -  - | - - - - - -
    davical guest-of-neighbour  -  c  c  c  c  c | r r r r r -
    sogo    host                m  m  m  m  m  m | - - - - - -
    sogo    host-of-neighbour  mc mc mc mc mc mc | r r r r r r
    sogo    guest               m  -  -  m  -  m | - - - r - r
    sogo    guest-of-neighbour  x  -  - mc  - mc | x - - r - r
    cyrus   host                m  m  m  m  m  m | - - - - - -
    cyrus   host-of-neighbour  mc mc mc mc mc mc | - - - - - -
    cyrus   guest               m  -  m  m  m  m | - - - - - -
    cyrus   guest-of-neighbour  -  c  c  c  c  c | - - - - - -
"""


def cells() -> Iterator[object]:
    for row in TABLE.strip().splitlines():
        sent, kept = row.split("|")
        server, role, *loud = sent.split()
        for change, one, other in zip(CHANGES, loud, kept.split(), strict=True):
            yield pytest.param(server, role, change, one, other, id=f"{server}-{role}-{change}")


def changed(role: str, change: str, people: People, uid: str) -> tuple[str, str | None]:
    """The event before and after."""
    alice, bob = people.alice.address, people.bob.address
    organizer = {"host": alice, "host-of-neighbour": alice, "guest": BOSS, "guest-of-neighbour": bob}[role]
    attendees = [organizer, GUEST] + ([bob] if role == "host-of-neighbour" else [alice] if organizer != alice else [])
    after = {
        "create": {},
        "move": {"hours": 3, "sequence": 1},
        "move-one": {"moved": True, "sequence": 1},
        "skip-one": {"skipped": True, "sequence": 1},
        "cancel": {"status": "CANCELLED", "sequence": 1},
        "delete": {},
    }[change]
    before = invitation(uid, organizer, attendees)
    return before, None if change == "delete" else invitation(uid, organizer, attendees, **after)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[str, People]]:
    """The people of each server, by its name."""
    made: dict[str, People] = {}
    yield made
    for people in made.values():
        people.close()


def there(people: People, role: str, change: str, before: str, uid: str) -> tuple[str, str | None, str | None]:
    """Where the event lies before the change, its text there, and its ETag; these are None when it is yet to come."""
    if change == "create":
        return people.place(uid), None, None
    if role == "guest-of-neighbour":
        href = people.invited_by_bob(before, uid)
    else:
        href = people.place(uid)
        people.client.create(href, before.encode(), notify=True)
    [item] = people.client.fetch(people.calendar, [href])
    return href, item.body.decode(), item.etag


def write(people: People, href: str, text: str | None, etag: str | None, *, notify: bool) -> str | None:
    if text is None:
        assert etag
        people.client.remove(href, etag, notify=notify)
        return None
    if etag is None:
        people.client.create(href, text.encode(), notify=notify)
    else:
        people.client.update(href, text.encode(), etag, notify=notify)
    return people.client.etag(href)


def outcome(people: People, role: str, change: str, *, quiet: bool) -> str:
    """What became of one change: a letter of the table."""
    uid = uuid4().hex
    people.told(asked=False)  # what comes late is of the change before
    first, after = changed(role, change, people, uid)
    href, before, etag = there(people, role, change, first, uid)
    who = people.who
    people.told(asked=True)
    steps: tuple[str | None, ...] = (after,)
    if quiet:
        plan = sending(before, after, who.addresses, who.software, schedules=who.schedules)
        if plan.refused:
            return "r"
        steps = plan.steps
    try:
        for step in steps:
            etag = write(people, href, step, etag, notify=not quiet)
    except CoachsyncError:
        return "x"
    told = people.told(asked=not quiet)
    return f"{'m' if told.mail else ''}{'c' if told.calendar else ''}" or "-"


@pytest.mark.parametrize(("server", "role", "change", "sent", "kept"), list(cells()))
def test_p06_what_a_server_sends_by_itself_and_that_it_is_kept_quiet(
    request: pytest.FixtureRequest,
    stages: dict[str, People],
    server: str,
    role: str,
    change: str,
    sent: str,
    kept: str,
) -> None:
    if server not in stages:
        stages[server] = People(request.getfixturevalue(f"{server}_server"))

    assert outcome(stages[server], role, change, quiet=False) == sent
    assert outcome(stages[server], role, change, quiet=True) == kept


@pytest.mark.parametrize(
    ("server", "software", "schedules"),
    [
        ("sabre18", Software.SABRE, False),
        ("davical", Software.DAVICAL, True),
        ("sogo", Software.SOGO, True),
        ("cyrus", Software.CYRUS, True),
    ],
)
def test_each_server_is_recognised(
    request: pytest.FixtureRequest, server: str, software: Software, schedules: bool
) -> None:
    running: RealServer = request.getfixturevalue(f"{server}_server")
    client = running.account().client()

    who = client.whoami()

    assert (who.software, who.schedules) == (software, schedules)
    client.close()
