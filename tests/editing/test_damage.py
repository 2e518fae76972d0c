"""Whatever a text has become, an edit gives a text or says why not; nothing is lost on the way."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.editing.target import Edited, Scope, Target
from coachsync.errors import NotEditable
from coachsync.moments import Moment
from edits import HOUR, PARIS, ZONES, cancelled, deleted, document, moved, paris
from edits import event as vevent
from eventfiles import CORPUS

ANY_ZONES = {**ZONES, "Romance Standard Time": PARIS, "America/Toronto": ZONES["America/New_York"]}
DAMAGE = st.sampled_from([
    "", " ", ";", ":", ",", "\r\n", "\r\n ", "\n", '"', "T", "Z", "9", "-", "/", "\x00", "\udcff", "UNTIL=1;",
    "COUNT=0;", "SEQUENCE:²\r\n", "RDATE:20261201/PT\r\n",
    "BYDAY=;", "99991231T235959", "00010101T000000Z", "00000000", "RECURRENCE-ID:", "RRULE:\r\n", "TZID=;", "=",
    "DURATION:P99999999D\r\n", "END:VEVENT\r\n", "BEGIN:VEVENT\r\n", "EXDATE:,\r\n",
])  # fmt: skip
OF_TIME = re.compile(r"DT|RRULE|EXDATE|RDATE|RECURRENCE|SEQ|\d{8}T|=")
STARTS: list[Moment] = [
    paris(12, 3),
    paris(12, 10, 11),
    paris(12, 1, year=2024),
    date(2026, 12, 10),
    datetime.max.replace(microsecond=0, tzinfo=PARIS) - timedelta(days=2),
    datetime.min.replace(tzinfo=PARIS) + timedelta(days=2),
    date.max,
    date.min,
]


DAILY = "RRULE:FREQ=DAILY"


@st.composite
def damaged_texts(draw) -> str:
    text = contentline.decode(draw(st.sampled_from(list(CORPUS.values()))))
    for _ in range(draw(st.integers(1, 4))):
        times = [
            found.start() for found in re.finditer(r"DT|RRULE|EXDATE|RDATE|RECURRENCE|SEQ|\d{8}T|=|BEGIN|END", text)
        ]
        at = draw(st.one_of(st.integers(0, len(text)), st.sampled_from(times or [0])))
        text = text[:at] + draw(DAMAGE) + text[at + draw(st.sampled_from([0, 0, 1, 3])) :]
    return text


def edits(text: str, target: Target, start: Moment, duration: timedelta | None, before: int | None) -> list[Edited]:
    done, hints = [], []
    for change in (
        lambda: moved(text, target, start, duration, zones=ANY_ZONES, before=before),
        lambda: cancelled(text, target, zones=ANY_ZONES, before=before),
        lambda: deleted(text, target, zones=ANY_ZONES, before=before),
    ):
        try:
            done.append(change())
        except NotEditable as refused:
            event(refused.code)
            hints.append(refused.hint)
        else:
            event("edited")
    assert all(hints)
    return done


@settings(max_examples=200)
@given(
    damaged_texts(),
    st.sampled_from(list(Scope)),
    st.one_of(st.none(), st.sampled_from(STARTS)),
    st.sampled_from(STARTS),
    st.sampled_from([None, HOUR, timedelta(days=1), timedelta.max]),
    st.sampled_from([None, 0, 1, 5]),
)
@example(
    document(vevent("DTSTART;VALUE=DATE:99991231", "RRULE:FREQ=DAILY")), Scope.ALL, None, date.max, HOUR * 24, None
)
@example(document(vevent("DTSTART:00010101T000000Z", "RRULE:FREQ=DAILY")), Scope.ALL, None, paris(12, 1), None, None)
def test_a_damaged_text_is_edited_or_refused_and_never_breaks_anything(text, scope, original, start, duration, before):
    for edited in edits(text, Target(scope, original), start, duration, before):
        for after in (edited.text, edited.new):
            assert after is None or contentline.components(contentline.lines(after))


WORKED_ON = {
    "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE",
    "STATUS",
}  # fmt: skip


@settings(max_examples=50)
@given(damaged_texts(), st.sampled_from([paris(12, 3, 11), date(2026, 12, 10)]))
def test_every_line_that_is_not_worked_on_is_there_byte_for_byte(text, start):
    for edited in edits(text, Target(Scope.ALL), start, None, None)[:2]:
        if edited.text is None:
            continue
        before, after = (
            Counter(line.raw for line in contentline.parse(one) if line.name not in WORKED_ON)
            for one in (text, edited.text)
        )
        assert after == before


@pytest.mark.parametrize("duration", [timedelta.max, timedelta(days=4_000_000)])
def test_nothing_lasts_beyond_the_calendar(duration):
    text = document(vevent("DTSTART:20261201T100000Z", "DTEND:20261201T110000Z"))
    with pytest.raises(NotEditable):
        moved(text, Target(Scope.ALL), paris(12, 2), duration)
