"""What the audience of a share gets, in each way in which it can look: as an account, by a public link, as a file."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from posixpath import commonpath
from urllib.parse import urlsplit

from coachsync import contentline
from coachsync.adapters import publiclink, secondparser
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Entry, SignIns
from coachsync.adapters.database import Share as Bound
from coachsync.adapters.files import modified_at, read_if_there
from coachsync.app import audience, hidden
from coachsync.app.audience import Place
from coachsync.app.file_target import is_ours, path_of
from coachsync.app.people import own_names, own_words
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, FileTarget, Share
from coachsync.errors import Barred, CoachsyncError, NotThere
from coachsync.model import Finding, Item, Told
from coachsync.phrases import say
from coachsync.redaction import answers, kinds, leaks, schedule, streams, words
from coachsync.redaction.allowed import Ours
from coachsync.redaction.kinds import Kind
from coachsync.redaction.leaks import Served
from coachsync.redaction.seeking import Search

_FORBIDDEN = "forbidden"  # the code of a 403
_SAMPLE = 20  # objects that are also fetched one by one


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, the UIDs that were seen, None where not all could be, and those of entries that somebody has
    edited; and what has ended the look before its time."""

    findings: tuple[Finding, ...] = ()
    seen: Set[str] | None = frozenset()
    edited: Set[str] = field(default_factory=frozenset)
    failure: CoachsyncError | None = None


def ours(entry: Entry) -> Ours:
    """An entry of the journal as it is compared with what is served."""
    return Ours(entry.uid, entry.slot, entry.text, entry.etag)


# --- as an account ----------------------------------------------------------------------------------------------------


def collection(
    wiring: Wiring, share: Share, target: CalDavTarget, url: str, entries: Sequence[Entry], search: Search
) -> Looked:
    """The share's collection as its audience's account gets it. Raises what its server raises before it gives any
    object; what it raises later is told beside the findings."""
    with closing(_account(wiring, share, target)) as server:
        try:
            place = audience.find(server, url, entries, is_owner=share.audience is None)
        except NotThere:
            missing = Finding(Kind.TARGET_MISSING, say("collection"), say("the share's calendar is not there"))
            return Looked((missing,))
        except CoachsyncError as problem:
            problem.where = _eyes_of(share)
            raise
        return _seen(wiring, share, target, _View(server, place), entries, search)


def _eyes_of(share: Share) -> str:
    return f"shares.{share.name}.audience" if share.audience else ""


def _account(wiring: Wiring, share: Share, target: CalDavTarget) -> CalendarServer:
    """The audience's account where one is configured, else the one that publishes; never the publishing connection."""
    return wiring.another(share.audience or target.account)


def is_reached(wiring: Wiring, share: Share, bound: Bound) -> bool:
    """Whether the collection or file that the share was bound to is there, whatever is configured by now; what is shut
    to the audience's account is not. Nobody can tell once its account is gone. Raises what its server raises."""
    if not bound.url:
        return read_if_there(path_of(bound)) is not None
    if bound.account not in wiring.config.accounts:
        return False
    with closing(wiring.another(share.audience or bound.account)) as server:
        try:
            server.collection(bound.url)
        except NotThere:
            return False
        except CoachsyncError as problem:
            if share.audience is None or not (isinstance(problem, Barred) or problem.code == _FORBIDDEN):
                raise
            return False
    return True


