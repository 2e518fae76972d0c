"""Alice lets Bob into her calendar on real servers: who is told of, and whether Bob sees just what is said of him."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from coachsync.adapters.caldav.hrefs import origin
from coachsync.model import Grant, Grantee
from coachsync.redaction.visibility import Sight, declared, visible
from realservers import letting_in
from realservers.fixtures import debian
from realservers.people import START, People
from realservers.postgres import Postgres
from realservers.realserver import RealServer

WORD = "Zanzibar"
CLASSES = (None, "PUBLIC", "CONFIDENTIAL", "PRIVATE", "confidential", "private")
_QUERY = (
    '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop>'
    '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY">'
    "<C:text-match>{word}</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)


@pytest.fixture(params=debian())
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    server: RealServer = request.getfixturevalue(f"{request.param}_server")
    people = People(server)
    yield people
    people.close()


def only(*names: str) -> pytest.MarkDecorator:
    """Only on these servers."""
    return pytest.mark.parametrize("people", debian(*names), indirect=True)


class Calendar:
    """Alice's calendar with an event of each CLASS, as Alice is told about it and as Bob sees it."""

    def __init__(self, people: People) -> None:
        self.people, self.bobs = people, people._bobs
        self.texts = {people.place(uuid4().hex): name for name in CLASSES}
        for href, name in self.texts.items():
            people.client.create(href, _event(href, name))

    def told(self) -> tuple[Grant, ...]:
        """Everybody but those who have only the times: by default everybody on some servers."""
        listed = (
            *self.people.client.exposure(self.people.calendar),
            *self.people.client.delegates(self.people.who.url),
        )
        return tuple(grant for grant in listed if grant.kind is not Grantee.EVERYBODY)

    def said(self, grant: Grant) -> Sight:
        """What the table says that somebody sees."""
        stored = self.people.client.fetch(self.people.calendar, list(self.texts))
        return visible(self.people.who.software, grant, Counter(declared(item.body) for item in stored))

    def seen(self) -> Sight:
        """What Bob really sees, in GET and REPORT, and what a search tells him of the rest."""
        hits, others = self._search(WORD), self._search("Quagga")
        shown = {href: self._look(href, hits) for href in self.texts}
        counts = Counter(shown.values())
        found = [href for href in self.texts if href in hits and href not in others and shown[href] != "full"]
        return Sight(counts["full"], counts["times_only"], counts["hidden"], len(found))

    def _look(self, href: str, report: str) -> str:
        answer = self.bobs._transport.send("GET", origin(self.people.calendar) + href)
        if _title(href) in report + answer.body.decode():  # DAViCal gives in one what it hides in the other
            return "full"
        return "times_only" if answer.status == 200 else "hidden"

    def _search(self, word: str) -> str:
        headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
        body = _QUERY.format(word=word).encode()
        return self.bobs._transport.send("REPORT", self.people.calendar, body, headers).body.decode()


def _title(href: str) -> str:
    return f"{WORD} {href.rpartition('/')[2].removesuffix('.ics')}"


def _event(href: str, secrecy: str | None) -> bytes:
    line = "" if secrecy is None else f"CLASS:{secrecy}\r\n"
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uuid4().hex}\r\n{line}"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART:{START:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nSUMMARY:{_title(href)}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def test_nobody_is_told_of_before_somebody_is_let_in(people: People) -> None:
    calendar = Calendar(people)
    assert calendar.told() == ()
    listed = people.client.exposure(people.calendar)
    assert all(grant.times_only for grant in listed)
    for everybody in listed:  # whoever has a login, as Bob has
        seen = calendar.seen()
        assert (seen.full, seen.searchable) == (0, calendar.said(everybody).searchable)


@only("cyrus")
@pytest.mark.parametrize("access", ["read", "read-write"])
def test_cyrus_shows_everything(people: People, access: str) -> None:
    calendar = Calendar(people)
    letting_in.cyrus(people, access)
    [bob] = calendar.told()
    assert (bob.who.partition("@")[0], bob.kind, bob.writes) == (
        people.bob.username, Grantee.PERSON, access == "read-write",
    )  # fmt: skip
    assert calendar.said(bob) == calendar.seen() == Sight(full=6)


@only("sogo")
@pytest.mark.parametrize(
    ("roles", "writes"),
    [
        (("PublicViewer", "ConfidentialDAndTViewer"), False),
        (("PublicDAndTViewer",), False),
        (("PrivateModifier",), True),
        (("ObjectCreator",), True),
    ],
)
def test_sogo_shows_what_each_role_allows(people: People, roles: tuple[str, ...], writes: bool) -> None:
    calendar = Calendar(people)
    letting_in.sogo(people, *roles)
    [bob] = calendar.told()
    assert (bob.who, bob.kind, bob.writes) == (people.bob.username, Grantee.PERSON, writes)
    assert calendar.said(bob) == calendar.seen()


@only("davical")
@pytest.mark.parametrize(
    ("privileges", "account", "sight"),
    [
        (("read",), False, Sight(4, 1, 1, 1)),
        (("read", "write"), False, Sight(4, 1, 1, 1)),
        (("all",), True, Sight(6)),
    ],
)
def test_davical_hides_what_is_marked_in_capitals(
    people: People, postgres_cluster: Postgres, privileges: tuple[str, ...], account: bool, sight: Sight
) -> None:
    calendar = Calendar(people)
    letting_in.davical(people, postgres_cluster, *privileges, account=account)
    first, *delegates = calendar.told()
    assert (first.who, first.kind, first.writes) == (people.bob.username, Grantee.PERSON, privileges != ("read",))
    assert [(one.who, one.kind) for one in delegates] == [(people.bob.username, Grantee.DELEGATE)] * account
    assert calendar.said(first) == calendar.seen() == sight


@only("sabre18")
@pytest.mark.parametrize("group", ["calendar-proxy-read", "calendar-proxy-write"])
def test_sabre_shows_everything_to_delegates(people: People, group: str) -> None:
    calendar = Calendar(people)
    assert people.server.data is not None
    letting_in.sabre18(people, people.server.data, group)
    [bob] = calendar.told()
    assert bob == Grant(people.bob.username, Grantee.DELEGATE, writes=group == "calendar-proxy-write")
    assert calendar.said(bob) == calendar.seen() == Sight(full=6)
