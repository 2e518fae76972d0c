"""A share served as a CalDAV collection: one object for each slot, with a random UID and a random address."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import partial
from urllib.parse import urljoin, urlsplit

from coachsync import contentline
from coachsync.adapters.calendars import CalendarServer
from coachsync.adapters.database import Entry, Shares
from coachsync.adapters.database import Share as Bound
from coachsync.adapters.database.removed import keep, of_share
from coachsync.adapters.database.shares import confirmed
from coachsync.app import claiming, locating, people, trash
from coachsync.app.confirming import CONFIRMED_EVERY, NOT_CONFIRMED, Written, confirm
from coachsync.app.due import due
from coachsync.app.target import edited, not_empty, still_fallen
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, Share
from coachsync.errors import CoachsyncError, Misconfigured, NotThere, Problem, Stale, Temporary
from coachsync.model import Item, Slot
from coachsync.phrases import say
from coachsync.redaction.publication import document, text_of

_FLUSH = 20  # objects written before the journal is told; a run cut short asks the server about these again


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one entry: whether the target serves it now, or else holds what somebody made of it; `doubtful`
    when the server says that it has none of what was to be deleted, `refused` why it would not take it again."""

    entry: Entry
    served: bool
    edited: bool = False
    doubtful: bool = False
    refused: CoachsyncError | None = None


Work = list[Callable[[CalendarServer], _Done]]


