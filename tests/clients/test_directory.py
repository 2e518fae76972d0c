"""The directory's identifiers and digest, codes and pseudonyms."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.clients import codes, pseudonyms
from coachsync.clients.codes import Kind, recognised
from coachsync.clients.comparing import folded, phone, tidy, words
from coachsync.clients.directory import Client, Directory, Sponsor
from coachsync.model import Pseudonym

CLIENT = Client(
    "C-7F3K2M", ("Élise Tessandier", "Tessandier Élise"), ("elise@x.example",), ("+33 6 12",), ("Éli",), "Brume",
    "S-000001", cards=("uid-1",),
)  # fmt: skip
DIRECTORY = Directory({CLIENT.code: CLIENT}, {"S-000001": Sponsor("S-000001", "Banque Grise")})


def test_every_string_that_could_tell_a_client_is_an_identifier() -> None:
    told = set(DIRECTORY.identifiers())
    assert told == {*CLIENT.names, *CLIENT.addresses, *CLIENT.phones, *CLIENT.aliases, "Brume", "Banque Grise"}


def test_the_digest_changes_with_everything_and_with_nothing_else() -> None:
    seen = {DIRECTORY.digest()}
    for field in fields(Client):
        value = getattr(CLIENT, field.name)
        other = (*value, "x") if isinstance(value, tuple) else not value if isinstance(value, bool) else f"{value}x"
        changed = replace(CLIENT, **{field.name: other})
        seen.add(Directory({CLIENT.code: changed}, DIRECTORY.sponsors).digest())
    seen.add(Directory(DIRECTORY.clients, {"S-000001": Sponsor("S-000001", "Banque Verte")}).digest())
    seen.add(Directory(DIRECTORY.clients).digest())
    assert len(seen) == len(fields(Client)) + 3
    two = {"C-2": replace(CLIENT, code="C-2"), **DIRECTORY.clients}
    assert Directory(two).digest() == Directory(dict(reversed(two.items()))).digest()


def test_the_digest_is_the_same_in_another_process() -> None:
    program = "from coachsync.clients.directory import *; print(Directory({'c': Client('c', ('É',))}).digest())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Directory({"c": Client("c", ("É",))}).digest()


@given(st.binary(min_size=codes.DRAWN, max_size=codes.DRAWN), st.sampled_from(Kind))
def test_a_code_is_recognised_however_it_is_typed(drawn: bytes, kind: Kind) -> None:
    code = codes.code(kind, drawn)
    signs = code[2:]
    for typed in (code, code.lower(), signs, signs.lower(), f" {kind}{signs} ", f"{kind} {signs}"):
        assert recognised(kind, typed) == code
    assert recognised(kind, signs.replace("0", "o").replace("1", "l")) == code


@pytest.mark.parametrize("typed", ["", "C-", "C-7F3K2", "C-7F3K2MM", "S-7F3K2M", "C-7F3K2U", "Élise", "-"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert recognised(Kind.CLIENT, typed) is None


def test_a_name_that_looks_like_a_code_is_none_where_names_are_typed() -> None:
    assert recognised(Kind.SPONSOR, "THALES") == "S-THA1ES"
    assert recognised(Kind.SPONSOR, "THALES", whole=True) is None
    with pytest.raises(ValueError, match="random"):
        codes.code(Kind.CLIENT, b"abc")


@pytest.mark.parametrize("text", ["Granite-41", "Zinc 9", "Ab", "Chêne", "A1-b2 c3", "Rhododendron-1234567890a"])
def test_a_pseudonym_is_letters_and_digits(text: str) -> None:
    assert Pseudonym(text) == text
    assert type(Pseudonym(text)) is Pseudonym


@pytest.mark.parametrize(
    "text",
    ["", "A", "4A", "-Ab", "Ab-", "Ab ", "A--b", "A  b", "A- b", "Ab_c", "Ab\n", "Ab\nc", "Ab\u00a0c", "a" * 25,
     "A\u202eb", "Ab.c", "A٣b", "Ab\u0301", "🦋🦋"],
)  # fmt: skip
def test_nothing_else_is_a_pseudonym(text: str) -> None:
    with pytest.raises(ValueError, match="pseudonym"):
        Pseudonym(text)


def test_a_proposal_is_never_one_that_is_taken() -> None:
    taken: set[str] = set()
    numbers = iter(range(10**9))
    for _ in range(300):
        found = pseudonyms.propose(taken, lambda below: next(numbers) // 7 % below)
        assert folded(found) not in taken
        taken.add(folded(found))


def test_a_proposal_goes_on_when_every_usual_number_is_taken() -> None:
    taken = {f"{word}-{number}".upper() for word in pseudonyms.WORDS for number in range(10, 100)}
    numbers = iter(range(10**9))
    assert pseudonyms.propose(taken, lambda below: next(numbers) % below).upper() not in taken


def test_a_proposal_tells_no_client() -> None:
    first = pseudonyms.WORDS[0]
    assert not pseudonyms.propose((), lambda _: 0, [f"Anna {first}"]).startswith(first)


def test_the_words_are_plain_and_all_make_pseudonyms() -> None:
    assert len(set(pseudonyms.WORDS)) == len(pseudonyms.WORDS) >= 80
    for word in pseudonyms.WORDS:
        assert word.isascii()
        assert Pseudonym(f"{word}-999999")


@pytest.mark.parametrize(
    ("text", "tells"),
    [("Elise-4", True), ("ELISE", True), ("El-ise", True), ("Tessandiere", True), ("Grise-1", True), ("Eli-4", True)],
)
def test_a_name_that_tells_a_client_is_known(text: str, tells: bool) -> None:
    assert pseudonyms.Telling(DIRECTORY.identifiers())(text) is tells


def test_what_is_written_differently_is_compared_alike() -> None:
    assert folded("  ŒUVRE  Łódź ﬁn") == "oeuvre lodz fin"
    assert words("Anne-Marie O'Neill") == ("anne", "marie", "o", "neill")
    assert tidy("a\u202e b\x00\n c\u0301") == "a b ć"
    assert {phone(text) for text in ("+33 (0)6 12", "0033 612", "+33-6.12")} == {"+33612"}
    assert phone("06 12") == "0612"
