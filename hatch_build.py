"""Compiles the catalogues of translations: a build hook, and a script (`make` runs it when a catalogue has changed).

The hook also says where the manual pages go.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before a wheel, a source distribution or an editable install is made."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        build_data["artifacts"] += [f"/{made.relative_to(ROOT)}" for made in compile_catalogues()]
        if self.target_name == "wheel":
            build_data["shared_data"].update(manual_pages())


def compile_catalogues() -> list[Path]:
    """Write each catalogue's .mo file beside its .po file."""
    made = []
    for source in sorted(ROOT.glob("src/coachsync/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as text, target.open("wb") as compiled:
            write_mo(compiled, read_po(text, locale=source.parts[-3]))
        made.append(target)
    return made


def manual_pages() -> dict[str, str]:
    """Each manual page with its place below the prefix: coachsync.1 is English, coachsync.fr.1 French."""
    pages = sorted(ROOT.glob("docs/coachsync*.1"))
    return {str(page): "/".join(["share/man", *page.name.split(".")[1:-1], "man1/coachsync.1"]) for page in pages}


if __name__ == "__main__":
    compile_catalogues()
