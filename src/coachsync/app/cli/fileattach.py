"""`coachsync note attach`: files into the vault, with nothing unlocked, as the daemon does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from coachsync.adapters.sourcefile import source_file
from coachsync.app.cli.asking import typed
from coachsync.app.cli.commands import Options
from coachsync.app.cli.meant import typed_name
from coachsync.app.cli.opening import configured
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.cli.ready import Ready, ready
from coachsync.app.printable import printable
from coachsync.app.vault import filenames
from coachsync.app.vault.attaching import attach
from coachsync.app.vault.naming import named, names
from coachsync.app.vault.trusting import coach_of, trusted
from coachsync.errors import CoachsyncError, Locked, UsageError
from coachsync.inbox.names import readable
from coachsync.phrases import say, say_count
from coachsync.vault.bodies import File
from coachsync.vault.envelope import Kind
from coachsync.vault.shelves import UNSORTED

_COMMAND = "note attach"
_PROMPT = "-"


def run(options: Options, given: tuple[str, ...], client: str | None, coach: str | None) -> None:
    """Every file is looked at before one is stored."""
    note, files = (None, given) if client is not None else (given[0], given[1:])
    if not files:
        raise UsageError(
            "no-file-named",
            say("It is not said which file."),
            say("Give the id of the note and then the files, or --client CODE and then the files."),
        )
    name = None if client is None else typed_name(client)
    fingerprint = coach_of(trusted(configured(options)), coach)
    paths = [_typed() if file == _PROMPT else Path(file) for file in files]
    for path in paths:
        with _opened(path):
            pass
    stored: list[bytes] = []
    with ready(options, _COMMAND) as kept:
        code, to = _belongs(kept, fingerprint, note, None if client is None else (client, name))
        try:
            stored.extend(_attach(kept, fingerprint, code, path, to) for path in paths)
        finally:
            if stored:
                ids = names(kept.vault.history, fingerprint)
                _tell(options, [ids[record] for record in stored], code)


def _typed() -> Path:
    """What a person types, as in a shell: a home may be written ~."""
    path = Path(typed(say("File"), "FILE"))
    try:
        return path.expanduser()
    except RuntimeError:  # of nobody whom the system knows: it may be a name
        return path


def _attach(kept: Ready, coach: bytes, client: str, path: Path, to: bytes | None) -> bytes:
    name = readable(os.fsencode(path.name))
    with _opened(path) as file:
        about = File(name, filenames.media_of(name), to)
        return attach(kept.vault, kept.daemon, coach, client, file, about, kept.wiring.now).record


def _belongs(
    kept: Ready, coach: bytes, note: str | None, client: tuple[str, str | None] | None
) -> tuple[str, bytes | None]:
    """Whom it is about, and to which note it belongs. The log tells of whom a note is, once it is sorted."""
    if client is not None:
        return kept.client(client), None
    history = kept.vault.history
    record = named(history, coach, note or "", Kind.NOTE)
    owner = history.shelves[history.records[record, history.latest(record)].shelf].client
    if not owner or owner == UNSORTED:
        raise Locked(
            "note-unsorted",
            say("It is not known yet whom this note is about: it was written while the vault was locked."),
            say("Run: coachsync vault unlock, and then this again."),
        )
    return owner, record


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file; what fails while it is open says which one it was."""
    try:
        with source_file(path) as file:
            yield file
    except CoachsyncError as problem:
        problem.aside = problem.aside or say("The file is {file}", file=printable(path.name))
        raise


def _tell(options: Options, ids: list[str], client: str) -> None:
    """What is stored, in the order in which it was given: also where one of them fails."""
    if options.json:
        tell_json({"attached": [{"id": one, "client": client} for one in ids]})
        return
    for one in ids:
        tell(say("{id} is in the vault, about {client}.", id=one, client=client))
    tell(
        say_count(
            "The file is still there for everybody to read: delete it.",
            "The files are still there for everybody to read: delete them.",
            len(ids),
        ),
        err=True,
    )
