"""Keyslots: who opens them, and what is refused before anything is computed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.vault import keyslots, recovery
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import (
    CEILING,
    FLOOR,
    SECRET_BYTES,
    By,
    Cost,
    Slot,
    lock,
    lock_for_recovery,
    lock_under,
    open_under,
    portable_kinds,
    recover,
    slot_of,
    unlock,
)
from vaultpeople import COACH, COLLEAGUE, OTHER_VAULT, VAULT, flipped

PASSPHRASE = "correct horse, Zoë’s battery"
CODE = bytes(range(20))
SLOT, PAPER = lock(COACH, VAULT, PASSPHRASE, FLOOR), lock_for_recovery(COACH, VAULT, CODE)
FIELDS: dict[str, Any] = json.loads(SLOT)


def written(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def changed(**fields: object) -> bytes:
    return written(FIELDS | fields)


def refused(content: bytes, how: Callable[[], object] | None = None) -> str:
    with pytest.raises((Altered, WrongKey)) as caught:
        (how or (lambda: unlock(content, PASSPHRASE)))()
    return caught.value.code


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is computed from a passphrase or a code."""

    def never(*_: object, **__: object) -> None:
        pytest.fail("something was computed from a keyslot that should be refused")

    monkeypatch.setattr("coachsync.vault.suite.Argon2id", never)
    monkeypatch.setattr(keyslots, "HKDF", never)


# --- who opens one ----------------------------------------------------------------------------------------------------


def test_a_slot_opens_with_its_passphrase_and_says_whose_it_is() -> None:
    person = unlock(SLOT, PASSPHRASE)
    assert (person.seed, person.actor) == (COACH.seed, COACH.actor)
    assert slot_of(SLOT) == Slot("passphrase", VAULT, COACH.actor.fingerprint)
    assert slot_of(PAPER) == Slot("recovery", VAULT, COACH.actor.fingerprint)


@settings(max_examples=3)
@given(passphrase=st.text(max_size=40), seed=st.binary(min_size=32, max_size=32))
def test_any_passphrase_does(passphrase: str, seed: bytes) -> None:
    assert unlock(lock(Person(seed), VAULT, passphrase, FLOOR), passphrase).seed == seed


@settings(max_examples=30)
@given(code=st.binary(min_size=20, max_size=20), seed=st.binary(min_size=32, max_size=32))
def test_any_recovery_code_does(code: bytes, seed: bytes) -> None:
    slot = lock_for_recovery(Person(seed), VAULT, code)
    assert recover(slot, recovery.typed(recovery.printed(code))).seed == seed


def test_a_passphrase_is_the_same_however_a_keyboard_writes_it() -> None:
    assert unlock(SLOT, unicodedata.normalize("NFD", PASSPHRASE)).seed == COACH.seed
    typed_as_bytes = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert unlock(lock(COACH, VAULT, typed_as_bytes, FLOOR), typed_as_bytes).seed == COACH.seed


@pytest.mark.parametrize("tried", ["", PASSPHRASE[:-1], PASSPHRASE + " ", PASSPHRASE.upper()])
def test_another_passphrase_does_not_open(tried: str) -> None:
    with pytest.raises(WrongKey) as caught:
        unlock(SLOT, tried)
    assert (caught.value.code, caught.value.exit_code) == ("wrong-passphrase", 12)


@pytest.mark.parametrize("tried", [b"", CODE[:-1], CODE + b"\0", flipped(CODE, 0)])
def test_another_code_does_not_open(tried: bytes) -> None:
    with pytest.raises(WrongKey) as caught:
        recover(PAPER, tried)
    assert (caught.value.code, caught.value.exit_code) == ("wrong-recovery-code", 12)


@pytest.mark.usefixtures("untouched")
def test_a_slot_of_one_kind_is_not_tried_as_the_other() -> None:
    assert refused(PAPER, lambda: unlock(PAPER, PASSPHRASE)) == "keyslot-damaged"
    assert refused(SLOT, lambda: recover(SLOT, CODE)) == "keyslot-damaged"


def test_every_slot_has_a_salt_and_a_nonce_of_its_own() -> None:
    slots = [json.loads(one) for one in (SLOT, lock(COACH, VAULT, PASSPHRASE, FLOOR), PAPER)]
    assert len({one["salt"] for one in slots}) == len({one["nonce"] for one in slots}) == 3
    assert not any(COACH.seed.hex() in one.values() for one in slots)


