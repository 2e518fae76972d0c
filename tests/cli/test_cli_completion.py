"""What a shell can complete, asked as the shells' own functions ask."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cli_desk import HEAD, SCRIPT, environment

CONFIGURATION = HEAD + "[calendars.coaching]\n[calendars.courses]\n[shares.office]\n[shares.public]\n"
HEAVY = {"pydantic", "sqlalchemy", "alembic", "cryptography", "caldav", "lxml", "icalendar", "vobject", "rich"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a configuration in the usual place, which a look at its names finds and `load` would refuse."""
    path = tmp_path / ".config" / "coachsync" / "coachsync.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGURATION, encoding="utf-8")
    return tmp_path


def asked(home: Path, line: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The answer to bash for the last word of a command line, which may be empty."""
    words = line.split(" ")
    environ = environment(HOME=str(home), COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), **more)
    environ |= {"_COACHSYNC_COMPLETE": "bash_complete"}
    return subprocess.run(
        list(command) or [str(SCRIPT)], capture_output=True, text=True, timeout=60, check=False, env=environ
    )


def completed(home: Path, line: str) -> list[str]:
    done = asked(home, line)
    assert (done.returncode, done.stderr) == (0, "")
    return [answer.removeprefix("plain,") for answer in done.stdout.splitlines() if answer]


def test_commands_and_options_are_completed(home: Path) -> None:
    assert completed(home, "coachsync sy") == ["sync"]
    assert {"sync", "share", "service", "check"} <= set(completed(home, "coachsync "))
    assert completed(home, "coachsync share p") == ["preview", "publish"]
    assert completed(home, "coachsync sync --acc") == ["--accept-deletions"]
    assert "--json" in completed(home, "coachsync --")
    assert completed(home, "coachsync completion f") == ["fish"]


def test_configured_names_are_completed(home: Path) -> None:
    for command in ("preview", "publish", "verify"):
        assert completed(home, f"coachsync share {command} ") == ["office", "public"]
    assert completed(home, "coachsync share preview o") == ["office"]
    assert completed(home, "coachsync sync --accept-deletions c") == ["coaching", "courses"]


def test_names_come_from_the_configuration_that_is_named(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[practice]\n[shares.team]\n", encoding="utf-8")
    assert completed(home, f"coachsync --config {other} share preview ") == ["team"]
    assert completed(home, "coachsync --config /nowhere.toml share preview ") == []


@pytest.mark.parametrize("text", ["not toml [", "shares = 3\n", "[practice]\n[shares]\noffice = 1\n", ""])
def test_a_broken_configuration_breaks_no_shell(home: Path, text: str) -> None:
    (home / ".config" / "coachsync" / "coachsync.toml").write_text(text, encoding="utf-8")
    assert completed(home, "coachsync share preview ") in ([], ["office"])
    assert completed(home, "coachsync share prev") == ["preview"]


PROBE = """
import atexit, sys
from coachsync.app.cli import carry_out
atexit.register(lambda: print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr))
carry_out([])
"""


@pytest.mark.parametrize(
    "line", ["coachsync ", "coachsync share p", "coachsync share preview ", "coachsync sync --accept-deletions "]
)
def test_completing_is_quick_because_it_loads_little(home: Path, line: str) -> None:
    done = asked(home, line, str(SCRIPT.with_name("python")), "-c", PROBE)
    assert done.stdout
    assert not set(done.stderr.split()) & HEAVY


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_it_can_read(home: Path, shell: str) -> None:
    done = subprocess.run(
        [str(SCRIPT), "completion", shell],
        capture_output=True, text=True, timeout=60, check=True, env=environment(HOME=str(home)),
    )  # fmt: skip
    assert f"_COACHSYNC_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell} to read it")
    read = subprocess.run([shell, "-n"], input=done.stdout, capture_output=True, text=True, timeout=60, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_bash_completes_with_the_script(home: Path) -> None:
    program = f"""
source <({SCRIPT} completion bash)
COMP_WORDS=(coachsync share preview o) COMP_CWORD=3
_coachsync_completion coachsync
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    environ = environment(HOME=str(home))
    environ["PATH"] = f"{SCRIPT.parent}:{environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environ
    )
    assert (done.stdout, done.stderr) == ("office\n", "")
