"""`coachsync client erase` and `client export` at the command line."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_desk import NAME, Desk
from coachsync.adapters import room, trustfile
from coachsync.adapters.database import engine
from coachsync.app.cli import clienterase, opening
from coachsync.app.vault import certificates, making, shelving, writing
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.trusting import coach_of
from coachsync.errors import Altered
from coachsync.vault import keyslots
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import FLOOR
from stepping import before_each, counted, killed_at, no_room

PASSPHRASE = "correct horse battery staple"
CANARY, TEXT = "Canari-Zoubrowka", "Elle a parl\u00e9 de sa m\u00e8re."


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few spare shelves, a passphrase that is cheap to guess, and no five seconds for a reader."""
    monkeypatch.setattr(shelving, "SPARES", 5)
    monkeypatch.setattr(shelving, "_LEAST", 1)
    monkeypatch.setattr(making.make, "__defaults__", (FLOOR,))
    forget = engine.forget

    def hastily(connection: Any, folder: Path) -> bool:
        connection.connection.driver_connection.execute("PRAGMA busy_timeout=10")
        return forget(connection, folder)

    monkeypatch.setattr(engine, "forget", hastily)
    monkeypatch.setattr("coachsync.adapters.database.vaults.forget", hastily)
    assert keyslots.USUAL != FLOOR


@pytest.fixture
def client(desk: Desk) -> str:
    """A client of the directory."""
    words = ["--name", CANARY, "--address", "z@canari.example", "--alias", "Zoubi"]
    return str(desk.json("client", "add", *words).document["code"])


