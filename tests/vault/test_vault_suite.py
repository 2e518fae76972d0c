"""The one way of sealing: what opens what, keys that are traps, and a Python that cannot seal at all."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.vault import suite
from coachsync.vault.keys import Actor, Person, Role, ShelfKey, Signer
from coachsync.vault.suite import OVERHEAD, PUBLIC_BYTES, Opener, Sealer
from vaultpeople import (
    COACH,
    COACHES,
    COLLEAGUE,
    DAEMON,
    OPENER,
    OTHER_OPENER,
    OTHER_SHELF,
    OTHER_VAULT,
    SEALER,
    SHELF,
    SHELF_SEED,
    STRANGER,
    VAULT,
    certified,
    flipped,
)

LOW_ORDER = (  # X25519: what comes of them is zero whatever the other side draws (RFC 7748, section 6.1)
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
)


# --- seals ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(plain=st.binary(max_size=600), info=st.binary(max_size=200), seed=st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_with_its_seed_and_its_info(plain: bytes, info: bytes, seed: bytes) -> None:
    opener = Opener(seed)
    sealed = Sealer(opener.public).seal(info, plain)
    assert len(opener.public) == PUBLIC_BYTES
    assert len(sealed) == len(plain) + OVERHEAD
    assert opener.open(info, sealed) == plain


def test_the_same_text_is_sealed_differently_every_time() -> None:
    assert len({SEALER.seal(b"", b"Marie") for _ in range(20)}) == 20


@pytest.mark.parametrize("what", ["another key", "another info", "cut", "longer", "empty", "no ciphertext"])
def test_nothing_else_opens(what: str) -> None:
    sealed = SEALER.seal(b"here", b"text")
    opener, info, given = {
        "another key": (OTHER_OPENER, b"here", sealed),
        "another info": (OPENER, b"there", sealed),
        "cut": (OPENER, b"here", sealed[:-1]),
        "longer": (OPENER, b"here", sealed + b"\0"),
        "empty": (OPENER, b"here", b""),
        "no ciphertext": (OPENER, b"here", sealed[:1120]),
    }[what]
    with pytest.raises(WrongKey) as caught:
        opener.open(info, given)
    assert (caught.value.code, caught.value.exit_code) == ("does-not-open", 12)


def test_any_altered_byte_of_a_seal_is_noticed() -> None:
    sealed = SEALER.seal(b"", b"text")
    for byte in range(len(sealed)):
        with pytest.raises(WrongKey):
            OPENER.open(b"", flipped(sealed, 8 * byte + byte % 8))


# --- traps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_a_point_of_low_order_is_no_key(point: bytes) -> None:
    """Its half of the secret would be known to everybody."""
    with pytest.raises(CoachsyncError) as caught:
        Sealer(OPENER.public[:1184] + point).seal(b"", b"text")
    assert caught.value.code == "no-public-key"


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_a_seal_with_a_point_of_low_order_does_not_open(point: bytes) -> None:
    sealed = SEALER.seal(b"", b"text")
    with pytest.raises(WrongKey):
        OPENER.open(b"", sealed[:1088] + point + sealed[1120:])


@pytest.mark.parametrize(
    "public",
    [b"", OPENER.public[:-1], OPENER.public + b"\0", b"\xff" * PUBLIC_BYTES, OPENER.public[:1184]],
    ids=["nothing", "shorter", "longer", "not reduced", "half of it"],
)
def test_bytes_that_are_no_public_key_are_refused(public: bytes) -> None:
    with pytest.raises(CoachsyncError) as caught:
        Sealer(public)
    assert caught.value.code == "no-public-key"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(CoachsyncError) as caught:
        Opener(bytes(length))
    assert caught.value.code == "no-public-key"
    for kind in (Signer, Person):
        with pytest.raises(ValueError, match="32 bytes"):
            kind(bytes(length))


# --- an installation that cannot seal ---------------------------------------------------------------------------------


def test_an_installation_that_cannot_seal_says_so_whatever_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    sealer, opener, sealed = Sealer(OPENER.public), Opener(SHELF_SEED), SEALER.seal(b"", b"")
    suite.refuse_missing()
    monkeypatch.setattr(suite, "_SUITE", None)
    for asked in (
        suite.refuse_missing,
        lambda: Sealer(OPENER.public),
        lambda: Opener(SHELF_SEED),
        lambda: sealer.seal(b"", b""),
        lambda: opener.open(b"", sealed),
    ):
        with pytest.raises(CoachsyncError) as caught:
            asked()
        assert (caught.value.code, caught.value.exit_code) == ("sealing-missing", 1)
        assert "Install coachsync" in caught.value.hint


def loaded_anew() -> ModuleType:
    spec = importlib.util.spec_from_file_location("suite_of_another_build", suite.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_older_cryptography_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.hpke", None)
    with pytest.raises(CoachsyncError) as caught:
        loaded_anew().refuse_missing()
    assert caught.value.code == "sealing-missing"


def test_a_build_without_ml_kem_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has all the names, and fails when one is used."""

    class Missing:
        @staticmethod
        def from_seed_bytes(seed: bytes) -> None:
            raise UnsupportedAlgorithm("ML-KEM-768 is not supported")

    monkeypatch.setattr(mlkem, "MLKEM768PrivateKey", Missing)
    with pytest.raises(CoachsyncError) as caught:
        loaded_anew().refuse_missing()
    assert caught.value.code == "sealing-missing"


def test_this_build_can_seal_when_it_is_loaded_anew() -> None:
    loaded_anew().refuse_missing()


# --- persons and signatures -------------------------------------------------------------------------------------------


