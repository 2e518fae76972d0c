"""`coachsync vault`: what opens it, and what to do when that is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_desk import Desk, environment
from cli_opened import FIRST, SECOND, THIRD, by_code, opens, passphrase, with_vault
from coachsync.adapters import agent
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.config import load


@pytest.fixture
def vault(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with with_vault(desk, tmp_path, monkeypatch) as made:
        yield made


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
    assert (error["code"], "--passphrase-file" in error["hint"]) == ("passphrase-needed", True)
    assert opens(vault, FIRST)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--passphrase-file", "wrong", "--new-passphrase-file", "new"), "wrong-passphrase"),
        (("--passphrase-file", "old"), "answer-missing"),
        (("--passphrase-file", "old", "--new-passphrase-file", "short"), "passphrase-short"),
        (("--new-passphrase-file", "new"), "passphrase-needed"),
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
