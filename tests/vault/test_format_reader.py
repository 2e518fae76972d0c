"""What the program writes is read by a reader that knows its page alone, and both read what was written long ago."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import formatlog
import formatreader as reader
import formatslots
import handhpke
import vaultvectors
from coachsync.vault import chain, envelope, grants, keyslots, recovery
from coachsync.vault.history import History
from coachsync.vault.suite import Opener
from handhpke import Refused
from vaultfolder import Vault, certified

VECTORS = vaultvectors.GOLDEN.parent
COACHES = {person.actor.fingerprint: person.actor for person in vaultvectors.COACHES.values()}


# ------------------------------------------------------------------------------------ the reader is another one


@pytest.mark.parametrize("module", [reader, formatslots, handhpke], ids=lambda module: module.__name__)
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
        assert keyslots.unlock(slot, phrase).seed.hex() == coach["seed"]
        assert formatslots.open_with_passphrase(slot, phrase, vault.trust.vault).hex() == coach["seed"]


def test_what_a_machine_keeps_opens_its_keyslot_and_no_other() -> None:
    """Those that were written once, and those that are written now."""
    once = {file.stem: file.read_bytes() for file in vaultvectors.MACHINES.iterdir()}
    secrets = {kind: vaultvectors.drawn(kind) for kind in once}
    assert sorted(secrets) == ["credential", "keyring"]
    for slots in (once, vaultvectors.machine_slots()):
        for kind, slot in slots.items():
            by, vault = keyslots.By(kind), vaultvectors.VAULT
            assert keyslots.open_under(slot, by, secrets[kind]).seed == vaultvectors.ANNA.seed
            assert formatslots.open_with_secret(slot, kind, secrets[kind], vault) == vaultvectors.ANNA.seed
            other = next(one for one in secrets if one != kind)
            with pytest.raises(Refused):
                formatslots.open_with_secret(slot, kind, secrets[other], vault)
            with pytest.raises(Refused):
                formatslots.open_with_secret(slot.replace(kind.encode(), other.encode()), other, secrets[kind], vault)


def test_the_printed_code_opens_its_keyslot(vault: Vault) -> None:
    code, name = vault.expected["recovery"], vault.expected["recovery"]["person"]
    slot, seed = vault.slot(name, "recovery"), vault.expected["coaches"][name]["seed"]
    assert recovery.printed(bytes.fromhex(code["code"])) == code["printed"]
    for typed in (code["printed"], code["printed"].replace("-", " ").lower().replace("1", "l").replace("0", "o")):
        assert formatslots.read_code(typed) == recovery.typed(typed) == bytes.fromhex(code["code"])
        assert formatslots.open_with_code(slot, typed, vault.trust.vault).hex() == seed
        assert keyslots.recover(slot, recovery.typed(typed)).seed.hex() == seed


def test_shelves_are_certified(vault: Vault) -> None:
    for shelf, seed in vault.shelves():
        shelf.check(vault.trust)
        certified(vault, shelf).check(COACHES)
        formatlog.check_made(vault.entries, shelf)
        assert handhpke.public_of(seed) == Opener(seed).public == shelf.public


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
        formatlog.check_made(vault.entries, shelf, grant)
        assert found[grant.place] == content
        opened += 1
    assert opened == len(found) == 2


def test_records_say_what_was_written(vault: Vault) -> None:
    for raw, expected in vault.records():
        record, seed = reader.record_of(raw), vault.seed_of(reader.record_of(raw))
        header, body = envelope.header_of(raw), envelope.body_of(raw, Opener(seed))
        assert record.open(seed).decode() == body.decode() == expected["body"]
        for name in set(expected) - {"body", "kind"}:
            assert getattr(record, name) == getattr(header, name)
            value = getattr(record, name)
            assert (value.hex() if isinstance(value, bytes) else value) == expected[name]
        assert record.kind == header.kind.name.lower() == expected["kind"]
        assert record.digest == envelope.digest(raw)
        formatlog.check_stored(vault.entries, record)


def test_versions_follow_from_one_another(vault: Vault) -> None:
    versions = [record for record in (reader.record_of(raw) for raw, _ in vault.records()) if record.kind == "note"]
    assert len(versions) == 2
    reader.check_versions(versions)
    for wrong in (versions[1:], versions[::-1], [versions[0], versions[0]]):
        with pytest.raises(Refused):
            reader.check_versions(wrong)


def test_the_log_tells_the_same(vault: Vault) -> None:
    entries, head = vault.entries, vault.head
    assert formatlog.check_log(vault.trust, entries, head) == head[1]
    history = History(vault.trust.vault, COACHES)
    history.take(chain.Entry(**vars(entry)) for entry in entries)
    assert (history.head.count, history.head.digest) == head
    stored = [reader.record_of(raw) for raw, _ in vault.records()]
    told = {(one.record, one.version): one.digest for one in stored}
    assert {key: one.digest for key, one in history.records.items()} == told
    assert [stone.done for stone in history.tombstones.values()] == [True]
