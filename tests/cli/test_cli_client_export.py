"""`coachsync client export` and `client show` at the command line."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli_desk import NAME, Desk
from cli_gone import CANARY, TEXT, added_client, hasten, note, stored, with_vault
from stepping import before_each, counted, killed_at, no_room


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.fixture
def client(desk: Desk) -> str:
    return added_client(desk)


@pytest.fixture
def vault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return with_vault(desk, monkeypatch)


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
