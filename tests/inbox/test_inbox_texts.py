"""What is a text, and what its front matter says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync.inbox.texts import Front, front_matter, text_of


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Séance".encode(), "Séance"), ("\ufeffSéance\r\nb".encode(), "Séance\nb"),
        ("Séance".encode("utf-16"), "Séance"), (b"\xfe\xff" + "Séance".encode("utf-16-be"), "Séance"),
        ("Séance du 2 mars – «oui»".encode("cp1252"), "Séance du 2 mars – «oui»"), (b"old\rmac", "old\nmac"),
        ("écrit à Paris, le 2 août".encode("cp1252"), "écrit à Paris, le 2 août"),
        ("À demain".encode("cp1252"), "À demain"), ("a é b".encode("cp1252"), None),
        ("\u00d7\u00f7\u00de".encode("cp1252"), None), ("Привет, мир".encode("cp1251"), None), (b"a\x81b", None),
        (b"a\0b", None), (b"\x1b[31mred", "\x1b[31mred"), (b"a\x08b", None), (b"\xff\xfea", None),
        (b"form\ffeed\ttab", "form\ffeed\ttab"), ("日本語".encode("shift-jis"), None),
    ],
)  # fmt: skip
def test_bytes_that_are_a_text(content: bytes, text: str | None) -> None:
    assert text_of(content) == text


@given(st.binary(max_size=60))
def test_any_bytes_are_a_text_or_none(content: bytes) -> None:
    found = text_of(content)
    assert found is None or "\r" not in found


@pytest.mark.parametrize(
    ("text", "front"),
    [
        ("---\nclient: C-7F3K2M\n---\nx", Front("C-7F3K2M")),
        ("---\nClient:  'Marina Dupont' \ndate: 2026-03-02\nappointment: a1b2\n...\n", Front(
            "Marina Dupont", "a1b2", date(2026, 3, 2))),
        ('---\nclient: "a b" \n---', Front("a b")), ("---\nclient: a # mine\n---", Front("a")),
        ("---\ndate: 2026-03-02T10:00\n---", Front(day=date(2026, 3, 2))), ("---\ndate: soon\n---", Front()),
        ("---\nclient: a\nclient: b\n---", Front()), ("---\ntags: [a]\n- b\n  client: c\n---", Front()),
        ("client: a\n---", Front()), ("---\nclient: a\n", Front()), ("", Front()),
        ("--- \nclient: a\n--- ", Front("a")),
        ("---\n" + "x: y\n" * 200 + "client: a\n---", Front()),
    ],
)  # fmt: skip
def test_front_matter(text: str, front: Front) -> None:
    assert front_matter(text) == front


@given(st.text(max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    front_matter(f"---\n{text}\n---\n")
