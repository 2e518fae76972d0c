"""The examples that people copy are read by the program itself."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from coachsync import config

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
    assert on.count("\n[") == text.count("\n[") + 8
    # Alternatives exclude each other: the later of two lines for one key is the one that was switched off.
    on = on.replace('password = { command = ["pass", "show", "cloud"] }\n', "")
    on = on.replace('url = "/remote.php/dav/calendars/alice/coaching/"', "#", 1)
    on = on.replace('"assistant"', '"cloud"')
    path = tmp_path / "coachsync.toml"
    path.write_text(on, encoding="utf-8")
    loaded = config.load(path)
    assert list(loaded.shares) == ["office", "public"]
    assert loaded.dormant == ("inbox", "retention", "succession", "vault", "backup")
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
