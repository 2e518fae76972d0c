"""What the page about the format refuses, the program refuses, and a reader that knows the page alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

import formatlog
import formatreader as reader
import formatslots
import handhpke
import vaultvectors
from coachsync.errors import CoachsyncError
from coachsync.vault import chain, envelope, grants, keyslots, recovery
from coachsync.vault.history import History
from coachsync.vault.suite import Opener, Sealer
from handhpke import Refused
from vaultfolder import Vault, certified
from vaultpeople import open_record

SEED = bytes(range(32))
COACHES = {person.actor.fingerprint: person.actor for person in vaultvectors.COACHES.values()}


def flipped(raw: bytes, length: int) -> Iterator[bytes]:
    """One bit of each of the first bytes, another one each time."""
    for place in range(length):
        yield raw[:place] + bytes([raw[place] ^ 1 << place % 8]) + raw[place + 1 :]


def test_a_changed_header_is_refused_by_both(vault: Vault) -> None:
    raw = next(vault.records())[0]
    seed = vault.seed_of(reader.record_of(raw))
    for changed in flipped(raw, reader.RECORD.size):
        with pytest.raises(Refused):
            reader.record_of(changed).open(seed)
        with pytest.raises(CoachsyncError):
            open_record(changed, Opener(seed))


def test_a_changed_grant_is_refused_by_both(vault: Vault) -> None:
    shelf, _ = vault.shelves()[-1]
    person = next(one for one in map(vault.person, ("anna", "bea")) if one.actor.fingerprint == shelf.coach)
    raw = (vault.folder / "keys" / shelf.shelf.hex() / f"{shelf.generation}.1.{shelf.coach.hex()}").read_bytes()
    for changed in (*flipped(raw, reader.GRANT.size), raw[:-1], raw[:-1] + b"\1", raw + b"\0"):
        with pytest.raises(Refused):
            reader.Grant(changed).open(person.seed, vault.trust, shelf)
        with pytest.raises(CoachsyncError):
            grants.opened(changed, certified(vault, shelf), person)


def test_a_grant_of_another_seed_is_refused_by_both(vault: Vault) -> None:
    """Whoever knows a coach's public key can seal to it: what comes out must be the certified key."""
    shelf, _ = next(row for row in vault.shelves() if row[0].coach == vaultvectors.BEA.actor.fingerprint)
    forged = grants.grant(certified(vault, shelf), SEED, vaultvectors.BEA.actor)
    with pytest.raises(Refused, match="not the key that was certified"):
        reader.Grant(forged).open(vaultvectors.BEA.seed, vault.trust, shelf)
    with pytest.raises(CoachsyncError):
        grants.opened(forged, certified(vault, shelf), vaultvectors.BEA)


@pytest.mark.parametrize(
    "changed", [{"generation": 7}, {"shelf": bytes(16)}, {"coach": bytes(16)}, {"public": bytes(1216)}]
)
def test_a_shelf_that_nobody_has_certified_is_refused_by_both(vault: Vault, changed: dict[str, Any]) -> None:
    shelf = replace(vault.shelves()[0][0], **changed)
    with pytest.raises(Refused):
        shelf.check(vault.trust)
    with pytest.raises(CoachsyncError):
        certified(vault, shelf).check(COACHES)


@pytest.mark.parametrize(
    "change",
    [
        lambda log: log[1:], lambda log: log[:3] + log[4:], lambda log: [*log[:2], log[3], log[2], *log[4:]],
        lambda log: [replace(log[0], actor=log[2].actor), *log[1:]],
        lambda log: [*log[:-1], replace(log[-1], said=log[-1].said.replace(b":", b": ", 1))],
        lambda log: [*log[:-1], replace(log[-1], signature=log[-2].signature)],
    ],
    ids=["without the first", "without one", "two swapped", "another actor", "written otherwise", "another signature"],
)  # fmt: skip
def test_a_changed_log_is_refused_by_both(vault: Vault, change: Callable[[list[Any]], list[reader.Entry]]) -> None:
    entries = change(vault.entries)
    with pytest.raises(Refused):
        formatlog.check_log(vault.trust, entries)
    with pytest.raises(CoachsyncError):
        History(vault.trust.vault, COACHES).take(chain.Entry(**vars(entry)) for entry in entries)


RIGHT = [
    *(b'{"at":1,"e":"slot","kind":"' + kind + b'"}' for kind in (b"recovery", b"keyring")),
    b'{"at":1,"e":"unslot","kind":"credential"}',
]


