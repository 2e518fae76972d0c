"""Attached files in a folder that is exported: streamed, under names that every file system takes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coachsync.adapters import heldfolders
from coachsync.app.vault import filenames
from coachsync.app.vault.attached import content
from coachsync.app.vault.reading import Session
from coachsync.errors import Altered, Problem, WrongKey

_FOLDER = "files"
_PRIVATE = 0o700


def write(session: Session, records: Iterable[dict[str, Any]], folder: Path) -> list[Problem]:
    """Write the file of each record that is an attachment, and say in the record where; why one cannot be read, and is
    not there. Raises OSError."""
    problems = []
    for number, one in enumerate(records, 1):
        if one["kind"] == "attachment" and isinstance(one["content"], dict):
            name = f"{_FOLDER}/{number:04}-{filenames.safe(one['content']['name'])}"
            (folder / _FOLDER).mkdir(mode=_PRIVATE, exist_ok=True)
            try:
                heldfolders.fill(
                    folder / name, content(session, session.record(bytes.fromhex(one["record"]), one["version"]))
                )
                one["content"]["file"] = name
            except (Altered, WrongKey) as problem:
                problems.append(problem.problem("practice.state"))
    return problems
