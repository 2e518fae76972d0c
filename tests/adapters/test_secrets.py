from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import secrets
from coachsync.config import Secret
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from keyrings import Keyring
from processes import eventually, running

CANARY = "zébu-hunter2"


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes, mode: int = 0o600) -> Path:
        path = tmp_path / "cloud.password"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def refused(call: Callable[[], str]) -> CoachsyncError:
    """The error that the call raises; no part of the secret or of the command may be in it."""
    with pytest.raises(CoachsyncError) as caught:
        call()
    shown = f"{caught.value.message} {caught.value.hint} {caught.value!r} {caught.value.__cause__!r}"
    assert CANARY not in shown
    assert sys.executable not in shown
    return caught.value


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"simple", "simple"),
        (b"one newline\n", "one newline"),
        (b"windows\r\n", "windows"),
        (b"  spaces stay \n", "  spaces stay "),
        ("\ufeffpassé\n".encode(), "passé"),
        ("narrow\u202fspace\u00a0\n".encode(), "narrow\u202fspace\u00a0"),
        (b"x" * 4096, "x" * 4096),
    ],
)
def test_file_gives_its_text_without_one_line_ending(
    secret_file: Callable[..., Path], content: bytes, secret: str
) -> None:
    assert secrets.from_file(secret_file(content)) == secret


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_file_for_its_owner_alone_is_read(secret_file: Callable[..., Path], mode: int) -> None:
    assert secrets.from_file(secret_file(b"s", mode)) == "s"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o644, 0o610, 0o666])
def test_file_that_others_can_touch_is_refused(secret_file: Callable[..., Path], mode: int) -> None:
    path = secret_file(CANARY.encode(), mode)
    error = refused(lambda: secrets.from_file(path))
    assert error.code == "secret-file-open"
    assert error.aside == f"Run: chmod 600 {path}"
    assert error.exit_code == 78


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (Secret(file=Path("/home/alice/cloud.password")), "into /home/alice/cloud.password, alone"),
        (Secret(keyring="cloud"), "keyring set coachsync cloud"),
        (Secret(credential="cloud"), "credential cloud"),
        (Secret(command=("pass", "show", CANARY)), "gets it: pass"),
    ],
)
def test_a_password_that_changed_is_renewed_where_it_is_kept(source: Secret, place: str) -> None:
    assert place in secrets.renewing(source)
    assert CANARY not in secrets.renewing(source)


def test_an_account_without_a_password_has_none_to_renew() -> None:
    assert secrets.renewing(None) == ""


