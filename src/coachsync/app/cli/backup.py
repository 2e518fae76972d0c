"""`coachsync backup`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace as replace_in
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from coachsync.app.cli.coaches import for_a_coach
from coachsync.app.cli.commands import COMMANDS, Options, everywhere
from coachsync.app.cli.opening import configured, opened
from coachsync.app.cli.output import instant, progress, tell, tell_json, tell_problems
from coachsync.app.cli.refusing import leave_out
from coachsync.app.cli.vaultverify import problem_document, tell_findings
from coachsync.app.outcome import FINDINGS, PARTLY
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say, say_count

if TYPE_CHECKING:
    from coachsync.app.backup.creating import Created
    from coachsync.app.backup.drilling import Drilled
    from coachsync.app.backup.reading import Backups
    from coachsync.app.backup.restoring import Restored
    from coachsync.app.backup.verifying import Looked
    from coachsync.vault.keys import Person

_PATIENCE = 600.0  # seconds that the timer's backup waits for whoever is at work
_VERIFY = "backup verify"
_Function = TypeVar("_Function", bound=Callable[..., object])
_FOLDER = say("FOLDER")
_RECOVERY = click.option(
    "--recovery", is_flag=True, help=say("Open it with the printed recovery code instead of the passphrase.")
)
_CODE_FILE = click.option(
    "--code-file", type=click.Path(path_type=Path), metavar=say("FILE"), help=say("A file with the recovery code.")
)
_SNAPSHOT = click.option(
    "--snapshot", type=click.IntRange(1), metavar=say("NUMBER"), help=say("An older backup, instead of the newest.")
)


def _opening(function: _Function) -> _Function:
    """Let a command take what opens a backup, and which one."""
    for option in (_RECOVERY, _CODE_FILE, _SNAPSHOT):
        function = option(function)
    return for_a_coach(function)


@click.group("backup", help=COMMANDS["backup"][1])
@everywhere
def command() -> None:
    """Nothing by itself."""


@command.command(
    "create", help=say("Make a backup now, and bring the mirror up to date. The timer does it every night.")
)
@click.option("--anew", is_flag=True, help=say("There is a new disk in the place of the one before: begin there."))
@everywhere
@click.pass_obj
def create(options: Options, anew: bool) -> int:
    """Neither passphrase nor code is needed."""
    from coachsync.app.backup import running
    from coachsync.config import locate

    config, path = configured(options), locate(options.config, os.environ).absolute()
    opening = partial(opened, options, "backup create", _PATIENCE)
    with progress() as show:
        created = running.make(config, path, opening, show, _PATIENCE, anew=anew)
    if options.json:
        tell_json(_created(created))
    else:
        _tell_created(created)
    return PARTLY if created.problems else 0


@command.command(
    "verify", help=say("Check every backup and the mirror; with --drill, open one of them and read it all.")
)
@click.option("--drill", is_flag=True, help=say("Rehearse: open a backup as on a new machine, and write over nothing."))
@_opening
@everywhere
@click.pass_obj
def verify(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    recovery: bool,
    code_file: Path | None,
    snapshot: int | None,
    drill: bool,
) -> int:
    """Without --drill no secret is needed."""
    from coachsync.adapters import lock
    from coachsync.adapters.lowering import as_administrator, as_owner_of
    from coachsync.app.backup import creating, drilling, remembering, verifying

    if not drill:
        for option, given in (("--recovery", recovery), ("--code-file", code_file), ("--snapshot", snapshot)):
            leave_out(option, given)
    config = configured(options)
    if config.backup.folder is None:
        raise creating.not_configured()
    backups = _backups(config.backup.folder, config.backup.mirror, config.trust, needed=drill)
    person = _person(backups, coach, passphrase_file, code_file, recovery=recovery) if drill else None
    with opened(options, _VERIFY) as wiring:  # others work on while it is looked through
        state, now, keys = wiring.config.practice.state, wiring.now, wiring.clients.keys
    drilled = None
    with as_owner_of(state), lock.hold(state, _VERIFY, _PATIENCE, lock.BACKUP):  # no backup goes meanwhile
        looked = verifying.verify(backups, remembering.recall(state), keys)
        with suppress(CoachsyncError):  # what cannot be kept, on a full disk, is told all the same
            remembering.change(state, partial(replace_in, findings=len(looked.findings)))
        if person is not None:
            with as_administrator():  # who has a folder in memory
                drilled = drilling.drill(backups, backups.snapshot(snapshot), person, config, now)
            drilling.remember(state, drilled, now)
    if options.json:
        tell_json(_looked(looked, drilled))
    else:
        _tell_looked(looked, drilled, config.practice.timezone)
    if looked.findings or (drilled is not None and drilled.findings):
        return FINDINGS
    return PARTLY if looked.problems else 0


@command.command("restore", help=say("Bring everything back from a backup: here, or on a new machine."))
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar=_FOLDER,
    help=say("The folder of the backups."),
)
@click.option("--mirror", type=click.Path(path_type=Path), metavar=_FOLDER, help=say("The folder of the mirror."))
@click.option("--without-mirror", is_flag=True, help=say("The mirror is lost: bring back what can be read without it."))
@click.option("--replace", is_flag=True, help=say("There is data here already: move it away first."))
@_opening
@everywhere
@click.pass_obj
def restore(
    options: Options,
    coach: str | None,
    passphrase_file: Path | None,
    recovery: bool,
    code_file: Path | None,
    snapshot: int | None,
    folder: Path,
    mirror: Path | None,
    without_mirror: bool,
    replace: bool,
) -> int:
    """Works where there is nothing yet: the configuration comes back too."""
    from coachsync.app.backup import restoring
    from coachsync.app.backup.restoring import Target

    target = Target(_place(options), replace)
    found = restoring.settings_of(target.file)
    _refuse_mirror(mirror, without_mirror=without_mirror)
    trust = target.file.parent / "trust.toml" if found is None else found.trust
    backups = _backups(folder.absolute(), mirror.absolute() if mirror else None, trust)
    person = _person(backups, coach, passphrase_file, code_file, recovery=recovery)
    chosen = backups.snapshot(snapshot)
    manifest = backups.manifest(chosen, person)
    restored = restoring.restore(backups, chosen, manifest, person, target, datetime.now(UTC))
    if options.json:
        tell_json(_restored(restored))
    else:
        settings = restoring.settings_of(target.file)
        _tell_restored(restored, backups, settings.practice.timezone if settings else "UTC")
    return PARTLY if restored.problems else 0


# --- what is opened, and with what ---------------------------------------------------------------------------------


def _place(options: Options) -> Path:
    """The file of the configuration: the one that there is, else the one that is asked for, or the usual one."""
    from coachsync.config.locating import destination, locate
    from coachsync.errors import Misconfigured, NotInitialised

    try:
        return locate(options.config, os.environ).absolute()
    except (NotInitialised, Misconfigured):
        return destination(options.config, os.environ)[0]


def _backups(folder: Path, mirror: Path | None, trust: Path, *, needed: bool = True) -> Backups:
    """`needed`: without the mirror nothing is done."""
    from coachsync.adapters.backupset import BackupSet
    from coachsync.adapters.trustfile import read_trust
    from coachsync.app.backup import places, reading

    aside = BackupSet(mirror, places.MIRROR) if mirror is not None else None
    return reading.backups(BackupSet(folder), aside, read_trust(trust), needed=needed)


def _person(
    backups: Backups,
    coach: str | None,
    passphrase_file: Path | None,
    code_file: Path | None,
    *,
    recovery: bool,
) -> Person:
    """The coach, by the code or by the passphrase: also for a drill, as on a new machine."""
    from coachsync.adapters import secrets
    from coachsync.app.backup.reading import Key
    from coachsync.app.cli.asking import Asker
    from coachsync.app.cli.unlocked import passphrase
    from coachsync.app.vault.trusting import coach_of

    fingerprint = coach_of(backups.trust, coach)
    if recovery or code_file is not None:
        leave_out("--passphrase-file", passphrase_file)
        ask = Asker(accept=False).hidden
        code = ask(say("Recovery code"), "--code-file") if code_file is None else secrets.from_file(code_file)
        return backups.unlock(fingerprint, Key(code, "recovery"))
    return backups.unlock(fingerprint, Key(passphrase(passphrase_file)))


def _refuse_mirror(mirror: Path | None, *, without_mirror: bool) -> None:
    """Without the mirror nobody opens a note: that is said before anything is done."""
    if mirror is not None or without_mirror:
        if mirror is not None:
            leave_out("--without-mirror", without_mirror)
        return
    raise UsageError(
        "mirror-needed",
        say(
            "Without the mirror, no note, agreement or disclosure of the backup can be opened, and no client's name: "
            "the keys of them are in the mirror alone. Configuration, appointments, shares and the log are left."
        ),
        say("Name the folder of the mirror with --mirror. If it is lost, add --without-mirror."),
        where="--mirror",
    )


# --- what is told --------------------------------------------------------------------------------------------------


def _created(created: Created) -> dict[str, Any]:
    return {
        "backup": created.number,
        "files": created.files,
        "bytes": created.size,
        "objects_written": created.written,
        "bytes_written": created.bytes_written,
        "dropped": created.dropped,
        "dropped_of_former_keys": created.formerly,
        "problems": [problem_document(one) for one in created.problems],
    }


def _tell_created(created: Created) -> None:
    tell_problems(created.problems)
    tell(
        say(
            "Backup {number} is made, and was read back: {files}, {size} KB, of which {new} KB are new.",
            number=created.number,
            files=say_count("{number} file", "{number} files", created.files),
            size=created.size >> 10,
            new=created.bytes_written >> 10,
        )
    )
    if created.dropped:
        tell(
            say_count(
                "{number} older backup was removed: its time is over.",
                "{number} older backups were removed: their time is over.",
                len(created.dropped),
            )
        )
    if created.formerly:
        tell(
            say_count(
                "{number} backup of before the keys were replaced was removed: nobody here can open it any more, but "
                "whoever has the old keyslot and the old passphrase can. Destroy other copies of it.",
                "{number} backups of before the keys were replaced were removed: nobody here can open them any more, "
                "but whoever has the old keyslot and the old passphrase can. Destroy other copies of them.",
                len(created.formerly),
            )
        )


def _looked(looked: Looked, drilled: Drilled | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "backups": [{"number": one, "made": _when(at)} for one, at in sorted(looked.snapshots.items())],
        "objects": looked.objects,
        "bytes": looked.size,
        "grants": looked.grants,
        "client_keys": looked.clients,
        "findings": [problem_document(one) for one in looked.findings],
        "problems": [problem_document(one) for one in looked.problems],
    }
    if drilled is not None:
        document["drill"] = {
            "backup": drilled.number,
            "made": _when(drilled.at),
            "records": drilled.records,
            "clients": drilled.clients,
            "findings": [problem_document(one) for one in drilled.findings],
        }
    return document


def _tell_looked(looked: Looked, drilled: Drilled | None, timezone: str) -> None:
    findings = looked.findings + (drilled.findings if drilled is not None else [])
    for number, at in sorted(looked.snapshots.items()):
        tell(say("Backup {number}: {made}", number=number, made=_here(at, timezone)))
    tell_findings(findings)
    tell_problems(looked.problems)
    if drilled is not None:
        tell(
            say(
                "The drill has opened backup {number}: {records} and {clients} were read.",
                number=drilled.number,
                records=say_count("{number} record", "{number} records", drilled.records),
                clients=say_count("{number} client", "{number} clients", drilled.clients),
            )
        )
    if findings:
        tell(say_count("{number} finding.", "{number} findings.", len(findings)))
    else:
        tell(say("The backups are whole."))


def _restored(restored: Restored) -> dict[str, Any]:
    return {
        "backup": restored.number,
        "made": _when(restored.at),
        "records": restored.records,
        "configuration": restored.configured,
        "moved_away": None if restored.aside is None else restored.aside.name,
        "problems": [problem_document(one) for one in restored.problems],
    }


def _tell_restored(restored: Restored, backups: Backups, timezone: str) -> None:
    tell_problems(restored.problems)
    tell(say("Backup {number} of {made} is back.", number=restored.number, made=_here(restored.at, timezone)))
    tell(say_count("The vault has {number} record.", "The vault has {number} records.", restored.records))
    names = ", ".join(sorted(backups.trust.coaches))
    tell(say("The coaches of this vault are: {names}. Nobody else may be among them.", names=names))
    tell(say("The device key is in a file now; to keep it better, see: coachsync key move"))
    if restored.configured:
        tell(say("The configuration is back too. Look through it, then run: coachsync check"))
    if restored.aside is not None:
        tell(
            say(
                "What was here before is in the folder {name}, beside the state folder. It opens what it always did, "
                "also what was erased since: remove it once all is well.",
                name=restored.aside.name,
            )
        )


def _when(at: int) -> str:
    return instant(datetime.fromtimestamp(at, UTC))


def _here(at: int, timezone: str) -> str:
    """As the practice's clock shows it."""
    from coachsync.app.cli.recordviews import local

    return local(datetime.fromtimestamp(at, UTC), ZoneInfo(timezone))
