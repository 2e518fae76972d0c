"""Grants: each bit of one, and each that is put in the place of another."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.vault.grants import FILE_BYTES, GrantHeader, digest, grant, header_of, opened
from coachsync.vault.keys import Person, ShelfKey
from coachsync.vault.suite import Opener, Sealer
from vaultpeople import (
    COACH,
    COLLEAGUE,
    DAEMON,
    OPENER,
    OTHER_OPENER,
    OTHER_SEED,
    OTHER_SHELF,
    OTHER_VAULT,
    SHELF,
    SHELF_SEED,
    VAULT,
    certified,
    flipped,
)

KEY = certified()
MINE = grant(KEY, SHELF_SEED, COACH.actor)
HEADER_BYTES, SEALED_BYTES = 60, 1168


def refused(content: bytes, key: ShelfKey = KEY, person: Person = COACH) -> str:
    with pytest.raises((Altered, WrongKey)) as caught:
        opened(content, key, person)
    return caught.value.code


@settings(max_examples=15)
@given(seed=st.binary(min_size=32, max_size=32), generation=st.integers(1, (1 << 32) - 1))
def test_a_grant_opens_the_shelf_that_it_is_for(seed: bytes, generation: int) -> None:
    key = certified(opener=Opener(seed), generation=generation)
    content = grant(key, seed, COACH.actor)
    assert len(content) == FILE_BYTES
    assert header_of(content) == GrantHeader(VAULT, SHELF, generation, COACH.actor.fingerprint)
    opener = opened(content, key, COACH)
    assert opener.public == key.public
    assert opener.open(b"", Sealer(key.public).seal(b"", b"note")) == b"note"


def test_each_flipped_bit_of_a_header_is_noticed() -> None:
    codes = [refused(flipped(MINE, bit)) for bit in range(8 * HEADER_BYTES)]
    assert set(codes[32:40]) == {"unknown-suite"}
    assert set(codes[:32] + codes[40:]) == {"grant-damaged"}


def test_each_altered_byte_after_the_header_is_noticed() -> None:
    for byte in range(HEADER_BYTES, FILE_BYTES):
        code = refused(flipped(MINE, 8 * byte + byte % 8))
        assert code == ("does-not-open" if byte < HEADER_BYTES + SEALED_BYTES else "grant-damaged")


@pytest.mark.parametrize("length", [0, 60, 1228, FILE_BYTES - 1, FILE_BYTES + 1, 2 * FILE_BYTES])
def test_a_grant_of_another_length_is_none(length: int) -> None:
    assert refused(MINE.ljust(length, b"\0")[:length]) == "grant-damaged"


def test_an_overwritten_grant_opens_nothing() -> None:
    for content in (bytes(FILE_BYTES), b"\xff" * FILE_BYTES, os.urandom(FILE_BYTES)):
        assert refused(content) == "grant-damaged"


@pytest.mark.parametrize(
    "theirs",
    [
        grant(certified(shelf=OTHER_SHELF), SHELF_SEED, COACH.actor),
        grant(certified(generation=2), SHELF_SEED, COACH.actor),
        grant(KEY, SHELF_SEED, COLLEAGUE.actor),
        grant(ShelfKey(OTHER_VAULT, SHELF, 1, COACH.actor.fingerprint, KEY.public), SHELF_SEED, COACH.actor),
    ],
    ids=["of another shelf", "of another generation", "for a colleague", "of another vault"],
)
def test_a_grant_in_the_place_of_another_is_noticed(theirs: bytes) -> None:
    assert refused(theirs) == "grant-damaged"
    assert refused(MINE[:HEADER_BYTES] + theirs[HEADER_BYTES:]) == "does-not-open"


def test_an_attackers_seed_in_a_well_made_grant_is_noticed() -> None:
    """Whoever has public keys can seal: that a grant opens says nothing of who has made it."""
    assert refused(grant(KEY, OTHER_SEED, COACH.actor)) == "grant-damaged"


def test_an_attackers_key_beside_their_grant_is_not_certified() -> None:
    theirs = ShelfKey(VAULT, SHELF, 1, COACH.actor.fingerprint, OTHER_OPENER.public, KEY.signature)
    assert opened(grant(theirs, OTHER_SEED, COACH.actor), theirs, COACH).public == OTHER_OPENER.public
    with pytest.raises(Altered) as caught:
        theirs.check({COACH.actor.fingerprint: COACH.actor})
    assert caught.value.code == "signature-invalid"


def test_a_colleague_opens_no_grant_that_is_not_theirs() -> None:
    assert refused(MINE, person=COLLEAGUE) == "grant-damaged"
    renamed = MINE[:44] + COLLEAGUE.actor.fingerprint + MINE[60:]
    assert refused(renamed, person=COLLEAGUE) == "does-not-open"


def test_nothing_can_be_granted_to_a_daemon() -> None:
    with pytest.raises(CoachsyncError) as caught:
        grant(KEY, SHELF_SEED, DAEMON.actor)
    assert caught.value.code == "no-public-key"


@pytest.mark.parametrize("number", [0, 2, 255])
def test_an_unknown_suite_is_named_and_an_unknown_layer_refused(number: int) -> None:
    assert refused(MINE[:4] + bytes([number]) + MINE[5:]) == "unknown-suite"
    assert refused(MINE[:4] + bytes([number, 9]) + MINE[6:]) == "unknown-suite"
    assert refused(MINE[:5] + bytes([number]) + MINE[6:]) == "grant-damaged"
    assert refused(b"CSG2" + bytes([number]) + MINE[5:]) == "grant-damaged"


def test_a_record_in_the_place_of_a_seed_does_not_open() -> None:
    """What is sealed under one label opens under no other."""
    for info in (b"", MINE[:60], b"coachsync/record/v1\0" + MINE[:60]):
        sealed = Sealer(COACH.actor.sealing).seal(info, SHELF_SEED)
        assert refused(MINE[:60] + sealed + MINE[60 + len(sealed) :]) == "does-not-open"


def test_a_seed_of_another_length_in_a_grant_is_noticed() -> None:
    sealed = Sealer(COACH.actor.sealing).seal(b"coachsync/grant/v1\0" + MINE[:60], SHELF_SEED[:-1])
    assert refused((MINE[:60] + sealed).ljust(FILE_BYTES, b"\0")) == "does-not-open"


def test_the_digest_of_a_grant_is_of_all_of_it() -> None:
    assert len({digest(MINE), digest(flipped(MINE, 0)), digest(flipped(MINE, 8 * FILE_BYTES - 1))}) == 3
    assert len(digest(MINE)) == 32
    assert SHELF_SEED not in MINE
    assert OPENER.public not in MINE