class CollectionTarget:
    """The collection of one share; see `Target`."""

    def __init__(self, wiring: Wiring, share: Share, to: CalDavTarget) -> None:
        self._wiring, self._share, self._to = wiring, share, to
        self._journal = Shares(wiring.database, share.name)
        self._server = wiring.server(to.account)
        self._bound = Bound(self.described, to.account, made=False)
        self._written = Written()
        self._refused: dict[Entry, CoachsyncError] = {}  # what the server would not take a second time, and why
        self.noticed: tuple[Problem, ...] = ()

    @property
    def described(self) -> str:
        account = self._wiring.config.accounts[self._to.account]
        return "caldav\n" + locating.place(account, self._to.display_name, self._to.url)

    @property
    def _label(self) -> str:
        """What every slot says anyway: the name of a collection that the configuration names by its URL alone."""
        return self._share.texts[self._share.profile.label]

    # --- binding ---------------------------------------------------------------------------------------------------

    def resume(self, bound: Bound, *, replace: bool) -> None:
        self._bound = bound
        claiming.refuse_known_source(self._wiring, self._share.name, bound.url)
        if replace and bound.made:
            try:
                self._clear()
            except NotThere:
                self._bound = changed(bound, made=False)
            self._journal.drop(self._journal.entries())
        if not self._bound.made:
            self._make()

    def claim(self, *, replace: bool) -> bool:
        there = claiming.find(self._wiring, self._share, self._to)
        if there is None:
            self._bound = changed(self._bound, url=self._new_url())
            return False
        self._bound = changed(self._bound, url=there, made=True)
        claiming.refuse_source(self._wiring, self._share.name, self._to.account, there)
        held = set(self._server.changes(there, None).etags)
        if held and held <= {entry.href for entry in self._journal.entries()}:
            return True
        if held and not replace:
            raise not_empty(self._share, len(held))
        if held:  # what is empty stays untouched: somebody may put something there at this moment
            self._clear()
        return False

    def settle(self) -> None:
        self._bound = still_fallen(self._bound, self._journal.share())
        self._journal.bind(self._bound)
        if not self._bound.made:
            self._make()

    def _new_url(self) -> str:
        if self._to.url is not None:
            return locating.absolute(self._wiring.config.accounts[self._to.account], self._to.url)
        homes = self._wiring.signin(self._to.account, hopeful=True).homes
        if not homes:
            raise Misconfigured(
                "no-calendar-home",
                say("The server does not say where new calendars go."),
                say("Make the calendar in your calendar program and give its url."),
                where=f"shares.{self._share.name}.to",
            )
        return f"{homes[0].rstrip('/')}/{uuid.uuid4().hex}/"

    def _make(self) -> None:
        """Journaled first: a collection that was made by a run cut short is found again by its URL, not by its name."""
        self._journal.bind(self._bound)
        try:
            self._server.make(self._bound.url, self._to.display_name or self._label)
        except Stale:
            held = len(self._server.changes(self._bound.url, None).etags)
            if held:
                raise not_empty(self._share, held) from None
        self._bound = changed(self._bound, made=True)
        self._journal.bind(self._bound)

    def _clear(self) -> None:
        """Remove everything that the collection holds; what is not as we published it is kept for 30 days."""
        listing = self._server.changes(self._bound.url, None)
        ours = {entry.href: entry.etag for entry in self._journal.entries()}
        foreign = [href for href, etag in listing.etags.items() if ours.get(href) != etag]
        held = list(self._server.fetch(self._bound.url, foreign))
        if any(people.invites(item.body) for item in held):
            raise _holds_invitations(self._share)
        claiming.refuse_appointments(self._wiring, self._share.name, (item for item in held if item.href not in ours))
        for item in held:
            self._keep("replaced", item.href, item.body)
        removals = (partial(_remove_version, self._address(href), etag) for href, etag in listing.etags.items())
        for _ in self._server.together(removals):
            pass

    # --- publishing ------------------------------------------------------------------------------------------------

    def apply(
        self, create: tuple[Slot, ...], delete: tuple[Entry, ...], resume: tuple[Entry, ...]
    ) -> tuple[Problem, ...]:
        """See `Target`. Writes go out in random order: together they would tell which slot became which."""
        work = self._making((slot, text_of(slot, self._share.texts)) for slot in create)
        work += [partial(_put_again, self._bound.url, entry) for entry in resume]
        work += [partial(_delete, self._bound.url, entry) for entry in delete]
        random.SystemRandom().shuffle(work)
        try:
            self._work(work)
            self._work(self._made_anew())
            self._confirm()
        except NotThere:
            raise self._gone() from None
        return self.noticed

    def _making(self, slots: Iterable[tuple[Slot, str]]) -> Work:
        """Slots under names that nobody has seen, journaled before they are written."""
        path = urlsplit(self._bound.url).path
        since = int(self._wiring.now.timestamp())
        fresh = [
            Entry(slot, text, str(uuid.uuid4()), f"{path}{uuid.uuid4().hex}.ics", since=since) for slot, text in slots
        ]
        self._journal.write(fresh)
        return [partial(_put, self._bound.url, entry) for entry in fresh]

    def _made_anew(self) -> Work:
        """What the server has in its trash comes back under another name. Raises why it refused anything else."""
        uids = {entry.uid for entry in self._refused}
        there = trash.look(self._server, self._bound.url, uids) if uids else ()
        trashed = {contentline.uid(item.body) for item in there}
        for entry, problem in self._refused.items():
            if entry.uid not in trashed:
                raise problem
        self._journal.drop(self._refused)
        return self._making((entry.slot, entry.text) for entry in self._refused)

    def _work(self, work: Work) -> None:
        served: list[Entry] = []
        withdrawn: list[Entry] = []
        try:
            with closing(self._server.together(work)) as results:
                for number, done in enumerate(results, 1):
                    (served if self._stays(done) else withdrawn).append(done.entry)
                    if number % _FLUSH == 0 or number == len(work):
                        self._flush(served, withdrawn)
                        self._wiring.progress(f"shares.{self._share.name}", number, len(work))
        finally:
            self._flush(served, withdrawn)

    def _confirm(self) -> None:
        """Compare what was written with what the server lists, and everything once a day. Raises Temporary."""
        if not self._written and not due(self._wiring.now, self._bound.confirmed_at, CONFIRMED_EVERY):
            return
        token, as_said = confirm(self._server, self._bound, self._journal, self._written)
        self._bound = changed(self._bound, token=token, confirmed_at=int(self._wiring.now.timestamp()))
        self._journal.bind(self._bound)
        if not as_said:
            raise self._not_confirmed()

    def _stays(self, done: _Done) -> bool:
        """Note what became of an entry; whether the journal keeps it."""
        if done.edited:
            return self._delete_edited(done.entry)
        if done.refused is not None:
            self._refused[done.entry] = done.refused
            return True
        if done.doubtful:
            self._written.doubtful.append(done.entry)
        elif not done.served:
            self._written.withdrawn.append(done.entry)
        else:
            (self._written.served if done.entry.live else self._written.absent).append(done.entry)
        return done.served

    def _flush(self, served: list[Entry], withdrawn: list[Entry]) -> None:
        if served:
            self._journal.write(served)
        if withdrawn:
            self._journal.drop(withdrawn)
        served.clear()
        withdrawn.clear()

    def _delete_edited(self, entry: Entry) -> bool:
        """Keep what somebody made of our object, then delete it; one that invites people stays (promise 6): whether
        it does."""
        for item in self._server.fetch(self._bound.url, [entry.href]):
            if people.invites(item.body):
                self.noticed += (_left(self._share),)
                return True
            self._keep("edited", item.href, item.body)
            self._server.remove(self._address(item.href), item.etag)
        self.noticed += (
            edited(
                self._share,
                say("Somebody edited an entry of the share; it was removed, and their version is kept for 30 days."),
                say("See who may write to the share: its audience needs to read only."),
            ),
        )
        return False

    def _keep(self, reason: str, href: str, body: bytes) -> None:
        keep(self._wiring.database, of_share(self._share.name), reason, href, body, self._wiring.now)

    def _address(self, href: str) -> str:
        return urljoin(self._bound.url, href)

    def _not_confirmed(self) -> Temporary:
        return Temporary(
            NOT_CONFIRMED,
            say("The server does not show everything as it said that it had done it."),
            say("It is done again at the next sync."),
            where=f"shares.{self._share.name}.to",
        )

    def _gone(self) -> CoachsyncError:
        return CoachsyncError(
            "target-missing",
            say("The share's calendar is no longer on the server."),
            say(
                "Run: coachsync share publish {share} --replace, which makes and fills it again.",
                share=self._share.name,
            ),
            where=f"shares.{self._share.name}.to",
        )


