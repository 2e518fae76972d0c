"""With every file that the daemon's user can read and all that it holds in memory, no record opens, and no key of a
shelf can be made that a later writer would seal to."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coachsync.adapters import cachetag
from coachsync.adapters.clientkeys import ClientKeys
from coachsync.adapters.database.vaults import vault_file
from coachsync.adapters.trustfile import read_trust
from coachsync.app.backup import creating
from coachsync.app.progress import silent
from coachsync.app.vault import relocking, shelving, writing
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.opening import Vault
from coachsync.app.vault.reading import Session
from coachsync.app.vault.trusting import coach_of, vault_folder
from coachsync.app.wiring import open_wiring
from coachsync.errors import Altered, CoachsyncError, WrongKey
from coachsync.vault import keyslots, recovery
from coachsync.vault.bodies import File, Note
from coachsync.vault.envelope import Kind
from coachsync.vault.keys import Actor, Person, ShelfKey, Signer
from coachsync.vault.keyslots import By
from coachsync.vault.suite import Opener
from scenario_vault import (
    ATTACHED,
    CLIENT,
    COACH,
    COLLEAGUE,
    NOW,
    OTHER,
    PASSPHRASE,
    VaultPractice,
    key_of,
    make_vault_practice,
    person_of,
    write,
)
from vault_attacker import Attacker, candidates, held, texts, values
from vault_forger import FORGED, TEXT, Forge, Forger, signed_by_me

# What the coach's own machine keeps, where the daemon's user does not get at it.
MACHINE = {by: os.urandom(keyslots.SECRET_BYTES) for by in By if not by.is_portable}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> VaultPractice:
    """The practice that every attack is on a copy of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelving, "SPARES", 6)
        patch.setattr(shelving, "_LEAST", 1)
        practice = make_vault_practice(tmp_path_factory.mktemp("vault"))
    with practice.session() as session:
        for by, secret in MACHINE.items():
            slot = keyslots.lock_under(session.coach, session.vault.id, by, secret)
            relocking.put_slot(session.vault, session.coach, by, slot)
    return practice


@pytest.fixture
def practice(made: VaultPractice, tmp_path: Path) -> VaultPractice:
    copied = tmp_path / "practice"
    shutil.copytree(made.folder, copied)
    return VaultPractice(copied, made.made)


# --- reading ----------------------------------------------------------------------------------------------------------


def attacker_of(practice: VaultPractice) -> Attacker:
    """All that is sealed."""
    files, trust = practice.files(), read_trust(practice.config.trust)
    assert trust is not None
    sealed = [name for name in files if name.startswith("state/vault/")]
    with closing(sqlite3.connect(vault_file(vault_folder(practice.config)))) as database:
        rows = database.execute("SELECT hex(record), version, sealed FROM records").fetchall()
    return Attacker(
        {name: files[name] for name in sealed if "/keys/" in name and not name.endswith(cachetag.NAME)},
        {f"record {record} {version}": content for record, version, content in rows},
        {name: files[name] for name in sealed if name.endswith(".json")},
        {name: files[name] for name in sealed if "/files/" in name},
        trust.vault,
    )


def everything(practice: VaultPractice) -> list[bytes]:
    """All that the daemon has, in its files and in its memory, after it has written a record."""
    with practice.daemon() as (wiring, vault, daemon):
        writing.add(vault, daemon, coach_of(vault.trust, COACH), CLIENT, Kind.NOTE, TEXT, NOW)
        source, about = io.BytesIO(TEXT * 3000), File("a file")
        attach(vault, daemon, coach_of(vault.trust, COACH), CLIENT, source, about, NOW)
        clients = ClientKeys(practice.state, wiring.database.key)
        loaded = [clients.load(code) for code in wiring.clients.directory().clients]
        found = texts(held(wiring, vault, daemon, clients, loaded))
    found += practice.files().values()
    for file in practice.state.rglob("*.db"):
        found += values(file)
    return found


def test_p07_with_all_that_the_daemon_has_no_grant_record_or_keyslot_opens(practice: VaultPractice) -> None:
    found = everything(practice)
    keys = candidates(found)
    with practice.daemon() as (wiring, _, daemon):
        known = {wiring.database.key.secret, daemon._seed}
    assert known < keys, "an attacker who does not find what is there proves nothing"
    attacker = attacker_of(practice)
    assert (len(attacker.records), len(attacker.slots), len(attacker.grants), len(attacker.files)) == (13, 6, 12, 3)
    assert attacker.attack(keys) == set()
    assert not any(TEXT in one for one in found)


