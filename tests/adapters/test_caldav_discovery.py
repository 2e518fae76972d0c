"""Finding the account's calendars: from any URL, by well-known URI, by DNS; and how calendars are described."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import dns.message
import dns.resolver
import dns.rrset
import pytest

from accounts import Account
from certificates import Authority
from coachsync.errors import Barred, CoachsyncError, NotThere, Temporary
from coachsync.model import Collection
from davscript import CALENDAR, Connect, Start, about, basic, calendar_url, collection, multistatus
from servers import Reply, Request

HTML = Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    "path", ["", "dav/", "dav/principals/alice/", "dav/principals/alice", "dav/alice/", "dav/alice/coaching/"]
)
def test_any_url_of_the_account_leads_to_it(scripted: Start, connect: Connect, path: str) -> None:
    server = scripted(basic(collection))
    client = connect(server.url + path)

    principal = client.whoami()

    assert principal.homes == (f"{server.url}dav/alice/",)
    assert principal.url == f"{server.url}dav/principals/alice/"
    assert principal.addresses == {"mailto:alice@example.org"}
    assert [(calendar.url, calendar.name) for calendar in client.collections()] == [(calendar_url(server), "Coaching")]


@pytest.mark.parametrize("path", ["", "%s", "%s/calendar/", "nowhere/"])
def test_any_url_of_a_real_server_leads_to_the_account(radicale: Account, connect: Connect, path: str) -> None:
    url = radicale.url + path.replace("%s", radicale.username)

    assert connect(url, radicale.username, radicale.password).whoami().homes == (radicale.home,)


@pytest.mark.parametrize("start", [HTML, Reply(404), Reply(405), Reply(403), Reply(500), Reply(501)])
def test_a_server_that_serves_calendars_elsewhere_is_found_by_its_well_known_uri(
    scripted: Start, connect: Connect, start: Reply
) -> None:
    def script(request: Request) -> Reply:
        if request.path == "/.well-known/caldav":
            return Reply(301, b"", {"Location": "/dav/"})
        return basic(collection)(request) if request.path.startswith("/dav/") else start

    server = scripted(script)

    for path in ("", "some/page/"):
        assert connect(server.url + path).whoami().homes == (f"{server.url}dav/alice/",)


def test_a_server_that_is_no_calendar_server_is_told_as_such(scripted: Start, connect: Connect) -> None:
    for reply, kind, code in [
        (HTML, Temporary, "not-caldav"),
        (Reply(404), NotThere, "not-there"),
        (Reply(405), CoachsyncError, "refused"),
        (Reply(403), Barred, "login-forbidden"),
        (
            multistatus(about("/", "<current-user-principal><unauthenticated/></current-user-principal>")),
            NotThere,
            "not-there",
        ),
    ]:
        server = scripted(lambda _, reply=reply: reply)
        with pytest.raises(CoachsyncError) as refused:
            connect(server.url).whoami()
        assert (type(refused.value), refused.value.code) == (kind, code)


def test_an_account_without_calendars_is_told_as_such(scripted: Start, connect: Connect) -> None:
    principal = "<current-user-principal><href>/me/</href></current-user-principal>"
    server = scripted(lambda request: multistatus(about(request.path, principal)))

    with pytest.raises(CoachsyncError) as refused:
        connect(server.url).whoami()

    assert refused.value.code == "no-calendar-home"


@pytest.mark.parametrize("where", ["current-user-principal", "C:calendar-home-set"])
def test_calendars_on_another_host_are_not_followed_but_named(scripted: Start, connect: Connect, where: str) -> None:
    elsewhere = scripted(collection)
    url = elsewhere.url.replace("127.0.0.1", "localhost")
    server = scripted(lambda request: multistatus(about(request.path, f"<{where}><href>{url}x/</href></{where}>")))

    with pytest.raises(Temporary) as refused:
        connect(server.url).whoami()

    assert refused.value.code == "calendars-elsewhere"
    assert url in refused.value.hint
    assert f"{url}x" not in refused.value.hint
    assert elsewhere.requests == []


class Names:
    """A DNS server on loopback that knows these records."""

    def __init__(self, records: list[tuple[str, str, str]]) -> None:
        self._records = records
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            asked = dns.message.from_wire(question)
            answer = dns.message.make_response(asked)
            for name, kind, value in self._records:
                record = dns.rrset.from_text(name, 60, "IN", kind, value)
                if (record.name, record.rdtype) == (asked.question[0].name, asked.question[0].rdtype):
                    answer.answer.append(record)
            self._socket.sendto(answer.to_wire(), sender)

    def close(self) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes DNS answer with these records, (name, type, value) each."""
    with ExitStack() as started:

        def use(*records: tuple[str, str, str]) -> None:
            server = started.enter_context(closing(Names(list(records))))
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
            resolver.lifetime = 2
            monkeypatch.setattr(dns.resolver, "default_resolver", resolver)

        yield use


def test_a_bare_host_that_serves_no_calendars_is_looked_up_in_dns(
    scripted: Start, connect: Connect, authority: Authority, names: Callable[..., None]
) -> None:
    def script(request: Request) -> Reply:
        return basic(collection)(request) if request.path.startswith("/dav/") else Reply(404)

    web = scripted(lambda _: HTML, authority.context("localhost"))
    dav = scripted(script, authority.context("localhost"))
    names(
        ("_caldavs._tcp.localhost.", "SRV", f"0 1 {dav.port} localhost."),
        ("_caldavs._tcp.localhost.", "TXT", '"path=/dav/"'),
    )
    client = connect(f"https://localhost:{web.port}/", ca_file=authority.file)

    assert client.whoami().homes == (f"https://localhost:{dav.port}/dav/alice/",)
    [calendar] = client.collections()
    dav.script = lambda _: Reply(201)
    client.make(calendar.url, "Coaching")
    client.create(CALENDAR + "a.ics", b"x")
    assert dav.requests[-1].path == CALENDAR + "a.ics"


