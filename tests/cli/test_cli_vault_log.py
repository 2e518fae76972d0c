"""`coachsync vault verify` and `coachsync log`: what a coach sees, and what a machine reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_desk import Desk
from cli_opened import FIRST, NOTE, SECOND, THIRD, by_code, opens, passphrase, with_vault
from coachsync.app.vault.trusting import coach_of
from coachsync.config import load


@pytest.fixture
def vault(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with with_vault(desk, tmp_path, monkeypatch) as made:
        yield made


def test_a_sound_vault_is_said_to_be_sound(vault: Desk) -> None:
    result = vault.run("vault", "verify")
    assert result.code == 0
    assert "The vault is sound: 22 entries of the log, 20 shelves, 0 records." in result.out
    assert "--passphrase-file" in result.out
    assert vault.json("vault", "verify").document == {
        "findings": [],
        "notes": [],
        "entries": 22,
        "shelves": 20,
        "records": 0,
        "files": 0,
        "opened": None,
    }
    assert vault.run("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    assert vault.json("vault", "verify").document["opened"] == 0


def test_findings_are_exit_5_each_with_what_to_do(vault: Desk) -> None:
    next((vault.state / "vault" / "keys").glob("*/*")).unlink()
    (vault.state / "vault" / "slots").chmod(0o755)
    result = vault.json("vault", "verify")
    assert result.code == 5
    findings = {one["code"]: one for one in result.document["findings"]}
    assert set(findings) == {"grant-missing", "open-to-others"}
    assert findings["open-to-others"]["where"] == "vault/slots"
    told = vault.run("vault", "verify")
    assert told.code == 5
    for one in findings.values():
        assert f"{one['where']}: {one['message']} [{one['code']}]" in told.out
        assert one["hint"] in told.out
    assert "2 findings." in told.out


def test_a_vault_that_does_not_open_is_verified_all_the_same(vault: Desk) -> None:
    (vault.folder / "trust.toml").chmod(0o666)
    assert [one["code"] for one in vault.json("vault", "verify").document["findings"]] == ["trust-open"]
    (vault.folder / "trust.toml").chmod(0o644)
    (vault.state / "vault" / "head").write_text(f"99 {'0' * 64}\n")
    wrong = vault.json("vault", "verify", "--passphrase-file", passphrase(vault, FIRST))
    assert [one["code"] for one in wrong.document["findings"]] == ["log-cut"]
    assert wrong.document["opened"] == 0


def test_without_a_vault_there_is_nothing_to_verify(desk: Desk) -> None:
    for words in (("vault", "verify"), ("log", "show"), ("log", "verify"), ("vault", "recovery")):
        result, error = desk.refused(*words)
        assert (result.code, error["code"]) == (10, "no-vault")


def test_the_log_is_shown_in_words_and_codes(vault: Desk) -> None:
    assert vault.run("vault", "recovery", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    lines = vault.run("log", "show").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [str(number) for number in range(1, 24)]
    assert lines[0].endswith("coach\tcame into the vault")
    assert lines[0].split("\t")[1].startswith("20")
    assert lines[-1].endswith("coach\ttook another recovery code")
    document = vault.json("log", "show").document
    assert [entry["event"]["e"] for entry in document["entries"][:3]] == ["vault", "actor", "shelf"]
    assert 0 <= (datetime.now(UTC) - datetime.fromisoformat(document["entries"][-1]["at"])).total_seconds() < 600
    assert document["findings"] == []


def test_every_kind_of_entry_has_words(vault: Desk) -> None:
    from coachsync.app.vault import erasing, making, unlocking, writing
    from coachsync.app.vault.opening import open_vault
    from coachsync.app.vault.reading import Session
    from coachsync.app.wiring import open_wiring
    from coachsync.vault.envelope import Kind

    config, now = load(vault.file), datetime.now(UTC)
    with open_wiring(config, "test", now) as wiring, open_vault(config, now) as opened:
        coach = coach_of(opened.trust, None)
        daemon = making.daemon_of(opened.files, wiring.database.key)
        assert daemon is not None
        for client, kind in (("C-7F3K2M", Kind.NOTE), ("", Kind.DISCLOSURE), ("C-7F3K2M", Kind.AGREEMENT)):
            record = writing.add(opened, daemon, coach, client, kind, NOTE, now).record
        session = Session(opened, unlocking.unlock(opened, coach, FIRST, now))
        erasing.erase_records(session, [record])[0]
    told = vault.run("log", "show").out
    for words in (
        "let a background program write, and not read",
        "made key 2 of shelf",
        "to C-7F3K2M (notes)",
        "for what is not sorted yet (disclosures)",
        "stored version 1 of note",
        "stored version 1 of agreement",
        "stored version 1 of disclosure",
        "erased a note of C-7F3K2M: 1 record",
        "finished the erasure of entry",
    ):
        assert words in told
    assert "background program" in told
    assert vault.run("vault", "verify").code == 0
    assert vault.json("vault", "verify", "--passphrase-file", passphrase(vault, FIRST)).document["opened"] == 2


def test_a_head_that_was_kept_shows_what_was_cut(vault: Desk) -> None:
    line = vault.run("log", "show", "--head").out
    assert len(line.splitlines()) == 1
    assert vault.json("log", "show", "--head").document == {"head": line.strip(), "findings": []}
    kept = vault.folder / "kept"
    kept.write_text(line)
    assert vault.run("vault", "recovery", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    result = vault.run("log", "verify", "--head", str(kept))
    assert (result.code, result.out) == (0, "The log is whole: 23 entries, each signed by who may say so.\n")
    kept.write_text(line.replace(" 22 ", " 99 "))
    cut = vault.json("log", "verify", "--head", str(kept))
    assert cut.code == 5
    assert [one["code"] for one in cut.document["findings"]] == ["log-not-the-kept-one"]
    kept.write_text("something else")
    for file in (kept, vault.folder, vault.folder / "nothing"):
        result, error = vault.refused("log", "verify", "--head", str(file))
        assert result.code == 2
        assert error["code"] in ("head-unreadable", "head-not-read")


def test_a_log_that_is_not_whole_is_shown_as_far_as_it_is(vault: Desk) -> None:
    (vault.state / "vault" / "head").write_text(f"22 {'0' * 64}\n")
    shown, head, verified = vault.run("log", "show"), vault.run("log", "show", "--head"), vault.run("log", "verify")
    assert [result.code for result in (shown, head, verified)] == [5, 5, 5]
    assert "[log-cut]" in shown.out
    assert "coachsync-log" not in head.out  # nobody should keep it


def test_a_backup_that_was_put_back_is_accepted_by_its_coach_alone(vault: Desk) -> None:
    database, older = vault.state / "vault" / "vault.db", vault.folder / "older.db"
    shutil.copy(database, older)
    kept = vault.folder / "kept"
    assert vault.run("vault", "recovery", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    kept.write_text(vault.run("log", "show", "--head").out)
    older.replace(database)
    unlock = ("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST))
    _, error = vault.refused(*unlock)
    assert (error["code"], "--accept-restored" in error["hint"]) == ("log-cut", True)
    result, error = vault.refused(*unlock[:2], "--accept-restored", "--passphrase-file", passphrase(vault, THIRD))
    assert (result.code, error["code"]) == (12, "wrong-passphrase")
    accepted = vault.json(*unlock, "--accept-restored")
    assert (accepted.code, accepted.document["accepted_restored"]) == (0, True)
    assert vault.json("vault", "verify").document["findings"] == []
    assert "gave up entry 23" in vault.run("log", "show").out
    told = vault.json("log", "verify", "--head", str(kept))
    assert (told.code, [one["code"] for one in told.document["findings"]]) == (5, ["head-given-up"])
    again = vault.run(*unlock, "--accept-restored")
    assert (again.code, "nothing to accept" in again.out) == (0, True)
    assert "accepted_restored" not in vault.json(*unlock).document


def test_p04_it_is_accepted_by_the_code_where_the_passphrase_is_lost(vault: Desk) -> None:
    database, older = vault.state / "vault" / "vault.db", vault.folder / "older.db"
    assert vault.run("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    shutil.copy(database, older)
    change = ("--passphrase-file", passphrase(vault, FIRST), "--new-passphrase-file", passphrase(vault, THIRD))
    assert vault.run("vault", "passphrase", *change).code == 0
    older.replace(database)
    use = ("vault", "recovery", "--use", *by_code(vault, SECOND))
    _, error = vault.refused(*use)
    assert (error["code"], "recovery --use --accept-restored" in error["hint"]) == ("log-cut", True)
    result, error = vault.refused("vault", "recovery", "--accept-restored")
    assert (result.code, error["code"], error["where"]) == (2, "option-not-here", "--accept-restored")
    result = vault.json(*use, "--accept-restored")
    assert (result.code, result.document["accepted_restored"]) == (0, True)
    assert opens(vault, SECOND)
    assert vault.json("vault", "verify").document["findings"] == []
    (vault.folder / "code").write_text(result.document["recovery_code"])
    told = vault.run(*use, "--accept-restored")
    assert (told.code, "nothing to accept" in told.err, len(told.out.splitlines())) == (0, True, 1)


def test_a_note_of_verify_is_told_and_fails_nothing(vault: Desk) -> None:
    slot = next((vault.state / "vault" / "slots").glob("*.recovery.json"))
    shutil.copy(slot, slot.with_name(f"{'ab' * 16}.recovery.json"))
    result = vault.run("vault", "verify")
    assert (result.code, "sound" in result.out, "[keyslot-of-nobody]" in result.out) == (0, True, True)
    assert [one["code"] for one in vault.json("vault", "verify").document["notes"]] == ["keyslot-of-nobody"]


def test_a_head_that_was_damaged_is_told_though_the_session_writes_another(vault: Desk) -> None:
    (vault.state / "vault" / "head").write_text("x")
    key = ("--passphrase-file", passphrase(vault, FIRST))
    assert [one["code"] for one in vault.json("vault", "verify", *key).document["findings"]] == ["head-missing"]
    assert vault.json("vault", "verify", *key).document["findings"] == []