def test_file_of_another_user_is_refused(secret_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = secret_file(CANARY.encode())
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert refused(lambda: secrets.from_file(path)).code == "secret-file-open"


@pytest.mark.parametrize(
    ("mode", "same", "read"),
    [(0o640, True, True), (0o600, True, True), (0o640, False, False), (0o660, True, False), (0o644, True, False)],
)
def test_a_file_may_be_read_by_the_group_that_shares_the_state(
    secret_file: Callable[..., Path], mode: int, same: bool, read: bool
) -> None:
    path = secret_file(CANARY.encode(), mode)
    group = path.stat().st_gid + (not same)
    assert secrets.open_to_others(path, group) is not read
    if read:
        assert secrets.from_file(path, group) == CANARY == secrets.obtain(Secret(file=path), group)
    else:
        error = refused(lambda: secrets.from_file(path, group))
        assert error.code == "secret-file-open"
        assert error.aside.startswith("Run: chgrp ")
        assert error.aside.endswith(f"&& chmod 640 {path}")


def test_whoever_owns_a_file_of_that_group_lends_it(
    secret_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one of the group can have given it the group; a file that the group cannot read is nobody's loan."""
    path, me = secret_file(b"lent", 0o640), os.geteuid()
    if me == 0:
        os.chown(path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    group = path.stat().st_gid
    assert secrets.from_file(path, group) == "lent"
    path.chmod(0o600)
    if me == 0:
        assert refused(lambda: secrets.from_file(path, group)).code == "secret-file-open"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be reached by sudo")
def test_a_file_of_who_gives_a_command_by_sudo_is_theirs(
    secret_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = secret_file(b"of the coach")
    os.chown(path, 12345, 12345)
    for given in ("", "54321", "x", "-1"):
        monkeypatch.setenv("SUDO_UID", given)
        assert refused(lambda: secrets.from_file(path)).code == "secret-file-open"
    monkeypatch.setenv("SUDO_UID", "12345")
    assert secrets.from_file(path) == "of the coach"
    monkeypatch.setattr(os, "geteuid", lambda: 54321)  # whoever says so without being root
    assert refused(lambda: secrets.from_file(path)).code == "secret-file-open"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of root's")
def test_file_of_root_is_read_by_another_user(
    secret_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = secret_file(b"of root")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert secrets.from_file(path) == "of root"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "secret-file-empty"),
        (b"\n", "secret-file-empty"),
        (b"\xff\xfe" + CANARY.encode(), "secret-file-not-text"),
        (f"{CANARY}\nsecond line\n".encode(), "secret-file-not-text"),
        (f"{CANARY}\x00".encode(), "secret-file-not-text"),
        (f"{CANARY}\x1b[2J".encode(), "secret-file-not-text"),
        (b"x" * 4097, "secret-file-too-long"),
        (CANARY.encode() * 1_000_000, "secret-file-too-long"),
    ],
)
def test_file_without_a_usable_password_is_refused(secret_file: Callable[..., Path], content: bytes, code: str) -> None:
    path = secret_file(content)
    assert refused(lambda: secrets.from_file(path)).code == code


def test_missing_file_is_named_as_missing(tmp_path: Path) -> None:
    assert refused(lambda: secrets.from_file(tmp_path / "none")).code == "secret-file-missing"


def test_folder_and_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    assert refused(lambda: secrets.from_file(tmp_path / "pipe")).code == "secret-file-unreadable"
    assert refused(lambda: secrets.from_file(tmp_path / "folder")).code == "secret-file-unreadable"


def test_link_is_judged_by_the_file_it_leads_to(tmp_path: Path, secret_file: Callable[..., Path]) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret_file(CANARY.encode(), 0o644))
    assert refused(lambda: secrets.from_file(link)).code == "secret-file-open"


def test_file_swapped_after_it_was_opened_does_not_count(
    tmp_path: Path, secret_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = secret_file(b"the checked one")
    real = os.open

    def open_then_swap(name: Path, flags: int) -> int:
        handle = real(name, flags)
        (tmp_path / "other").write_bytes(b"the swapped one")
        (tmp_path / "other").replace(path)
        return handle

    monkeypatch.setattr(os, "open", open_then_swap)
    assert secrets.from_file(path) == "the checked one"


@pytest.mark.parametrize(
    ("code", "secret"),
    [
        ("print('simple')", "simple"),
        ("import sys; sys.stdout.write('no newline')", "no newline"),
        ("print('first'); print('login: alice')", "first"),
        ("import sys; sys.stdout.buffer.write('passé\\r\\n'.encode())", "passé"),
        ("print('first'); print('x' * 10_000_000)", "first"),
        ("import sys; print('stdin is', repr(sys.stdin.read()))", "stdin is ''"),
    ],
)
def test_command_gives_its_first_line(code: str, secret: str) -> None:
    assert secrets.from_command(python(code)) == secret


def test_command_runs_without_a_shell() -> None:
    assert secrets.from_command(["echo", "$HOME; `id` | cat"]) == "$HOME; `id` | cat"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"print('{CANARY}'); raise SystemExit(3)", "secret-command-failed"),
        (f"raise ValueError('{CANARY}')", "secret-command-failed"),
        ("import os; os.kill(os.getpid(), 9)", "secret-command-failed"),
        ("pass", "secret-command-empty"),
        (f"print(); print('{CANARY}')", "secret-command-empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\n')", "secret-command-not-text"),
        (f"print('{CANARY}\\x07')", "secret-command-not-text"),
        ("print('x' * 5000)", "secret-command-too-long"),
    ],
)
def test_command_that_gives_no_password_is_refused(code: str, expected: str) -> None:
    error = refused(lambda: secrets.from_command(python(code)))
    assert error.code == expected
    assert isinstance(error, Misconfigured)


def test_error_output_of_a_command_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    refused(lambda: secrets.from_command(python(f"import sys; print('{CANARY}', file=sys.stderr); sys.exit(1)")))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("argv", [["/nonexistent/program"], ["/"], [], ["nul\x00byte"]])
def test_command_that_cannot_start_is_refused(argv: list[str]) -> None:
    assert refused(lambda: secrets.from_command(argv)).code == "secret-command-not-run"


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
        "while True: print('x' * 1000)",
        "import os, time; os.close(1); time.sleep(60)",
    ],
    ids=["sleeps", "its child sleeps", "talks for ever", "closes its output and stays"],
)
def test_slow_command_is_stopped_and_is_worth_another_try(code: str) -> None:
    began = time.monotonic()
    error = refused(lambda: secrets.from_command(python(code), timeout=0.4))
    assert time.monotonic() - began < 5
    assert error.code == "secret-command-slow"
    assert isinstance(error, Temporary)