def test_a_host_outside_the_domain_is_not_believed(
    scripted: Start, connect: Connect, authority: Authority, names: Callable[..., None]
) -> None:
    web = scripted(lambda _: HTML, authority.context("localhost"))
    dav = scripted(collection, authority.context("127.0.0.1"))
    for host in ("evil.example.", "notlocalhost.", "127.0.0.1."):
        names(("_caldavs._tcp.localhost.", "SRV", f"0 1 {dav.port} {host}"))
        with pytest.raises(Temporary) as refused:
            connect(f"https://localhost:{web.port}/", ca_file=authority.file).whoami()
        assert refused.value.code == "not-caldav"
    assert dav.requests == []


def test_a_url_with_a_path_is_not_looked_up_in_dns(
    scripted: Start, connect: Connect, authority: Authority, names: Callable[..., None]
) -> None:
    web = scripted(lambda _: HTML, authority.context("localhost"))
    dav = scripted(collection, authority.context("localhost"))
    names(("_caldavs._tcp.localhost.", "SRV", f"0 1 {dav.port} localhost."))

    with pytest.raises(Temporary):
        connect(f"https://localhost:{web.port}/calendars/", ca_file=authority.file).whoami()

    assert dav.requests == []


CALENDAR_TYPE = "<resourcetype><collection/><C:calendar/></resourcetype>"


def described(scripted: Start, connect: Connect, *properties: str) -> Collection:
    server = scripted(lambda _: multistatus(about(CALENDAR, CALENDAR_TYPE, *properties)))
    return connect(server.url).collection(calendar_url(server))


def test_a_calendar_is_described_as_its_server_describes_it(scripted: Start, connect: Connect) -> None:
    server = scripted(
        lambda _: multistatus(
            about(
                CALENDAR.rstrip("/"),
                CALENDAR_TYPE,
                "<displayname> Séances </displayname><C:calendar-description>Privé</C:calendar-description>",
                '<calendar-color xmlns="http://apple.com/ns/ical/">#FF0000</calendar-color>',
                '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>',
                "<supported-report-set><supported-report><report><sync-collection/></report></supported-report>"
                "</supported-report-set>",
            )
        )
    )

    calendar = connect(server.url).collection(calendar_url(server).rstrip("/"))

    assert (calendar.name, calendar.description, calendar.colour) == ("Séances", "Privé", "#FF0000")
    assert (calendar.sync_collection, calendar.events, calendar.identity) == (True, True, "")
    assert calendar.url == calendar_url(server)


def test_a_calendar_of_tasks_holds_no_events(scripted: Start, connect: Connect) -> None:
    tasks = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'

    assert not described(scripted, connect, tasks).events


def test_identity_tells_a_replaced_calendar_and_another_owner(scripted: Start, connect: Connect) -> None:
    def identity(number: str, owner: str) -> str:
        resource = f"<resource-id><href>urn:uuid:{number}</href></resource-id>" if number else ""
        of = f"<owner><href>/principals/{owner}/</href></owner>" if owner else "<owner/>"
        return described(scripted, connect, resource, of).identity

    one = identity("1", "alice")
    assert one == identity("1", "alice") != ""
    assert len({one, identity("2", "alice"), identity("1", "bob"), identity("", "alice"), identity("", "")}) == 5
    assert identity("", "") == ""
    assert "alice" not in one


def test_an_identity_the_server_failed_to_tell_is_no_other_identity(scripted: Start, connect: Connect) -> None:
    failed = "<propstat><prop><owner/></prop><status>HTTP/1.1 500 Oops</status></propstat></response>"
    reply = multistatus(about(CALENDAR, CALENDAR_TYPE).replace("</response>", failed))
    server = scripted(lambda _: reply)

    with pytest.raises(Temporary):
        connect(server.url).collection(calendar_url(server))


def test_inboxes_and_deleted_calendars_are_no_calendars(scripted: Start, connect: Connect) -> None:
    def home(request: Request) -> Reply:
        if request.headers["Depth"] == "0":
            return collection(request)
        kinds = ["<C:schedule-inbox/>", '<x:deleted-calendar xmlns:x="http://nextcloud.com/ns"/>', "", "<C:calendar/>"]
        types = [f"<resourcetype><collection/>{kind}</resourcetype>" for kind in kinds]
        return multistatus(*(about(f"/dav/alice/{number}/", kind) for number, kind in enumerate(types)))

    server = scripted(home)
    client = connect(server.url)

    assert [calendar.url for calendar in client.collections()] == [f"{server.url}dav/alice/3/"]


def test_discovery_is_not_logged(
    scripted: Start,
    connect: Connect,
    names: Callable[..., None],
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
) -> None:
    web = scripted(lambda _: HTML, authority.context("localhost"))
    names(("_caldavs._tcp.localhost.", "SRV", "0 1 1 evil.example."))
    with caplog.at_level(logging.DEBUG), pytest.raises(Temporary):
        connect(f"https://localhost:{web.port}/", ca_file=authority.file).whoami()
    assert "evil" not in caplog.text
