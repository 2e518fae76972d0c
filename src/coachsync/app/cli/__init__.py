"""The command line. stdout is data, stderr is for people; the one place where errors become exit codes."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from coachsync.adapters.cores import leave_none as leave_no_cores
from coachsync.errors import CoachsyncError, UsageError
from coachsync.phrases import say

if TYPE_CHECKING:
    import click

_INTERRUPTED = 130
_SELDOM = 20_000  # new objects between two searches for garbage: what loading makes is none
_BY_A_PERSON = ("interrupted", "declined")
_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # every other write has its own error before it comes here


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code; notes and names in memory are left in no crash."""
    leave_no_cores()
    gc.set_threshold(_SELDOM)
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(carry_out(words))


def carry_out(words: list[str]) -> int:
    """Run one command; its exit code. No error passes as a traceback, and none repeats what an event says."""
    from coachsync.app.cli.tongue import speaking, wanted

    with speaking(wanted(words)):
        return _carry_out(words)


def _carry_out(words: list[str]) -> int:
    from coachsync.app.cli.commands import cli
    from coachsync.app.cli.help import in_tongue
    from coachsync.app.cli.output import tell_error

    in_tongue(cli)

    try:
        result = cli.main(args=words, prog_name="coachsync", standalone_mode=False)
    except BrokenPipeError:  # whoever read the output has had enough
        return CoachsyncError.exit_code
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001  the last line: a defect must not print an event
        failure = _failure(problem)
        if failure.code == "output-not-written":
            _let_go_of_stdout()
        tell_error(failure, as_json=_asks_for_json(words))
        return _INTERRUPTED if failure.code in _BY_A_PERSON else failure.exit_code
    return result if isinstance(result, int) else 0


def _let_go_of_stdout() -> None:
    """What could not be written is still buffered, and would fail again, with a traceback, when the program ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _asks_for_json(words: list[str]) -> bool:
    """Whether an error is told to a machine: also one in the command line itself, which nobody could parse."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def _failure(problem: BaseException) -> CoachsyncError:
    """What to tell a person of anything that was raised."""
    import click

    from coachsync.adapters.system import reason

    if isinstance(problem, CoachsyncError):
        return problem
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        return UsageError("usage", say("Which command?"), problem.format_message())
    if isinstance(problem, click.ClickException):
        return UsageError("usage", problem.format_message(), say("See: {command} --help", command=_called(problem)))
    if isinstance(problem, OSError) and problem.errno in _NOT_WRITTEN:
        return CoachsyncError(
            "output-not-written", say("The answer cannot be written: {reason}.", reason=reason(problem))
        )
    if isinstance(problem, (click.Abort, KeyboardInterrupt)):
        return _ended(problem)
    from coachsync.app.defects import defect

    return defect(problem)


def _ended(problem: BaseException) -> CoachsyncError:
    """A person has ended it, or has said no before it began."""
    from coachsync.app.cli.asking import Declined

    if isinstance(problem, Declined):
        return CoachsyncError("declined", say("Nothing was changed."))
    return CoachsyncError("interrupted", say("Interrupted; the next run goes on from there."))


def _called(problem: click.ClickException) -> str:
    """The command that was given wrongly, as far as it was understood."""
    context = getattr(problem, "ctx", None)
    return context.command_path if context is not None else "coachsync"