@pytest.fixture
def vault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with a vault, which is unlocked by a file."""
    file = desk.folder / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    file.chmod(0o600)
    monkeypatch.setenv("COACHSYNC_PASSPHRASE_FILE", str(file))
    assert desk.run("vault", "init").code == 0
    desk.secrets += [PASSPHRASE, "parl\u00e9", "Zoubi"]
    return desk


def note(desk: Desk, client: str, text: str = TEXT) -> None:
    """Written by the daemon."""
    stored(desk, client, json.dumps({"text": text}).encode())


def stored(desk: Desk, client: str, body: bytes, at: int | None = None) -> None:
    """By the daemon, whatever it says."""
    options = opening.Options(str(desk.file), json=False)
    with opening.opened(options, "note") as wiring, open_vault(wiring.config, wiring.now) as vault:
        daemon = making.daemon_of(vault.files, wiring.database.key)
        assert daemon is not None
        key = shelving.shelf_for(vault, daemon, coach_of(vault.trust, None), client, "notes")
        now = int(wiring.now.timestamp()) if at is None else at
        fields = (Kind.NOTE, vault.id, key.shelf, key.generation, os.urandom(16), 1, now)
        writing.store(vault, daemon, key, writing.Header(*fields, daemon.actor.fingerprint), body)


def traces(desk: Desk, client: str) -> list[bytes]:
    """What must be nowhere when the client is gone: sealed notes, their grants, the row and the key of the device."""
    found = []
    for database, query in (
        (desk.state / "vault" / "vault.db", "SELECT sealed FROM records"),
        (desk.state / "coachsync.db", "SELECT sealed FROM clients"),
    ):
        if database.exists():
            with sqlite3.connect(database) as connection:
                found += [row[0][130:] for row in connection.execute(query)]
    with sqlite3.connect(desk.state / "coachsync.db") as connection:
        found += [row[0] for row in connection.execute("SELECT sealed FROM assignments")]
    key = desk.state / "keys" / "clients" / f"{client}.key"
    found.append(key.read_bytes()[16:120])
    if (desk.state / "vault").exists():
        assigned = {grant.parent for grant in (desk.state / "vault" / "keys").glob("*/1.1.*")}
        used = sqlite3.connect(desk.state / "vault" / "vault.db").execute("SELECT shelf FROM records").fetchall()
        shelves = {row[0].hex() for row in used}
        found += [next(one.iterdir()).read_bytes()[64:1200] for one in assigned if one.name in shelves]
    return found


def left(desk: Desk, traces: list[bytes]) -> list[str]:
    """The files of the state that hold any piece of them."""
    pieces = [one[at : at + 24] for one in traces for at in range(0, len(one) - 23, 100)]
    assert len(pieces) >= len(traces)
    files = [file for file in desk.state.rglob("*") if file.is_file()]
    return [file.name for file in files if any(piece in file.read_bytes() for piece in pieces)]


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_p09_a_client_is_erased_with_notes_and_certificate(vault: Desk, client: str) -> None:
    note(vault, client)
    note(vault, client, "another")
    searched = traces(vault, client)
    assert len(searched) > 4
    assert {"vault.db", "coachsync.db", f"{client}.key"} <= set(left(vault, searched))
    file = vault.folder / "certificate.json"
    result = vault.run("client", "erase", client, "--certificate", str(file))
    assert (result.code, result.out) == (0, f"{client} was erased.\n")
    assert left(vault, searched) == []
    assert vault.json("client", "list").document == {"clients": [], "problems": []}
    trust = trustfile.read_trust(vault.folder / "trust.toml")
    assert trust is not None
    certified = certificates.verify(file.read_bytes(), trust)
    assert (certified.document["records"], certified.document["key_files"]) == (2, 2)
    assert certified.stone.event["client"] == client
    assert {one["copy"] for one in certified.document["copies"]} >= {"backups", "calendar-server", "phones"}
    assert all(one["until"] is None for one in certified.document["copies"])
    assert certified.document["file_system"]
    assert vault.refused("client", "erase", client, "--certificate", str(file))[1]["code"] == "certificate-file"


def test_a_certificate_is_checked_with_nothing_but_trust(
    vault: Desk, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(vault, client)
    file = vault.folder / "certificate.json"
    assert vault.run("client", "erase", client, "--certificate", str(file)).code == 0
    monkeypatch.delenv("COACHSYNC_PASSPHRASE_FILE")
    shutil.rmtree(vault.state)
    checked = vault.run("log", "verify", "--certificate", str(file))
    assert checked.code == 0
    assert f"1 record of {client} was erased." in checked.out
    assert "2 key files were destroyed." in checked.out
    assert "Out of reach, with no date: the calendar server cloud" in checked.out
    found = vault.json("log", "verify", "--certificate", str(file)).document
    assert (found["coach"], found["erased"]["client"]) == ("coach", client)
    file.write_bytes(file.read_bytes().replace(b'"records": 1', b'"records": 0'))
    assert vault.refused("log", "verify", "--certificate", str(file))[1]["code"] == "certificate-invalid"
    assert vault.refused("log", "verify", "--certificate", "nowhere")[1]["code"] == "certificate-not-read"


def test_p09_an_older_copy_of_the_state_beside_todays_ledger_brings_nobody_back(vault: Desk, client: str) -> None:
    note(vault, client)
    searched = traces(vault, client)
    copy = vault.folder / "copy"
    shutil.copytree(vault.state, copy)
    assert vault.run("client", "erase", client).code == 0
    shutil.copy(vault.state / "erasures.ledger", copy)
    shutil.rmtree(vault.state)
    copy.rename(vault.state)
    listed = vault.run("client", "list")
    assert "erased-came-back" in listed.err
    assert client not in listed.out
    assert "erased-came-back" in vault.run("vault", "unlock").err or not left(vault, searched)
    vault.run("vault", "lock")
    assert left(vault, searched) == []
    assert vault.run("client", "list").err.count("erased-came-back") == 0


def test_a_client_without_notes_is_erased_with_a_certificate_that_is_printed(vault: Desk, client: str) -> None:
    key = (vault.state / "keys" / "clients" / f"{client}.key").read_bytes()
    result = vault.run("client", "erase", client)
    trust = trustfile.read_trust(vault.folder / "trust.toml")
    assert trust is not None
    certified = certificates.verify(result.out.encode(), trust)
    assert (certified.document["records"], certified.document["key_files"]) == (0, 1)
    again = vault.json("client", "erase", client)  # asked for again, it is certified again
    assert again.code == 0
    second = certificates.verify(again.document["certificate"].encode(), trust)
    assert second.stone == certified.stone
    assert second.document["client_key"] == certified.document["client_key"] == hashlib.sha256(key).hexdigest()


@pytest.mark.parametrize("as_json", [False, True])
def test_p09_a_certificate_for_which_there_is_no_room_is_shown_and_the_erasure_said(
    vault: Desk, client: str, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise room.no_room()

    monkeypatch.setattr(clienterase, "create_atomically", full)
    words = (*(["--json"] if as_json else []), "client", "erase", client)
    result = vault.run(*words, "--certificate", str(vault.folder / "certificate.json"))
    assert result.code == 3
    assert "could not be written into the file" in result.err
    assert "no room" in result.err
    shown = result.document["certificate"] if as_json else result.out
    trust = trustfile.read_trust(vault.folder / "trust.toml")
    assert trust is not None
    assert certificates.verify(shown.encode(), trust).stone.event["client"] == client
    assert as_json or f"{client} was erased." in result.err


def test_nothing_is_erased_where_no_certificate_can_be_written(
    vault: Desk, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, access = vault.folder / "locked", os.access
    locked.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != locked and access(path, mode))  # root may do all
    words = ("client", "erase", client, "--certificate", str(locked / "certificate.json"))
    assert vault.refused(*words)[1]["code"] == "certificate-file"
    assert [one["code"] for one in vault.json("client", "list").document["clients"]] == [client]


def test_p09_the_key_that_a_run_cut_short_has_destroyed_is_certified_by_the_next(vault: Desk, client: str) -> None:
    key = (vault.state / "keys" / "clients" / f"{client}.key").read_bytes()
    with closing(sqlite3.connect(vault.state / "coachsync.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM clients").fetchone()
        assert vault.run("client", "erase", client).code == 75
    assert not (vault.state / "keys" / "clients" / f"{client}.key").exists()
    certificate = json.loads(vault.run("client", "erase", client).out)
    assert (certificate["client_key"], certificate["key_files"]) == (hashlib.sha256(key).hexdigest(), 1)


def test_p09_without_a_vault_a_client_is_erased_and_nobody_certifies(desk: Desk, client: str) -> None:
    searched = traces(desk, client)
    other = str(desk.json("client", "add", "--name", "Bo").document["code"])
    assert desk.refused("client", "erase", client, "--certificate", "x")[1]["code"] == "no-certificate"
    assert desk.json("client", "erase", client).document == {
        "code": client, "erased": True, "records": 0, "key_files": 1, "directory": True, "certificate": None,
            "mirror": True, "moved_away": [],
    }  # fmt: skip
    assert left(desk, searched[-1:]) == []
    assert [one["code"] for one in desk.json("client", "list").document["clients"]] == [other]
    assert desk.json("client", "erase", client).document["key_files"] == 0
    assert desk.refused("client", "erase", "C-000000")[1]["code"] == "no-such-client"


def test_a_client_whose_key_is_missing_stops_no_share_any_more(synced: Desk, client: str) -> None:
    (synced.state / "keys" / "clients" / f"{client}.key").unlink()
    assert synced.run("share", "publish", "office").code != 0
    assert synced.run("client", "erase", client).code == 0
    assert synced.run("share", "publish", "office").code == 0


def test_what_shares_called_a_client_stays_taken_and_names_nobody(desk: Desk, client: str) -> None:
    desk.text = desk.text.replace('"session"', '"pseudonym"')
    assert desk.run("client", "edit", client, "--pseudonym", "office=Granite-41").code == 0
    assert desk.run("client", "erase", client).code == 0
    with sqlite3.connect(desk.state / "coachsync.db") as connection:
        assert connection.execute("SELECT client, current FROM pseudonyms").fetchall() == [("", 0)]
    other = str(desk.json("client", "add", "--name", "Bo").document["code"])
    used = desk.refused("client", "edit", other, "--pseudonym", "office=Granite-41")[1]["code"]
    assert used == "pseudonym-used"


def test_p09_it_is_not_done_while_somebody_reads_in_the_state(desk: Desk, client: str) -> None:
    searched = traces(desk, client)
    reader = sqlite3.connect(desk.state / "coachsync.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM clients").fetchone()
    result = desk.run("client", "erase", client)
    assert (result.code, "not done yet" in result.err) == (75, True)
    assert {"coachsync.db", "coachsync.db-wal"} & set(left(desk, searched))
    assert f"{client}.key" not in left(desk, searched)
    assert "erasure-not-done" in desk.run("client", "list").err
    reader.close()
    assert desk.run("client", "erase", client).code == 0
    assert left(desk, searched) == []


def test_p13_whenever_it_dies_nobody_is_half_erased(desk: Desk, client: str, tmp_path: Path) -> None:
    """Without a vault: what the device knows goes in steps of its own; no row is ever without its key."""
    searched, copy = traces(desk, client), tmp_path / "copy"
    other = str(desk.json("client", "add", "--name", "Bo").document["code"])
    shutil.copytree(desk.state, copy)
    for number in range(50):
        came = killed_at(number, lambda: desk.run("client", "erase", client))
        found = desk.json("client", "list").document  # and the next command ends it
        assert found["problems"] == []
        assert [one["code"] for one in found["clients"]] == [
            other
        ]  # the ledger had it before anything was to be synced
        assert left(desk, searched) == []
        if not came:
            break
        shutil.rmtree(desk.state)
        shutil.copytree(copy, desk.state)
    assert number > 6


_FORGED = (
    *(b'{"client":"%s","key":"","mark":"00"}', b'{"client":', b'{"client":1}', b'{"client":"%s"}'),
    *(b'{"client":"%s","key":1,"mark":"00"}', b'{"client":1,"key":"","mark":"00"}'),
)


@pytest.mark.parametrize("line", _FORGED)
def test_a_line_that_this_device_has_not_written_alarms_and_erases_nobody(desk: Desk, client: str, line: bytes) -> None:
    (desk.state / "erasures.ledger").write_bytes(line.replace(b"%s", client.encode()) + b"\n")
    assert "ledger-forged" in desk.run("client", "list").err
    assert desk.json("client", "show", client).document["code"] == client


def test_half_of_such_a_line_at_the_end_is_of_a_run_cut_short_and_no_alarm(desk: Desk, client: str) -> None:
    ledger = desk.state / "erasures.ledger"
    for half in (b'{"client":', b'{"client":"%s","ma' % client.encode()):
        ledger.write_bytes(half)
        assert desk.json("client", "list").document["problems"] == []
    assert desk.run("client", "erase", client).code == 0
    assert ledger.read_bytes().count(b"client") == 1
    assert desk.json("client", "list").document == {"clients": [], "problems": []}


def test_a_person_is_asked_first(desk: Desk, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, left_over in (("n\n", [client]), ("y\n", [])):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        desk.run("client", "erase", client)
        assert [one["code"] for one in desk.json("client", "list").document["clients"]] == left_over


def test_a_certificate_that_was_changed_is_none(vault: Desk, client: str) -> None:
    note(vault, client)
    content = vault.run("client", "erase", client).out.encode()
    trust = trustfile.read_trust(vault.folder / "trust.toml")
    assert trust is not None
    document = json.loads(content)

    def refused(change: Callable[[dict[str, Any]], object]) -> bool:
        changed = json.loads(content)
        change(changed)
        with pytest.raises(Altered) as caught:
            certificates.verify(json.dumps(changed).encode(), trust)
        return caught.value.code == "certificate-invalid"

    for name in document:
        assert refused(lambda changed, name=name: changed.pop(name))
        assert refused(lambda changed, name=name: changed.update({name: 7}))
        assert refused(lambda changed, name=name: changed.update({name: "00"}))
    assert refused(lambda changed: changed["copies"].pop())
    assert refused(lambda changed: changed["tombstone"].update(number=1))
    assert refused(lambda changed: changed.update(more=1))
    for garbage in (b"", b"[]", b"\xff", b"[" * 100_000, content[:-10]):
        with pytest.raises(Altered):
            certificates.verify(garbage, trust)
    strangers = trustfile.Trust(trust.vault, {"bea": trustfile.Pinned(bytes(32), bytes(16))})
    for other in (strangers, trustfile.Trust(bytes(16), trust.coaches)):
        with pytest.raises(Altered):
            certificates.verify(content, other)


# --- exporting --------------------------------------------------------------------------------------------------------


def valid(value: Any, schema: dict[str, Any]) -> bool:
    """As far as the schema goes that is written here."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    allowed = schema.get("type", [])
    if allowed and not any(
        isinstance(value, kinds[one]) for one in ([allowed] if isinstance(allowed, str) else allowed)
    ):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if isinstance(value, list):
        return all(valid(one, schema.get("items", {})) for one in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return set(schema.get("required", ())) <= value.keys() and all(
            valid(one, known.get(name, {})) for name, one in value.items()
        )
    return True


def test_all_that_is_known_of_a_client_is_written_for_people_and_for_programs(
    vault: Desk, practice: Desk, client: str
) -> None:
    note(vault, client)
    assert vault.run("client", "edit", client, "--add-alias", NAME).code == 0
    assert vault.run("sync").code == 0
    folder = vault.folder / "given"
    result = vault.run("client", "export", client, "--to", str(folder))
    assert (result.code, result.out) == (0, "1 version of a record was written.\n")
    document = json.loads((folder / "client.json").read_text())
    assert valid(document, json.loads((folder / "client.schema.json").read_text()))
    assert not valid(document | {"version": "1"}, json.loads((folder / "client.schema.json").read_text()))
    assert document["client"]["names"] == [CANARY]
    assert document["client"]["addresses"] == ["z@canari.example"]
    assert [one["content"] for one in document["records"]] == [{"text": TEXT}]
    assert len(document["appointments"]) == 5
    assert CANARY in (folder / "client.txt").read_text()
    assert NAME in (folder / "appointments.txt").read_text()
    [record] = (folder / "records").iterdir()
    assert TEXT in record.read_text()
    assert {file.stat().st_mode & 0o077 for file in [folder, *folder.rglob("*")]} == {0}
    assert vault.refused("client", "export", client, "--to", str(folder))[1]["code"] == "folder-there"
    assert vault.refused("client", "export", client, "--to", str(vault.state / "it"))[1]["code"] == "export-in-state"
    assert not (vault.state / "it").exists()


def test_what_is_odd_about_one_record_keeps_no_other_from_an_export(vault: Desk, client: str) -> None:
    bodies = {b"[" * 200_000, b'{"text": %s1%s}' % (b"[" * 900, b"]" * 900), b"\xff\xfe", b'"said"', b'{"more": 1}'}
    note(vault, client)
    for body in bodies:
        stored(vault, client, body)
    stored(vault, client, b'{"text": "whenever"}', 1 << 60)
    stored(vault, client, b'{"text": "nearly"}', int(datetime(9999, 12, 31, 23, tzinfo=UTC).timestamp()))
    folder = vault.folder / "given"
    result = vault.json("client", "export", client, "--to", str(folder))
    assert (result.code, result.document["records"]) == (3, 1 + len(bodies))
    assert [one["code"] for one in result.document["problems"]] == ["body-damaged"] * 2
    document = json.loads((folder / "client.json").read_text())
    assert valid(document, json.loads((folder / "client.schema.json").read_text()))
    found = [one["content"] for one in document["records"]]
    assert {"text": TEXT} in found
    assert {one for one in found if isinstance(one, str)} == {body.decode(errors="replace") for body in bodies}
    assert len(list((folder / "records").iterdir())) == len(found)


def test_a_client_is_exported_where_there_is_no_vault(desk: Desk, client: str) -> None:
    folder = desk.folder / "given"
    found = desk.json("client", "export", client, "--to", str(folder)).document
    assert found == {"code": client, "records": 0, "appointments": 0, "files": 0, "problems": []}
    assert json.loads((folder / "client.json").read_text())["records"] == []


def test_an_export_is_there_whole_or_not_at_all_whenever_it_dies(desk: Desk, client: str, tmp_path: Path) -> None:
    place, known = (
        tmp_path / "place",
        {"client.txt", "appointments.txt", "client.json", "client.schema.json", "records"},
    )
    words, swept = ("client", "export", client, "--to", str(place / "given")), 0
    place.mkdir()
    for number in range(50):
        came = killed_at(number, lambda: desk.run(*words))
        assert {file.name for file in (place / "given").glob("*")} in (set(), known)
        left = [one for one in place.iterdir() if one.name != "given"]
        assert all(one.stat().st_mode & 0o077 == 0 for one in left)
        shutil.rmtree(place / "given", ignore_errors=True)
        again = desk.run(*words)
        assert (again.code, "cut short" in again.err) == (0, bool(left))
        assert [one.name for one in place.iterdir()] == ["given"]
        shutil.rmtree(place / "given")
        swept += bool(left)
        if not came:
            break
    assert (swept > 6, left) == (True, [])


def test_an_export_for_which_there_is_no_room_leaves_nothing(desk: Desk, client: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    for number in range(6):
        with before_each(counted(number, no_room)):
            result = desk.run("client", "export", client, "--to", str(place / "given"))
        assert (result.code, list(place.iterdir())) == (75, [])


def test_p09_a_stick_takes_an_export_and_a_certificate(
    vault: Desk, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On vfat and exFAT a file has no second name, and no modes but its own."""
    link, mode, stick = os.link, os.fchmod, vault.folder / "stick"
    stick.mkdir()

    def of_stick(handle: int) -> bool:
        return Path(f"/proc/self/fd/{handle}").resolve().is_relative_to(stick)

    def refused() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", lambda one, two: refused() if Path(two).is_relative_to(stick) else link(one, two))
    monkeypatch.setattr(os, "fchmod", lambda handle, wanted: refused() if of_stick(handle) else mode(handle, wanted))
    note(vault, client)
    assert vault.run("client", "export", client, "--to", str(stick / "given")).code == 0
    assert TEXT in next((stick / "given" / "records").iterdir()).read_text()
    assert vault.run("client", "erase", client, "--certificate", str(stick / "proof.json")).code == 0
    assert vault.run("log", "verify", "--certificate", str(stick / "proof.json")).code == 0
    assert {one.name for one in stick.iterdir()} == {"given", "proof.json"}


def test_show_tells_how_many_records_there_are_without_opening_one(
    vault: Desk, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(vault, client)
    monkeypatch.delenv("COACHSYNC_PASSPHRASE_FILE")
    assert vault.json("client", "show", client).document["records"] == {
        "note": 1, "agreement": 0, "disclosure": 0, "attachment": 0,
    }  # fmt: skip
    assert "notes\t1" in vault.run("client", "show", client).out
    (vault.state / "vault" / "vault.db").write_bytes(b"no database")
    shown = vault.json("client", "show", client)
    assert (shown.code, shown.document["records"]) == (3, None)


def test_a_row_that_does_not_open_keeps_nobody_from_being_erased(desk: Desk, client: str) -> None:
    with sqlite3.connect(desk.state / "coachsync.db") as database:
        database.execute("INSERT INTO assignments VALUES (?, ?, ?, ?)", ("coaching", b"x" * 16, "k" * 16, b"garbage"))
    assert desk.run("client", "erase", client, "--yes").code == 0
    assert desk.run("client", "list").code == 0


def test_a_ledger_that_cannot_be_read_stops_no_other_command(desk: Desk, client: str) -> None:
    (desk.state / "erasures.ledger").mkdir()
    result = desk.run("client", "list")
    assert client in result.out
    assert "Traceback" not in result.err
    assert "calendar-not-found" in desk.run("sync").err  # which asks the server as always
