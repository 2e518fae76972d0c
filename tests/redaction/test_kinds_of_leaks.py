"""Kinds of leaks that no writer of ours can make on a real server here: each by its code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coachsync.adapters.secondparser import view
from coachsync.model import Finding, Told
from coachsync.redaction import publication
from coachsync.redaction.allowed import Ours, allowed
from coachsync.redaction.answers import House, in_heads, in_properties
from coachsync.redaction.kinds import Kind, leaks
from coachsync.redaction.leaks import in_collection
from coachsync.redaction.naming import in_texts
from coachsync.redaction.objects import expected
from coachsync.redaction.seeking import Private, Search
from coachsync.redaction.streams import in_file
from leak_share import CLEAN, ETAG, FRONT, HREF, JOURNAL, OTHER, SLOT, TEXTS, UID, codes, hidden, served, with_line

CLIENTS = ("Marina Dupont", "+33612345678", "Юрий Щербаков", "Séverine")
HOUSE = House(frozenset({"coaching", "alice"}), lambda: frozenset({"martin"}))


def search(*people: str) -> Search:
    return hidden(clients=lambda: CLIENTS, people=lambda: people)


def test_what_is_allowed_and_what_is_written_are_the_same_and_share_no_code() -> None:
    assert expected(publication.document(UID, SLOT, "a,b;c\\d\ne")) == allowed([Ours(UID, SLOT, "a,b;c\\d\ne")])


def test_p03_a_mistake_of_the_writer_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "DTSTAMP", "20260105T101112Z")
    monkeypatch.setattr(publication, "PRODID", "-//Marina Dupont//EN")
    body = publication.document(UID, SLOT, "Séance")
    assert codes(in_collection([served(body)], JOURNAL, FRONT, search())) == {"timestamp", "identifier"}


def test_p03_an_object_that_somebody_changed_is_told_from_one_of_ours() -> None:
    body = with_line("COMMENT:Dupont")
    [edited, ours] = [in_collection([served(body, etag=etag)], JOURNAL, FRONT, search()) for etag in ('"x"', ETAG)]
    assert {finding.where for finding in edited} == {"edited object 1"}
    assert codes(edited) - codes(ours) == {"edited-object"}
    assert {finding.where for finding in ours} == {"object 1"}
    assert in_collection([served(CLEAN, etag='"a0"')], JOURNAL, FRONT, search()) == ()  # stored anew, and says the same


COUNTER = '"gcs00000001"'  # of SOGo: it begins anew with an object that somebody deletes and makes again


@pytest.mark.parametrize(("broken", "where"), [(False, "edited object 1"), (True, "object 1")])
def test_p03_a_version_that_is_a_counter_does_not_tell_whose_writing_it_is(
    monkeypatch: pytest.MonkeyPatch, broken: bool, where: str
) -> None:
    if broken:  # then it is our own writing after all
        monkeypatch.setattr(publication, "DTSTAMP", "20260105T101112Z")
    body = publication.document(UID, SLOT, "Séance") if broken else with_line("COMMENT:Dupont")
    journal = {HREF: replace_etag(COUNTER)}
    found = in_collection([served(body, etag=COUNTER)], journal, FRONT, search())
    assert {(finding.where, finding.own) for finding in found} == {(where, broken)}
    assert in_collection([served(CLEAN, etag=COUNTER)], journal, FRONT, search()) == ()


def test_p03_an_etag_of_an_object_of_ours_is_of_ours_whatever_it_says() -> None:
    found = in_collection(
        [served(with_line("COMMENT:x"), etag='"dupont"')], {HREF: replace_etag('"dupont"')}, FRONT, search()
    )
    assert {finding.where for finding in found} == {"object 1"}


@pytest.mark.parametrize("etag", ['"dupont-1"', '"TWFyaW5hIER1cG9udA=="', '"Chtcherbakov"', '"zelphania-7"'])
def test_p03_an_etag_that_names_somebody_is_found(etag: str) -> None:
    journal = {HREF: replace_etag(etag)}
    found = in_collection([served(CLEAN, etag=etag)], journal, FRONT, search())
    assert [(finding.code, finding.where) for finding in found] == [("etag", "object 1")]


def replace_etag(etag: str) -> Ours:
    return JOURNAL[HREF]._replace(etag=etag)


def test_p03_a_uid_of_a_private_event_is_found_although_it_looks_random() -> None:
    taken = Search(Private(taken=lambda uid: uid == UID))
    assert codes(in_collection([served(CLEAN)], JOURNAL, FRONT, taken)) == {"uid"}


def test_p03_a_path_that_names_somebody_is_found() -> None:
    for path, found in (("dupont/x", {"path"}), ("zelphania", {"path"}), ("coaching", set()), (OTHER, set())):
        assert codes(in_collection([served(CLEAN)], JOURNAL, replace(FRONT, path=path), search(), HOUSE.words)) == found


def label(text: str, series: int = 0) -> Ours:
    return Ours(UID, replace(SLOT, series=series), text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Séance", False),  # a word of a private event, and of nobody
        ("Occupé", False),  # the label of yesterday
        ("Roux", True),  # somebody in an event
        ("Jade-41", False),
        ("Jade-41 7", False),
        ("Chez Dupont", True),
        ("Iouri", True),
    ],
)
def test_p03_a_text_that_names_somebody_is_found(text: str, found: bool) -> None:
    may = {"Séance", "Jade-41", "Chez Dupont"}
    series = 7 if text.endswith(" 7") else 0
    result = in_texts([label(text, series)], may, search("ATTENDEE;CN=Anne Roux:mailto:a@x.example"))
    assert codes(result) == ({"label"} if found else set())


def test_a_label_of_the_coach_may_be_the_name_of_a_guest_and_not_of_a_client() -> None:
    people = "ATTENDEE;CN=Séance Roux:mailto:a@x.example"
    assert in_texts([label("Séance")], {"Séance"}, search(people)) == ()


@pytest.mark.parametrize("edited", [True, False])
def test_p03_a_file_that_somebody_changed_is_told_from_ours(edited: bool) -> None:
    body = publication.feed([(UID, SLOT)], TEXTS).replace(b"TRANSP", b"COMMENT:Dupont\r\nTRANSP")
    found = in_file(body, view(body), [Ours(UID, SLOT, "Séance")], search(), edited=edited)
    assert {finding.where for finding in found} == {"edited file" if edited else "file"}
    assert ("edited-object" in codes(found)) is edited


def test_a_file_that_was_stored_anew_and_says_the_same_is_ours() -> None:
    body = publication.feed([(UID, SLOT)], TEXTS)
    assert in_file(body, view(body), [Ours(UID, SLOT, "Séance")], search(), edited=True) == ()
    taken = Search(Private(taken=lambda uid: uid == UID))
    [found] = in_file(body, view(body), [Ours(UID, SLOT, "Séance")], taken, edited=True)
    assert (found.code, found.where, found.own) == ("uid", "file", False)
    written = [Ours(UID, SLOT, "Séance"), Ours("marina", SLOT, "Séance")]
    found = in_file(body, view(body), written, hidden(), edited=True)
    assert {(one.code, one.own) for one in found} == {("uid", True), ("missing-object", True)}


@pytest.mark.parametrize(("where", "leaking"), [("object 1", 0), ("file", 1)])
def test_p03_in_a_file_nobody_stands_between_what_is_written_and_what_is_served(where: str, leaking: int) -> None:
    found = Finding(Kind.PROPERTY, where, "it has a property of its own", own=True)
    assert len(leaks([found], 1)) == leaking  # in a collection of one entry, the server may add it to all of them


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("owner", "/alice/coaching/", False),
        ("owner-displayname", "Alice Martin", False),
        ("owner-displayname", "Марина Дюпон", True),
        ("comment", "+33 6 12 34 56 78", True),
        ("getcontentlength", "33612345678", False),
        ("x-note", "TWFyaW5hIER1cG9udA==", True),
        ("getlastmodified", "Mon, 05 Jan 2026 10:11:12 GMT", False),
        ("sync-token", "http://radicale.org/ns/sync/5d41402abc4b2a76b9719d911017c592", False),
        ("sync-token", "dupont/7", True),
        ("getcontenttype", 'text/calendar;charset=utf-8;component="VEVENT"', False),
        ("displayname", "Dupont", False),  # of the collection: looked at with its name
        ("comment", "Zelphania", True),
    ],
)
def test_p03_every_property_that_a_server_tells_is_looked_at(name: str, text: str, found: bool) -> None:
    events = "ORGANIZER;CN=Alice Martin:mailto:alice@x.example"
    seek = Search(Private(lambda: [events, "SUMMARY:Zelphania"], lambda: (), lambda: CLIENTS))
    told = in_properties([Told("/c/", name, text)], "/c/", lambda _: "collection", seek, HOUSE)
    assert [finding.code for finding in told] == (["answer"] if found else [])


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("content-disposition", 'attachment; filename="Dupont.ics"', True),
        ("link", "<https://x.example/Chtcherbakov>; rel=alternate", True),
        ("set-cookie", "user=dupont; path=/", True),
        ("set-cookie", "oc_sessionPassphrase=0123456789abcdef0123; path=/; HttpOnly", False),
        ("date", "Mon, 05 Jan 2026 10:11:12 GMT", False),
    ],
)
def test_p03_heads_of_answers_are_looked_at(name: str, value: str, found: bool) -> None:
    told: list[Finding] = list(in_heads([(name, value)], "public link", search(), HOUSE))
    assert [finding.code for finding in told] == (["answer"] if found else [])
