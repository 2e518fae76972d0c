"""Trying everything that a run will need, without changing anything at the other end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from coachsync.adapters import keystore
from coachsync.adapters.database import Shares
from coachsync.adapters.keyplaces import Place
from coachsync.app import audience, called, choosing, claiming, locating, people, secrecy, weakest
from coachsync.app.fallen import is_gone
from coachsync.app.hidden import private
from coachsync.app.opening_target import target_of
from coachsync.app.target import not_empty
from coachsync.app.unconfigured import left_behind
from coachsync.app.weakest import Strength
from coachsync.app.wiring import Wiring
from coachsync.config import CalDavTarget, FileTarget, Share
from coachsync.errors import CoachsyncError, NotThere
from coachsync.phrases import say, say_count
from coachsync.redaction import naming
from coachsync.redaction.seeking import Search

LABEL_LIKE_A_TITLE = say("A word of the label stands in the title of an appointment, too; everybody sees the label.")
LABEL_CHANGED = say("Change the label in the configuration.")
LABEL_ADVICE = say("If it is somebody's name, change the label in the configuration.")


class Grade(StrEnum):
    """How a check went."""

    GOOD = "ok"
    NOTE = "note"  # nothing is wrong; worth knowing
    BAD = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing tried, and what to do when it failed. `aside` is for the coach's own terminal alone."""

    grade: Grade
    code: str
    where: str
    message: str
    hint: str = ""
    aside: str = ""


def check(wiring: Wiring) -> Iterator[Check]:
    """Try accounts, calendars and shares one after the other; one that fails stops no other."""
    reachable, search = set(), Search(private(wiring))
    for account in wiring.config.accounts:
        tried = _tried(f"accounts.{account}", partial(_account, wiring, account))
        if tried.grade is not Grade.BAD:
            reachable.add(account)
        yield tried
    for name, calendar in wiring.config.calendars.items():
        if calendar.account in reachable:
            yield _tried(f"calendars.{name}", partial(_calendar, wiring, name))
    for name, share in wiring.config.shares.items():
        if isinstance(share.to, FileTarget) or share.to.account in reachable:
            yield _tried(f"shares.{name}", partial(_share, wiring, share))
        yield from _called(wiring, share, search)
    yield from _inbox(wiring)
    yield from _sections(wiring)


def _inbox(wiring: Wiring) -> Iterator[Check]:
    settings = wiring.config.inbox
    if settings is None:
        return
    from coachsync.app.inbox.checks import findings, remarks  # what it loads, a practice without an inbox does without

    found = [*findings(wiring, settings)]
    yield from (Check(Grade.BAD, one.code, one.where, one.message, one.hint) for one in found)
    if not found:
        yield Check(Grade.GOOD, "inbox", "inbox.folder", say("What is dropped there can be sealed."))
    yield from (Check(Grade.NOTE, one.code, one.where, one.message, one.hint) for one in remarks(settings))


def _tried(where: str, attempt: Callable[[], Check]) -> Check:
    try:
        return attempt()
    except CoachsyncError as failure:
        return Check(Grade.BAD, failure.code, failure.where or where, failure.message, failure.hint, failure.aside)


def _sections(wiring: Wiring) -> Iterator[Check]:
    for section in wiring.config.dormant:
        yield Check(
            Grade.NOTE,
            "section-without-effect",
            section,
            say("This section is valid and has no effect in this version."),
        )
    for told in left_behind(wiring):
        yield Check(Grade.NOTE, told.code, told.where, told.message, told.hint)
    yield from _key_twice(wiring.config.practice.state)
    yield _weakest(wiring)


def _called(wiring: Wiring, share: Share, search: Search) -> Iterator[Check]:
    """What the coach calls things that others see, before they see it."""
    for found in naming.in_names(called.target(share), people.own_words(wiring.config), search):
        hint = say("Give it a name that tells nobody who your clients are.")
        yield Check(
            Grade.BAD, found.code, found.where, say("The name of the destination: {what}.", what=found.detail), hint
        )
    where = f"shares.{share.name}.label"
    if any(search.names_client(label) for label in called.own_labels(share)):
        yield Check(Grade.BAD, "label", where, say("The label names a client; everybody sees it."), LABEL_CHANGED)
    elif called.titled(wiring, share):
        yield Check(Grade.NOTE, "label-like-a-title", where, LABEL_LIKE_A_TITLE, LABEL_ADVICE)


def _key_twice(state: Path) -> Iterator[Check]:
    place, copies = keystore.place_of(state), keystore.copies(state)
    if copies:
        to = min(copies) if place is Place.FILE else place
        yield Check(
            Grade.NOTE,
            "device-key-twice",
            "practice.state",
            say("The device key is kept in more than one place."),
            say("Run: coachsync key move --to {place}, which leaves it there alone.", place=to),
        )


def _weakest(wiring: Wiring) -> Check:
    """The secret that is kept worst. Where several are kept alike, the first gives the place and the text names all."""
    links = secrecy.links(wiring.config)
    in_file = any(link.strength is Strength.FILE for link in links)
    found = weakest.weakest(links, keyring=in_file and secrecy.keyring_here())
    grade = Grade.BAD if found.strength is Strength.OPEN else Grade.NOTE
    return Check(grade, f"weakest-link-{found.strength.name.lower()}", found.where, found.message, found.hint)


