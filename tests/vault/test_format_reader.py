"""What the program writes is read by a reader that knows its page alone, and both read what was written long ago."""

from __future__ import annotations

import ast
import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import formatreader as reader
import handhpke
import vaultvectors
from coachsync.errors import CoachsyncError
from coachsync.vault import chain, envelope, grants, keyslots, recovery
from coachsync.vault.history import History
from coachsync.vault.keys import Person, ShelfKey
from coachsync.vault.suite import Opener, Sealer
from handhpke import Refused

VECTORS = vaultvectors.GOLDEN.parent
COACHES = {person.actor.fingerprint: person.actor for person in vaultvectors.COACHES.values()}


@dataclass(frozen=True)
class Vault:
    """A folder as `vaultvectors` writes it."""

    folder: Path

    @cached_property
    def expected(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "expected.json").read_bytes()))

    @cached_property
    def trust(self) -> reader.Trust:
        return reader.read_trust((self.folder / "trust.toml").read_text())

    def person(self, name: str) -> Person:
        return Person(bytes.fromhex(self.expected["coaches"][name]["seed"]))

    def slot(self, name: str, kind: str) -> bytes:
        person = self.expected["coaches"][name]["fingerprint"]
        return (self.folder / "slots" / f"{person}.{kind}.json").read_bytes()

    def shelves(self) -> list[tuple[reader.Shelf, bytes]]:
        """Each generation of each shelf, and its seed."""
        return [(_row(reader.Shelf, row), bytes.fromhex(row["seed"])) for row in self.expected["shelves"]]

    def seed_of(self, record: reader.Record) -> bytes:
        wanted = (record.shelf, record.generation)
        return next(seed for shelf, seed in self.shelves() if (shelf.shelf, shelf.generation) == wanted)

    def records(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for path, header in self.expected["records"].items():
            yield (self.folder / path).read_bytes(), header

    @property
    def entries(self) -> list[reader.Entry]:
        return [_row(reader.Entry, row) for row in self.expected["log"]]

    @property
    def head(self) -> tuple[int, bytes]:
        head = self.expected["head"]
        return head["count"], bytes.fromhex(head["digest"])


def _row(kind: Callable[..., Any], row: dict[str, Any]) -> Any:
    """A row of a table, its bytes no longer in hex."""
    texts = {"said": lambda text: text.encode()}
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{
        name: texts.get(name, bytes.fromhex)(row[name]) if isinstance(row[name], str) else row[name] for name in fields
    })  # fmt: skip


@pytest.fixture(scope="module", params=["written once", "written now"])
def vault(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    if request.param == "written once":
        return Vault(vaultvectors.GOLDEN)
    folder = tmp_path_factory.mktemp("vault")
    vaultvectors.write(folder)
    return Vault(folder)


# ------------------------------------------------------------------------------------ the reader is another one


@pytest.mark.parametrize("module", [reader, handhpke], ids=lambda module: module.__name__)
def test_the_reader_shares_no_code_with_the_program(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text())
    names = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    outside = {name for name in names if not name.startswith("handhpke.")}
    assert not [name for name in outside if "coachsync" in name or "vault" in name or "hpke" in name or "hkdf" in name]
    assert len(outside) > 5


def published(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / name).read_bytes()))


def test_the_published_vector_of_x_wing() -> None:
    vector = {name: bytes.fromhex(value) for name, value in published("xwing.json").items() if name != "source"}
    assert handhpke.public_of(vector["sk"]) == Opener(vector["sk"]).public == vector["pk"]
    assert handhpke.decapsulate(vector["sk"], vector["ct"]) == vector["ss"]


def test_the_published_vector_of_hpke_with_x_wing() -> None:
    vector = published("hpke.json")
    seed, enc, info = (bytes.fromhex(vector[name]) for name in ("skRm", "enc", "info"))
    assert (vector["kem_id"], vector["kdf_id"]) == (handhpke.XWING, handhpke.HKDF_SHA256)
    assert handhpke.public_of(seed).hex() == Opener(seed).public.hex() == vector["pkRm"]
    shared = handhpke.decapsulate(seed, enc)
    assert shared.hex() == vector["shared_secret"]
    key, nonce = handhpke.schedule(shared, info, vector["aead_id"])
    assert (key.hex(), nonce.hex()) == (vector["key"], vector["base_nonce"])
    message = {name: bytes.fromhex(value) for name, value in vector["message"].items()}
    assert ChaCha20Poly1305(key).decrypt(nonce, message["ct"], message["aad"]) == message["pt"]