def test_the_usual_cost_is_the_second_recommendation_of_the_rfc() -> None:
    assert Cost() == Cost(passes=3, memory=64 << 10, lanes=4)
    assert (Cost(2, 19456, 1), Cost(16, 4194304, 16)) == (FLOOR, CEILING)


# --- what a machine keeps ---------------------------------------------------------------------------------------------

SECRET = bytes(range(SECRET_BYTES))
MACHINES = (By.KEYRING, By.CREDENTIAL)


@pytest.mark.parametrize("by", MACHINES)
def test_what_a_machine_keeps_opens_its_own_slot_alone(by: By) -> None:
    slot = lock_under(COACH, VAULT, by, SECRET)
    assert open_under(slot, by, SECRET).seed == COACH.seed
    assert slot_of(slot) == Slot(by, VAULT, COACH.actor.fingerprint)
    for tried in (b"", SECRET[:-1], flipped(SECRET, 0)):
        assert refused(slot, lambda tried=tried: open_under(slot, by, tried)) == "wrong-keyslot-secret"  # type: ignore[misc]
    for other in set(By) - {by, By.PASSPHRASE}:
        assert refused(slot, lambda other=other: open_under(slot, other, SECRET)) == "keyslot-damaged"  # type: ignore[misc]
        renamed = slot.replace(f'"kind":"{by}"'.encode(), f'"kind":"{other}"'.encode())
        assert refused(renamed, lambda slot=renamed, by=other: open_under(slot, by, SECRET)) in (  # type: ignore[misc]
            "wrong-keyslot-secret",
            "wrong-recovery-code",
        )
    assert refused(slot, lambda: unlock(slot, PASSPHRASE)) == "keyslot-damaged"
    moved = slot.replace(VAULT.hex().encode(), OTHER_VAULT.hex().encode())
    assert refused(moved, lambda: open_under(moved, by, SECRET)) == "wrong-keyslot-secret"


@pytest.mark.parametrize("by", By)
def test_a_secret_that_could_be_guessed_locks_nothing(by: By) -> None:
    for secret in (SECRET[:-1], b"", SECRET + b"x") if by in MACHINES else (SECRET,):
        with pytest.raises(ValueError, match=by):
            lock_under(COACH, VAULT, by, secret)


def test_only_what_a_coach_knows_or_has_on_paper_is_an_act_of_theirs_and_goes_into_a_backup() -> None:
    assert [by for by in By if by.is_deliberate] == [By.PASSPHRASE, By.RECOVERY] == [by for by in By if by.is_portable]
    assert portable_kinds() == ("passphrase", "recovery")


# --- what was changed in one ------------------------------------------------------------------------------------------


def test_each_flipped_bit_of_a_slot_is_noticed() -> None:
    """Of one for a recovery code, which costs nothing to try."""
    codes = {refused(slot, lambda slot=slot: recover(slot, CODE)) for slot in flips(PAPER)}  # type: ignore[misc]
    assert codes == {"keyslot-damaged", "wrong-recovery-code", "unknown-suite"}


def flips(content: bytes) -> list[bytes]:
    return [flipped(content, bit) for bit in range(8 * len(content))]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vault", OTHER_VAULT.hex()),
        ("person", COLLEAGUE.actor.fingerprint.hex()),
        ("salt", bytes(16).hex()),
        ("nonce", bytes(12).hex()),
        ("sealed", bytes(48).hex()),
        ("t", 3),
        ("m", 19457),
        ("p", 2),
    ],
)
def test_everything_in_a_slot_is_authenticated_with_it(field: str, value: object) -> None:
    assert refused(changed(**{field: value})) == "wrong-passphrase"


def test_nothing_that_is_sent_along_is_left_out_of_what_is_authenticated() -> None:
    """As a second implementation reads FORMAT.md: all fields but two, in the one way of writing them."""
    head = {name: value for name, value in FIELDS.items() if name not in ("nonce", "sealed")}
    key = keyslots._stretched(head, PASSPHRASE)
    given = bytes.fromhex(FIELDS["nonce"]), bytes.fromhex(FIELDS["sealed"])
    assert AESGCM(key).decrypt(*given, written(head)[:-1]) == COACH.seed


def test_a_slot_in_which_somebody_elses_seed_is_locked_is_damaged() -> None:
    """Whoever knows the passphrase could write one: whose it says it is must be whose it is."""
    head = {name: value for name, value in json.loads(PAPER).items() if name not in ("nonce", "sealed")}
    theirs = keyslots._sealed(head, keyslots._expanded(head, CODE), COLLEAGUE)
    assert refused(theirs, lambda: recover(theirs, CODE)) == "keyslot-damaged"