def backed_up(practice: VaultPractice) -> dict[str, tuple[bytes, int, bytes]]:
    """Make a backup and a mirror; what opens the manifest, as it is sealed to each coach."""
    practice.file.write_text(practice.file.read_text() + '[backup]\nfolder = "backups"\nmirror = "mirror"\n')
    for name in ("backups", "mirror"):
        (practice.folder / name).mkdir()
    with ExitStack() as gathered:
        with open_wiring(practice.config, "test", NOW) as wiring:
            what = gathered.enter_context(creating.prepared(wiring, practice.file))
        creating.create(what, silent)
    said = json.loads((practice.folder / "backups" / "snapshots" / "1.json").read_bytes())
    header = bytes.fromhex(said["vault"]) + (1).to_bytes(8) + bytes.fromhex(said["manifest"])
    return {
        f"backup for {coach}": (b"coachsync/backup/v1\0", len(header), header + bytes.fromhex(sealed))
        for coach, sealed in said["sealed"].items()
    }


def test_p07_whoever_makes_backups_opens_none_and_the_mirror_opens_nothing_more(practice: VaultPractice) -> None:
    others = backed_up(practice)
    keys = candidates(everything(practice))
    assert len(others) == 2
    attacker = attacker_of(practice)
    mirrored = {name: body for name, body in practice.files().items() if name.startswith("mirror/vault/keys/")}
    attacker.grants = {name: body for name, body in (attacker.grants | mirrored).items() if not name.endswith("TAG")}
    attacker.others = others
    assert len(attacker.grants) == 12 + 12
    assert attacker.attack(keys) == set()
    mine = person_of(practice, COACH).actor.fingerprint.hex()
    opened = attacker.attack(practice.seeds())
    assert {name for name in opened if name.startswith("backup")} == {f"backup for {mine}"}


def test_with_the_seed_of_a_coach_all_of_that_coach_opens(practice: VaultPractice) -> None:
    attacker = attacker_of(practice)
    mine = person_of(practice, COACH).actor.fingerprint.hex()
    wanted = {name for name in attacker.grants if name.endswith(mine)}
    with practice.session() as session:
        history = session.vault.history
        wanted |= {
            f"record {record.hex().upper()} {version}"
            for (record, version), one in history.records.items()
            if history.shelves[one.shelf].coach == session.fingerprint
        } | {
            f"state/vault/files/{record.hex()}.{version}"
            for (record, version), one in history.records.items()
            if one.file is not None and history.shelves[one.shelf].coach == session.fingerprint
        }
    assert len(wanted) == 12
    assert attacker.attack(practice.seeds()) == wanted
    assert any(b"a note that stays, again" in plain for plain in attacker.opened.values())
    assert any(ATTACHED in plain for plain in attacker.opened.values())
    everyone = attacker.attack(practice.seeds(COLLEAGUE))
    assert everyone == attacker.grants.keys() | attacker.records.keys() | attacker.files.keys()


@pytest.mark.parametrize("kind", By)
def test_with_what_opens_a_keyslot_all_of_that_coach_opens(practice: VaultPractice, kind: By) -> None:
    attacker = attacker_of(practice)
    mine = person_of(practice).actor.fingerprint.hex()
    [name] = [name for name in attacker.slots if name.endswith(f"{mine}.{kind}.json")]
    head, code = json.loads(attacker.slots[name]), recovery.typed(practice.made[COACH].code)
    secret = MACHINE.get(kind, code)
    key = keyslots._stretched(head, PASSPHRASE) if kind is By.PASSPHRASE else keyslots._expanded(head, secret)
    opened = attacker.attack([key])
    assert name in opened
    assert any(b"a note that stays, again" in plain for plain in attacker.opened.values())


# --- what is nowhere --------------------------------------------------------------------------------------------------


def secrets_of(practice: VaultPractice) -> dict[str, bytes]:
    """What opens something, by what it is: of every coach, and of every shelf."""
    found: dict[str, bytes] = {}
    for name in (COACH, COLLEAGUE):
        seed = practice.seeds(name)[0]
        person = Person(seed)
        parts = {part: person._derived(part.encode()) for part in ("signing", "sealing")}
        wide = hashlib.shake_256(parts["sealing"]).digest(96)
        found |= {f"{name} {part}": value for part, value in parts.items()}
        found |= {f"{name} seed": seed, f"{name} ML-KEM": wide[:64], f"{name} X25519": wide[64:]}
        attacker = attacker_of(practice)
        attacker.attack([seed])
        found |= {f"{name} {grant}": attacker.opened[grant] for grant in attacker.opened if "/keys/" in grant}
        found |= {f"{name} {by}": secret for by, secret in MACHINE.items()}
        found |= {f"{name} passphrase": PASSPHRASE.encode(), f"{name} code": practice.made[name].code.encode()}
    return found


def spelt(secret: bytes) -> set[bytes]:
    """A secret as it is, and in hexadecimal digits."""
    return {secret, secret.hex().encode(), secret.hex().upper().encode()}


def test_no_file_and_no_object_of_the_daemon_holds_what_opens_anything(practice: VaultPractice) -> None:
    secrets = secrets_of(practice)
    assert len(secrets) > 20
    found = everything(practice)
    assert [name for name, one in secrets.items() if any(form in part for form in spelt(one) for part in found)] == []


