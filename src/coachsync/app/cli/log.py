"""`coachsync log`: what was done with the vault, in codes alone, and whether that is all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import opened
from coachsync.app.cli.output import instant, tell, tell_json, tell_table
from coachsync.app.cli.recordviews import local
from coachsync.app.cli.refusing import leave_out
from coachsync.app.cli.vaultverify import problem_document, tell_findings
from coachsync.app.outcome import FINDINGS
from coachsync.app.vault import logbook
from coachsync.phrases import Phrase, say, say_count

if TYPE_CHECKING:
    from coachsync.app.vault.opening import Vault
    from coachsync.vault.chain import Entry

_ID_SIGNS = 8
_MOST = 200  # bytes of the file with a head


@click.group("log", help=COMMANDS["log"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command("show", help=say("List what was done with the vault: codes only, and no word of a record."))
@click.option(
    "--head", is_flag=True, help=say("Print where the log ends, on one line: keep it away from this machine.")
)
@everywhere
@click.pass_obj
def show(options: Options, head: bool) -> int:
    """As far as the log can be believed; where it cannot, that is said."""
    with opened(options, "log show") as wiring, logbook.looked_at(wiring.config, wiring.now) as (vault, problems):
        line = logbook.head_line(vault)
        entries = [] if head else list(_believed(vault))
        names = _names(vault)
        zone = wiring.zone
    if options.json:
        document: dict[str, Any] = {"head": line}
        if not head:
            document["entries"] = [_document(entry, names) for entry in entries]
        tell_json(document | {"findings": [problem_document(one) for one in problems]})
        return FINDINGS if problems else 0
    if head and not problems:
        click.echo(line)
    elif not head:
        rows = [(str(one.number), local(_at(one), zone), names[one.actor], _in_words(one.event)) for one in entries]
        tell_table((say("number"), say("when"), say("who"), say("what")), rows)
    tell_findings(problems)
    return FINDINGS if problems else 0


@command.command("verify", help=say("Check that the log is whole, signed by who may say so, and the one you know."))
@click.option(
    "--head",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("A file with a head that was kept: what was cut off since shows."),
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar=say("FILE"),
    help=say("Check this certificate of an erasure instead, with trust.toml alone."),
)
@everywhere
@click.pass_obj
def verify(options: Options, head: Path | None, certificate: Path | None) -> int:
    """No secret is needed."""
    if certificate is not None:
        from coachsync.app.cli.logcertificate import run

        leave_out("--head", head)
        return run(options, certificate)
    kept = None if head is None else _read(head)
    with opened(options, "log verify") as wiring, logbook.looked_at(wiring.config, wiring.now) as (vault, problems):
        if kept is not None and (other := logbook.compared(vault, kept)) is not None:
            problems.append(other)
        line, count = logbook.head_line(vault), vault.history.head.count
    if options.json:
        tell_json({"head": line, "entries": count, "findings": [problem_document(one) for one in problems]})
        return FINDINGS if problems else 0
    if not problems:
        tell(
            say_count(
                "The log is whole: {number} entry, signed by who may say so.",
                "The log is whole: {number} entries, each signed by who may say so.",
                count,
            )
        )
    tell_findings(problems)
    return FINDINGS if problems else 0


def _read(file: Path) -> str:
    """The text of a file; what is no text will not be a head either. Raises CoachsyncError when it cannot be read."""
    from coachsync.adapters.system import reason
    from coachsync.errors import UsageError

    try:
        with file.open("rb") as content:
            return content.read(_MOST).decode(errors="replace")
    except OSError as problem:
        message = say("The file with the head cannot be read: {cause}.", cause=reason(problem))
        raise UsageError("head-not-read", message, say("Give the path of the file."), where="--head") from None


def _believed(vault: Vault) -> Iterator[Entry]:
    for entry in vault.store.entries():
        if entry.number > vault.history.head.count:
            return
        yield entry


def _names(vault: Vault) -> dict[bytes, str]:
    """What each who has signed is called: a coach by the name in trust.toml, a daemon by its code."""
    history = vault.history
    names: dict[bytes, str] = {
        actor: say("background program {code}", code=actor.hex()[:_ID_SIGNS])
        for actor in (*history.actors, *history.ended)
    }
    for name, one in vault.trust.coaches.items():
        names |= {former.fingerprint: say("{coach}, by an older key", coach=name) for former in one.former}
        names[one.fingerprint] = name
    return names


def _document(entry: Entry, names: Mapping[bytes, str]) -> dict[str, Any]:
    who = {"actor": entry.actor.hex(), "who": names[entry.actor]}
    return {"number": entry.number, "at": instant(_at(entry)), **who, "event": entry.event}


def _at(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.at, UTC)


def _in_words(event: Mapping[str, Any]) -> Phrase:
    return _WORDS[event["e"]](event)


def _assigned(event: Mapping[str, Any]) -> Phrase:
    if event["client"]:
        return say("gave shelf {shelf} to {client} ({category})", category=event["class"], **_short(event))
    return say("took shelf {shelf} for what is not sorted yet ({category})", category=event["class"], **_short(event))


def _stored(event: Mapping[str, Any]) -> Phrase:
    kind = _RECORDS[event["kind"]]
    return say("stored version {version} of {kind} {record} on shelf {shelf}", **_short(event) | {"kind": kind})


def _erasing(event: Mapping[str, Any]) -> Phrase:
    if event["what"] == "keys":
        return say_count(
            "put an end to the older keys of {number} shelf",
            "put an end to the older keys of {number} shelves",
            len(event["shelves"]),
        )
    what = say("{kind} of {client}", kind=_ERASED[event["what"]], client=event["client"] or say("nobody yet"))
    records = say_count("{number} record", "{number} records", len(event["records"]))
    return say("erased {what}: {records}", what=what, records=records)


def _short(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a sentence shows of an entry: ids by their beginning."""
    return {name: value[:_ID_SIGNS] if name in ("shelf", "record") else value for name, value in event.items()}


_RECORDS = {1: say("note"), 2: say("agreement"), 3: say("disclosure"), 4: say("attachment")}
_ERASED = {"note": say("a note"), "shelf": say("a shelf"), "client": say("everything")}
_SLOTS = {
    "passphrase": say("took another passphrase"),
    "recovery": say("took another recovery code"),
    "keyring": say("let the keyring of a desktop open the vault"),
    "credential": say("let a credential of systemd open the vault"),
}
_UNSLOTS = {
    "keyring": say("let the keyring open nothing any more"),
    "credential": say("let the credential open nothing any more"),
}


def _found(event: Mapping[str, Any]) -> Phrase:
    if '"e":"renewed"' in event["said"]:
        return say("found in the ledger that a key was replaced after this copy was made")
    return say("found in the ledger what entry {entry} had erased", entry=event["number"])


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], Phrase]] = {
    "vault": lambda _: say("came into the vault"),
    "actor": lambda _: say("let a background program write, and not read"),
    "ended": lambda event: say("took the pen from background program {code}", code=event["actor"][:_ID_SIGNS]),
    "renewed": lambda _: say("gave place to a new key, after a leak"),
    "shelf": lambda event: say("made key {generation} of shelf {shelf}", **_short(event)),
    "assign": _assigned,
    "record": _stored,
    "erase": _erasing,
    "buried": _found,
    "erased": lambda event: say("finished the erasure of entry {entry}", entry=event["entry"]),
    "slot": lambda event: _SLOTS[event["kind"]],
    "unslot": lambda event: _UNSLOTS[event["kind"]],
    "restored": lambda event: say(
        "went on with a copy that was put back, and gave up entry {entry}", entry=event["count"]
    ),
}