class _View:
    """Everything that one account gets of a collection, under the addresses that it was published under. No request
    holds anything but addresses of objects there. `failure` has ended the look; `untold` objects it might have given.
    """

    def __init__(self, server: CalendarServer, place: Place) -> None:
        url, self.place = place.about.url, place
        listed = sorted(server.changes(url, None).etags)
        self.listed: Set[str] = frozenset(map(place.ours, listed))
        self.untold: Set[str] = frozenset()
        self.told: tuple[Told, ...] = ()
        self.members: Set[str] = frozenset()
        self.queried: Set[str] | None = None
        self.alone: tuple[Item, ...] = ()
        items: list[Item] = []
        self.failure = _until(lambda: items.extend(server.fetch(url, listed)))
        self.items = place.items(items)
        if self.failure is not None:
            self.untold = self.listed - {item.href for item in self.items}
        else:
            self.failure = _until(lambda: self._look_beside(server, url, items))

    def _look_beside(self, server: CalendarServer, url: str, items: Sequence[Item]) -> None:
        self.told = tuple(self.place.told(server.everything(url)))
        path = urlsplit(self.place.published).path
        self.members = {one.href for one in self.told if one.href.rstrip("/") != path.rstrip("/")}
        queried = server.queried(url)
        self.queried = None if queried is None else frozenset(map(self.place.ours, queried))
        some = random.SystemRandom().sample(items, min(_SAMPLE, len(items)))
        self.alone = self.place.items(item for one in some for item in server.fetch(url, [one.href]))

    def unseen(self, published: Set[str]) -> Iterator[Finding]:
        """Objects that one way to look shows and another does not."""
        given = self.untold | {item.href for item in self.items}
        ways = (
            (self.listed - given, say("listed and not given: {number}", number=len(self.listed - given))),
            (
                self.members - self.listed,
                say("told of and not listed: {number}", number=len(self.members - self.listed)),
            ),
            (self._not_found(published), say("listed and not found: {number}", number=len(self._not_found(published)))),
            (self._hidden(), say("found and not listed: {number}", number=len(self._hidden()))),
        )
        for hrefs, detail in ways:
            if hrefs:
                yield Finding(Kind.UNSEEN_OBJECT, say("collection"), detail)

    def _not_found(self, published: Set[str]) -> Set[str]:
        return frozenset() if self.queried is None else (self.listed & published) - self.queried

    def _hidden(self) -> Set[str]:
        return (self.queried or frozenset()) - self.listed


def _seen(
    wiring: Wiring,
    share: Share,
    target: CalDavTarget,
    view: _View,
    entries: Sequence[Entry],
    search: Search,
) -> Looked:
    # What a run cut short has planned may be there or not: both are fine.
    there = {entry.href: entry for entry in entries if entry.live or entry.href in view.listed}
    journal = {href: ours(entry) for href, entry in there.items() if href not in view.untold}
    served = [_served(item) for item in view.items]
    places = _Places(served, journal)
    findings = [
        *view.unseen(journal.keys()),
        *leaks.in_collection(
            served, journal, _front(wiring, share, target, view.place), search, own_words(wiring.config)
        ),
        *_alone(view, served, journal, places, search),
        *answers.in_properties(view.told, urlsplit(view.place.published).path, places.called, search, _house(wiring)),
    ]
    if view.untold:  # what stands in all entries alike is told from what some have only where all were given
        findings = [finding if kinds.tells(finding) else replace(finding, own=False) for finding in findings]
    return Looked(
        tuple(dict.fromkeys(findings)),
        None if view.untold else frozenset(uid for item in view.items for uid in streams.uids(item.body)),
        frozenset(journal[item.href].uid for item in places.edited()),
        _where(view.failure, _eyes_of(share)),
    )


def _until(look: Callable[[], None]) -> CoachsyncError | None:
    """What has ended a look; what it had brought until then counts."""
    try:
        look()
    except CoachsyncError as problem:
        return problem
    return None


def _where(failure: CoachsyncError | None, where: str) -> CoachsyncError | None:
    if failure is not None and where:
        failure.where = where
    return failure


def _served(item: Item) -> Served:
    return Served(item.href, item.body, secondparser.view(item.body), item.etag)


def _front(wiring: Wiring, share: Share, target: CalDavTarget, place: Place) -> leaks.Front:
    about = place.about
    labelled = target.display_name is None and about.name in share.texts.values()  # made so, from its url
    expected = about.name if labelled else target.display_name
    known = SignIns(wiring.database).find(target.account)
    homes = known.homes if known else ()
    path = urlsplit(place.published).path
    above = max((commonpath([urlsplit(home).path, path]) for home in homes), key=len, default="")
    said = path[len(above) :].rstrip("/")
    if target.url is not None:
        said = said.rpartition("/")[0]  # its end is the coach's own, and looked at with the names that the coach gave
    return leaks.Front(place.name(expected), about.description, about.colour, expected, said)


