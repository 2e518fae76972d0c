"""Expansion against an oracle that says what RFC 5545 says; see `recurrences`."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, note, settings

from coachsync.adapters.ical import expansion
from recurrences import HORIZON, document, expected, series


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(series())
def test_occurrences_are_those_of_the_oracle(made):
    text = document(made)
    note(text.decode())
    event(made.parts["FREQ"])
    reading = expansion.read(text, HORIZON, made.practice, frozenset())
    assert reading.code is None
    assert list(reading.occurrences) == expected(made)
