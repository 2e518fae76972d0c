"""What others can do in a share and how a share looks to them: written into, searched, opened by its public link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import accounts
import servers
from accounts import Account
from davscript import about, multistatus
from faults import Saboteur
from scenario_practice import Practice, local, session, tomorrow
from servers import Recorder, Reply, Request
from watching import ATTENDEE, CLIENTS, SOURCE_UID, WORD, Watched, hits
from web import Web

GUEST = "ATTENDEE;CN=Marina Dupont:mailto:marina@dupont.example\r\nTRANSP"


# --- somebody writes into a share ------------------------------------------------------------------------------------


def test_p03_what_others_write_into_a_share_is_found_named_and_left(practice: Practice, web: Web) -> None:
    watched = Watched(practice, web)
    watched.sync()
    url, (ours,) = watched.url, web.hrefs(watched.url)
    text = web.ask("GET", ours).text
    theirs = {"title": text.replace("Séance", "Iouri Chtcherbakov"), "guest": text.replace("TRANSP", GUEST)}
    for change, codes in (("title", {"value"}), ("guest", {"property", "parameter"})):
        assert web.put(ours, theirs[change]).status in (201, 204)
        assert watched.codes("edited object 1") == {"edited-object", "identifier", *codes}
        assert watched.codes("object") == set()
        watched.sync()
        assert web.ask("GET", ours).text.count("Dupont" if change == "guest" else "Chtcherbakov") == 1
    foreign = f"{url}marina-dupont.ics"
    assert web.put(foreign, session(local(tomorrow(), 12))).status == 201
    assert {"foreign-object", "href"} <= watched.codes("foreign object")
    watched.sync()
    assert set(web.hrefs(url)) == {ours, urlsplit(foreign).path}
    assert len(web.hrefs(watched.source)) == 1  # nothing of theirs comes back into the source


# --- somebody searches ---------------------------------------------------------------------------------------------


SAID = (WORD, WORD.lower()[:6], *ATTENDEE.split(), "quartz@zebulon.example", "home.example", SOURCE_UID)


def test_p03_a_search_in_a_share_hits_no_word_of_the_source(practice: Practice, web: Web) -> None:
    watched = Watched(practice, web)
    watched.sync()
    assert WORD in hits(web, watched.source, SAID)  # there a search finds it
    assert hits(web, watched.url, ("Séance",)) == ["Séance"]
    assert hits(web, watched.url, SAID) == []


def test_p03_verify_sends_no_word_and_no_name(
    practice: Practice, web: Web, recorder: Callable[[str], Recorder]
) -> None:
    before = recorder(web.account.url)
    watched = Watched(practice, web, before.url)
    watched.sync()
    (ours,) = web.hrefs(watched.url)
    web.put(ours, web.ask("GET", ours).text.replace("TRANSP", f"COMMENT:{WORD} Dupont\r\nTRANSP"))
    before.clear()
    assert watched.codes("edited") == {"edited-object", "property", "identifier"}
    assert {"PROPFIND", "REPORT", "GET"} <= set(before.methods) <= {"OPTIONS", "PROPFIND", "REPORT", "GET"}
    known = [text for client in CLIENTS for text in (*client.names, *client.phones)]
    words = {part.lower() for text in (*SAID, *known) for part in (text, *text.split())} - {"li", "bo"}
    for request in before.requests:
        sent = unquote(f"{request.path} {request.headers} {request.body.decode()}").lower()
        assert "text-match" not in sent
        assert not [word for word in words if len(word) > 2 and word in sent.replace("33", "")]


def test_p03_what_one_way_to_look_does_not_show_is_a_finding(
    practice: Practice, web: Web, saboteur: Callable[[str], Saboteur]
) -> None:
    before = saboteur(web.account.url)
    watched = Watched(practice, web, before.url)
    watched.sync()

    def hides(request: Request, forward: Callable[[], Reply]) -> Reply:
        reply = forward()
        return replace(reply, body=multistatus().body) if b"calendar-query" in request.body else reply

    before.fault = hides
    assert watched.codes("collection") == {"unseen-object"}


# --- somebody has the public link ------------------------------------------------------------------------------------

ANYBODY = """
[root]
user: .+
collection:
permissions: R
[own]
user: .+
collection: {user}(/.*)?
permissions: RrWw
[all]
user: .*
collection: [^/]+/.*
permissions: Rr
"""


@pytest.fixture(scope="session")
def open_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Radicale where anybody may read every calendar."""
    with servers.radicale(tmp_path_factory.mktemp("open"), rights=ANYBODY) as url:
        yield url


def test_p03_what_anybody_gets_by_a_public_link_is_looked_at(
    practice: Practice, open_url: str, recorder: Callable[[str], Recorder]
) -> None:
    web, before = Web(accounts.on_radicale(open_url)), recorder(open_url)
    watched = Watched(practice, web)
    watched.sync()
    link = f"{before.url}{urlsplit(watched.url).path[1:]}"
    practice.sections[-1] += f'\npublic_link = "{link}"'
    practice.file.write_text("\n".join(practice.sections), encoding="utf-8")
    before.clear()
    found = [one for one in watched.found() if one.code != "source-public"]
    assert found == []
    assert before.count["GET"] >= 2
    assert not any({"authorization", "cookie"} & {name.lower() for name in one.headers} for one in before.requests)
    anybody = Web(Account(open_url, "nobody", "", open_url))
    assert hits(anybody, watched.url, SAID) == []
    (ours,) = web.hrefs(watched.url)
    web.put(ours, web.ask("GET", ours).text.replace("TRANSP", "COMMENT:Dupont\r\nTRANSP"))
    assert watched.codes("edited object in the public link") == {"property", "identifier"}
    assert watched.codes("public link") == set()
    assert link not in practice.run("--json", "share", "verify").out + practice.run("status").out