@pytest.mark.parametrize(
    "costs",
    [
        {"t": 1},
        {"t": 0},
        {"t": -1},
        {"t": 17},
        {"t": 1 << 40},
        {"m": 19455},
        {"m": 8},
        {"m": 0},
        {"m": 4194305},
        {"m": 1 << 62},
        {"p": 0},
        {"p": 17},
        {"p": 1 << 24},
        {"t": True},
        {"t": 2.0},
        {"t": "2"},
        {"m": None},
        {"p": [1]},
    ],
    ids=str,
)
@pytest.mark.usefixtures("untouched")
def test_a_cost_out_of_bounds_is_refused_before_anything_is_computed(costs: dict[str, object]) -> None:
    for how in (slot_of, lambda slot: unlock(slot, PASSPHRASE)):
        with pytest.raises(Altered) as caught:
            how(changed(**costs))
        assert caught.value.code == "keyslot-cost"


@pytest.mark.usefixtures("untouched")
def test_the_costs_at_the_bounds_are_taken() -> None:
    for cost in (FLOOR, CEILING):
        assert slot_of(changed(t=cost.passes, m=cost.memory, p=cost.lanes)).kind == "passphrase"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "keyslot-damaged"),
        (b"null\n", "keyslot-damaged"),
        (b"[]\n", "keyslot-damaged"),
        (b"{}\n", "keyslot-damaged"),
        (b"\xff\xfe", "keyslot-damaged"),
        (b"[" * 4000, "keyslot-damaged"),
        (b'{"a":' * 700 + b"1" + b"}" * 700 + b"\n", "keyslot-damaged"),
        (SLOT[:-1], "keyslot-damaged"),
        (SLOT + b"\n", "keyslot-damaged"),
        (SLOT.replace(b",", b", "), "keyslot-damaged"),
        (SLOT.replace(b'"t":2', b'"t":9,"t":2'), "keyslot-damaged"),
        (SLOT.decode().encode("utf-16"), "keyslot-damaged"),
        (SLOT.ljust(4097, b" "), "keyslot-damaged"),
        (changed(version=2), "unknown-suite"),
        (changed(version=0), "unknown-suite"),
        (changed(version=True), "keyslot-damaged"),
        (changed(version="1"), "keyslot-damaged"),
        (changed(version=1.0), "keyslot-damaged"),
        (changed(kdf="hkdf-sha256"), "keyslot-damaged"),
        (changed(kdf="md5"), "keyslot-damaged"),
        (changed(kdf=["argon2id"]), "keyslot-damaged"),
        (changed(kind="recovery"), "keyslot-damaged"),
        (changed(kind="keyring"), "keyslot-damaged"),
        (changed(kind=["passphrase"]), "keyslot-damaged"),
        (changed(kind=None), "keyslot-damaged"),
        (changed(more=1), "keyslot-damaged"),
        (changed(salt=FIELDS["salt"].upper().replace("0", "A")), "keyslot-damaged"),
        (changed(salt=FIELDS["salt"][:-2]), "keyslot-damaged"),
        (changed(salt=FIELDS["salt"][:-1] + "g"), "keyslot-damaged"),
        (changed(salt=" " * 32), "keyslot-damaged"),
        (changed(salt=1), "keyslot-damaged"),
        (changed(nonce="00" * 13), "keyslot-damaged"),
        (changed(nonce="00" * 8), "keyslot-damaged"),
        (changed(sealed="00" * 47), "keyslot-damaged"),
        (changed(vault="00" * 15), "keyslot-damaged"),
        (changed(person="\ud800" * 32), "keyslot-damaged"),
        *((written({n: v for n, v in FIELDS.items() if n != name}), "keyslot-damaged") for name in FIELDS),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_what_is_no_slot_is_refused_before_anything_is_computed(content: bytes, code: str) -> None:
    for how in (slot_of, lambda slot: unlock(slot, PASSPHRASE), lambda slot: recover(slot, CODE)):
        with pytest.raises(Altered) as caught:
            how(content)
        assert caught.value.code == code


def test_a_machine_with_too_little_memory_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hungry:
        def __init__(self, **costs: object) -> None:
            self.costs = costs

        def derive(self, secret: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr("coachsync.vault.suite.Argon2id", Hungry)
    with pytest.raises(CoachsyncError) as caught:
        unlock(SLOT, PASSPHRASE)
    assert caught.value.code == "keyslot-memory"
    assert "19 MB" in caught.value.message
