"""`coachsync vault rotate` and `coachsync vault passphrase --leaked`: what a coach sees, and what a machine reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_desk import Desk
from cli_vault import PASSPHRASE, VaultDesk
from coachsync import config
from coachsync.adapters import agent
from coachsync.app.cli import vaulttend
from coachsync.app.vault import renewing
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.vault.keys import Person

NEW = "what nobody has seen yet"


@pytest.fixture
def vault(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VaultDesk:
    """A client with two notes."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("COACHSYNC_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr("coachsync.app.vault.shelving.SPARES", 4)
    monkeypatch.setattr("coachsync.app.vault.shelving._LEAST", 1)
    monkeypatch.setattr("coachsync.app.vault.shelving._FOR_UNSORTED", 1)
    made = VaultDesk(desk, monkeypatch)
    made.note("he will call her")
    made.note("she has called")
    return made


def leak(vault: VaultDesk, *words: str, given: str = PASSPHRASE) -> tuple[str, ...]:
    """The command with its files."""
    old, new = vault.passphrase(given), vault.passphrase(NEW)
    return (*words, "vault", "passphrase", "--leaked", "--passphrase-file", str(old), "--new-passphrase-file", str(new))


def notes(vault: VaultDesk, passphrase: str) -> int:
    result = vault.given("", "--json", "note", "list", "--passphrase-file", str(vault.passphrase(passphrase)))
    return len(result.document["notes"]) if result.code == 0 else -result.code


def test_everything_is_sealed_anew(vault: VaultDesk) -> None:
    result = vault.unlocked("vault", "rotate")
    assert (result.code, result.out) == (0, "2 records have new keys.\n")
    assert notes(vault, PASSPHRASE) == 2
    assert vault.unlocked("--json", "vault", "verify").document["findings"] == []
    log = vault.given("", "log", "show").out
    assert "put an end to the older keys of 4 shelves" in log
    assert "took the pen from background program" in log
    vault.note("and it goes on")
    assert vault.document("vault", "rotate", "--client", vault.client) == {"shelves": 1, "records": 3, "problems": []}


def test_of_a_client_who_has_nothing(vault: VaultDesk) -> None:
    result = vault.unlocked("--json", "vault", "rotate", "--client", "C-AAAAAA")
    assert (result.code, result.error["code"]) == (2, "no-such-shelf")


def test_after_a_leak_a_machine_reads_what_older_copies_tell(vault: VaultDesk) -> None:
    result = vault.given("", *leak(vault, "--json"))
    document = result.document
    assert (result.code, document["changed"]) == (0, ["person", "passphrase", "recovery", "keys"])
    assert (document["records"], document["shelves"], document["problems"]) == (2, 4, [])
    older = document["older_copies"]
    assert (older["records"], older["clients"]) == ({"note": 2}, 1)
    assert older["since"] <= older["until"]
    assert len(document["recovery_code"]) == 44
    assert (notes(vault, NEW), notes(vault, PASSPHRASE)) == (2, -12)


def test_after_a_leak_a_person_is_told_in_plain_words(vault: VaultDesk) -> None:
    result = vault.given("", *leak(vault))
    assert result.code == 0
    assert len(result.out.strip()) == 44, "the code alone is data"
    assert "can still read in it what was written" in result.err
    assert "2 records" in result.err
    assert "Nothing that is written from now on opens with them" in result.err
    assert "backup create" not in result.err, "there are no backups here"
    log = vault.given("", "log", "show").out
    assert "gave place to a new key, after a leak" in log
    assert "anna, by an older key" in log
    assert vault.given("", "log", "verify").code == 0


def test_whoever_keeps_the_old_seed_unlocked_is_locked(vault: VaultDesk) -> None:
    assert vault.unlocked("vault", "unlock").code == 0
    loaded = config.load(vault.desk.file)
    kept = agent.socket_of(coach_of(trusted(loaded), "anna"), loaded.practice.state)
    assert agent.seed(kept) is not None
    assert vault.given("", *leak(vault)).code == 0
    assert agent.seed(kept) is None


def test_the_same_command_again_ends_what_was_cut_short(vault: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two passphrases it is given first."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(renewing, "go_on", killed)
        assert vault.given("", *leak(vault)).code != 0
    refused = vault.given("it waits", "--json", "note", "add", vault.client)
    assert (refused.code, refused.error["code"]) == (11, "keys-being-renewed")
    result = vault.given("", *leak(vault, "--json"))
    assert (result.code, result.document["records"]) == (0, 2)
    assert notes(vault, NEW) == 2
    vault.note("it goes on")


@pytest.mark.parametrize("given", [PASSPHRASE, NEW])
def test_the_passphrase_that_is_wanted_last_is_the_one(
    vault: VaultDesk, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(renewing, "go_on", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert vault.given("", *leak(vault)).code != 0
    last = vault.desk.folder / "last"
    last.write_text("the last of three of them")
    last.chmod(0o600)
    again = ("vault", "passphrase", "--leaked", "--passphrase-file", str(vault.passphrase(given)))
    result = vault.given("", *again, "--new-passphrase-file", str(last))
    if given == NEW:
        assert (result.code, notes(vault, "the last of three of them"), notes(vault, NEW)) == (0, 2, -12)
    else:
        assert result.code == 12  # the old one opens nothing any more, and what was wanted is not there


def test_nobody_keeps_a_seed_of_before(vault: VaultDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another user has made the new keys, the agent ends when the vault is locked, or when it tends."""
    loaded = config.load(vault.desk.file)
    old = coach_of(trusted(loaded), "anna")
    kept = agent.socket_of(old, loaded.practice.state)
    assert vault.unlocked("vault", "unlock").code == 0
    seed = agent.seed(kept)
    assert seed is not None
    assert vault.given("", *leak(vault)).code == 0
    agent.start(kept, seed, 60.0)
    assert vault.given("", "vault", "lock").code == 0
    assert agent.seed(kept) is None
    agent.start(kept, seed, 60.0)
    monkeypatch.setattr(vaulttend, "_handed", lambda: Person(seed))
    monkeypatch.setattr(vaulttend, "shut_out", lambda: None)
    monkeypatch.setattr(vaulttend, "end_with_parent", lambda _: None)
    assert vault.given("", "vault", "tend").code == 11
    assert agent.seed(kept) is None


def test_the_next_session_ends_it_too_and_says_that_a_code_is_missing(
    vault: VaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(renewing, "end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert vault.given("", *leak(vault)).code != 0
    result = vault.given("", "note", "list", "--passphrase-file", str(vault.passphrase(NEW)))
    assert result.code == 0
    assert "without a new recovery code" in result.err
    assert notes(vault, NEW) == 2


def test_a_copy_that_was_put_back_is_accepted_after_a_leak_alone(vault: VaultDesk) -> None:
    result = vault.unlocked("--json", "vault", "passphrase", "--accept-restored")
    assert (result.code, result.error["code"]) == (2, "option-not-here")
