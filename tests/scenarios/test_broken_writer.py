"""A writer that leaks is found out from the outside, by the name of the leak: one switch breaks it for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from uuid import uuid4

import pytest

from coachsync.adapters.caldav.client import CalDav
from coachsync.app import collection_target
from coachsync.app.collection_target import CollectionTarget
from coachsync.redaction import publication
from scenario_practice import Practice
from watching import ATTENDEE, SOURCE_UID, WORD, Watched
from web import Web

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
    "uid": (names(str(uuid4()), SOURCE_UID), {"uid"}),
    "href": (names("seance-dupont"), {"href"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_p03_a_writer_that_leaks_is_found_out(
    practice: Practice, radicale: object, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, codes = KINDS[kind]
    with monkeypatch.context() as patch:
        broken(patch)
        watched = Watched(practice, Web(radicale))  # type: ignore[arg-type]
        watched.sync()
        assert watched.codes("object 1") == codes
    assert watched.codes("edited") == watched.codes("foreign") == set()


@pytest.mark.parametrize(("broken", "code"), [(called, "display-name"), (located, "path")])
def test_p03_a_collection_that_leaks_is_found_out(
    practice: Practice, web: Web, broken: Break, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken(patch)
        watched = Watched(practice, web)
        watched.sync()
    assert code in watched.codes("collection")


def test_p03_nothing_is_found_where_nothing_leaks(practice: Practice, web: Web) -> None:
    watched = Watched(practice, web)
    watched.sync()
    assert watched.found() == ()