def test_a_signature_holds_for_one_purpose_one_message_and_one_person() -> None:
    signature = COACH.sign(b"log", b"message")
    COACH.actor.check(b"log", b"message", signature)
    for actor, what, message, shown in (
        (COLLEAGUE.actor, b"log", b"message", signature),
        (COACH.actor, b"shelf", b"message", signature),
        (COACH.actor, b"log", b"massage", signature),
        (COACH.actor, b"log", b"message", signature[:-1]),
        (COACH.actor, b"log", b"message", b""),
        (Actor(Role.COACH, COACH.actor.verify[:-1], COACH.actor.sealing), b"log", b"message", signature),
    ):
        with pytest.raises(Altered) as caught:
            actor.check(what, message, shown)
        assert caught.value.code == "signature-invalid"


def test_the_keys_of_a_person_have_nothing_in_common() -> None:
    assert COACH.opener.public != Opener(COACH.seed).public
    assert COACH.actor.verify != Person(COACH.opener.public[:32]).actor.verify
    assert COACH.sign(b"log", b"") != COLLEAGUE.sign(b"log", b"")


def test_the_keys_of_a_person_are_derived_as_the_format_has_it() -> None:
    sealing, signing = (
        HKDFExpand(SHA256(), 32, b"coachsync/person/" + part + b"/v1").derive(COACH.seed)
        for part in (b"sealing", b"signing")
    )
    assert COACH.opener.public == Opener(sealing).public
    assert COACH.actor.verify == Ed25519PrivateKey.from_private_bytes(signing).public_key().public_bytes_raw()


def test_a_fingerprint_pins_role_and_both_keys() -> None:
    one = COACH.actor
    others = (
        Actor(Role.DAEMON, one.verify, one.sealing),
        Actor(one.role, COLLEAGUE.actor.verify, one.sealing),
        Actor(one.role, one.verify, COLLEAGUE.actor.sealing),
        Actor(one.role, one.verify),
    )
    assert len({actor.fingerprint for actor in (one, *others)}) == 5
    assert len(one.fingerprint) == 16


def test_a_daemon_opens_nothing_and_nothing_can_be_sealed_to_it() -> None:
    assert not hasattr(DAEMON, "opener")
    assert not hasattr(DAEMON, "seed")
    assert DAEMON.actor.role is Role.DAEMON
    with pytest.raises(CoachsyncError) as caught:
        Sealer(DAEMON.actor.sealing)
    assert caught.value.code == "no-public-key"


# --- certified keys of shelves ----------------------------------------------------------------------------------------

KEY = certified()
NAME = COACH.actor.fingerprint


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (ShelfKey(VAULT, SHELF, 1, NAME, OTHER_OPENER.public, KEY.signature), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 2, NAME, KEY.public, KEY.signature), "signature-invalid"),
        (ShelfKey(VAULT, OTHER_SHELF, 1, NAME, KEY.public, KEY.signature), "signature-invalid"),
        (ShelfKey(OTHER_VAULT, SHELF, 1, NAME, KEY.public, KEY.signature), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 1, COLLEAGUE.actor.fingerprint, KEY.public, KEY.signature), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 1, NAME, KEY.public), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 1, NAME, KEY.public).signed(COLLEAGUE), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 1, NAME, KEY.public).signed(DAEMON), "signature-invalid"),
        (ShelfKey(VAULT, SHELF, 1, NAME, KEY.public, COACH.sign(b"log", b"")), "signature-invalid"),
        (certified(STRANGER), "shelf-of-nobody"),
        (ShelfKey(VAULT, SHELF, 1, DAEMON.actor.fingerprint, KEY.public).signed(DAEMON), "shelf-of-nobody"),
        (ShelfKey(VAULT, SHELF, 1, NAME, KEY.public[:-1], KEY.signature), "shelf-key-damaged"),
        (ShelfKey(VAULT, SHELF + b"x", 1, NAME, KEY.public, KEY.signature), "shelf-key-damaged"),
        (ShelfKey(VAULT + b"x", SHELF, 1, NAME, KEY.public, KEY.signature), "shelf-key-damaged"),
        (ShelfKey(VAULT, SHELF, 0, NAME, KEY.public, KEY.signature), "shelf-key-damaged"),
        (ShelfKey(VAULT, SHELF, 1 << 32, NAME, KEY.public, KEY.signature), "shelf-key-damaged"),
        (ShelfKey(VAULT, SHELF, -1, NAME, KEY.public, KEY.signature), "shelf-key-damaged"),
    ],
)
def test_a_key_that_is_not_certified_as_it_stands_is_refused(changed: ShelfKey, code: str) -> None:
    KEY.check(COACHES)
    for _ in range(2):  # what held once is remembered, and what did not is not
        with pytest.raises(Altered) as caught:
            changed.check(COACHES)
        assert caught.value.code == code


def test_a_replaced_entry_of_trust_makes_every_shelf_one_of_nobody() -> None:
    """Who is put in a coach's place has another fingerprint; who keeps the fingerprint has not signed."""
    for trusted, code in (
        ({STRANGER.actor.fingerprint: STRANGER.actor}, "shelf-of-nobody"),
        ({NAME: STRANGER.actor}, "signature-invalid"),
        ({}, "shelf-of-nobody"),
    ):
        with pytest.raises(Altered) as caught:
            KEY.check(trusted)
        assert caught.value.code == code


def test_a_daemon_that_trust_would_name_certifies_nothing() -> None:
    name = DAEMON.actor.fingerprint
    with pytest.raises(Altered) as caught:
        ShelfKey(VAULT, SHELF, 1, name, KEY.public).signed(DAEMON).check({name: DAEMON.actor})
    assert caught.value.code == "shelf-of-nobody"