DAEMON = """\
import sys
from datetime import UTC, datetime
from pathlib import Path
from coachsync import config
from coachsync.app.vault import making, writing
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.trusting import coach_of
from coachsync.app.wiring import open_wiring
from coachsync.vault.envelope import Kind

loaded, now = config.load(Path(sys.argv[1])), datetime(2026, 3, 2, tzinfo=UTC)
with open_wiring(loaded, "test", now) as wiring, open_vault(loaded, now) as vault:
    daemon = making.daemon_of(vault.files, wiring.database.key)
    coach, text = coach_of(vault.trust, sys.argv[2]), sys.stdin.buffer.readline()
    writing.add(vault, daemon, coach, sys.argv[3], Kind.NOTE, text, now)
    print("written", flush=True)
    sys.stdin.buffer.read()
"""


def memory_of(process: int) -> Iterator[bytes]:
    """Every page that a process can write to."""
    with Path(f"/proc/{process}/maps").open() as maps, Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("rw"):
                with suppress(OSError, ValueError, OverflowError):
                    memory.seek(start)
                    yield memory.read(end - start)


def test_p07_the_memory_of_a_daemon_that_has_written_holds_nothing_that_opens_anything(practice: VaultPractice) -> None:
    secrets = secrets_of(practice)
    with practice.daemon() as (_, _, daemon):
        its_own = daemon._seed
    words = [sys.executable, "-c", DAEMON, str(practice.file), COACH, CLIENT]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(TEXT + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"written\n"
        pages = list(memory_of(process.pid))
        process.stdin.close()
    assert process.returncode == 0
    assert any(its_own in page for page in pages), "who does not find what is there proves nothing"
    assert [name for name, one in secrets.items() if any(form in page for form in spelt(one) for page in pages)] == []
    assert not any(word in page for word in (b"a note that stays", b"what was agreed") for page in pages)


class _Pretender(Signer):
    """The daemon, which says that it is somebody else."""

    def __init__(self, seed: bytes, actor: Actor) -> None:
        super().__init__(seed)
        self.opener = Opener(seed)
        vars(self)["actor"] = actor


def test_p07_the_daemon_writes_a_record_and_cannot_read_it_back(practice: VaultPractice) -> None:
    with practice.daemon() as (_, vault, daemon):
        coach = coach_of(vault.trust, COACH)
        written = writing.add(vault, daemon, coach, CLIENT, Kind.NOTE, TEXT, NOW)
        seed, theirs = daemon._seed, vault.history.coaches[coach]
        readers = [
            daemon,
            Person(seed),
            _Pretender(seed, theirs),
            _Pretender(Signer(seed)._derived(b"sealing"), theirs),
        ]
        for reader in readers:
            session = Session(vault, reader)  # type: ignore[arg-type]
            with pytest.raises(WrongKey):
                session.record(written.record)
            shelf = key_of(vault).shelf
            assert all(isinstance(one, WrongKey) for one in session.shelf(shelf))
    with practice.session() as session:
        assert session.record(written.record).body == TEXT


# --- writing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def forger(practice: VaultPractice) -> Forger:
    with practice.daemon() as (_, vault, daemon):
        coach = vault.history.coaches[coach_of(vault.trust, COACH)]
        other = _key_of_class(vault, OTHER, "disclosures")
        return Forger(practice, vault.id, daemon, key_of(vault), other, coach, vault.history.head)


def _key_of_class(vault: Vault, client: str, category: str) -> ShelfKey:
    shelf = vault.history.shelf_of(coach_of(vault.trust, COACH), client, category)
    assert shelf is not None
    return shelving.current_key(vault, shelf)


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__.strip("_"))
def test_p07_nothing_is_sealed_to_a_key_that_no_coach_has_made(forger: Forger, forge: Forge) -> None:
    forge(forger)
    with pytest.raises(CoachsyncError) as refused:
        forger.accepted()
    assert refused.value.code == FORGED[forge]


def test_no_signature_that_there_is_fits_another_key(forger: Forger) -> None:
    found = [one for file in forger.practice.state.rglob("vault.db") for one in values(file) if len(one) == 64]
    assert len(set(found)) > 30
    for signature in found:
        for key in (forger.mine, replace(forger.mine, generation=3)):
            with pytest.raises(Altered):
                replace(key, signature=signature).check({forger.coach.fingerprint: forger.coach})


def test_with_the_seed_of_the_coach_a_key_of_mine_is_sealed_to(forger: Forger) -> None:
    assert not forger.accepted()
    with forger.practice.daemon() as (_, vault, _):
        forger.head = vault.history.head
    forger.next(person_of(forger.practice))
    assert forger.accepted()


def test_a_record_that_is_written_after_an_attack_was_undone_is_the_coachs(forger: Forger) -> None:
    signed_by_me(forger)
    with pytest.raises(Altered):
        forger.accepted()
    forger.put(forger.true)
    assert not forger.accepted()
    record = write(forger.practice, COACH, CLIENT, Note("again"))
    with forger.practice.session() as session:
        assert b"again" in session.record(record).body