@pytest.mark.parametrize(
    "said",
    [
        b'{"at":1,"e":"slot","kind":"recovery"}', b'{"at":1,"e": "slot","kind":"recovery"}',
        b'{"kind":"recovery","at":1,"e":"slot"}', b'{"at":1,"e":"slot","e":"slot","kind":"recovery"}',
        b'{"at":1,"e":"slot","kind":"recovery","more":1}', b'{"at":1,"e":"slot"}',
        b'{"at":1,"e":"slots","kind":"recovery"}', b'["e"]', b"",
        b'{"at":1,"e":"slot","kind":"\xc3\xa9"}', b'{"e":"slot","kind":"recovery"}',
        b'{"at":1,"e":"slot","kind":"keyring"}', b'{"at":1,"e":"unslot","kind":"credential"}',
        b'{"at":1,"e":"unslot","kind":"passphrase"}', b'{"at":1,"e":"unslot","kind":"recovery"}',
        b'{"at":1,"e":"slot","kind":"password"}', b'{"at":1,"e":"slot","kind":["keyring"]}',
        b'{"at":1,"e":"unslot","kind":"keyring","more":1}', b'{"at":1,"e":"unslot"}',
        *(b'{"at":' + at + b',"e":"slot","kind":"recovery"}'
          for at in (b"0", b"4294967296", b"true", b'"1"', b"1.0", b"-1")),
    ],
)  # fmt: skip
def test_only_what_the_page_lists_is_said_and_in_one_way(vault: Vault, said: bytes) -> None:
    number, last = vault.head
    unsigned = chain.Entry(number + 1, last, vaultvectors.ANNA.actor.fingerprint, said, b"")
    signed = replace(unsigned, signature=vaultvectors.ANNA.sign(b"log", unsigned.digest(vault.trust.vault)))
    entries = [*vault.entries, _copied(signed)]
    right = said in RIGHT
    with nullcontext() if right else pytest.raises(Refused):
        formatlog.check_log(vault.trust, entries)
    with nullcontext() if right else pytest.raises(CoachsyncError):
        History(vault.trust.vault, COACHES).take(chain.Entry(**vars(entry)) for entry in entries)


@pytest.mark.parametrize(("again", "allowed"), [((2, 5), True), ((2, 2), False), ((1,), False), ((4, 3), False)])
def test_generations_rise_and_may_leave_numbers_out(vault: Vault, again: tuple[int, ...], allowed: bool) -> None:
    shelf, head, entries = bytes(range(16)).hex(), chain.Head(*vault.head), list(vault.entries)
    for generation in (1, *again):
        event = {"e": "shelf", "shelf": shelf, "generation": generation, "key": "00" * 32, "grants": []}
        entry, head = chain.entry(head, vault.trust.vault, vaultvectors.ANNA, event, 1)
        entries.append(_copied(entry))
    with nullcontext() if allowed else pytest.raises(Refused, match="generation"):
        formatlog.check_log(vault.trust, entries)
    with nullcontext() if allowed else pytest.raises(CoachsyncError):
        History(vault.trust.vault, COACHES).take(chain.Entry(**vars(entry)) for entry in entries)


HERE = {"client": "C-ZZZZZZ", "class": "notes"}


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ([HERE], True), ([HERE | {"client": ""}], True), ([HERE, HERE | {"class": "agreements"}], True),
        ([HERE, HERE], False), ([HERE | {"client": "C-ZZZZZ"}], False), ([HERE | {"client": "C-zzzzzz"}], False),
        ([HERE | {"class": "-notes"}], False), ([HERE | {"class": "n" * 21}], False), ([HERE | {"class": ""}], False),
        ([HERE | {"class": "a-" * 10}], True), ([], False),
    ],
)  # fmt: skip
def test_a_shelf_is_one_client_s_before_a_record_lies_on_it(
    vault: Vault, given: list[dict[str, str]], allowed: bool
) -> None:
    """Each on a shelf of its own; and a record on the last."""
    head, entries = chain.Head(*vault.head), list(vault.entries)
    for shelf, place in enumerate([*given, {}]):
        at = {"shelf": f"{max(shelf, 1) if not place else shelf + 1:032x}"}
        key = {"e": "shelf", **at, "generation": 1, "key": "00" * 32, "grants": []}
        record = {
            "e": "record",
            **at,
            "generation": 1,
            "record": "ab" * 16,
            "version": 1,
            "kind": 1,
            "digest": "00" * 32,
        }
        events = [key, {"e": "assign", **at, **place}] if place else [record] if given else [key, record]
        for event in events:
            entry, head = chain.entry(head, vault.trust.vault, vaultvectors.ANNA, event, 1)
            entries.append(_copied(entry))
    with nullcontext() if allowed else pytest.raises(Refused):
        formatlog.check_log(vault.trust, entries)
    with nullcontext() if allowed else pytest.raises(CoachsyncError):
        History(vault.trust.vault, COACHES).take(chain.Entry(**vars(entry)) for entry in entries)


def _copied(entry: chain.Entry) -> reader.Entry:
    return reader.Entry(entry.number, entry.previous, entry.actor, entry.said, entry.signature)


