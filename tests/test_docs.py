"""The examples that people copy are read by the program itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import click
import pytest

from coachsync import config
from coachsync.app.cli.commands import COMMANDS, cli

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config" / "coachsync.example.toml"

_BLOCK = re.compile(r"^( *)```toml\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SWITCHED_OFF = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


def snippets(text: str) -> list[str]:
    """The whole configurations among the TOML blocks of a Markdown text."""
    blocks = [dedent(block) for _, block in _BLOCK.findall(text)]
    return [block for block in blocks if block.startswith("version = 1")]


def documented() -> list[tuple[str, str]]:
    """Every whole configuration in README.md and docs/, with where it stands."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return [
        (f"{page.relative_to(ROOT)} {number}", snippet)
        for page in pages
        if page.exists()
        for number, snippet in enumerate(snippets(page.read_text(encoding="utf-8")), 1)
    ]


def test_example_configuration_loads() -> None:
    example = config.load(EXAMPLE)
    assert list(example.accounts) == ["cloud"]
    assert list(example.shares) == ["office"]
    assert example.dormant == ()


def test_lines_switched_off_in_the_example_work_when_switched_on(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    on = _SWITCHED_OFF.sub("", text)
    assert on.count("\n[") == text.count("\n[") + 10
    # Alternatives exclude each other: the later of two lines for one key is the one that was switched off.
    for line in ('command = ["pass", "show", "cloud"]', 'keyring = "cloud"', 'credential = "cloud"'):
        assert on.count(f"password = {{ {line} }}\n") == 1
        on = on.replace(f"password = {{ {line} }}\n", "")
    on = on.replace('url = "/remote.php/dav/calendars/alice/coaching/"', "#", 1)
    on = on.replace('"assistant"', '"cloud"')
    path = tmp_path / "coachsync.toml"
    path.write_text(on, encoding="utf-8")
    loaded = config.load(path)
    assert list(loaded.shares) == ["office", "planning", "acme", "public"]
    assert loaded.dormant == ("retention", "succession", "backup")
    assert loaded.notify.mail == "me@practice.example"


def test_documented_configurations_load(tmp_path: Path) -> None:
    found = documented()
    assert any(place.startswith("README.md ") for place, _ in found)
    for place, snippet in found:
        path = tmp_path / f"{place.replace('/', '-')}.toml"
        path.write_text(snippet, encoding="utf-8")
        config.load(path)


def test_whole_configurations_are_found_in_a_page() -> None:
    page = "Text\n```toml\nversion = 1\n[practice]\n```\n```toml\n[accounts.a]\n```\n```sh\nversion = 1\n```\n"
    listed = "1. In a list:\n\n   ```toml\n   version = 1\n\n   [vault]\n   ```\n2. Next\n"
    assert snippets(page + listed) == ["version = 1\n[practice]\n", "version = 1\n\n[vault]\n"]


PAGES = sorted((ROOT / "docs").glob("coachsync*.1"))  # coachsync.1 is English, coachsync.fr.1 French


def written(language: str) -> str:
    """The manual page as the commands' help makes it now."""
    command = [sys.executable, str(ROOT / "docs" / "man.py"), language]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_manual_says_what_the_commands_say(page: Path) -> None:
    language = "en" if page.name == "coachsync.1" else page.suffixes[0][1:]
    assert page.read_text(encoding="utf-8") == written(language), "run: make man"


def test_the_manual_holds_every_command_and_option() -> None:
    plain = re.sub(r"\\f[BIR]", "", written("en")).replace("\\-", "-")
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert f"\n.SS coachsync {name}" in plain
        for option in (option for parameter in command.params for option in parameter.opts if option.startswith("--")):
            assert option == "--help" or f"\n{option}" in plain


@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_man_shows_the_manual_without_a_warning(page: Path) -> None:
    environ = os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    command = ["man", "--warnings", "-E", "UTF-8", "-l", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert done.stderr == ""
    assert "coachsync share preview" in done.stdout
