"""A second user of the same server, and a visitor without a name: what they get, can search, and write into a share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import accounts
import servers
from accounts import Account
from aviary import everything_served
from coachsync import contentline
from events import event
from scenario_practice import Practice, local, session, tomorrow
from watching import ATTENDEE, SOURCE_UID, WORD, Watched, hits
from web import Web

BOB = servers.RADICALE_USERS[-1]
PLACES = {who: uuid4().hex for who in ("reader", "writer", "visitor")}  # where a share lies, by who may look at it
RIGHTS = f"""
[root]
user: .+
collection:
permissions: R
[own]
user: .+
collection: {{user}}(/.*)?
permissions: RrWw
[bob reads]
user: {BOB}
collection: [^/]+/{PLACES["reader"]}
permissions: r
[bob writes]
user: {BOB}
collection: [^/]+/{PLACES["writer"]}
permissions: rw
[anybody]
user: .*
collection: [^/]+/{PLACES["visitor"]}
permissions: r
"""
CHANGES = {
    "title": ("Séance", "Iouri Chtcherbakov", {"value"}),
    "guest": ("TRANSP", "ATTENDEE;CN=Marina Dupont:mailto:marina@dupont.example\r\nTRANSP", {"property", "parameter"}),
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.radicale(tmp_path_factory.mktemp("two-users"), rights=RIGHTS) as url:
        yield url


@dataclass
class Shared:
    """Alice's share and those who may look at it."""

    watched: Watched
    bob: Web
    visitor: Web

    @property
    def words(self) -> set[str]:
        """Every word of the source, but for the label that our share says too."""
        ((_, body),) = self.watched.web.objects(self.watched.source).items()
        said = [contentline.unfold(line.raw).removeprefix(line.name) for line in contentline.lines(body.decode())]
        return set(re.findall(r"[^\W\d_]{3,}", " ".join(said))) - {"VCALENDAR", "VEVENT", "Séance"} | {SOURCE_UID}


@pytest.fixture
def shared(practice: Practice, url: str, request: pytest.FixtureRequest) -> Shared:
    """A published share that Bob may read (or what the parameter says), looked at with his eyes."""
    who = getattr(request, "param", "reader")
    bob = Account(url, BOB, servers.PASSWORD, f"{url}{BOB}/")
    settings = {"audience": '{ account = "bob" }'} if who != "visitor" else {}
    watched = Watched(practice, Web(accounts.on_radicale(url)), settings=settings, place=PLACES[who])
    practice.account("bob", bob)
    watched.sync()
    return Shared(watched, Web(bob), Web(Account(url, "nobody", "", url)))


def test_p03_a_private_calendar_that_the_audience_may_read_is_found_though_the_server_tells_of_nobody(
    practice: Practice, tmp_path: Path
) -> None:
    everything = RIGHTS.replace(PLACES["reader"], ".*")
    with servers.radicale(tmp_path, rights=everything) as url:
        bob = Account(url, BOB, servers.PASSWORD, f"{url}{BOB}/")
        watched = Watched(practice, Web(accounts.on_radicale(url)), settings={"audience": '{ account = "bob" }'})
        practice.account("bob", bob)
        watched.sync()
        assert watched.codes("calendars.coaching") == {"source-shared"}
        told = practice.run("share", "verify")
    assert told.code == 5
    assert re.search(rf"^.*{BOB}.*$", told.out, re.MULTILINE)
    assert BOB not in practice.run("status").out


def looks(web: Web, url: str) -> list[int]:
    """What a server answers to each way to look at a calendar."""
    answers = (web.ask("PROPFIND", url, Depth="1"), web.ask("REPORT", url, Depth="1"), web.ask("GET", url))
    return [answer.status for answer in answers]


