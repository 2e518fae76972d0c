"""A vault whose coach has a new key, read by the program and by the reader that knows its page alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import formatformers
import formatlog
import formatreader as reader
import renewedvectors
from coachsync.errors import CoachsyncError
from coachsync.vault import chain, entries, envelope, formers, grants, keyslots
from coachsync.vault.chain import Head
from coachsync.vault.formers import Former
from coachsync.vault.history import History
from coachsync.vault.keys import Person
from coachsync.vault.suite import Opener
from handhpke import Refused
from renewedvectors import NEW, OLD, PASSPHRASE
from vaultfolder import Vault, certified
from vaultvectors import DAEMON, VAULT

VAULT_ID, WAS, IS = VAULT, OLD.actor.fingerprint, NEW.actor.fingerprint


@pytest.fixture(scope="module", params=["written once", "written now"])
def vault(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    if request.param == "written once":
        return Vault(renewedvectors.GOLDEN)
    folder = tmp_path_factory.mktemp("renewed")
    for path, content in renewedvectors.written().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return Vault(folder)


def history(vault: Vault, **changed: Any) -> History:
    """What the program knows of whom trust.toml names."""
    until = vault.trust.formers[WAS].until
    former = replace(Former(OLD.actor, Head(*until), IS, frozenset({IS})), **changed)
    return History(VAULT_ID, {IS: NEW.actor}, {WAS: former})


def taken(known: History, log: list[reader.Entry]) -> History:
    known.take(chain.Entry(**vars(entry)) for entry in log)
    known.refuse_cut()
    return known


def test_both_read_the_log(vault: Vault) -> None:
    assert formatlog.check_log(vault.trust, vault.entries, vault.head) == vault.head[1]
    told = taken(history(vault), vault.entries)
    assert (told.head.count, told.head.digest) == vault.head
    assert {shelf.coach for shelf in told.shelves.values()} == {IS}
    assert (told.replaced, len(told.vouched), len(told.ended)) == ({WAS: IS}, 1, 1)


def test_both_read_what_is_sealed_anew(vault: Vault) -> None:
    told = taken(history(vault), vault.entries)
    shelf, seed = vault.shelves()[-1]
    assert (shelf.generation, shelf.coach) == (3, IS)
    for one, _ in vault.shelves():
        one.check(vault.trust)
    told.check_key(certified(vault, shelf))
    (path,) = vault.folder.glob("keys/*/*")
    content = path.read_bytes()
    assert reader.Grant(content).open(NEW.seed, vault.trust, shelf) == seed
    assert grants.opened(content, certified(vault, shelf), NEW).public == shelf.public
    for raw, expected in vault.records():
        assert reader.record_of(raw).open(seed).decode() == expected["body"]
        assert envelope.body_of(raw, Opener(seed)).decode() == expected["body"]


def test_both_find_the_former_seed(vault: Vault) -> None:
    slot = vault.slot("anna", "passphrase")
    assert keyslots.unlock(slot, PASSPHRASE).seed == NEW.seed
    content = (vault.folder / "slots" / f"{WAS.hex()}.former").read_bytes()
    assert formers.taken_over(content, VAULT_ID, WAS, NEW).seed == OLD.seed
    assert formatformers.open_former(content, VAULT_ID, NEW.seed) == OLD.seed
    for place in (0, 4, 6, 7, 20, 40, 300, 2000):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(CoachsyncError):
            formers.taken_over(bytes(changed), VAULT_ID, WAS, NEW)
        with pytest.raises(Refused):
            formatformers.open_former(bytes(changed), VAULT_ID, NEW.seed)


def test_both_count_the_tombstone_of_the_ledger(vault: Vault) -> None:
    (line,) = (vault.folder / "erasures.ledger").read_bytes().splitlines()
    stone = entries.read(json.loads(line))
    told = taken(history(vault), vault.entries)
    assert stone.digest(VAULT_ID) in told.vouched & told.graves.keys()


def next_entry(vault: Vault, signer: Any, event: dict[str, Any], log: list[reader.Entry]) -> reader.Entry:
    last = log[-1]
    entry, _ = chain.entry(Head(last.number, last.digest(VAULT_ID)), VAULT_ID, signer, event, 1_780_000_000)
    return reader.Entry(**{name: getattr(entry, name) for name in reader.Entry.__dataclass_fields__})


def before(vault: Vault) -> list[reader.Entry]:
    """The log up to where the former key ends."""
    return vault.entries[: vault.trust.formers[WAS].until[0]]


STRANGER = Person(bytes(range(32)))
DIGEST = "ab" * 32
Log = Callable[[Vault], list[reader.Entry]]


def _again(vault: Vault) -> list[reader.Entry]:
    return [*vault.entries, next_entry(vault, OLD, {"e": "slot", "kind": "recovery"}, vault.entries)]


def _beyond(vault: Vault) -> list[reader.Entry]:
    log = before(vault)
    return [*log, next_entry(vault, OLD, {"e": "slot", "kind": "recovery"}, log)]


def _to_a_stranger(vault: Vault) -> list[reader.Entry]:
    log = before(vault)
    return [*log, next_entry(vault, OLD, formers.renewal(VAULT_ID, WAS, STRANGER, []), log)]


def _of_another_proof(vault: Vault) -> list[reader.Entry]:
    log, event = before(vault), formers.renewal(VAULT_ID, WAS, NEW, [])
    return [*log, next_entry(vault, OLD, {**event, "stones": [DIGEST]}, log)]


def _by_the_new_one(vault: Vault) -> list[reader.Entry]:
    log = before(vault)
    return [*log, next_entry(vault, NEW, formers.renewal(VAULT_ID, IS, NEW, []), log)]


def _twice(vault: Vault) -> list[reader.Entry]:
    return [*vault.entries, next_entry(vault, OLD, formers.renewal(VAULT_ID, WAS, NEW, []), vault.entries)]


def _cut(vault: Vault) -> list[reader.Entry]:
    return before(vault)[:-1]


def _given_up_by_itself(vault: Vault) -> list[reader.Entry]:
    log, (count, digest) = before(vault)[:-1], vault.trust.formers[WAS].until
    return [*log, next_entry(vault, OLD, {"e": "restored", "count": count, "digest": digest.hex()}, log)]


def _a_pen_let_in_again(vault: Vault) -> list[reader.Entry]:
    event = {"e": "actor", "role": "daemon", "verify": DAEMON.actor.verify.hex()}
    return [*vault.entries, next_entry(vault, NEW, event, vault.entries)]


def _a_pen_that_was_taken(vault: Vault) -> list[reader.Entry]:
    event = {"e": "assign", "shelf": vault.shelves()[0][0].shelf.hex(), "client": "", "class": "notes"}
    return [*vault.entries, next_entry(vault, DAEMON, event, vault.entries)]


def _buried(vault: Vault) -> list[reader.Entry]:
    """An erasure that the former key signs when it was replaced already."""
    log, shelf = before(vault), vault.shelves()[0][0].shelf.hex()
    record = reader.record_of(next(raw for raw, _ in vault.records())).record.hex()
    event = {"e": "erase", "what": "note", "client": "", "shelves": {shelf: 1}, "records": [record], "keys": []}
    stone = next_entry(vault, OLD, event, log)
    held = {"number": stone.number, "said": stone.said.decode()}
    held |= {name: getattr(stone, name).hex() for name in ("previous", "actor", "signature")}
    return [*vault.entries, next_entry(vault, NEW, {"e": "buried", **held}, vault.entries)]


REFUSED = (
    _again, _beyond, _to_a_stranger, _of_another_proof, _by_the_new_one, _twice, _cut, _given_up_by_itself,
    _a_pen_let_in_again, _a_pen_that_was_taken, _buried,
)  # fmt: skip


@pytest.mark.parametrize("log", REFUSED, ids=lambda log: log.__name__.strip("_"))
def test_what_the_page_forbids_is_refused_by_both(vault: Vault, log: Log) -> None:
    entries = log(vault)
    with pytest.raises(Refused):
        formatlog.check_log(vault.trust, entries)
    with pytest.raises(CoachsyncError):
        taken(history(vault), entries)


def test_a_coach_gives_up_where_a_former_key_ends_and_goes_on(vault: Vault) -> None:
    """With an older copy, in which the key is replaced once more."""
    log, (count, digest) = before(vault)[:-1], vault.trust.formers[WAS].until
    for signer, event in (
        (OLD, formers.renewal(VAULT_ID, WAS, NEW, [])),
        (NEW, {"e": "vault"}),
        (NEW, {"e": "restored", "count": count, "digest": digest.hex()}),
    ):
        log = [*log, next_entry(vault, signer, event, log)]
    assert formatlog.check_log(vault.trust, log)
    assert taken(history(vault), log).replaced == {WAS: IS}


def test_without_trust_nobody_comes_in_the_place_of_a_coach(vault: Vault) -> None:
    trust = reader.Trust(VAULT_ID, {WAS: OLD.actor.verify})
    with pytest.raises(Refused):
        formatlog.check_log(trust, vault.entries)
    with pytest.raises(CoachsyncError):
        taken(History(VAULT_ID, {WAS: OLD.actor}), vault.entries)


def _held(entry: reader.Entry) -> dict[str, Any]:
    """An entry in another one."""
    parts = {name: getattr(entry, name).hex() for name in ("previous", "actor", "signature")}
    return {"e": "buried", "number": entry.number, "said": entry.said.decode()} | parts


def test_under_the_trust_of_before_what_a_later_key_erases_counts_where_the_log_leads_to_it(vault: Vault) -> None:
    """And where trust.toml is that of today the same log is read too."""
    trust, log = reader.Trust(VAULT_ID, {WAS: OLD.actor.verify}), before(vault)
    shelf = vault.shelves()[0][0].shelf.hex()
    record = reader.record_of(next(raw for raw, _ in vault.records())).record
    gone = {"e": "erase", "what": "note", "client": "", "shelves": {shelf: 1}, "records": [record.hex()], "keys": []}
    said = formers.renewal(VAULT_ID, WAS, NEW, [])
    stranger = next_entry(vault, Person(bytes(32)), said, log)
    heir, stone = next_entry(vault, OLD, said, log), next_entry(vault, NEW, gone, log)

    def heard(*held: reader.Entry) -> list[reader.Entry]:
        found = log
        for one in held:
            found = [*found, next_entry(vault, OLD, _held(one), found)]
        return found

    assert formatlog.check_log(trust, heard(heir, stone))
    known = taken(History(VAULT_ID, {WAS: OLD.actor}), heard(heir, stone))
    assert record in known.erased
    assert {one.coach for one in known.shelves.values()} == {WAS}
    for wrong in (heard(stone, heir), heard(stranger, stone), heard(stone)):
        with pytest.raises(Refused):
            formatlog.check_log(trust, wrong)
        with pytest.raises(CoachsyncError):
            taken(History(VAULT_ID, {WAS: OLD.actor}), wrong)
    with pytest.raises(CoachsyncError):  # it comes in the place of nobody: only what it erases counts
        known.add(NEW, {"e": "vault"}, 1)
