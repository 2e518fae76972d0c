"""Records: every bit of a header, every place that one could be moved to, every way of filling up."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered, WrongKey
from coachsync.vault import envelope
from coachsync.vault.envelope import FIRST, HEADER_BYTES, SHORTEST, Header, Kind, digest, header_of, seal
from coachsync.vault.suite import OVERHEAD
from vaultpeople import (
    COACH,
    HEADER,
    OPENER,
    OTHER_OPENER,
    OTHER_RECORD,
    OTHER_SEALER,
    OTHER_SHELF,
    OTHER_VAULT,
    SEALER,
    flipped,
    open_record,
)

NOTE = seal(HEADER, b'{"text":"Marie"}', SEALER)
INFO = b"coachsync/record/v1\0"
IDS, NUMBERS = st.binary(min_size=16, max_size=16), st.integers(1, (1 << 32) - 1)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    version = draw(st.just(1) | NUMBERS)
    previous = FIRST if version == 1 else b"p" + draw(st.binary(min_size=31, max_size=31))
    where = (draw(st.sampled_from(Kind)), draw(IDS), draw(IDS), draw(NUMBERS), draw(IDS))
    return Header(*where, version, draw(st.integers(0, (1 << 64) - 1)), draw(IDS), previous)


@settings(max_examples=40)
@given(header=headers(), body=st.binary(max_size=9000))
def test_a_record_opens_with_the_header_and_the_body_that_it_was_sealed_with(header: Header, body: bytes) -> None:
    record = seal(header, body, SEALER)
    assert header_of(record) == header
    assert record[:HEADER_BYTES] == header.packed()
    assert open_record(record, OPENER) == (header, body)


def test_each_flipped_bit_of_a_header_is_noticed() -> None:
    codes = [refused(flipped(NOTE, bit)) for bit in range(8 * HEADER_BYTES)]
    assert set(codes[32:40]) == {"unknown-suite"}
    assert set(codes[:32] + codes[48:64]) == {"no-record"}  # magic, flags and what is reserved
    assert set(codes[64:]) == {"does-not-open", "no-record"}  # or a version that follows none, or the other way round
    assert codes[64:].count("no-record") == 32 + 256 + 1  # each of version and previous, and the generation zero


def test_each_altered_byte_of_a_body_is_noticed() -> None:
    for byte in range(HEADER_BYTES, len(NOTE)):
        assert refused(flipped(NOTE, 8 * byte + byte % 8)) == "does-not-open"


def refused(record: bytes) -> str:
    with pytest.raises((Altered, WrongKey)) as caught:
        open_record(record, OPENER)
    return caught.value.code


@pytest.mark.parametrize(
    "moved",
    [
        HEADER._replace(record=OTHER_RECORD),
        HEADER._replace(shelf=OTHER_SHELF),
        HEADER._replace(vault=OTHER_VAULT),
        HEADER._replace(generation=2),
        HEADER._replace(version=2, previous=digest(NOTE)),
        HEADER._replace(kind=Kind.AGREEMENT),
        HEADER._replace(time=HEADER.time + 1),
        HEADER._replace(writer=COACH.actor.fingerprint),
    ],
)
def test_a_body_under_the_header_of_another_record_does_not_open(moved: Header) -> None:
    other = seal(moved, b"another", SEALER)
    for swapped in (moved.packed() + NOTE[HEADER_BYTES:], NOTE[:HEADER_BYTES] + other[HEADER_BYTES:]):
        assert header_of(swapped) in (moved, HEADER)  # nothing wrong with the header as such
        assert refused(swapped) == "does-not-open"


def test_a_record_of_another_client_does_not_open_with_this_ones_key() -> None:
    theirs = seal(HEADER._replace(shelf=OTHER_SHELF), b"theirs", OTHER_SEALER)
    assert refused(theirs) == "does-not-open"
    assert refused(NOTE[:HEADER_BYTES] + theirs[HEADER_BYTES:]) == "does-not-open"
    assert open_record(theirs, OTHER_OPENER)[1] == b"theirs"


def test_a_version_names_the_digest_of_the_one_before_so_that_none_is_left_out() -> None:
    second = seal(HEADER._replace(version=2, previous=digest(NOTE)), b"two", SEALER)
    third = HEADER._replace(version=3, previous=digest(second))
    assert header_of(seal(third, b"three", SEALER)).previous == digest(second) != digest(NOTE)
    assert len({digest(NOTE), digest(second), digest(NOTE[:-1])}) == 3
    assert refused(third._replace(version=2).packed() + seal(third, b"three", SEALER)[HEADER_BYTES:]) == "does-not-open"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vault": b"short"}, "16 bytes"),
        ({"shelf": b"s" * 17}, "16 bytes"),
        ({"record": b""}, "16 bytes"),
        ({"writer": b"w" * 15}, "16 bytes"),
        ({"previous": b"p" * 31}, "digest 32"),
        ({"generation": 0}, "count from 1"),
        ({"version": 0}, "count from 1"),
        ({"version": 2}, "count from 1"),
        ({"previous": b"p" * 32}, "count from 1"),
        ({"version": -1, "previous": b"p" * 32}, "count from 1"),
        ({"version": 1 << 32, "previous": b"p" * 32}, "too large"),
        ({"generation": 1 << 32}, "too large"),
        ({"time": 1 << 64}, "too large"),
        ({"time": -1}, "too large"),
    ],
)
def test_a_header_that_nobody_would_read_is_never_sealed(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        seal(HEADER._replace(**changes), b"", SEALER)  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "field"), [(40, b"\0\0\0\0"), (60, b"\0\0\0\0"), (60, b"\0\0\0\2"), (88, b"p" * 32)])
def test_a_header_that_makes_no_sense_is_no_record_even_when_it_was_sealed_so(start: int, field: bytes) -> None:
    packed = NOTE[:start] + field + NOTE[start + len(field) : HEADER_BYTES]
    record = packed + SEALER.seal(INFO + packed, envelope._padded(b"text"))
    assert refused(record) == "no-record"


@pytest.mark.parametrize("number", [0, 2, 255])
def test_an_unknown_suite_is_named_whatever_else_it_has(number: int) -> None:
    for kind in (1, 77):
        record = NOTE[:4] + bytes([number, kind]) + NOTE[6:]
        assert refused(record) == "unknown-suite"
    assert refused(b"CSR2" + bytes([number]) + NOTE[5:]) == "no-record"


@pytest.mark.parametrize("kind", [0, 5, 255])
def test_an_unknown_kind_is_no_record(kind: int) -> None:
    assert refused(NOTE[:5] + bytes([kind]) + NOTE[6:]) == "no-record"


@pytest.mark.parametrize("length", [0, 1, 119, 120, 1256, SHORTEST - 1])
def test_a_record_cut_short_is_none(length: int) -> None:
    assert refused(NOTE[:length]) == "no-record"
    assert len(NOTE) == SHORTEST


# --- how long a body is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 256), (1, 256), (252, 256), (253, 512), (4092, 4096), (4093, 8192), (8188, 8192), (8189, 12288)],
)
def test_how_long_a_note_is_shows_in_steps_only(length: int, padded: int) -> None:
    record = seal(HEADER, b"x" * length, SEALER)
    assert len(record) == HEADER_BYTES + OVERHEAD + padded
    assert len(open_record(record, OPENER)[1]) == length


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">I", 4) + b"text" + b"\1" * 248,
        struct.pack(">I", 4) + b"text" + bytes(247) + b"\1",
        struct.pack(">I", 4) + b"text" + bytes(504),
        struct.pack(">I", 4) + b"text" + bytes(300),
        struct.pack(">I", 253) + b"t" * 252,
        struct.pack(">I", 0xFFFFFFFF) + b"t" * 252,
        struct.pack(">I", 4093) + b"t" * 4093 + bytes(255),
    ],
    ids=["filled with ones", "one at the end", "a step too many", "no step", "longer", "huge", "small steps"],
)
def test_any_other_padding_is_refused(content: bytes) -> None:
    packed = HEADER.packed()
    assert refused(packed + SEALER.seal(INFO + packed, content)) == "no-record"


def test_a_seal_of_next_to_nothing_is_no_body() -> None:
    for content in (b"", b"\0\0\0"):
        with pytest.raises(Altered):
            envelope._unpadded(content)


def test_a_body_has_a_longest_that_both_sides_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    assert envelope.LONGEST == 16 << 20
    longest = seal(HEADER, b"x" * 5000, SEALER)
    monkeypatch.setattr(envelope, "LONGEST", 5000)
    assert open_record(longest, OPENER)[1] == b"x" * 5000
    with pytest.raises(ValueError, match="16 MiB"):
        seal(HEADER, b"x" * 5001, SEALER)
    monkeypatch.setattr(envelope, "LONGEST", 4999)
    assert refused(longest) == "no-record"


def test_a_body_of_sixteen_mebibytes_is_sealed_and_opened() -> None:
    body = bytes(envelope.LONGEST)
    assert open_record(seal(HEADER, body, SEALER), OPENER)[1] == body
    with pytest.raises(ValueError, match="16 MiB"):
        seal(HEADER, body + b"\0", SEALER)


def test_no_word_of_a_body_is_in_a_record() -> None:
    assert b"Marie" not in NOTE
