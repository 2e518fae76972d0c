"""A client who is to go, or to get everything: with and without a vault."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cli_desk import Desk
from coachsync.adapters.database import engine
from coachsync.app.cli import opening
from coachsync.app.vault import making, shelving, writing
from coachsync.app.vault.opening import open_vault
from coachsync.app.vault.trusting import coach_of
from coachsync.vault import keyslots
from coachsync.vault.envelope import Kind
from coachsync.vault.keyslots import FLOOR

PASSPHRASE = "correct horse battery staple"
CANARY, TEXT = "Canari-Zoubrowka", "Elle a parl\u00e9 de sa m\u00e8re."


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
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


def added_client(desk: Desk) -> str:
    """A client of the directory."""
    words = ["--name", CANARY, "--address", "z@canari.example", "--alias", "Zoubi"]
    return str(desk.json("client", "add", *words).document["code"])


def with_vault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
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