def test_no_coach_erases_what_is_another_s(vault: Vault) -> None:
    disclosed = next(
        record for record in map(reader.record_of, (raw for raw, _ in vault.records())) if record.kind == "disclosure"
    )
    event = {"e": "erase", "what": "note", "client": "", "shelves": {}, "records": [disclosed.record.hex()], "keys": []}
    for signer, allowed in ((vaultvectors.BEA, True), (vaultvectors.ANNA, False)):
        entry, _ = chain.entry(chain.Head(*vault.head), vault.trust.vault, signer, event, 1)
        entries = [*vault.entries, _copied(entry)]
        with nullcontext() if allowed else pytest.raises(Refused, match="another coach"):
            formatlog.check_log(vault.trust, entries)


def test_a_log_that_was_cut_is_told_from_a_head(vault: Vault) -> None:
    for entries in (vault.entries[:-1], []):
        assert formatlog.check_log(vault.trust, entries)
        with pytest.raises(Refused):
            formatlog.check_log(vault.trust, entries, vault.head)


def test_a_log_that_was_cut_and_went_on_is_told_from_a_head(vault: Vault) -> None:
    before = vault.entries[-1]
    head = chain.Head(before.number - 1, before.previous)
    entries = vault.entries[:-1]
    for _ in range(3):
        entry, head = chain.entry(head, vault.trust.vault, vaultvectors.ANNA, {"e": "slot", "kind": "recovery"}, 1)
        entries.append(_copied(entry))
    assert len(entries) > vault.head[0]
    with pytest.raises(Refused, match="cut"):
        formatlog.check_log(vault.trust, entries, vault.head)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"t":2', '"t":1'), ('"m":19456', '"m":19455'), ('"p":1', '"p":17'), ('"t":2', '"t":2.0'),
        ('"version":1', '"version":2'), ('"kdf":"argon2id"', '"kdf":"hkdf-sha256"'), ('"m":', '"n":1,"m":'),
    ],
)  # fmt: skip
def test_a_keyslot_of_another_cost_or_kind_is_refused_by_both(vault: Vault, old: str, new: str) -> None:
    slot = vault.slot("anna", "passphrase")
    changed = slot.replace(old.encode(), new.encode())
    assert changed != slot
    with pytest.raises(Refused):
        formatslots.open_with_passphrase(changed, vaultvectors.PASSPHRASES["anna"], vault.trust.vault)
    with pytest.raises(CoachsyncError):
        keyslots.unlock(changed, vaultvectors.PASSPHRASES["anna"])


def test_a_keyslot_of_another_vault_is_refused(vault: Vault) -> None:
    slot, code = vault.slot("anna", "recovery"), vaultvectors.CODE
    assert formatslots.open_with_code(slot, recovery.printed(code), vault.trust.vault) == vaultvectors.drawn("anna")
    assert keyslots.slot_of(slot).vault == vault.trust.vault
    with pytest.raises(Refused, match="another vault"):
        formatslots.open_with_code(slot, recovery.printed(code), bytes(16))


# ------------------------------------------------------------------------------------------------- padding

HEADER = envelope.Header(envelope.Kind.NOTE, bytes(16), bytes(16), 1, bytes(16), 1, 0, bytes(16))


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 256), (252, 256), (253, 512), (4092, 4096), (4093, 8192), (4096, 8192), (8188, 8192), (8189, 12288)],
)
def test_bodies_of_every_length_are_read(length: int, padded: int) -> None:
    body = b"x" * length
    raw = envelope.seal(HEADER, body, Sealer(Opener(SEED).public))
    assert len(raw) == reader.RECORD.size + handhpke.ENC + padded + handhpke.TAG
    assert reader.record_of(raw).open(SEED) == body


@pytest.mark.parametrize(
    "padded",
    [
        b"", b"\0\0\0", b"\0\0\0\0", b"\0\0\0\1x" + bytes(250), b"\0\0\0\1x" + bytes(507),
        b"\0\0\0\1x" + bytes(250) + b"\1", b"\0\0\1\0" + bytes(252), b"\0\0\x10\0" + bytes(4348),
        b"\xff\xff\xff\xff" + bytes(252),
    ],
    ids=["nothing", "no length", "no zeros", "too few", "too many", "no zero", "cut", "small steps", "absurd"],
)  # fmt: skip
def test_another_padding_is_refused_by_both(padded: bytes) -> None:
    packed = HEADER.packed()
    raw = packed + Sealer(Opener(SEED).public).seal(b"coachsync/record/v1\0" + packed, padded)
    with pytest.raises(Refused):
        reader.record_of(raw).open(SEED)
    with pytest.raises(CoachsyncError):
        open_record(raw, Opener(SEED))