def test_stopped_command_leaves_no_process_behind(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    refused(lambda: secrets.from_command(["sh", "-c", f"sleep 60 & echo $! > '{note}'; wait"], timeout=1))
    pid = int(note.read_text())
    assert eventually(lambda: not running(pid), seconds=5)


def test_password_is_obtained_from_where_the_configuration_says(secret_file: Callable[..., Path]) -> None:
    assert secrets.obtain(Secret(file=secret_file(b"from a file"))) == "from a file"
    assert secrets.obtain(Secret(command=("echo", "from a command"))) == "from a command"
    assert secrets.obtain(None) == ""
    assert refused(lambda: secrets.obtain(Secret())).code == "secret-command-not-run"


def test_password_is_obtained_from_the_keyring(keyring: Keyring) -> None:
    keyring.put("cloud", "zébu")
    assert secrets.obtain(Secret(keyring="cloud")) == "zébu"


def test_password_stored_in_the_keyring_is_found_there(keyring: Keyring) -> None:
    secrets.store_in_keyring("cloud", "zébu 1")
    assert keyring.entries == {"coachsync cloud": "zébu 1"}
    assert secrets.from_keyring("cloud") == "zébu 1"


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (None, "keyring-entry-missing"),
        ("", "keyring-entry-empty"),
        (f"{CANARY}\nsecond line", "keyring-entry-not-text"),
        (CANARY * 1000, "keyring-entry-too-long"),
    ],
)
def test_keyring_without_a_usable_password_is_refused(quick_keyring: Keyring, kept: str | None, code: str) -> None:
    if kept is not None:
        quick_keyring.put("cloud", kept)
        refused(lambda: secrets.store_in_keyring("cloud", kept) or "")
        assert quick_keyring.entries == {"coachsync cloud": kept}
    error = refused(lambda: secrets.from_keyring("cloud"))
    assert error.code == code
    assert isinstance(error, Misconfigured)


def test_missing_entry_of_the_keyring_is_told_with_the_command_that_makes_it(quick_keyring: Keyring) -> None:
    error = refused(lambda: secrets.from_keyring("cloud"))
    assert "the name cloud" in error.hint
    assert error.aside == f"Run: {sys.executable} -m keyring set coachsync cloud"


def test_locked_keyring_is_worth_another_try(quick_keyring: Keyring) -> None:
    quick_keyring.fault("locked")
    assert isinstance(refused(lambda: secrets.from_keyring("cloud")), Temporary)
    assert isinstance(refused(lambda: secrets.store_in_keyring("cloud", CANARY) or ""), Temporary)


def test_waiting_keyring_is_given_up(keyring: Keyring) -> None:
    keyring.fault("waits")
    assert refused(lambda: secrets.from_keyring("cloud", timeout=1)).code == "keyring-slow"


def test_password_is_obtained_from_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.credential(tmp_path, monkeypatch, "cloud", "zébu\n".encode(), mode=0o440)
    assert secrets.obtain(Secret(credential="cloud")) == "zébu"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "credential-empty"),
        (b"\xff" + CANARY.encode(), "credential-not-text"),
        (f"{CANARY}\nsecond line".encode(), "credential-not-text"),
        (CANARY.encode() * 1000, "credential-too-long"),
    ],
)
def test_credential_without_a_usable_password_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, code: str
) -> None:
    keyrings.credential(tmp_path, monkeypatch, "cloud", content)
    assert refused(lambda: secrets.from_credential("cloud")).code == code


def test_credential_that_was_not_handed_over_names_the_line_of_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    error = refused(lambda: secrets.from_credential("cloud"))
    assert (error.code, error.exit_code) == ("credential-not-given", 78)
    assert "LoadCredentialEncrypted=cloud" in error.hint


def test_program_left_in_the_background_does_not_hold_up_the_answer() -> None:
    began = time.monotonic()
    assert secrets.from_command(["sh", "-c", "sleep 10 & echo agent"]) == "agent"
    assert time.monotonic() - began < 8
