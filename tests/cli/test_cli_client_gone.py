"""`coachsync client erase` at the command line."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli_desk import Desk
from cli_gone import added_client, hasten, left, note, traces, with_vault
from coachsync.adapters import room, trustfile
from coachsync.app.cli import clienterase
from coachsync.app.vault import certificates
from coachsync.errors import Altered
from stepping import killed_at


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.fixture
def client(desk: Desk) -> str:
    return added_client(desk)


@pytest.fixture
def vault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return with_vault(desk, monkeypatch)


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
    both = ("log", "verify", "--certificate", str(file), "--head", str(file))
    assert vault.refused(*both)[1]["where"] == "--head"
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