def _account(wiring: Wiring, account: str) -> Check:
    server = wiring.server(account)
    principal = server.whoami()
    if not principal.homes:
        return Check(
            Grade.NOTE,
            "no-calendar-home",
            f"accounts.{account}",
            say("Signed in; the server names no place for calendars, so calendars need a url."),
        )
    count = sum(1 for collection in server.collections() if collection.events)
    return Check(
        Grade.GOOD,
        "signed-in",
        f"accounts.{account}",
        say_count("Signed in; there is {number} calendar.", "Signed in; there are {number} calendars.", count),
    )


def _calendar(wiring: Wiring, name: str) -> Check:
    where = f"calendars.{name}"
    collection = locating.source(wiring, name)
    if not collection.events:
        return Check(
            Grade.BAD,
            "no-events",
            where,
            say("This calendar is not for events; it may be a list of tasks."),
            say("Name a calendar."),
        )
    if not collection.sync_collection:
        return Check(
            Grade.NOTE,
            "no-sync-collection",
            where,
            say("Found; the server cannot say what changed, so each change costs a look through the whole calendar."),
        )
    return Check(Grade.GOOD, "found", where, say("Found."))


def _share(wiring: Wiring, share: Share) -> Check:
    choosing.refuse_unknown(wiring, share)
    bound = Shares(wiring.database, share.name).share()
    if bound is not None and bound.leaving:
        return Check(
            Grade.BAD,
            "share-not-away",
            f"shares.{share.name}",
            say("This share is to be taken away, and that could not be done yet."),
            say("Run: coachsync sync"),
        )
    if is_gone(bound):
        return Check(
            Grade.NOTE,
            "share-taken-away",
            f"shares.{share.name}",
            say("This share was taken away: nobody sees anything of it."),
            say("To bring it back, run: coachsync share publish {share}", share=share.name),
        )
    if isinstance(share.to, FileTarget):
        return _file(wiring, share, share.to)
    return _collection(wiring, share, share.to)


def _file(wiring: Wiring, share: Share, target: FileTarget) -> Check:
    where = f"shares.{share.name}.to"
    folder, aside = target.path.parent, say("The folder is {folder}", folder=target.path.parent)
    if not folder.is_dir():
        gone = say("The folder of the file does not exist.")
        return Check(Grade.BAD, "folder-missing", where, gone, say("Make the folder."), aside)
    if not os.access(folder, os.W_OK | os.X_OK):
        shut, hint = (
            say("coachsync may not write there."),
            say("Give the folder to the user who runs coachsync (chown)."),
        )
        return Check(Grade.BAD, "folder-not-writable", where, shut, hint, aside)
    opened = target_of(wiring, share)
    bound = Shares(wiring.database, share.name).share()
    if (bound is None or bound.target != opened.described) and target.path.exists():
        refusal = not_empty(share, 1)
        return Check(
            Grade.BAD, refusal.code, where, say("There is a file that this share did not write."), refusal.hint
        )
    return Check(Grade.GOOD, "writable", where, say("The file can be written."))


def _collection(wiring: Wiring, share: Share, target: CalDavTarget) -> Check:
    where = f"shares.{share.name}.to"
    bound = Shares(wiring.database, share.name).share()
    server = wiring.server(target.account)
    if bound is not None and bound.target == target_of(wiring, share).described and bound.made:
        return _published(wiring, share, target, bound.url)
    there = claiming.find(wiring, share, target)
    if there is None:
        return Check(Grade.GOOD, "to-be-made", where, say("The calendar does not exist yet; the first sync makes it."))
    claiming.refuse_source(wiring, share.name, target.account, there)
    held = set(server.changes(there, None).etags)
    if held and not held <= {entry.href for entry in Shares(wiring.database, share.name).entries()}:
        claiming.refuse_appointments(wiring, share.name, server.fetch(there, sorted(held)))
        raise not_empty(share, len(held))
    return Check(Grade.GOOD, "empty", where, say("The calendar is there and can be filled."))


def _published(wiring: Wiring, share: Share, target: CalDavTarget, url: str) -> Check:
    where = f"shares.{share.name}.to"
    try:
        wiring.server(target.account).collection(url)
    except NotThere:
        return Check(
            Grade.BAD,
            "target-missing",
            where,
            say("The share's calendar is no longer on the server."),
            say("Run: coachsync share publish {share} --replace, which makes and fills it again.", share=share.name),
        )
    if share.audience is not None:
        with closing(wiring.another(share.audience)) as eyes:
            try:
                audience.find(eyes, url, Shares(wiring.database, share.name).entries())
            except CoachsyncError as problem:
                problem.hint = say("Share the calendar with them in your calendar program, to read only.")
                problem.where = f"shares.{share.name}.audience"
                raise
    return Check(Grade.GOOD, "published", where, say("The share's calendar is there."))