class Nextcloud:
    """A public calendar as Nextcloud shows it: a page, a DAV collection, an export with a frame of its own."""

    def __init__(self, web: Web, url: str) -> None:
        self.web, self.url = web, url
        self.frame = "X-WR-CALNAME:{name}\r\nX-APPLE-CALENDAR-COLOR:#0082c9\r\nREFRESH-INTERVAL;VALUE=DURATION:PT4H"
        self.events = ""
        self.heads = {"Content-Disposition": 'attachment; filename="calendar-2026.ics"'}
        self.told = "<displayname>Team</displayname>"

    def __call__(self, request: Request) -> Reply:
        dav = request.path.startswith("/remote.php/dav/public-calendars/tOkEn")
        if dav and request.method == "PROPFIND":
            return multistatus(about("/remote.php/dav/public-calendars/tOkEn/", self.told))
        if dav and request.path.endswith("?export"):
            return Reply(200, self.export().encode(), {"Content-Type": "text/calendar", **self.heads})
        if request.path.startswith("/apps/calendar/p/"):
            return Reply(200, b"<html><title>Calendar</title></html>", {"Content-Type": "text/html"})
        return Reply(405 if dav else 404)

    def export(self) -> str:
        bodies = [body.decode() for body in self.web.objects(self.url).values()]
        events = "".join(body[body.index("BEGIN:VEVENT") : body.index("END:VCALENDAR")] for body in bodies)
        head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//SabreDAV//SabreDAV//EN\r\nCALSCALE:GREGORIAN\r\n"
        return f"{head}{self.frame}\r\n{events}{self.events}END:VCALENDAR\r\n"


@pytest.fixture
def nextcloud(practice: Practice, radicale: Account, scripted: Callable[..., object]) -> tuple[Watched, Nextcloud]:
    watched = Watched(practice, Web(radicale))
    watched.sync()
    script = Nextcloud(watched.web, watched.url)
    script.frame = script.frame.format(name=watched.name)
    server = scripted(script)
    practice.sections[-1] += f'\npublic_link = "{server.url}apps/calendar/p/tOkEn"'  # type: ignore[attr-defined]
    practice.file.write_text("\n".join(practice.sections), encoding="utf-8")
    return watched, script


def test_p03_a_public_calendar_of_nextcloud_is_looked_at(nextcloud: tuple[Watched, Nextcloud]) -> None:
    watched, script = nextcloud
    assert watched.found() == ()
    script.frame += "\r\nX-WR-CALDESC:Марина Дюпон"
    assert watched.codes("public link") == {"identifier"}
    script.frame = script.frame.replace("X-WR-CALDESC:Марина Дюпон", "X-OWN:1")
    assert watched.codes("public link") == {"property"}
    script.frame = script.frame.replace("X-OWN:1", "X-PUBLISHED-TTL:PT4H")
    script.heads = {"Content-Disposition": 'attachment; filename="Coaching-Chtcherbakov.ics"'}
    assert watched.codes("public link") == {"answer"}
    script.heads, script.told = {}, "<displayname>Team Dupont</displayname>"
    assert watched.codes("public link") == {"answer"}
    script.told = "<displayname>Team</displayname>"
    script.events = "BEGIN:VEVENT\r\nUID:x\r\nSUMMARY:Bo Li\r\nEND:VEVENT\r\n"
    assert watched.codes("foreign object in the public link") == {"foreign-object", "identifier"}
    assert watched.codes("public link") == {"public-object"}


def test_a_public_link_that_leads_elsewhere_or_nowhere_is_told(
    nextcloud: tuple[Watched, Nextcloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, _ = nextcloud
    for reply, code in (
        (Reply(302, b"", {"Location": "https://other.example/"}), "redirect-elsewhere"),
        (Reply(404), "public-link-missing"),
        (Reply(200, b"hello"), "public-link-no-calendar"),
    ):
        monkeypatch.setattr(Nextcloud, "__call__", lambda self, request, reply=reply: reply)
        done = watched.practice.run("--json", "share", "verify")
        assert code in done.out + done.err
        assert "tOkEn" not in done.out + done.err


def test_a_public_link_is_a_secret_and_needs_tls(tmp_path: Path) -> None:
    from configurations import GOOD, changed, only_problem

    assert GOOD
    for link, code in (("http://cloud.example/p/x", "no-tls"), ("https://a:b@cloud.example/p", "credentials-in-url")):
        problem = only_problem(tmp_path, changed("round_to", f'public_link = "{link}"\nround_to'))
        assert (problem.code, problem.where) == (code, "shares.office.public_link")
        assert "cloud.example" not in f"{problem.message} {problem.hint}"
