"""vCards in the shapes of many programs: nothing lost that we store, bad cards left out, and never a hang."""

from __future__ import annotations

import logging
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.adapters.vcards import read
from coachsync.clients.cards import Card

FOLDER = Path(__file__).parent.parent / "corpus" / "cards"
EXPECTED: dict[str, dict[str, list[dict[str, Any]]]] = tomllib.loads(
    (FOLDER / "expected.toml").read_text(encoding="utf-8")
)
LISTS = ("addresses", "phones", "aliases", "organisations", "categories")
PARTS = (b"BEGIN:VCARD\r\n", b"END:VCARD\r\n", b"FN:", b"N;ENCODING=QUOTED-PRINTABLE:=C3=", b"=\r\n", b" ", b'"', b";")
PLAIN = ("nextcloud-single", "nextcloud-escaped", "google-single", "google-several", "apple-single", "apple-company")


def card(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


def only(content: bytes) -> Card:
    found = read(content)
    assert found.quarantined == ()
    [one] = found.cards
    return one


def test_the_corpus_is_large_and_every_file_of_it_is_expected() -> None:
    assert {file.stem for file in FOLDER.glob("*.vcf")} == set(EXPECTED)
    assert sum(len(expected.get("cards", [])) for expected in EXPECTED.values()) >= 40
    for program in ("nextcloud", "google", "apple", "outlook"):
        assert len([name for name in EXPECTED if name.startswith(program)]) >= 5


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_that_we_store_is_lost(name: str) -> None:
    found, expected = read((FOLDER / f"{name}.vcf").read_bytes()), EXPECTED[name]
    assert len(found.cards) == len(expected.get("cards", []))
    for one, wanted in zip(found.cards, expected.get("cards", []), strict=True):
        assert one.names[0] == wanted["name"]
        assert set(wanted.get("spellings", [])) <= set(one.names)
        assert one.uid == wanted.get("uid", "")
        assert one.group == wanted.get("group", False)
        for field in LISTS:
            assert list(getattr(one, field)) == wanted.get(field, []), field
    bad = [{"position": one.position, "line": one.line, "code": one.code} for one in found.quarantined]
    assert bad == expected.get("quarantined", [])


@pytest.mark.parametrize("name", PLAIN)
def test_vobject_by_itself_sees_the_same_in_a_card_without_traps(name: str) -> None:
    content = (FOLDER / f"{name}.vcf").read_text(encoding="utf-8")
    for ours, theirs in zip(read(content.encode()).cards, vobject.readComponents(content), strict=True):
        held = {key: [line.value for line in lines] for key, lines in theirs.contents.items()}
        assert not held["fn"][0] or held["fn"][0] == ours.names[0]
        assert [value.lower() for value in held.get("email", [])] == list(ours.addresses)
        assert held.get("tel", []) == list(ours.phones)
        assert [", ".join(filter(None, value)) for value in held.get("org", [])] == list(ours.organisations)


def test_someone_related_is_not_the_client() -> None:
    found = only((FOLDER / "apple-labelled-items.vcf").read_bytes())
    assert not [name for name in found.names if "Ginevra" in name]


def test_a_spelling_that_says_nothing_new_is_left_out() -> None:
    found = only(card("FN:Marie Dufresnoy", "N:Dufresnoy;Marie;;;", "SORT-STRING:dufresnoy"))
    assert found.names == ("Marie Dufresnoy", "Dufresnoy Marie")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_however_a_file_is_written_its_cards_are_the_same(end: str, codec: str) -> None:
    text = card("FN:Ève Ångström", "EMAIL:eve@x.example").decode().replace("\r\n", end)
    found = only(text.encode(codec))
    assert (found.names, found.addresses) == (("Ève Ångström",), ("eve@x.example",))


@pytest.mark.parametrize(
    "charset", ["utf-8", "no-such-charset", "punycode", "idna", "rot13", "zlib", "unicode_escape", ""]
)
def test_a_charset_that_is_none_or_a_trap_loses_nothing(charset: str) -> None:
    found = only(card(f"FN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:=C3=88ve", version="2.1"))
    assert found.names == ("Ève",)


@pytest.mark.parametrize(
    "line",
    [
        "FN;a" + "=a" * 400 + '"b:c',
        "FN" + ";a=b,c" * 5000 + "\x01:c",
        "FN;" + '"' * 9999 + ":c",
        "N:" + ";" * 60000,
        "N:" + "," * 60000,
        "N:" + "\\" * 60000,
        "NICKNAME:" + "a," * 30000,
        "EMAIL:" + "<" * 60000,
        "FN;ENCODING=QUOTED-PRINTABLE:" + "=" * 60000,
        "FN;ENCODING=BASE64:" + "=A" * 30000,
        "X-ABLABEL:" + "_$!<" * 15000,
        "FN:x\r\n " + "\r\n " * 60000,
        "NOTE:" + "x" * 5_000_000,
    ],
    ids=lambda line: line[:12],
)
def test_no_line_keeps_it_busy(line: str) -> None:
    started = time.process_time()
    read(card("UID:1", "item1." + line, line) * 2)
    assert time.process_time() - started < 5


def test_a_file_full_of_openings_is_read_in_one_go() -> None:
    started = time.process_time()
    found = read(b"BEGIN:VCARD\r\n" * 50_000 + b"AGENT:\r\nBEGIN:VCARD\r\n" * 50_000)
    assert len(found.quarantined) == 50_000
    assert time.process_time() - started < 5


@settings(max_examples=150)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=12)), max_size=25))
def test_whatever_a_file_holds_it_is_read_in_silence(pieces: list[bytes]) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        found = read(b"".join(pieces) + card("FN:Toujours Là"))
    finally:
        logging.getLogger().removeHandler(handler)
    assert records == []
    assert len(found.cards) + len(found.quarantined) >= 1
    assert all(one.code and one.position and one.line for one in found.quarantined)
    assert all(one.names and all(map(str.isprintable, one.names)) for one in found.cards)


def test_what_is_no_address_book_holds_no_card() -> None:
    assert read(b"") == read(b"%PDF-1.4 nothing") == read(b"\xff\xfe") == read(bytes(100))
    assert read(b"").cards == ()
