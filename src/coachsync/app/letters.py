"""What a mail and a notice say: plain sentences in the coach's language, configuration names and codes, nobody's name.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from coachsync.app.alarms import Alarm, Kind, Plan
from coachsync.app.language import Language
from coachsync.app.printable import printable
from coachsync.phrases import Phrase, say, say_count

_IN_A_NOTICE = 3  # lines; a desktop cuts what is longer
_OVER = {
    Kind.REFUSED: say("The server accepts the password again."),
    Kind.STALE: say("The share is up to date again."),
    Kind.FINDING: say("What was found there is gone."),
    Kind.UNCHECKED: say("The share could be looked at from outside again."),
    Kind.HELD: say("Nothing waits for your decision any more."),
    Kind.REJECTED: say("The calendar has what you changed, or it is no longer wanted."),
    Kind.CONFLICT: say("The appointments that were changed on both sides are decided."),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A message in the reader's language: `text` for a mail, `notice` for a desktop. `urgent`: somebody has to act."""

    subject: str
    text: str
    notice: str
    urgent: bool = True


def written(plan: Plan, language: Language, places: Collection[str]) -> Written:
    """Everything that is due, in one message. `places` are the configuration keys that exist (`shares.office`): what
    was cleared because it is no longer configured is not called mended."""
    due = [*plan.new, *plan.reminders]
    over = [(_place(key), _over(key, places)) for key in plan.cleared]
    parts = [
        _part(language, say("This needs you:"), _entries(plan.new, language)),
        _part(language, say("This still needs you:"), _entries(plan.reminders, language)),
        _part(language, say("In order again:"), (f"- {place}: {language.say(said)}" for place, said in over)),
        language.say(say("To see how everything stands, run: coachsync status")),
        language.say(say("coachsync sends this to you alone.")),
    ]
    lines = [f"{alarm.where}: {printable(language.say(alarm.message))}" for alarm in due]
    lines += [f"{place}: {language.say(said)}" for place, said in over]
    return Written(
        subject=language.say(_subject(len(due), len(over))),
        text="\n\n".join(filter(None, parts)) + "\n",
        notice="\n".join(_shortened(lines, language)),
        urgent=bool(due),
    )


def trial(language: Language) -> Written:
    """A message that says that it is none."""
    said = language.say(say("This is a trial: when something needs you, you will be told here."))
    return Written(language.say(say("coachsync: a trial")), f"{said}\n", said, urgent=False)


def _subject(due: int, over: int) -> Phrase:
    if due:
        return say_count("coachsync: one thing needs you", "coachsync: {number} things need you", due)
    return say_count("coachsync: one thing is in order again", "coachsync: {number} things are in order again", over)


def _part(language: Language, head: Phrase, entries: Iterator[str]) -> str:
    lines = list(entries)
    return "\n".join([language.say(head), *lines]) if lines else ""


def _entries(alarms: Collection[Alarm], language: Language) -> Iterator[str]:
    for alarm in alarms:
        yield f"- {alarm.where}: {printable(language.say(alarm.message))} [{alarm.code}]"
        if alarm.hint:
            yield f"  {printable(language.say(alarm.hint))}"


def _place(key: str) -> str:
    return key.partition("/")[2].partition("/")[0]


def _over(key: str, places: Collection[str]) -> Phrase:
    place = _place(key)
    if not any(place == known or place.startswith(f"{known}.") for known in places):
        return say("It is no longer in the configuration.")
    kind = key.partition("/")[0]
    return _OVER.get(Kind(kind), say("This is settled.")) if kind in set(Kind) else say("This is settled.")


def _shortened(lines: list[str], language: Language) -> list[str]:
    more = len(lines) - _IN_A_NOTICE
    if more <= 0:
        return lines
    return [*lines[:_IN_A_NOTICE], language.say(say_count("And one more.", "And {number} more.", more))]
