"""Whoever has the seed of before, what opened it, every old grant and, afterwards, every file: opens nothing that is
there now, has nothing sealed to a key of his own, and has nothing destroyed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from coachsync.adapters.database.vaults import vault_file
from coachsync.adapters.keystore import load_device_key
from coachsync.adapters.ledger import Ledger
from coachsync.app.vault import erasing, relocking, renewing, shelving
from coachsync.app.vault.burying import line_of
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, trusted, vault_folder
from coachsync.app.vault.verifying import verify
from coachsync.app.wiring import open_wiring
from coachsync.errors import Altered, CoachsyncError
from coachsync.vault import chain, formers, keyslots, recovery
from coachsync.vault.bodies import Note
from coachsync.vault.chain import Head
from coachsync.vault.keys import Person
from coachsync.vault.keyslots import FLOOR
from scenario_vault import CLIENT, COACH, NOW, PASSPHRASE, VaultPractice, key_of, make_vault_practice, person_of, write
from test_vault_attacker import attacker_of
from vault_attacker import candidates
from vault_forger import Forger

NEW = "what nobody has seen yet"
STILL = "a note of afterwards"


@dataclass
class Leaked:
    """A practice whose coach has new keys: `before` is the whole state of then, `seed` what was leaked."""

    practice: VaultPractice
    before: Path
    seed: bytes
    code: str

    @property
    def old(self) -> Person:
        return Person(self.seed)

    def put_back(self) -> None:
        """The vault of before, in the place of today's; ledger and trust.toml stay."""
        folder = vault_folder(self.practice.config)
        shutil.rmtree(folder)
        shutil.copytree(self.before / "vault", folder)

    def bodies(self) -> set[bytes]:
        with self.practice.daemon() as (_, vault, _):
            session = Session(vault, self.unlocked())
            records = {record for (record, _), one in vault.history.records.items() if self.is_hers(session, one.shelf)}
            return {session.record(record).body for record in records}

    def unlocked(self) -> Person:
        folder = vault_folder(self.practice.config)
        me = coach_of(trusted(self.practice.config), COACH).hex()
        return keyslots.unlock((folder / "slots" / f"{me}.passphrase.json").read_bytes(), NEW)

    @staticmethod
    def is_hers(session: Session, shelf: bytes) -> bool:
        return session.vault.history.shelves[shelf].coach == session.fingerprint


def renew(practice: VaultPractice) -> None:
    config, now = practice.config, NOW + timedelta(hours=1)
    with open_wiring(config, "test", now) as wiring:
        person = renewing.start(config, now, coach_of(trusted(config), COACH), PASSPHRASE, NEW, cost=FLOOR)
        with open_vault(config, now) as vault:
            session = Session(vault, person)
            while renewing.go_on(session).left:
                pass
            renewing.end(config, session, wiring.database.key)
            relocking.new_code(vault, person)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Leaked:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelving, "SPARES", 6)
        patch.setattr(shelving, "_LEAST", 1)
        practice = make_vault_practice(tmp_path_factory.mktemp("leaked"))
    before = tmp_path_factory.mktemp("before") / "state"
    shutil.copytree(practice.state, before)
    seed = person_of(practice).seed
    renew(practice)
    write(practice, COACH, CLIENT, Note(STILL))
    return Leaked(practice, before, seed, practice.made[COACH].code)


@pytest.fixture
def leaked(made: Leaked, tmp_path: Path) -> Leaked:
    folder = tmp_path / "practice"
    shutil.copytree(made.practice.folder, folder)
    return replace(made, practice=VaultPractice(folder, made.practice.made))


# --- reading ----------------------------------------------------------------------------------------------------------


def known_before(leaked: Leaked) -> set[bytes]:
    """All that the old seed, its keyslots and grants give, and whatever else looked like a key then."""
    files = [file.read_bytes() for file in leaked.before.rglob("*") if file.is_file()]
    (slot,) = (leaked.before / "vault" / "slots").glob(f"{leaked.old.actor.fingerprint.hex()}.passphrase.json")
    stretched = keyslots._stretched(json.loads(slot.read_bytes()), PASSPHRASE)
    derived = {leaked.old._derived(part) for part in (b"signing", b"sealing")}
    return candidates(files) | derived | {leaked.seed, stretched, recovery.typed(leaked.code).ljust(32, b"\0")}


def test_nothing_that_is_there_now_opens_with_all_that_was_leaked(leaked: Leaked) -> None:
    keys = known_before(leaked)
    then = attacker_of(VaultPractice(_then(leaked)))
    assert any(b"a note that stays" in then.opened[name] for name in then.attack([leaked.seed]))
    seeds = {plain for plain in then.opened.values() if len(plain) == 32}
    assert len(seeds) > 4
    now = attacker_of(leaked.practice)
    assert (len(now.records), len(now.slots)) == (12, 4)
    assert now.attack(keys | seeds) == set()
    everything = b"".join(leaked.practice.files().values())
    assert leaked.seed not in everything
    assert leaked.seed.hex().encode() not in everything


