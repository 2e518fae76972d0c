"""Whatever is done to the files of a vault beside its database, `vault verify` names it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coachsync.adapters import keystore
from coachsync.app.vault import erasing, making
from coachsync.vault import chain, grants
from coachsync.vault.keys import Person
from vault_damage import SECOND, Damaged, check_told, codes, look, person

STRANGER = Person(bytes(range(32)))


def _flipped(found: re.Match[str]) -> str:
    """With another last byte."""
    return f"{found[0][:-2]}{int(found[0][-2:], 16) ^ 1:02x}"


def _trust(damaged: Damaged, pattern: str, by: str | Callable[[re.Match[str]], str]) -> None:
    file = damaged.house.folder / "trust.toml"
    changed, count = re.subn(pattern, by, file.read_text(), count=1)
    assert count
    file.write_text(changed)


def _slot(damaged: Damaged, kind: str = "passphrase", **changed: object) -> None:
    file = damaged.slot(kind)
    file.write_bytes(chain.canonical(json.loads(file.read_text()) | changed) + b"\n")


def _copied_grant(damaged: Damaged) -> None:
    """The file of one shelf under the name of another."""
    shutil.copyfile(damaged.grant(damaged.other), damaged.grant(damaged.second))


def _own_grant(damaged: Damaged) -> None:
    """Anybody can seal to the coach: a grant of the right shelf, with a seed that the attacker knows."""
    coach = person(damaged).actor
    with damaged.house.open() as vault:
        key = vault.store.shelf_key(vault.id, damaged.shelf(damaged.other), 1)
    assert key is not None
    damaged.grant(damaged.other).write_bytes(grants.grant(key, bytes(32), coach))


def _orphan(damaged: Damaged) -> None:
    folder = damaged.house.vault_folder / "keys" / ("ab" * 16)
    folder.mkdir(mode=0o700)
    shutil.copy(damaged.grant(damaged.other), folder / f"1.1.{'cd' * 16}")


def _erased_grant(damaged: Damaged) -> None:
    now = damaged.grant(damaged.second)
    shutil.copy(now, now.with_name(now.name.replace("2.1.", "1.1.")))


def _other_daemon(damaged: Damaged) -> None:
    """One that this device would open, and that no coach has let in."""
    damaged.house.vault_folder.joinpath("daemon.key").write_bytes(damaged.house.device.seal("vault/daemon", bytes(32)))


def _other_device(damaged: Damaged) -> None:
    other = keystore.load_device_key(damaged.house.folder, create=True)
    damaged.house.vault_folder.joinpath("daemon.key").write_bytes(other.seal("vault/daemon", bytes(32)))


def _second_trust(damaged: Damaged) -> None:
    with (damaged.house.folder / "trust.toml").open("a") as file:
        actor = STRANGER.actor
        file.write(f'[coaches.eve]\nverify = "{actor.verify.hex()}"\nfingerprint = "{actor.fingerprint.hex()}"\n')
    damaged.sql(
        "insert into actors values (?, 1, ?, ?)", actor.fingerprint, actor.verify, actor.sealing,
    )  # fmt: skip


UNKNOWN = {"coach-unknown", "log-of-nobody", "ledger-forged"}  # of a coach who does not fit, nothing counts
FILES: dict[str, tuple[Callable[[Damaged], object], set[str]]] = {
    "grant replaced": (_own_grant, {"grant-replaced"}),
    "grant of another shelf": (_copied_grant, {"grant-replaced"}),
    "grant flipped": (
        lambda d: d.grant(d.other).write_bytes(b"X" + d.grant(d.other).read_bytes()[1:]), {"grant-replaced"},
    ),
    "grant cut": (lambda d: d.grant(d.other).write_bytes(d.grant(d.other).read_bytes()[:99]), {"grant-replaced"}),
    "grant grown": (lambda d: d.grant(d.other).write_bytes(d.grant(d.other).read_bytes() + b"x"), {"grant-replaced"}),
    "grant removed": (lambda d: d.grant(d.other).unlink(), {"grant-missing"}),
    "grant of zeros": (lambda d: d.grant(d.other).write_bytes(bytes(4096)), {"grant-missing"}),
    "grant copied for somebody": (
        lambda d: shutil.copy(d.grant(d.other), d.grant(d.other).with_name(f"1.1.{'ab' * 16}")), {"grant-moved"},
    ),
    "erased grant put back": (_erased_grant, {"erased-here"}),
    "all grants gone": (lambda d: shutil.rmtree(d.house.vault_folder / "keys"), {"grant-missing"}),
    "trust: another key": (lambda d: _trust(d, 'verify = "..', _flipped), UNKNOWN),
    "trust: another fingerprint": (
        lambda d: _trust(d, 'fingerprint = "..', _flipped),
        UNKNOWN | {"keyslot-missing", "keyslot-of-nobody"},
    ),
    "trust: another vault": (
        lambda d: _trust(d, 'vault = "..', _flipped), {"log-broken", "keyslot-foreign", "ledger-forged"},
    ),
    "trust: a coach removed": (
        lambda d: _trust(d, r"\[coaches.bea\]\nverify.*\nfingerprint.*\n", ""), {"log-of-nobody", "keyslot-of-nobody"},
    ),
    "trust: a coach added": (_second_trust, {"coach-not-joined", "keyslot-missing"}),
    "trust: nonsense": (lambda d: _trust(d, "vault", "walt"), {"trust-damaged"}),
    "trust: others may write": (lambda d: (d.house.folder / "trust.toml").chmod(0o666), {"trust-open"}),
    "actor replaced": (
        lambda d: d.sql("update actors set sealing=zeroblob(1216) where role=1"), UNKNOWN,
    ),
    "actors of a type that they cannot have": (
        lambda d: d.sql("update actors set sealing='x', role='y'"), UNKNOWN,
    ),
    "slot removed": (lambda d: d.slot().unlink(), {"keyslot-missing"}),
    "slot cut": (lambda d: d.slot().write_bytes(b"{"), {"keyslot-damaged"}),
    "slot made cheap": (lambda d: _slot(d, m=8), {"keyslot-cost"}),
    "slot made dear": (lambda d: _slot(d, t=1000), {"keyslot-cost"}),
    "slot of another vault": (lambda d: _slot(d, vault="00" * 16), {"keyslot-foreign"}),
    "slot of another coach": (
        lambda d: d.slot(name=SECOND).write_bytes(d.slot().read_bytes()), {"keyslot-foreign"},
    ),
    "slot of the code removed": (lambda d: d.slot("recovery").unlink(), {"keyslot-missing"}),
    "database removed": (lambda d: (d.house.vault_folder / "vault.db").unlink(), {"vault-missing"}),
    "ledger removed": (lambda d: (d.house.state / "erasures.ledger").unlink(), {"ledger-short"}),
    "ledger forged": (
        lambda d: (d.house.state / "erasures.ledger").write_bytes(
            (d.house.state / "erasures.ledger").read_bytes() + b'{"number": 1}\n'), {"ledger-forged"},
    ),
    "daemon's key removed": (lambda d: (d.house.vault_folder / "daemon.key").unlink(), {"daemon-key-foreign"}),
    "daemon's key cut": (
        lambda d: (d.house.vault_folder / "daemon.key").write_bytes(b"x"), {"daemon-key-foreign"},
    ),
    "daemon's key of another device": (_other_device, {"daemon-key-foreign"}),
    "daemon of nobody": (_other_daemon, {"daemon-key-foreign"}),
    "folder open": (lambda d: (d.house.vault_folder / "keys").chmod(0o755), {"open-to-others"}),
    "grant open": (lambda d: d.grant(d.other).chmod(0o640), {"open-to-others"}),
    "database open": (lambda d: (d.house.vault_folder / "vault.db").chmod(0o644), {"open-to-others"}),
}  # fmt: skip


@pytest.mark.parametrize(("hand", "named"), FILES.values(), ids=FILES)
def test_p09_a_file_that_is_not_as_it_was_is_named(
    damaged: Damaged, hand: Callable[[Damaged], object], named: set[str]
) -> None:
    hand(damaged)
    found = look(damaged)
    assert codes(found.findings) - {"log-not-read"} == named
    check_told(found)


def test_a_grant_of_no_shelf_opens_nothing_and_is_worth_a_word(damaged: Damaged) -> None:
    _orphan(damaged)
    found = look(damaged)
    assert (codes(found.findings), codes(found.notes)) == (set(), {"grant-orphan"})
    check_told(found)


@pytest.mark.parametrize("name", [name for name, (_, named) in FILES.items() if "grant-replaced" in named])
def test_a_replaced_grant_opens_nothing_and_is_told_once(damaged: Damaged, name: str) -> None:
    coach = person(damaged)
    FILES[name][0](damaged)
    found = look(damaged, coach)
    assert codes(found.findings) <= {"grant-replaced", "grant-damaged", "does-not-open"}
    assert (found.opened or 0) < 4


# --- what was begun ---------------------------------------------------------------------------------------------------


def test_an_erasure_that_was_begun_is_a_finding_until_somebody_ends_it(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = damaged.house
    with house.session() as session, monkeypatch.context() as broken:
        broken.setattr(erasing, "sweep", lambda *_: False)  # as while somebody reads in the database
        assert not erasing.erase_records(session, [damaged.second])[0].done
    assert codes(look(damaged).findings) == {"erasure-not-done", "erased-here"}
    check_told(look(damaged))
    with house.session() as session:
        erasing.settle(session)
    assert look(damaged).findings == []


def test_p09_an_older_copy_of_everything_shows_what_was_erased(undamaged: Damaged, tmp_path: Path) -> None:
    """All of the vault's folder, its head too: only the ledger beside it knows better."""
    before = undamaged.copied(tmp_path / "before")
    after = undamaged.copied(tmp_path / "after")
    with after.house.session() as session:
        erasing.erase_records(session, [after.second])[0]
    shutil.rmtree(after.house.vault_folder)
    shutil.copytree(before.house.vault_folder, after.house.vault_folder)
    found = look(after)
    assert codes(found.findings) == {"erased-here"}
    assert f"record {after.second.hex()}, version 1" in {one.where for one in found.findings}
    with after.house.session() as session:
        erasing.settle(session)  # which erases it again, and seals anew what lay beside it
    assert "erased-here" not in codes(look(after).findings)