class _Places:
    """What objects are called in findings, told apart only when there is one."""

    def __init__(self, served: Sequence[Served], journal: Mapping[str, Ours]) -> None:
        self._served = {item.href: (number, item) for number, item in enumerate(served, 1)}
        self._journal = journal

    def edited(self) -> Iterator[Served]:
        for href, (_, item) in self._served.items():
            entry = self._journal.get(href)
            if entry is not None and leaks.edited(item, entry):
                yield item

    def called(self, href: str) -> str:
        number, item = self._served.get(href, (0, None))
        return say("collection") if item is None else leaks.called(item, number, self._journal.get(href))


def _alone(
    view: _View, served: Sequence[Served], journal: Mapping[str, Ours], places: _Places, search: Search
) -> Iterator[Finding]:
    """What a sample of objects says when each is fetched alone, where that is something else than before."""
    together = {item.href: item for item in served}
    for item in view.alone:
        entry = journal.get(item.href)
        if entry is None or contentline.decode(item.body) == contentline.decode(together[item.href].body):
            continue
        only = {item.href: entry}
        front = leaks.Front()
        for finding in leaks.in_collection([_served(item)], only, front, search):
            yield replace(finding, where=places.called(item.href))


def _house(wiring: Wiring) -> answers.House:
    return answers.House(hidden.house_words(wiring), cache(lambda: words.said(own_names(wiring))))


# --- as a file --------------------------------------------------------------------------------------------------------


def file(
    wiring: Wiring, share: Share, target: FileTarget, bound: Bound, entries: Sequence[Entry], search: Search
) -> Looked:
    """The share's file as whoever can read it gets it."""
    body = read_if_there(target.path)
    if body is None:
        return Looked((Finding(Kind.TARGET_MISSING, say("file"), say("the file is not there")),))
    changed, shown = not is_ours(body, bound), streams.uids(body)
    # After a run cut short the journal has what the file is to lose, and what it may have already.
    written = [ours(entry) for entry in entries if entry.uid in shown or (changed and entry.live)]
    findings = streams.in_file(body, secondparser.view(body), written, search, edited=changed)
    at = datetime.fromtimestamp(modified_at(target.path), UTC)
    if not changed and at != schedule.edge(at, wiring.zone, share.profile.publish):
        detail = say("its time of change is not on the share's schedule: it tells when something changed")
        findings += (Finding(Kind.TIMESTAMP, say("file"), detail),)
    return Looked(findings, shown)


# --- by a public link -------------------------------------------------------------------------------------------------


def public(
    wiring: Wiring, share: Share, link: str, looked: Looked, entries: Sequence[Entry], search: Search
) -> Iterator[Finding]:
    """What anybody gets who has the public link, with no login; compared with what the account sees, where that is
    known. Raises what the server raises."""
    account = wiring.config.accounts[share.to.account] if isinstance(share.to, CalDavTarget) else None
    try:
        given = publiclink.look(link, account.timeout if account else 30, account.ca_file if account else None)
    except CoachsyncError as problem:
        problem.where = f"shares.{share.name}.public_link"
        raise
    where = say("public link")
    name = share.to.display_name if isinstance(share.to, CalDavTarget) else None
    texts = frozenset({name or "", *share.texts.values(), wiring.config.practice.timezone} - {""})
    live = [ours(entry) for entry in entries]
    for body in given.calendars:
        known = streams.Known(looked.edited, streams.uids(body) if looked.seen is None else looked.seen, texts)
        yield from streams.in_export(body, secondparser.view(body), live, search, known)
    house = _house(wiring)
    yield from answers.in_properties(given.told, "", lambda _: where, search, house)
    yield from answers.in_heads(given.heads, where, search, house)
    for page in given.pages:
        for line in page.decode("utf-8", "replace").splitlines():
            if search.names_client(line):
                yield Finding(Kind.IDENTIFIER, where, say("the page that the link shows names a client"))
