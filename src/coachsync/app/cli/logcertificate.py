"""`coachsync log verify --certificate`: what a certificate of erasure says, once it is known to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from coachsync.adapters.system import reason
from coachsync.app.cli.commands import Options
from coachsync.app.cli.opening import configured
from coachsync.app.cli.output import tell, tell_json
from coachsync.app.printable import printable
from coachsync.app.vault.certificates import LONGEST, Certified, verify
from coachsync.app.vault.trusting import trusted
from coachsync.errors import UsageError
from coachsync.phrases import Phrase, say, say_count

# Each copy that is out of reach, as people read it; `where` is an account or a share.
_COPIES: Mapping[str, Callable[[str], Phrase]] = {
    "mirror": lambda _: say("the mirror of the keys, which forgets it once its disk is connected"),
    "moved-away": lambda where: say("the folder {where}, which a restore has moved away", where=where),
    "backups": lambda _: say("backups that were made before"),
    "calendar-server": lambda where: say("the calendar server {where}, with its trash and history", where=where),
    "share": lambda where: say("whoever has taken a copy of the share {where}", where=where),
    "phones": lambda _: say("phones and other programs that show the calendar"),
    "exported-folders": lambda _: say("folders that were exported"),
    "colleagues": lambda _: say("what other coaches of the practice keep of this client"),
    "directory": lambda _: say("names and addresses, as long as another coach keeps records of this client"),
}


def run(options: Options, file: Path) -> int:
    """Only trust.toml is needed: no passphrase, no vault. Raises Altered for a certificate that does not hold."""
    certified = verify(_read(file), trusted(configured(options)))
    if options.json:
        told = {"coach": certified.coach, "former_key": certified.former, "erased": certified.stone.event}
        tell_json(told | {"certificate": dict(certified.document)})
        return 0
    for line in _told(certified):
        tell(line)
    return 0


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(LONGEST + 1)
    except OSError as problem:
        raise UsageError(
            "certificate-not-read",
            say("The certificate cannot be read: {cause}.", cause=reason(problem)),
            say("Give the path of the file."),
            where="--certificate",
        ) from None


def _told(certified: Certified) -> Iterator[str]:
    said, document = certified.stone.event, certified.document
    yield say("The certificate holds: {coach} has signed it, {when}.", coach=certified.coach, when=certified.signed_at)
    if certified.former:
        yield say(
            "That key was replaced since, after a leak: look whether the log has this erasure (coachsync log show)."
        )
    yield say_count(
        "{number} record of {client} was erased.",
        "{number} records of {client} were erased.",
        len(said["records"]),
        client=printable(said["client"]) or say("nobody in particular"),
    )
    yield say_count("{number} key file was destroyed.", "{number} key files were destroyed.", document["key_files"])
    if document["files"]:
        yield say_count(
            "{number} attached file was destroyed.", "{number} attached files were destroyed.", document["files"]
        )
    name = printable(str(document["file_system"])) or say("unknown")
    yield say("The file system was {name}.", name=name)
    if document["copy_on_write"]:
        yield say("That one keeps what is overwritten for a while, and in snapshots for as long as these are kept.")
    for one in document["copies"]:
        yield _copy(one)


def _copy(one: Mapping[str, Any]) -> Phrase:
    name, where = str(one["copy"]), printable(str(one["where"]))
    copy = _COPIES[name](where) if name in _COPIES else printable(name)
    if one["until"]:
        return say("Out of reach, until {date}: {copy}", date=printable(str(one["until"])), copy=copy)
    return say("Out of reach, with no date: {copy}", copy=copy)