def test_bytes_that_are_still_owed_are_a_finding(damaged: Damaged) -> None:
    with damaged.house.open() as vault:
        vault.files.owe_forgetting()
    assert [(one.code, one.where) for one in look(damaged).findings] == [("erasure-not-done", "vault/vault.db")]
    with damaged.house.open():
        pass  # which rewrites the file
    assert look(damaged).findings == []


def test_what_is_called_otherwise_in_the_folder_of_keys_ends_no_look(damaged: Damaged) -> None:
    keys = damaged.house.vault_folder / "keys"
    (keys / ("z" * 32)).mkdir(mode=0o700)
    (keys / ("AB" * 16)).mkdir(mode=0o700)
    for name in ("ab" * 16, "notes"):
        (keys / name).touch(mode=0o600)
    assert look(damaged).findings == []


def test_a_file_in_the_place_of_a_shelf_is_a_grant_that_is_missing(damaged: Damaged) -> None:
    folder = damaged.grant(damaged.first).parent
    shutil.rmtree(folder)
    folder.touch(mode=0o600)
    found = look(damaged)
    assert codes(found.findings) == {"grant-missing"}
    check_told(found)


def test_a_keyslot_of_nobody_is_kept_and_no_finding(damaged: Damaged) -> None:
    """Letting a coach in that was cut short leaves two, and so does a trust.toml from before a coach came."""
    for kind in ("passphrase", "recovery"):
        slot = damaged.slot(kind)
        shutil.copy(slot, slot.with_name(f"{'ab' * 16}.{kind}.json"))
    found = look(damaged, person(damaged))
    assert (found.findings, [one.code for one in found.notes]) == ([], ["keyslot-of-nobody"])
    assert "ab" * 16 in found.notes[0].where
    with damaged.house.session() as session:
        making.settle(session.vault, session.coach, damaged.house.device)
    assert len(list((damaged.house.vault_folder / "slots").glob("abab*"))) == 2