def _then(leaked: Leaked) -> Path:
    """The practice as it was."""
    folder = leaked.practice.folder.parent / "then"
    shutil.copytree(leaked.practice.folder, folder, ignore=shutil.ignore_patterns("state"))
    shutil.copytree(leaked.before, folder / "state")
    return folder


def test_everything_is_sound_and_reads_as_before(leaked: Leaked) -> None:
    person = leaked.unlocked()
    assert verify(leaked.practice.config, NOW, [person]).findings == []
    texts = {json.loads(body)["text"] for body in leaked.bodies() if b'"text"' in body}
    assert texts == {"a note that stays, again", "what was agreed", STILL}


# --- having something sealed to a key of his own ----------------------------------------------------------------------


def forger_of(leaked: Leaked) -> Forger:
    with leaked.practice.daemon() as (_, vault, daemon):
        coach = vault.history.coaches[coach_of(vault.trust, COACH)]
        key = key_of(vault)
        return Forger(leaked.practice, vault.id, daemon, key, key, coach, vault.history.head)


def _certified_by_the_old_key(leaked: Leaked, forger: Forger) -> None:
    forger.put(forger.mine.signed(leaked.old))


def _as_a_shelf_of_the_old_key(leaked: Leaked, forger: Forger) -> None:
    forger.put(replace(forger.mine, coach=leaked.old.actor.fingerprint).signed(leaked.old))


def _as_the_next_generation(leaked: Leaked, forger: Forger) -> None:
    forger.next(leaked.old)


def _as_the_coach_again(leaked: Leaked, forger: Forger) -> None:
    """Who gives place to a key of his own."""
    forger.put_actor(forger.me.actor)
    said = formers.renewal(forger.vault, leaked.old.actor.fingerprint, forger.me, [])
    forger.say(leaked.old, **said)
    forger.next(forger.me)


def _by_a_daemon_of_his_own(leaked: Leaked, forger: Forger) -> None:
    forger.say(leaked.old, e="actor", role="daemon", verify=forger.me.actor.verify.hex())


def _after_cutting_the_log(leaked: Leaked, forger: Forger) -> None:
    _cut(leaked, forger, 3)
    forger.next(leaked.old)


def _after_cutting_it_where_the_old_key_ends(leaked: Leaked, forger: Forger) -> None:
    with leaked.practice.daemon() as (_, vault, _):
        entry = next(one for one in vault.store.entries() if one.event["e"] == "renewed")
    _cut(leaked, forger, vault.history.head.count - entry.number + 1)
    forger.next(leaked.old)


def _in_the_copy_of_before(leaked: Leaked, forger: Forger) -> None:
    leaked.put_back()
    _rewritten(leaked, forger)
    forger.next(leaked.old)


def _in_the_copy_of_before_which_it_accepts(leaked: Leaked, forger: Forger) -> None:
    leaked.put_back()
    _rewritten(leaked, forger)
    (pinned,) = trusted(leaked.practice.config).coaches[COACH].former
    forger.say(leaked.old, e="restored", count=pinned.until.count, digest=pinned.until.digest.hex())
    forger.next(leaked.old)


def _cut(leaked: Leaked, forger: Forger, entries: int) -> None:
    """Take so many entries off the end of the log, and have the head say so."""
    folder = vault_folder(leaked.practice.config)
    with closing(sqlite3.connect(vault_file(folder))) as database, database:
        database.execute("DELETE FROM log WHERE number > (SELECT max(number) FROM log) - ?", (entries,))
    _rewritten(leaked, forger)


def _rewritten(leaked: Leaked, forger: Forger) -> None:
    folder = vault_folder(leaked.practice.config)
    with closing(sqlite3.connect(vault_file(folder))) as database:
        row = database.execute("SELECT * FROM log ORDER BY number DESC LIMIT 1").fetchone()
    entry = chain.Entry(*row)
    forger.head = Head(entry.number, entry.digest(forger.vault))
    (folder / "head").write_text(f"{forger.head.count} {forger.head.digest.hex()}\n")


Forge = Callable[[Leaked, Forger], None]
FORGED: dict[Forge, str] = {
    _certified_by_the_old_key: "signature-invalid",
    _as_a_shelf_of_the_old_key: "shelf-of-nobody",
    _as_the_next_generation: "log-of-nobody",
    _as_the_coach_again: "log-of-nobody",
    _by_a_daemon_of_his_own: "log-of-nobody",
    _after_cutting_the_log: "log-of-nobody",
    _after_cutting_it_where_the_old_key_ends: "log-cut",
    _in_the_copy_of_before: "log-cut",
    _in_the_copy_of_before_which_it_accepts: "log-cut",
}


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__.strip("_"))
def test_nothing_is_sealed_to_what_the_old_seed_signs(leaked: Leaked, forge: Forge) -> None:
    forger = forger_of(leaked)
    forge(leaked, forger)
    with pytest.raises(CoachsyncError) as refused:
        forger.accepted()
    assert refused.value.code == FORGED[forge]


