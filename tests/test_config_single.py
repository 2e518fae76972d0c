"""One value by itself is held to the rules of the whole file."""

from __future__ import annotations

import pytest

from coachsync.config import single


@pytest.mark.parametrize(
    ("section", "key", "value", "code"),
    [
        ("practice", "timezone", "Europe/Pari", "unknown-timezone"),
        ("practice", "name", "two\nlines", "bad-text"),
        ("accounts", "url", "http://cloud.example/", "no-tls"),
        ("calendars", "name", " ", "empty-text"),
        ("shares", "label", "x" * 61, "text-too-long"),
        ("shares", "profile", "everything", "unknown-value"),
        ("to", "file", "~nobody-of-this-name/x.ics", "bad-path"),
    ],
)
def test_what_the_file_would_refuse_is_refused(section: str, key: str, value: str, code: str) -> None:
    fault = single.fault(section, key, value)
    assert fault is not None
    assert (fault.code, bool(fault.hint)) == (code, True)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("practice", "timezone", "Europe/Paris"), ("accounts", "username", "alice"), ("to", "name", "Office")],
)
def test_what_is_missing_beside_it_does_not_count(section: str, key: str, value: str) -> None:
    assert single.fault(section, key, value) is None


def test_the_name_of_a_share_is_a_plain_word() -> None:
    fault = single.name_fault("à deux mots")
    assert fault is not None
    assert fault.code == "bad-name"
    assert single.name_fault("office") is None