def take_back(server: CalendarServer, url: str, journal: Shares) -> None:
    """Remove what the journal says that the collection serves; each entry leaves the journal with its object.

    An object that somebody edited stays. Raises CoachsyncError at the first that cannot be removed otherwise, and at
    the end when edited ones stay.
    """
    for entry in journal.entries():
        try:
            _remove(server, url, entry)
        except Stale:
            continue
        journal.drop([entry])
    if journal.entries():
        raise CoachsyncError("edited", say("Somebody edited them."))


def _put(url: str, entry: Entry, server: CalendarServer) -> _Done:
    """Write an object; it may run beside others, and touches nothing but the server."""
    try:
        etag = server.create(urljoin(url, entry.href), document(entry.uid, entry.slot, entry.text))
    except Stale:  # an earlier try of ours arrived after all: nobody else can know the address
        etag = None
    return _Done(confirmed(entry, etag) if etag else _found(url, entry, server), served=True)


def _put_again(url: str, entry: Entry, server: CalendarServer) -> _Done:
    """As `_put`, of what an earlier run has written or wanted to; somebody may have deleted it since."""
    try:
        return _put(url, entry, server)
    except CoachsyncError as problem:
        if not trash.may_be_why(problem):
            raise
        return _Done(entry, served=False, refused=problem)


def _found(url: str, entry: Entry, server: CalendarServer) -> Entry:
    """The entry as the server has its object: without a version when edited, not live when it is not there."""
    for item in server.fetch(url, [entry.href]):
        return confirmed(entry, item.etag if _is_as_published(item, entry) else None)
    return entry


def _delete(url: str, entry: Entry, server: CalendarServer) -> _Done:
    """Take an object away; what somebody edited is left to the caller. It may run beside others, as `_put` may."""
    try:
        removed = _remove(server, url, entry)
    except Stale:
        return _Done(entry, served=True, edited=True)
    return _Done(entry, served=not removed, doubtful=not removed)


def _remove_version(url: str, etag: str, server: CalendarServer) -> None:
    server.remove(url, etag)


def _remove(server: CalendarServer, url: str, entry: Entry) -> bool:
    """Delete an object as we published it; False when the server says that it has none.

    Raises Stale when somebody edited it.
    """
    if entry.live and entry.etag:
        return server.remove(urljoin(url, entry.href), entry.etag)
    removed = False
    for item in server.fetch(url, [entry.href]):
        if not _is_as_published(item, entry):
            raise Stale("edited", say("Somebody edited the entry."))
        removed = server.remove(urljoin(url, item.href), item.etag)
    return removed


def _is_as_published(item: Item, entry: Entry) -> bool:
    """Whether an object says what we wrote, however its server writes it."""
    from coachsync.adapters import secondparser  # what both import, a usual run does without
    from coachsync.redaction.objects import examine, expected

    written = expected(document(entry.uid, entry.slot, entry.text))
    found = examine(contentline.decode(item.body), written, secondparser.view(item.body))
    return entry.uid in found.uids and not found.remarks


def _left(share: Share) -> Problem:
    return Problem(
        "share-object-left",
        f"shares.{share.name}",
        say("Somebody invited people to an entry of the share; it stays, for deleting it could send them mail."),
        say("Delete it in your calendar program. See who may write to the share: its audience needs to read only."),
    )


def _holds_invitations(share: Share) -> CoachsyncError:
    return CoachsyncError(
        "target-holds-invitations",
        say("The destination holds appointments with invited people; removing them could send mail. Nothing changed."),
        say("Empty it in your calendar program, or name another destination."),
        where=f"shares.{share.name}.to",
    )
