"""The printed recovery code: typed in any way, and a slip of the pen told from a wrong code."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coachsync.errors import UsageError
from coachsync.vault.recovery import CODE_BYTES, new, printed, typed

CODES = st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES)
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = bytes(range(CODE_BYTES))
SHOWN = printed(CODE)


def refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        typed(text)
    assert (caught.value.code, caught.value.exit_code) == ("recovery-code-mistyped", 2)


@given(CODES)
def test_what_is_printed_can_be_typed(code: bytes) -> None:
    shown = printed(code)
    groups = shown.split("-")
    assert [len(group) for group in groups] == [4] * 9
    assert set("".join(groups)) <= set(LETTERS)
    assert typed(shown) == code


@given(CODES, st.lists(st.sampled_from([" ", "-", "–", "\t", "\n", "\u00a0"]), min_size=36, max_size=36), st.booleans())
def test_it_may_be_typed_in_any_case_with_any_blanks_and_dashes(code: bytes, between: list[str], low: bool) -> None:
    signs = printed(code).replace("-", "")
    text = "".join(sign + blank for sign, blank in zip(signs, between, strict=True))
    assert typed(text.lower() if low else text) == code


def test_letters_that_look_like_digits_are_read_as_such() -> None:
    shown = printed(bytes(CODE_BYTES))
    assert shown.startswith("0000-0000")
    assert typed(shown.replace("0", "O")) == typed(shown.replace("0", "o")) == bytes(CODE_BYTES)
    ones = printed(int("00001" * 32, 2).to_bytes(CODE_BYTES, "big"))
    assert ones.startswith("1111-1111")
    for sign in "IiLl":
        assert typed(ones.replace("1", sign)) == typed(ones)


@given(CODES, st.integers(0, 35), st.sampled_from(LETTERS))
def test_a_wrong_sign_is_noticed(code: bytes, place: int, sign: str) -> None:
    signs = printed(code).replace("-", "")
    assume(signs[place] != sign)
    refused(signs[:place] + sign + signs[place + 1 :])


@given(CODES, st.integers(0, 34))
def test_two_signs_that_changed_places_are_noticed(code: bytes, place: int) -> None:
    signs = printed(code).replace("-", "")
    assume(signs[place] != signs[place + 1])
    refused(signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        SHOWN[:-1],
        SHOWN + "0",
        SHOWN[5:],
        SHOWN + SHOWN,
        SHOWN[:-1] + "U",
        "É" + SHOWN[1:],
        "٣" + SHOWN[1:],
        "ß",
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert typed(SHOWN) == CODE
    refused(text)


def test_groups_that_changed_places_are_noticed() -> None:
    groups = SHOWN.split("-")
    for one in range(8):
        swapped = [*groups[:one], groups[one + 1], groups[one], *groups[one + 2 :]]
        refused("-".join(swapped))


def test_the_checksum_is_as_the_format_has_it() -> None:
    bits = int.from_bytes(hashlib.sha256(b"coachsync/recovery-checksum/v1\0" + CODE).digest()[:3], "big") >> 4
    assert SHOWN[-4:] == "".join(LETTERS[bits >> shift & 31] for shift in (15, 10, 5, 0))


@given(CODES)
def test_the_signs_are_those_of_base_32(code: bytes) -> None:
    """By a second implementation, in another alphabet (RFC 4648, section 7)."""
    theirs = base64.b32hexencode(code).decode().translate(str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUV", LETTERS))
    assert printed(code).replace("-", "")[:-4] == theirs


def test_new_codes_are_as_long_as_they_should_be_and_never_the_same() -> None:
    codes = {new() for _ in range(50)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {CODE_BYTES}
