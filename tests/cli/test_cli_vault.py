"""`coachsync vault` and `coachsync log`: what a coach sees, and what a machine reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_desk import Desk, environment
from coachsync.adapters import agent
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.config import load
from coachsync.vault import keyslots

FIRST, SECOND, THIRD = "correct horse battery staple", "pépinière, quatre chaises", "one more that nobody knows"
NOTE = b'{"text": "he will call her"}'


@pytest.fixture
def vault(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a vault, and whatever a test has unlocked locked again."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("COACHSYNC_PASSPHRASE_FILE", raising=False)
    real = keyslots.lock
    monkeypatch.setattr(keyslots, "lock", lambda person, vault, text, _: real(person, vault, text, keyslots.FLOOR))
    desk.secrets += [FIRST, SECOND, THIRD]
    made = desk.json("vault", "init", "--passphrase-file", passphrase(desk, FIRST))
    assert made.code == 0
    (desk.folder / "code").write_text(made.document["recovery_code"])
    (desk.folder / "code").chmod(0o600)
    yield desk
    config = load(desk.file)
    for name in trusted(config).coaches:
        agent.lock(agent.socket_of(coach_of(trusted(config), name), config.practice.state))


def passphrase(desk: Desk, text: str) -> str:
    """A file with a passphrase in it."""
    file = desk.folder / f"passphrase-{len(text)}"
    file.unlink(missing_ok=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    file.chmod(0o600)
    return str(file)


def opens(desk: Desk, text: str) -> bool:
    """Whether a passphrase opens the vault, and every seal in it."""
    result = desk.json("vault", "verify", "--passphrase-file", passphrase(desk, text))
    assert result.code in (0, 12)
    if result.code == 0:
        assert result.document["findings"] == []
        assert result.document["opened"] is not None
    return result.code == 0


def test_the_passphrase_is_changed(vault: Desk) -> None:
    old, new = passphrase(vault, FIRST), passphrase(vault, SECOND)
    result = vault.run("vault", "passphrase", "--passphrase-file", old, "--new-passphrase-file", new)
    assert (result.code, result.out) == (0, "The passphrase is changed.\n")
    assert "backup" in result.err
    assert opens(vault, SECOND)
    assert not opens(vault, FIRST)


def test_an_unlocked_vault_asks_for_the_old_passphrase_all_the_same(vault: Desk) -> None:
    assert vault.run("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    _, error = vault.refused("vault", "passphrase", "--new-passphrase-file", passphrase(vault, SECOND))
    assert error["code"] == "vault-locked"
    assert opens(vault, FIRST)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--passphrase-file", "wrong", "--new-passphrase-file", "new"), "wrong-passphrase"),
        (("--passphrase-file", "old"), "answer-missing"),
        (("--passphrase-file", "old", "--new-passphrase-file", "short"), "passphrase-short"),
        (("--new-passphrase-file", "new"), "vault-locked"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(vault: Desk, words: tuple[str, ...], code: str) -> None:
    texts = {"old": FIRST, "new": SECOND, "wrong": THIRD, "short": "short"}
    given = [passphrase(vault, texts[word]) if word in texts else word for word in words]
    _, error = vault.refused("vault", "passphrase", *given)
    assert error["code"] == code
    assert opens(vault, FIRST)


def test_a_wrong_passphrase_is_exit_12_and_soon_has_to_wait(vault: Desk) -> None:
    wrong = ("vault", "unlock", "--passphrase-file", passphrase(vault, THIRD))
    result, error = vault.refused(*wrong)
    assert (result.code, error["code"]) == (12, "wrong-passphrase")
    (count,) = (vault.state / "vault" / "slots").glob("*.guesses")
    count.write_text(f"30 {int(time.time())}\n")
    early = vault.json(*wrong)  # once: the seconds that it tells are fewer the next time
    assert (early.code, early.error["code"]) == (75, "too-many-guesses")


def test_a_new_code_takes_the_place_of_the_old_one(vault: Desk) -> None:
    result = vault.run("vault", "recovery", "--passphrase-file", passphrase(vault, FIRST))
    assert result.code == 0
    (code,) = result.out.splitlines()
    assert code not in result.err
    vault.refused("vault", "recovery", "--use", *by_code(vault, SECOND))
    (vault.folder / "code").write_text(code)
    assert vault.run("vault", "recovery", "--use", *by_code(vault, SECOND)).code == 0


def by_code(desk: Desk, new: str) -> tuple[str, ...]:
    return "--code-file", str(desk.folder / "code"), "--new-passphrase-file", passphrase(desk, new)


def test_p04_a_lost_passphrase_is_replaced_by_the_code(vault: Desk) -> None:
    slots = {file: file.read_bytes() for file in (vault.state / "vault" / "slots").iterdir()}
    result = vault.json("vault", "recovery", "--use", *by_code(vault, SECOND))
    assert result.code == 0
    assert result.document["changed"] == ["passphrase", "recovery"]
    assert opens(vault, SECOND)
    assert not opens(vault, FIRST)
    assert all(file.read_bytes() != before for file, before in slots.items())
    old = vault.json("vault", "recovery", "--use", *by_code(vault, THIRD))
    assert (old.code, old.error["code"]) == (12, "wrong-recovery-code")
    (vault.folder / "code").write_text(result.document["recovery_code"].lower())
    assert vault.run("vault", "recovery", "--use", *by_code(vault, THIRD)).code == 0
    assert opens(vault, THIRD)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--use", "--code-file", "mistyped", "--new-passphrase-file", "new"), "recovery-code-mistyped"),
        (("--use", "--new-passphrase-file", "new"), "answer-missing"),
        (("--use", "--code-file", "code"), "answer-missing"),
        (("--use", "--code-file", "code", "--passphrase-file", "old"), "option-not-here"),
        (("--code-file", "code"), "option-not-here"),
        (("--new-passphrase-file", "new"), "option-not-here"),
        ((), "vault-locked"),
    ],
)
def test_a_code_that_is_not_to_be_used_so_is_refused(vault: Desk, words: tuple[str, ...], code: str) -> None:
    files = {"old": passphrase(vault, FIRST), "new": passphrase(vault, SECOND), "code": str(vault.folder / "code")}
    files["mistyped"] = passphrase(vault, (vault.folder / "code").read_text()[:-1])
    _, error = vault.refused("vault", "recovery", *(files.get(word, word) for word in words))
    assert error["code"] == code
    assert opens(vault, FIRST)


# --- verify and log ---------------------------------------------------------------------------------------------------


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


# --- a trust.toml that is lost ----------------------------------------------------------------------------------------


def test_a_lost_trust_file_is_written_anew_by_the_code(vault: Desk) -> None:
    (vault.folder / "trust.toml").unlink()
    for words in (("vault", "unlock"), ("log", "verify"), ("vault", "recovery")):
        result, error = vault.refused(*words)
        assert (result.code, error["code"], "recovery --use" in error["hint"]) == (1, "trust-missing", True)
    assert [one["code"] for one in vault.json("vault", "verify").document["findings"]] == ["trust-missing"]
    _, error = vault.refused("vault", "recovery", "--use", "--coach", "Anna", *by_code(vault, SECOND))
    assert error["code"] == "no-coach-name"
    result = vault.run("vault", "recovery", "--use", "--coach", "anna", *by_code(vault, SECOND))
    assert (result.code, "It is there again, and names: anna." in result.err) == (0, True)
    assert opens(vault, SECOND)
    assert not opens(vault, FIRST)


def test_of_two_coaches_the_first_waits_for_the_other(vault: Desk) -> None:
    bea = vault.json("vault", "init", "--coach", "bea", "--passphrase-file", passphrase(vault, THIRD))
    (vault.folder / "trust.toml").unlink()
    told = vault.run("vault", "recovery", "--use", *by_code(vault, SECOND))
    assert told.code == 0
    assert "Written down so far: coach." in told.out
    assert "1 more coach has to do the same" in told.out
    assert vault.json("vault", "recovery", "--use", *by_code(vault, SECOND)).document == {"changed": [], "missing": 1}
    _, error = vault.refused("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST))
    assert error["code"] == "trust-missing"
    (vault.folder / "code").write_text(bea.document["recovery_code"])
    result = vault.json("vault", "recovery", "--use", "--coach", "bea", *by_code(vault, SECOND))
    assert (result.code, result.document["changed"]) == (0, ["trust", "passphrase", "recovery"])
    assert vault.run("vault", "unlock", "--coach", "coach", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    assert vault.json("vault", "verify").document["findings"] == []


@pytest.mark.parametrize("content", [None, "garbage", ""], ids=["gone", "garbage", "empty"])
def test_p09_locking_works_whatever_has_become_of_the_trust_file(vault: Desk, content: str | None) -> None:
    trust = vault.folder / "trust.toml"
    kept = trust.read_text()
    for words in ((), ("--coach", "coach")):
        assert vault.run("vault", "unlock", "--passphrase-file", passphrase(vault, FIRST)).code == 0
        trust.unlink() if content is None else trust.write_text(content)
        assert vault.run("vault", "lock", *words).code == 0
        trust.write_text(kept)
        _, error = vault.refused("note", "list")
        assert error["code"] == "vault-locked"


def test_locking_without_a_name_locks_every_coach(vault: Desk) -> None:
    vault.json("vault", "init", "--coach", "bea", "--passphrase-file", passphrase(vault, THIRD))
    config = load(vault.file)
    trust, state = trusted(config), config.practice.state

    def unlocked() -> list[str]:
        return [name for name in trust.coaches if agent.seed(agent.socket_of(coach_of(trust, name), state))]

    for name, text in (("coach", FIRST), ("bea", THIRD)):
        assert vault.run("vault", "unlock", "--coach", name, "--passphrase-file", passphrase(vault, text)).code == 0
    assert unlocked() == ["coach", "bea"]
    assert vault.run("vault", "lock", "--coach", "coach").code == 0
    assert unlocked() == ["bea"]
    assert vault.run("vault", "unlock", "--coach", "coach", "--passphrase-file", passphrase(vault, FIRST)).code == 0
    assert vault.run("vault", "lock").code == 0
    assert unlocked() == []
    _, error = vault.refused("vault", "lock", "--coach", "eve")
    assert error["code"] == "no-such-coach"


# --- what this Python can do ------------------------------------------------------------------------------------------

OTHER_BUILD = """
import sys
for name in sys.argv[1].split():
    sys.modules[name] = None
