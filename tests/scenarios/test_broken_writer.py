"""A writer that leaks is found out from the outside, by the name of the leak: one switch breaks it for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest

import accounts
from accounts import Account
from coachsync.adapters.caldav.client import CalDav
from coachsync.app import collection_target, file_target
from coachsync.app.collection_target import CollectionTarget
from coachsync.redaction import publication
from coachsync.redaction.kinds import Kind
from events import event
from scenario_practice import Practice, local, tomorrow
from watching import ATTENDEE, SOURCE_UID, WORD, Watched
from web import NAMESPACES, Web

Break = Callable[[pytest.MonkeyPatch], None]


def text(pattern: str, instead: str) -> Break:
    """What is written has something else in it."""

    def broken(patch: pytest.MonkeyPatch) -> None:
        def document(*given: object) -> bytes:
            written = publication.document(*given).decode()  # type: ignore[arg-type]
            assert re.search(pattern, written)
            return re.sub(pattern, instead, written, count=1).encode()

        patch.setattr(collection_target, "document", document)

    return broken


def line(instead: str) -> Break:
    return text("TRANSP:OPAQUE\r\n", f"TRANSP:OPAQUE\r\n{instead}\r\n")


def names(place: str, uid: str | None = None) -> Break:
    """The random names are not random."""

    class Name(str):
        @property
        def hex(self) -> str:
            return place

    return lambda patch: patch.setattr(
        collection_target, "uuid", SimpleNamespace(uuid4=lambda: Name(uid or str(uuid4())))
    )


def called(patch: pytest.MonkeyPatch) -> None:
    make = CalDav.make
    patch.setattr(CalDav, "make", lambda self, url, name: make(self, url, f"{name} Iouri Chtcherbakov"))


def located(patch: pytest.MonkeyPatch) -> None:
    new = CollectionTarget._new_url
    patch.setattr(CollectionTarget, "_new_url", lambda self: f"{new(self).rstrip('/')}-dupont/")


ALARM = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
COMPUTED = str(uuid5(NAMESPACE_URL, SOURCE_UID))
KINDS: dict[str, tuple[Break, set[str]]] = {
    "property": (line("PRIORITY:5"), {"property"}),
    "parameter": (text("SUMMARY:", "SUMMARY;LANGUAGE=fr:"), {"parameter"}),
    "component": (text("END:VEVENT", ALARM), {"component"}),
    "value": (text("SUMMARY:Séance", "SUMMARY:Occupé"), {"value"}),
    "wrong-time": (text(r"(DTEND:\d{8}T\d\d)0000Z", r"\g<1>3000Z"), {"wrong-time"}),
    "timestamp": (text("19700101T000000Z", "20260105T101500Z"), {"timestamp"}),
    "a word": (line(f"COMMENT:{WORD}"), {"property", "source-word"}),
    "a guest": (line(f"COMMENT:{ATTENDEE.split()[1]}"), {"property", "identifier"}),
    "a client": (line("COMMENT:M. Dupont"), {"property", "identifier"}),
    "transliterated": (line("COMMENT:avec Iouri Chtcherbakov"), {"property", "identifier"}),
    "in Cyrillic": (line("COMMENT:Марина Дюпон"), {"property", "identifier"}),
    "a short name": (line("COMMENT:Li\\, Bo"), {"property", "identifier"}),
    "in base64": (line("COMMENT:TWFyaW5hIER1cG9udA=="), {"property", "identifier"}),
    "a UID made from another": (names(str(uuid4()), COMPUTED), {"uid"}),
    "href": (names("seance-dupont"), {"href"}),
    "unreadable": (line(f'COMMENT;X-A="{"=" * 20}":b'), {"unreadable-object", "property", "parameter"}),
    "readers disagree": (line("CATEGORIES:a,b\\,c"), {"parsers-disagree", "property"}),
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, radicale_url: str) -> Watched:
    """A practice with a share and a file, published; the writer of each case fills them anew."""
    watched = Watched(Practice(tmp_path_factory.mktemp("practice")), Web(accounts.on_radicale(radicale_url)))
    watched.practice.share("public", ["coaching"], 'file = "public.ics"', "session")
    watched.sync()
    return watched


@pytest.mark.parametrize("kind", KINDS)
def test_p03_a_writer_that_leaks_is_found_out(watched: Watched, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, codes = KINDS[kind]
    with monkeypatch.context() as patch:
        broken(patch)
        watched.publish()
        found = watched.found()
    assert {str(one.code) for one in found} == codes
    assert {one.where for one in found} == {"object 1"}


def test_p03_the_uid_of_a_private_event_is_found_out_and_given_up(
    practice: Practice, radicale: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(practice, Web(radicale))
    with monkeypatch.context() as patch:
        names(str(uuid4()), SOURCE_UID)(patch)
        watched.sync()
    assert watched.codes("object") == {"uid"}
    assert practice.run("--json", "share", "publish", "office", "--replace").code == 0
    assert watched.found() == ()


def test_p03_a_file_that_tells_when_it_was_written_is_found_out(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = file_target.write_atomically
    monkeypatch.setattr(
        file_target, "write_atomically", lambda path, content, mode, modified: write(path, content, mode)
    )
    watched.publish("public")
    assert watched.codes("file") == {"timestamp"}


def test_p03_a_file_that_leaks_or_was_changed_is_found_out(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = publication.feed
    with monkeypatch.context() as patch:
        leaking = b"COMMENT:M. Dupont\r\nTRANSP"
        patch.setattr(file_target, "feed", lambda *given: feed(*given).replace(b"TRANSP", leaking))
        watched.publish("public")
        assert watched.codes("file") == {"property", "identifier"}
    watched.publish("public")
    assert watched.codes("file") == set()
    file = watched.practice.folder / "public.ics"
    file.write_bytes(file.read_bytes().replace(b"TRANSP", leaking))
    assert watched.codes("edited file") == {"edited-object", "property", "identifier"}
    assert watched.codes("file") == set()
    assert watched.publish("public") == ("share-object-edited",)


# --- what the collection says, and the share as a whole --------------------------------------------------------------


@pytest.mark.parametrize(("broken", "code"), [(called, "display-name"), (located, "path")])
def test_p03_a_collection_that_leaks_is_found_out(
    practice: Practice, web: Web, broken: Break, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken(patch)
        watched = Watched(practice, web)
        watched.sync()
    assert code in watched.codes("collection")


SAYINGS = {
    "description": "<C:calendar-description>M. Dupont</C:calendar-description>",
    "colour": '<A:calendar-color xmlns:A="http://apple.com/ns/ical/">Dupont</A:calendar-color>',
    "answer": '<X:note xmlns:X="urn:x">Iouri Chtcherbakov</X:note>',
}


@pytest.mark.parametrize("code", SAYINGS)
def test_p03_what_the_collection_says_beside_is_found_out(watched: Watched, code: str) -> None:
    def told(change: str, value: str) -> None:
        body = f"<propertyupdate {NAMESPACES}><{change}><prop>{value}</prop></{change}></propertyupdate>"
        assert watched.web.ask("PROPPATCH", watched.url, body).status == 207

    told("set", SAYINGS[code])
    assert watched.codes("collection") == {code}
    told("remove", SAYINGS[code])
    assert watched.codes("collection") == set()


def test_p03_a_name_that_the_coach_gave_is_found_out(practice: Practice, radicale: Account) -> None:
    watched = Watched(practice, Web(radicale), settings={"label": "Chez Dupont"}, name=f"Team Щербаков {uuid4().hex}")
    watched.sync()
    assert watched.codes("label") == {"label"}
    assert watched.codes("shares.office.to") == {"target-name"}
    assert watched.codes("object") == set()


def test_p03_what_stays_and_what_is_gone_is_found_out(
    practice: Practice, radicale: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(practice, Web(radicale))
    watched.sync()
    plan = publication.plan
    with monkeypatch.context() as patch:
        patch.setattr(publication, "plan", lambda want, have: replace(plan(want, have), delete=()))
        watched.web.put_all(watched.source, {"s.ics": event(SOURCE_UID, local(tomorrow(), 11))})
        watched.sync()
    assert watched.codes("shares.office") == set()  # it may be that an edge of the schedule has not come yet
    assert watched.codes("shares.office", timedelta(hours=2)) == {"stale-slot"}
    watched.web.delete(watched.web.hrefs(watched.url)[0])
    assert watched.codes("collection") == {"missing-object"}
    watched.web.delete(watched.url)
    assert watched.codes("collection") == {"target-missing"}


# What no real server here does on its own: shown by a proxy and a script in test_eyes.py, and of ETags in
# tests/redaction/test_kinds_of_leaks.py. What others do is shown there and in test_second_user.py.
ELSEWHERE = {"unseen-object", "public-object", "etag", "foreign-object"}


def test_every_kind_is_found_from_the_outside() -> None:
    here = {code for _, codes in KINDS.values() for code in codes} | SAYINGS.keys()
    here |= {"display-name", "path", "label", "target-name", "stale-slot", "missing-object", "target-missing"}
    assert here | ELSEWHERE | {"edited-object"} == {str(kind) for kind in Kind}


def test_p03_nothing_is_found_where_nothing_leaks(practice: Practice, web: Web) -> None:
    watched = Watched(practice, web)
    watched.sync()
    assert watched.found() == ()