# --------------------------------------------------------------------------- both read the same from the same bytes


def test_persons(vault: Vault) -> None:
    for name, coach in vault.expected["coaches"].items():
        seed, actor = bytes.fromhex(coach["seed"]), vault.person(name).actor
        assert reader.verify_key(seed).hex() == actor.verify.hex() == coach["verify"]
        assert reader.coach_fingerprint(seed).hex() == actor.fingerprint.hex() == coach["fingerprint"]
        assert vault.trust.coaches[actor.fingerprint] == actor.verify
    daemon = vault.expected["daemon"]
    assert reader.verify_key(bytes.fromhex(daemon["seed"])).hex() == daemon["verify"]
    assert reader.fingerprint(reader.DAEMON, bytes.fromhex(daemon["verify"]), b"").hex() == daemon["fingerprint"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_passphrase_opens_its_keyslot_however_it_is_typed(vault: Vault, form: Literal["NFC", "NFD"]) -> None:
    for name, coach in vault.expected["coaches"].items():
        slot, phrase = vault.slot(name, "passphrase"), unicodedata.normalize(form, coach["passphrase"])
        assert (
            reader.open_with_passphrase(slot, phrase, vault.trust.vault).hex()
            == keyslots.unlock(slot, phrase).seed.hex()
        )
        assert keyslots.unlock(slot, phrase).seed.hex() == coach["seed"]


def test_the_printed_code_opens_its_keyslot(vault: Vault) -> None:
    code, name = vault.expected["recovery"], vault.expected["recovery"]["person"]
    slot, seed = vault.slot(name, "recovery"), vault.expected["coaches"][name]["seed"]
    assert recovery.printed(bytes.fromhex(code["code"])) == code["printed"]
    for typed in (code["printed"], code["printed"].replace("-", " ").lower().replace("1", "l").replace("0", "o")):
        assert reader.read_code(typed) == recovery.typed(typed) == bytes.fromhex(code["code"])
        assert reader.open_with_code(slot, typed, vault.trust.vault).hex() == seed
        assert keyslots.recover(slot, recovery.typed(typed)).seed.hex() == seed


def test_shelves_are_certified(vault: Vault) -> None:
    for shelf, seed in vault.shelves():
        shelf.check(vault.trust)
        certified(vault, shelf).check(COACHES)
        assert handhpke.public_of(seed) == Opener(seed).public == shelf.public


def certified(vault: Vault, shelf: reader.Shelf) -> ShelfKey:
    return ShelfKey(
        vault.trust.vault, shelf.shelf, shelf.generation, shelf.coach, shelf.public, shelf.signature
    )  # fmt: skip


def test_grants_give_the_seeds_of_shelves(vault: Vault) -> None:
    found = {str(path.relative_to(vault.folder)): path.read_bytes() for path in vault.folder.glob("keys/*/*")}
    people = {person.actor.fingerprint: person for person in map(vault.person, vault.expected["coaches"])}
    opened = 0
    for shelf, seed in vault.shelves():
        content = found.get(f"keys/{shelf.shelf.hex()}/{shelf.generation}.1.{shelf.coach.hex()}")
        if content is None:
            continue  # erased
        person, grant = people[shelf.coach], reader.Grant(content)
        assert grant.open(person.seed, vault.trust, shelf) == seed
        assert grants.opened(content, certified(vault, shelf), person).public == handhpke.public_of(seed)
        assert grant.digest == grants.digest(content)
        assert found[grant.place] == content
        opened += 1
    assert opened == len(found) == 2


def test_records_say_what_was_written(vault: Vault) -> None:
    for raw, expected in vault.records():
        record, seed = reader.record_of(raw), vault.seed_of(reader.record_of(raw))
        header, body = envelope.open_record(raw, Opener(seed))
        assert record.open(seed).decode() == body.decode() == expected["body"]
        for name in set(expected) - {"body", "kind"}:
            assert getattr(record, name) == getattr(header, name)
            value = getattr(record, name)
            assert (value.hex() if isinstance(value, bytes) else value) == expected[name]
        assert record.kind == header.kind.name.lower() == expected["kind"]
        assert record.digest == envelope.digest(raw)
        reader.check_stored(vault.entries, record)


def test_versions_follow_from_one_another(vault: Vault) -> None:
    versions = [record for record in (reader.record_of(raw) for raw, _ in vault.records()) if record.kind == "note"]
    assert len(versions) == 2
    reader.check_versions(versions)
    for wrong in (versions[1:], versions[::-1], [versions[0], versions[0]]):
        with pytest.raises(Refused):
            reader.check_versions(wrong)


def test_the_log_tells_the_same(vault: Vault) -> None:
    entries, head = vault.entries, vault.head
    assert reader.check_log(vault.trust, entries, head) == head[1]
    history = History(vault.trust.vault, COACHES)
    history.take(chain.Entry(**vars(entry)) for entry in entries)
    assert (history.head.count, history.head.digest) == head
    stored = [reader.record_of(raw) for raw, _ in vault.records()]
    told = {(one.record, one.version): one.digest for one in stored}
    assert {key: one.digest for key, one in history.records.items()} == told
    assert [stone.done for stone in history.tombstones.values()] == [True]


# -------------------------------------------------------------------------------- and both refuse the same


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
            envelope.open_record(changed, Opener(seed))


def test_a_changed_grant_is_refused_by_both(vault: Vault) -> None:
    shelf, _ = vault.shelves()[-1]
    person = next(one for one in map(vault.person, ("anna", "bea")) if one.actor.fingerprint == shelf.coach)
    raw = (vault.folder / "keys" / shelf.shelf.hex() / f"{shelf.generation}.1.{shelf.coach.hex()}").read_bytes()
    for changed in (*flipped(raw, reader.GRANT.size), raw[:-1], raw[:-1] + b"\1", raw + b"\0"):
        with pytest.raises(Refused):
            reader.Grant(changed).open(person.seed, vault.trust, shelf)
        with pytest.raises(CoachsyncError):
            grants.opened(changed, certified(vault, shelf), person)


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
        reader.check_log(vault.trust, entries)
    with pytest.raises(CoachsyncError):
        History(vault.trust.vault, COACHES).take(chain.Entry(**vars(entry)) for entry in entries)


def test_no_coach_erases_what_is_another_s(vault: Vault) -> None:
    disclosed = next(
        record for record in map(reader.record_of, (raw for raw, _ in vault.records())) if record.kind == "disclosure"
    )
    event = {"e": "erase", "what": "note", "client": "", "shelves": {}, "records": [disclosed.record.hex()], "keys": []}
    for signer, allowed in ((vaultvectors.BEA, True), (vaultvectors.ANNA, False)):
        entry, _ = chain.entry(chain.Head(*vault.head), vault.trust.vault, signer, event)
        entries = [*vault.entries, reader.Entry(entry.number, entry.previous, entry.actor, entry.said, entry.signature)]
        with nullcontext() if allowed else pytest.raises(Refused, match="another coach"):
            reader.check_log(vault.trust, entries)


def test_a_log_that_was_cut_is_told_from_a_head(vault: Vault) -> None:
    for entries in (vault.entries[:-1], []):
        assert reader.check_log(vault.trust, entries)
        with pytest.raises(Refused):
            reader.check_log(vault.trust, entries, vault.head)


def test_a_log_that_was_cut_and_went_on_is_told_from_a_head(vault: Vault) -> None:
    before = vault.entries[-1]
    head = chain.Head(before.number - 1, before.previous)
    entries = vault.entries[:-1]
    for _ in range(3):
        entry, head = chain.entry(head, vault.trust.vault, vaultvectors.ANNA, {"e": "slot", "kind": "recovery"})
        entries.append(reader.Entry(entry.number, entry.previous, entry.actor, entry.said, entry.signature))
    assert len(entries) > vault.head[0]
    with pytest.raises(Refused, match="cut"):
        reader.check_log(vault.trust, entries, vault.head)


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
        reader.open_with_passphrase(changed, vaultvectors.PASSPHRASES["anna"], vault.trust.vault)
    with pytest.raises(CoachsyncError):
        keyslots.unlock(changed, vaultvectors.PASSPHRASES["anna"])


def test_a_keyslot_is_read_however_it_is_spaced(vault: Vault) -> None:
    slot = json.dumps(json.loads(vault.slot("anna", "recovery")), indent=2).encode()
    assert reader.open_with_code(slot, recovery.printed(vaultvectors.CODE), vault.trust.vault) == vaultvectors.drawn(
        "anna"
    )
    assert keyslots.recover(slot, vaultvectors.CODE).seed == vaultvectors.drawn("anna")


# ------------------------------------------------------------------------------------------------- padding

SEED = bytes(range(32))
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
        envelope.open_record(raw, Opener(SEED))
