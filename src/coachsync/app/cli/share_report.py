"""`coachsync share report`: the number first, then why, then what other settings would change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from coachsync.app.cli.commands import Options, everywhere
from coachsync.app.cli.names import shares as known
from coachsync.app.cli.output import tell, tell_json, tell_table
from coachsync.phrases import Phrase, say, say_count
from coachsync.redaction.profiles import Publish

if TYPE_CHECKING:
    from coachsync.app.report import Report
    from coachsync.redaction.inference import Inference
    from coachsync.redaction.polling import Learnt

_NO_NAME = say(
    "This number names nobody. Who knows one appointment of a client finds the others of its row; who knows none sees "
    "how the coach works, and no more."
)
_SETTING, _TIMES, _OF_HUNDRED = say("setting"), say("times"), say("of 100")
_LONGEST = say("longest row")
_MOMENTS = {
    Publish.NOW: say("When it was moved is known to a few minutes."),
    Publish.HOURLY: say("When it was moved is known to the hour."),
    Publish.DAILY: say("When it was moved is known to the day."),
}


@click.command("report", help=say("Say what can still be inferred from the times that a share shows, and what helps."))
@click.argument("names", nargs=-1, metavar=say("[NAME]..."), shell_complete=known)
@everywhere
@click.pass_obj
def report_shares(options: Options, names: tuple[str, ...]) -> None:
    """All shares when none is named. From the stored copies: no network."""
    from coachsync.app.cli.opening import opened
    from coachsync.app.cli.share import named
    from coachsync.app.report import report

    with opened(options, "share report") as wiring:
        shares = [named(wiring, name) for name in names] or list(wiring.config.shares.values())
        reports = [report(wiring, share) for share in shares]
    if options.json:
        tell_json([_document(one) for one in reports])
        return
    for number, one in enumerate(reports):
        if number:
            tell("")
        _tell(one)


def _tell(report: Report) -> None:
    from coachsync.app.fallen import GONE, Fallen

    found = report.inference
    if report.state in GONE:
        tell(say("share {name}: it was taken away and shows nothing, so nothing can be inferred.", name=report.share))
        return
    if report.state is Fallen.BUSY:
        tell(say("share {name}: since a leak it shows busy times only; this is about them.", name=report.share))
    if not found.slots:
        tell(say("share {name}: it shows no time, so nothing can be inferred.", name=report.share))
        return
    tell(
        say(
            "share {name}: of 100 times, {number} can be attributed to one person's regular meetings by somebody who "
            "sees this share alone.",
            name=report.share,
            number=found.of_hundred,
        )
    )
    for sentence in _reasons(found):
        tell(say("- {sentence}", sentence=sentence))
    tell(say("With other settings:"))
    rows = [(say("as it is"), *_cells(found)), *((one.name, *_cells(one.inference)) for one in report.alternatives)]
    tell_table((_SETTING, _TIMES, _OF_HUNDRED, _LONGEST), rows)
    tell(_polling(report.learnt))
    tell(_MOMENTS[report.publish])
    tell(_NO_NAME)


def _reasons(found: Inference) -> Iterator[Phrase]:
    yield say_count("It shows {number} time.", "It shows {number} times.", found.slots)
    if found.linked:
        yield say_count(
            "{number} time carries a sign that links it to others of the same client, on purpose.",
            "{number} times carry a sign that links them to others of the same client, on purpose.",
            found.linked,
        )
    if found.in_chains:
        yield say(
            "{number} return to the same weekday and hour with the same length, every few weeks: the longest row has "
            "{longest}.",
            number=found.in_chains,
            longest=found.longest,
        )
    if found.together:
        yield say_count(
            "{number} more returns so, but is so long that several people may have met you in it.",
            "{number} more return so, but are so long that several people may have met you in them.",
            found.together,
        )
    if found.odd_lengths:
        yield say_count(
            "{number} has a length that few others have.", "{number} have a length that few others have.",
            found.odd_lengths,
        )  # fmt: skip
    if found.odd_hours:
        yield say_count(
            "{number} is at an hour at which few others are.", "{number} are at an hour at which few others are.",
            found.odd_hours,
        )  # fmt: skip


def _cells(found: Inference) -> tuple[str, str, str]:
    return str(found.slots), str(found.of_hundred), str(found.longest)


def _polling(learnt: Learnt) -> Phrase:
    return say(
        "Somebody who looks all the time links up to {number} of 10 moved sessions to their old place.",
        number=learnt.linked,
    )


def _document(report: Report) -> dict[str, Any]:
    return {
        "share": report.share,
        "state": report.state.value or "configured",
        **_inferred(report.inference),
        "alternatives": [{"setting": one.key, **_inferred(one.inference)} for one in report.alternatives],
        "publish": report.publish.value,
        "polling": [
            {
                "publish": one.publish.value,
                "linked_of_ten": one.linked,
                "moment_seconds": int(one.moment.total_seconds()),
            }
            for one in report.polling
        ],
    }


def _inferred(found: Inference) -> dict[str, int]:
    return {
        "of_hundred": found.of_hundred,
        "slots": found.slots,
        "places": found.places,
        "attributed": found.attributed,
        "in_chains": found.in_chains,
        "chains": sum(not chain.several for chain in found.chains),
        "longest": found.longest,
        "together": found.together,
        "linked": found.linked,
        "odd_lengths": found.odd_lengths,
        "odd_hours": found.odd_hours,
    }