def test_without_an_attack_the_daemon_writes(leaked: Leaked) -> None:
    assert not forger_of(leaked).accepted()


# --- destroying -------------------------------------------------------------------------------------------------------


def stones(leaked: Leaked, forger: Forger) -> Iterator[bytes]:
    """Lines of the ledger that the old key signs: everything of a client, one note, and who says that they count."""
    with leaked.practice.daemon() as (_, vault, _):
        history, coach = vault.history, coach_of(vault.trust, COACH)
        shelves = {shelf: one for shelf, one in history.shelves.items() if (one.coach, one.client) == (coach, CLIENT)}
        records = sorted({key[0] for key, one in history.records.items() if one.shelf in shelves})
    through = {shelf.hex(): one.generation for shelf, one in shelves.items()}
    everything = {"e": "erase", "what": "client", "client": CLIENT, "shelves": through, "keys": []}
    events = [everything | {"records": [one.hex() for one in records]}]
    events.append(events[0] | {"what": "note", "records": [records[0].hex()]})
    head, digests = Head(7, bytes(32)), []
    for event in events:
        entry, _ = chain.entry(head, forger.vault, leaked.old, event, int(NOW.timestamp()))
        digests.append(entry.digest(forger.vault))
        yield line_of(entry)
    said = formers.renewal(forger.vault, leaked.old.actor.fingerprint, forger.me, digests)
    yield line_of(chain.entry(head, forger.vault, leaked.old, said, int(NOW.timestamp()))[0])


def test_p09_an_erasure_that_the_old_key_signs_alarms_and_destroys_nothing(leaked: Leaked) -> None:
    ledger, forger, before = Ledger(leaked.practice.state), forger_of(leaked), leaked.bodies()
    for line in list(stones(leaked, forger)):
        ledger.bury(line)
    grants = {name for name in leaked.practice.files() if "/keys/" in name}
    with leaked.practice.daemon() as (_, vault, _):
        assert [one.code for one in vault.problems] == ["ledger-forged"]
        session = Session(vault, leaked.unlocked())
        erasing.settle(session)
    assert leaked.bodies() == before
    assert {name for name in leaked.practice.files() if "/keys/" in name} == grants


def test_nor_does_one_in_the_log(leaked: Leaked) -> None:
    forger = forger_of(leaked)
    *_, note, _ = stones(leaked, forger)
    event = json.loads(bytes.fromhex(json.loads(note)["said"]))
    forger.say(leaked.old, **{name: value for name, value in event.items() if name != "at"})
    grants = {name for name in leaked.practice.files() if "/keys/" in name}
    with pytest.raises(Altered), leaked.practice.daemon():
        pass
    assert {name for name in leaked.practice.files() if "/keys/" in name} == grants


def test_nor_beside_an_older_copy_that_the_coach_goes_on_with(leaked: Leaked) -> None:
    """And what the coach really erased before the leak stays erased in it."""
    config, now = leaked.practice.config, NOW + timedelta(hours=2)
    ledger, forger = Ledger(leaked.practice.state), forger_of(leaked)
    for line in list(stones(leaked, forger)):
        ledger.bury(line)
    leaked.put_back()
    coach = coach_of(trusted(config), COACH)
    person = renewing.start(config, now, coach, PASSPHRASE, NEW, accept=True, cost=FLOOR)
    with open_vault(config, now) as vault:
        session = Session(vault, person)
        renewing.go_on(session)
        renewing.end(config, session, load_device_key(leaked.practice.state, create=False))
        assert [one.code for one in vault.problems] == ["ledger-forged"]
    texts = {json.loads(body)["text"] for body in leaked.bodies() if b'"text"' in body}
    assert texts == {"a note that stays, again", "what was agreed"}
    assert leaked.seed not in b"".join(leaked.practice.files().values())


def test_a_copy_in_whose_log_the_old_key_erases_is_not_gone_on_with(leaked: Leaked) -> None:
    config, now = leaked.practice.config, NOW + timedelta(hours=2)
    forger = forger_of(leaked)
    first, *_ = stones(leaked, forger)
    leaked.put_back()
    _rewritten(leaked, forger)
    event = json.loads(bytes.fromhex(json.loads(first)["said"]))
    with closing(sqlite3.connect(vault_file(vault_folder(config)))) as database:
        rows = database.execute("SELECT DISTINCT hex(shelf), hex(record), generation FROM records").fetchall()
    gone = [(shelf, record) for shelf, record, _ in rows if shelf.lower() in event["shelves"]]
    event["records"] = sorted({record.lower() for _, record in gone})
    event["shelves"] = dict.fromkeys(event["shelves"], 9)
    forger.say(leaked.old, **{name: value for name, value in event.items() if name != "at"})
    coach = coach_of(trusted(config), COACH)
    with pytest.raises(Altered) as refused:
        renewing.start(config, now, coach, PASSPHRASE, NEW, accept=True, cost=FLOOR)
    assert refused.value.code == "erasure-of-former"
