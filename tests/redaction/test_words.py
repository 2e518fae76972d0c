"""What identifies somebody, and how it is found again."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.folding import plain
from coachsync.redaction.words import Words, identifiers, search

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\r\nBEGIN:VTIMEZONE\r\n"
    "TZID:Europe/Paris\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n"
    "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:040000008200E00074C5@exchange.example\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Paris:20260105T090000\r\nDTEND;TZID=Europe/Paris:20260105T100000\r\n"
    "SUMMARY:Séance avec Anaïs Lefèvre\\nObjectifs\r\n"
    "DESCRIPTION:Appeler le +33 6 12 34 56 78\\, code Q7rT92\r\n"
    "  ou écrire à j.d@example.net\r\n"
    "X-CLIENT-OCTAVE;X-TOPIC=Licenciement:oui\r\n"
    "LOCATION:https://visio.example.org/salle/abc-defg-hij?pwd=K3x9Zq81\r\n"
    "ATTACH;FILENAME=bilan_2.pdf:https://drive.example.com/f/1aB\r\n"
    'ATTENDEE;CN="M. Weiß";PARTSTAT=ACCEPTED;CUTYPE=INDIVIDUAL:mailto:weiss@firma.example\r\n'
    "STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize(
    "word",
    [
        *("anais", "lefevre", "seance", "avec", "objectifs", "appeler"),
        *("33612345678", "612345678", "q7rt92", "j.d@example.net"),
        *("octave", "licenciement", "x-client-octave"),
        *("visio.example.org", "salle", "abc-defg-hij", "k3x9zq81"),
        *("bilan_2.pdf", "bilan", "drive.example.com"),
        *("weiss", "weiss@firma.example", "firma"),
        *("europe", "paris", "mozilla", "040000008200e00074c5@exchange.example", "exchange"),
    ],
)
def test_words_numbers_addresses_links_and_files_identify(word: str) -> None:
    found = identifiers([EVENT])
    assert word in found


@pytest.mark.parametrize(
    "word",
    [
        *(
            "vcalendar",
            "vevent",
            "summary",
            "attendee",
            "partstat",
            "confirmed",
            "opaque",
            "private",
            "accepted",
            "weekly",
        ),
        *(
            "individual",
            "mailto",
            "https",
            "date-time",
            "yearly",
            "bymonth",
            "tzoffsetfrom",
            "standard",
            "begin",
            "version",
        ),
        *("oui", "cet", "20260105", "090000", "19701025t030000", "nobjectifs"),
    ],
)
def test_words_of_the_protocol_times_and_short_words_do_not(word: str) -> None:
    assert word not in identifiers([EVENT])


def test_an_event_that_says_nothing_identifies_nobody() -> None:
    bare = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nBEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART;VALUE=DATE:20260105\r\nDURATION:PT1H30M\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20260501T000000Z\r\n"
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T090000Z\r\nLAST-MODIFIED:20260101T000000Z\r\nSEQUENCE:3\r\n"
        "STATUS:TENTATIVE\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=START:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    assert identifiers([bare]) == frozenset()


@pytest.mark.parametrize(
    "written",
    [
        "DESCRIPTION:" + base64.b64encode(b"Entretien avec Zelphania").decode(),
        "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:Z=65lph=61nia",
        "URL:https://example.org/%5A%65lphania",
        "SUMMARY:=?utf-8?B?WmVscGhhbmlh?=",
        "X;CN=a^nZelphania:b",
        "SUMMARY:ligne\\nZelphania",
        "SUMMARY:Zelp\r\n hania",
        "SUM\r\n MARY:Zelphania",
        "X-ZELP\r\n HANIA:x",
        "X-NOTE;ZELPHANIA=x:y",
        "DTSTART;TZID=/example/Zelphania:20260105T090000",
        "BEGIN:X-ZELPHANIA",
        "ZELPHANIA",
        "SUMMARY:\uff3aelph\u0301ani\u00ada",
    ],
)
def test_private_texts_are_read_in_every_encoding_too(written: str) -> None:
    assert "zelphania" in identifiers([f"BEGIN:VEVENT\r\n{written}\r\nEND:VEVENT\r\n"])


def test_a_number_in_hexadecimal_gives_no_short_words() -> None:
    assert {word for word in identifiers(["UID:9cafe1-7abba2-00dada"]) if word.isalpha()} == set()


def test_a_file_inside_an_event_gives_few_words() -> None:
    inline = base64.b64encode(bytes(range(256)) * 40).decode()
    assert len([word for word in identifiers([f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{inline}"]) if len(word) < 6]) < 60


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("change", [str, str.upper, str.lower, str.title])
def test_accents_case_and_composition_make_no_difference(form: str, change) -> None:  # type: ignore[no-untyped-def] # str methods
    assert plain(unicodedata.normalize(form, change("Œuvre Élodie Straße Łukasz"))) == "oeuvre elodie strasse lukasz"  # type: ignore[arg-type] # a form


@given(st.text())
def test_plain_text_stays_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


# ------------------------------------------------------------------------------------------------------------ search


def words_of(texts: Iterable[str]) -> Words:
    return Words(identifiers(texts))


WORDS = words_of(
    ["SUMMARY:Zelphania Anna Léa\r\nCOMMENT:06 12 34 56 78\r\nX:田中\r\nURL:mailto:a.b@c.fr", "private-9f8e.ics"]
)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("X:Zelphania", "as written"),
        ("X:ZELPHANIA", "as written"),
        ("X:thezelphaniafile", "as written"),
        ("X:zélphània", "as written"),
        ("X:Anna.", "as written"),
        ("X:2anna2", "as written"),
        ("X:0612345678", "as written"),
        ("X:+33 (0)6-12.34/56 78", "as written"),
        ("X:田中さん", "as written"),
        ("X:<A.B@C.FR>", "as written"),
        ("X:/dav/private-9f8e.ics", "as written"),
        ("X:" + quote("Zélphania"), "percent-encoded"),
        ("X:" + base64.b64encode(b"Anna").decode(), "base64"),
        ("X:Annabelle", None),
        ("X:susanna", None),
        ("X:Lea", None),
        ("X:somebody else", None),
        ("X:061234567", None),
        ("X:20260105T090000Z", None),
        ("", None),
    ],
)
def test_a_short_word_is_found_whole_and_a_long_one_anywhere(text: str, how: str | None) -> None:
    assert search(text, WORDS) == how


def test_a_phone_number_is_known_with_and_without_its_country() -> None:
    assert search("X:0612345678", words_of(["X:+33 6 12 34 56 78"])) == "as written"
    assert search("X:0033612345678", words_of(["X:06.12.34.56.78"])) is not None


def test_a_long_token_is_known_by_its_beginning() -> None:
    token = "k7" + "x9" * 60
    assert search(f"X:{token[:70]}", words_of([f"URL:https://example.org/{token}"])) == "as written"


def test_a_byte_that_is_no_character_hides_nothing() -> None:
    assert search(contentline.decode("X:Léa Zélphania".encode("latin-1")), WORDS) == "in another character set"
    assert search(contentline.decode("X:Zelphania".encode("utf-16-le")), WORDS) == "as written"


@given(st.text(st.characters(categories=("L",)), min_size=6, max_size=20), st.text(max_size=30), st.text(max_size=30))
def test_whatever_was_private_is_found_whatever_stands_around_it(word: str, before: str, after: str) -> None:
    private = identifiers([f"SUMMARY:{word}\r\n"])
    if plain(word) in private:
        assert Words(private).within(plain(f"{before} {word} {after}"))


@given(st.text(max_size=60))
def test_without_private_words_nothing_is_found(text: str) -> None:
    assert search(text, Words([])) is None
