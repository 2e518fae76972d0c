"""The keyring, asked through a process of its own: a plug-in of these tests, and GNOME's where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import keyrings
from coachsync.adapters import oskeyring
from coachsync.errors import CoachsyncError, Misconfigured, Temporary
from keyrings import Keyring
from processes import eventually, running

CANARY = "zébu-hunter2"


def refused(call: Callable[[], object]) -> CoachsyncError:
    """The error that the call raises: with a next step, and with nothing of what the keyring said."""
    with pytest.raises(CoachsyncError) as caught:
        call()
    assert caught.value.hint
    shown = f"{caught.value.message} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert CANARY not in shown
    assert "secret in a message" not in shown
    return caught.value


def test_what_is_stored_is_read_until_it_is_removed(keyring: Keyring) -> None:
    assert oskeyring.read("cloud") is None
    oskeyring.store("cloud", CANARY)
    assert keyring.entries == {"coachsync cloud": CANARY}
    assert oskeyring.read("cloud") == CANARY
    oskeyring.store("cloud", "another")
    oskeyring.remove("cloud")
    assert keyring.entries == {}
    oskeyring.remove("cloud")


@pytest.mark.parametrize(
    ("fault", "code"), [("locked", "keyring-locked"), ("shut", "keyring-locked"), ("broken", "keyring-failed")]
)
def test_a_keyring_that_does_not_open_is_worth_another_try(keyring: Keyring, fault: str, code: str) -> None:
    keyring.fault(fault)
    for call in (lambda: oskeyring.read("x"), lambda: oskeyring.store("x", CANARY), lambda: oskeyring.remove("x")):
        error = refused(call)
        assert error.code == code
        assert isinstance(error, Temporary)


def test_a_keyring_that_keeps_nothing_is_noticed(keyring: Keyring) -> None:
    keyring.fault("forgets")
    assert refused(lambda: oskeyring.store("cloud", CANARY)).code == "keyring-failed"
    keyring.put("cloud", CANARY)
    keyring.fault("keeps")
    assert refused(lambda: oskeyring.remove("cloud")).code == "keyring-failed"


def test_a_keyring_that_asks_something_is_not_waited_for_longer_than_said(keyring: Keyring) -> None:
    keyring.fault("waits")
    began = time.monotonic()
    error = refused(lambda: oskeyring.read("cloud", timeout=1))
    assert time.monotonic() - began < 10
    assert error.code == "keyring-slow"
    assert isinstance(error, Temporary)


def test_the_process_that_asks_is_ended_with_all_that_it_started(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pids"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nsleep 60 &\necho $$ $! > '{note}'\nwait\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    assert refused(lambda: oskeyring.read("cloud", timeout=1)).code == "keyring-slow"
    pids = [int(word) for word in note.read_text().split()]
    assert len(pids) == 2
    assert eventually(lambda: not any(map(running, pids)), seconds=5)


def test_the_secret_is_no_argument_of_the_process_that_asks(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    def seen(arguments: list[str], **options: object) -> object:
        started.append(arguments)
        return real(arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", seen)
    oskeyring.store("cloud", CANARY)
    assert len(started) == 1
    assert not [word for word in started[0] if CANARY in word or "cloud" in word]


def test_a_machine_without_a_keyring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keyrings.no_keyring(monkeypatch)
    for call in (lambda: oskeyring.read("x"), lambda: oskeyring.store("x", CANARY), oskeyring.backend):
        error = refused(call)
        assert error.code == "keyring-none"
        assert isinstance(error, Misconfigured)


def test_a_keyring_that_was_switched_off_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    assert refused(lambda: oskeyring.read("x")).code == "keyring-none"


def test_a_plug_in_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "nowhere.at.all")
    assert refused(lambda: oskeyring.read("x")).code == "keyring-failed"


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    error = refused(lambda: oskeyring.read("x"))
    assert error.code == "keyring-not-installed"
    assert "coachsync[keyring]" in error.hint


@pytest.mark.parametrize("answer", ["", "no json"])
def test_a_process_that_breaks_down_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, keyring: Keyring
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    assert refused(lambda: oskeyring.read("x")).code == "keyring-failed"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert refused(lambda: oskeyring.read("x")).code == "keyring-failed"


def test_who_keeps_the_entries_is_named(keyring: Keyring) -> None:
    assert oskeyring.backend() == "filekeyring.FileKeyring"


# --- a real one -----------------------------------------------------------------------------------------------------

GNOME = ("dbus-run-session", "gnome-keyring-daemon")
ROUND = """\
from coachsync.adapters import oskeyring
print(oskeyring.backend())
oskeyring.store("cloud", "zébu")
print(oskeyring.read("cloud") == "zébu", oskeyring.read("other"))
oskeyring.remove("cloud")
print(oskeyring.read("cloud"))
"""
OPEN = """printf 'passphrase\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "$@" """


def in_a_desktop_session(folder: Path, script: str, shell: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a session bus of its own, with a home of its own, after a line of shell."""
    if missing := [program for program in GNOME if shutil.which(program) is None]:
        pytest.skip(f"needs {' and '.join(missing)}")
    (folder / "run").mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    command = ["dbus-run-session", "--", "sh", "-c", shell, "sh", sys.executable, "-c", script]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=kept | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")},
    )


def test_the_keyring_of_gnome_keeps_and_gives_back(tmp_path: Path) -> None:
    done = in_a_desktop_session(tmp_path, ROUND, OPEN)
    backend, kept, gone = done.stdout.splitlines()[-3:]
    assert backend.startswith("keyring.backends.SecretService")
    assert (kept, gone) == ("True None", "None")
    held = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "zébu".encode() not in held


def test_the_keyring_of_gnome_without_its_passphrase_is_locked(tmp_path: Path) -> None:
    script = "from coachsync.adapters import oskeyring\ntry: oskeyring.read('x')\nexcept Exception as e: print(e.code)"
    assert in_a_desktop_session(tmp_path, script, '"$@"').stdout.splitlines()[-1:] == ["keyring-locked"]