from coachsync.app.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize("missing", ["hpke kdf.argon2", "kdf.argon2"])
def test_an_installation_that_cannot_seal_says_so_and_how_to_mend_it(vault: Desk, missing: str) -> None:
    """As with an older `cryptography`, or one of a distribution: everything else works on."""
    names = " ".join(f"cryptography.hazmat.primitives.{name}" for name in missing.split())
    vault.write()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", OTHER_BUILD, names, "--config", str(vault.file), *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment(), check=False, stdin=subprocess.DEVNULL
        )

    refused = run("vault", "init", "--coach", "bea", "--passphrase-file", passphrase(vault, SECOND))
    assert refused.returncode == 1
    assert "cannot seal records" in refused.stderr
    assert "cryptography" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "cannot seal records" in run("vault", "verify").stderr
    if missing == "hpke kdf.argon2":
        assert run("share", "list").returncode == 0


def test_p07_check_tells_that_the_daemon_is_the_user_who_reads(desk: Desk, vault: Desk) -> None:
    def told() -> list[tuple[str, bool]]:
        checks = vault.json("check").document["checks"]
        return [(one["grade"], "vault lock" in one["hint"]) for one in checks if one["code"] == "same-user"]

    assert told() == [("note", True)]
    trust, state = load(vault.file).trust, vault.state
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coachsync.app.checking_users.os.geteuid", lambda: state.stat().st_uid + 1)
        assert told() == []
    away = trust.rename(trust.with_suffix(".away"))
    assert told() == []  # there is nothing to read
    away.rename(trust)


def test_a_head_that_was_damaged_is_told_though_the_session_writes_another(vault: Desk) -> None:
    (vault.state / "vault" / "head").write_text("x")
    key = ("--passphrase-file", passphrase(vault, FIRST))
    assert [one["code"] for one in vault.json("vault", "verify", *key).document["findings"]] == ["head-missing"]
    assert vault.json("vault", "verify", *key).document["findings"] == []