@pytest.mark.parametrize(("shared", "who"), [("reader", "bob"), ("visitor", "visitor")], indirect=["shared"])
def test_p01_whoever_may_read_finds_no_word_of_the_source(shared: Shared, who: str) -> None:
    watched, words = shared.watched, shared.words
    web: Web = getattr(shared, who)
    assert {WORD, *ATTENDEE.split(), "zebulon", SOURCE_UID} <= words
    assert set(hits(watched.web, watched.source, words)) >= {WORD, "Zebulon", SOURCE_UID}  # it can be found there
    assert hits(web, watched.url, ["Séance"]) == ["Séance"]
    assert hits(web, watched.url, sorted(words)) == []
    served = [part if isinstance(part, str) else part.decode() for part in everything_served(web, watched.url)]
    telling = {word.lower() for word in words if len(word) > 5} - {"example"}
    assert not [word for word in telling for part in served if word in part.lower()]
    assert set(looks(web, watched.source)) <= {401, 403, 404}
    assert set(looks(web, watched.web.account.home)) <= {401, 403, 404}


def test_p03_verify_looks_with_the_eyes_of_the_second_user(shared: Shared) -> None:
    watched, web = shared.watched, shared.watched.web
    assert watched.found() == ()
    ours = web.hrefs(watched.url)[0]
    assert shared.bob.put(ours, session(local(tomorrow(), 12))).status in (401, 403)
    web.put(ours, web.ask("GET", ours).text.replace("TRANSP", f"COMMENT:{WORD} M. Dupont\r\nTRANSP"))
    assert watched.codes("edited object") == {"edited-object", "property", "identifier"}


@pytest.mark.parametrize("shared", ["writer"], indirect=True)
@pytest.mark.parametrize("change", CHANGES)
def test_p03_p04_what_a_second_user_writes_is_found_left_and_kept(shared: Shared, change: str) -> None:
    watched, bob = shared.watched, shared.bob
    practice, web = watched.practice, watched.web
    practice.share("team", ["coaching"], f'account = "outlet", name = "Team {uuid4().hex}"', "busy")
    watched.sync()
    (ours,), (was, becomes, codes) = web.hrefs(watched.url), CHANGES[change]
    theirs = web.ask("GET", ours).text.replace(was, becomes)
    foreign = f"{urlsplit(watched.url).path}marina-dupont.ics"
    assert bob.put(ours, theirs).status in (201, 204)
    assert bob.put(foreign, session(local(tomorrow(), 12)).replace(b"Marguerite", b"Bo Li")).status == 201

    assert watched.codes("edited object") == {"edited-object", "identifier", *codes}
    assert watched.codes("foreign object") >= {"foreign-object", "identifier", "href"}
    assert watched.codes("object") == set()
    before = web.objects(watched.url)
    watched.sync()  # an alarm only
    assert web.objects(watched.url) == before
    elsewhere = web.objects(watched.source) | web.objects(team := _team(shared))
    assert not re.search(rb"Dupont|Chtcherbakov|Bo Li", b"".join(elsewhere.values()))
    assert (len(web.hrefs(watched.source)), len(web.hrefs(team))) == (1, 1)

    (source,) = web.hrefs(watched.source)
    web.put(source, event(SOURCE_UID, local(tomorrow(), 15), title="Séance"))  # what they edited is wanted no more
    done = practice.sync()
    invites = change == "guest"  # its deletion could send mail
    told = [one["code"] for one in done.json["problems"]]
    assert told == ["share-object-left" if invites else "share-object-edited"], done.out
    assert (ours in web.hrefs(watched.url)) is invites
    assert foreign in web.hrefs(watched.url)
    kept = practice.run("--json", "appointment", "restore").json["kept"]
    assert [(one["share"], one["title"]) for one in kept if one["share"]] == (
        [] if invites else [("office", "Iouri Chtcherbakov")]
    )


def _team(shared: Shared) -> str:
    """The URL of the other share."""
    (name,) = re.findall(r'name = "(Team \w+)"', "\n".join(shared.watched.practice.sections))
    return shared.watched.web.calendar(name)
