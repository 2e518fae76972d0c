"""Whose addresses stand in a message and in a card."""

from __future__ import annotations

import time

import pytest

from coachsync.inbox.letters import LONGEST, correspondents, of_card


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"From: a@x.example", {"a@x.example"}), (b"FROM: A <A@X.example>\r\nTo: b@x.example,\r\n c@x.example", {
            "a@x.example", "b@x.example", "c@x.example"}),
        (b'To: "b@x.example" <c@x.example>', {"c@x.example"}), (b"To: b@x.example <c@x.example>", {"c@x.example"}),
        (b"To: (b@x.example) c@x.example", {"c@x.example"}), (b"To: team: a@x.example, b@x.example;", {
            "a@x.example", "b@x.example"}),
        (b"Subject: d@x.example\nX-To: e@x.example", set()), (b"Cc: =?utf-8?q?f=40x?= <g@x.example>", {"g@x.example"}),
        (b'To: "a\\"b, <q@x.example>" <c@x.example>', {"c@x.example"}), (b"", set()), (b"To: \xff@x.example", {
            "\ufffd@x.example"}),
        (b'To: O"Neill <c@x.example>', {"c@x.example"}), (b"To: a@b@x.example@, @y, z@", {"a@b@x.example"}),
    ],
)  # fmt: skip
def test_who_wrote_to_whom(header: bytes, found: set[str]) -> None:
    assert correspondents(header + b"\n\nTo: body@x.example\n") == found


@pytest.mark.parametrize(
    ("card", "found"),
    [
        (b"BEGIN:VCARD\nEMAIL:a@x.example\nEND:VCARD", {"a@x.example"}),
        (b"BEGIN:VCARD\r\nitem1.EMAIL;type=INTERNET;type=HOME:A@x.\r\n example\r\nEND:VCARD\r\n", {"a@x.example"}),
        (b"begin:vcard\nNOTE:b@x.example\nemail:mailto:c@x.example\nend:vcard", {"c@x.example"}),
        (b"BEGIN:VCARD\nEMAIL:a@x.example\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD", set()), (b"", set()),
    ],
)  # fmt: skip
def test_whom_a_card_is_of(card: bytes, found: set[str]) -> None:
    assert of_card(card) == found


@pytest.mark.parametrize(
    "signs", [b"a", b'\\"', b'"', b"a@", b"@", b"<", b"(", b"(a", b" ", b"\t@", b"\r\n ", b"\n\tx"]
)
def test_whoever_writes_a_message_cannot_choose_how_long_it_takes(signs: bytes) -> None:
    """Every one of these took minutes where a pattern went over them again from each sign."""
    begun = time.process_time()
    correspondents(b"From: " + signs * (LONGEST // len(signs)))
    of_card(b"BEGIN:VCARD\nEMAIL:" + signs * (LONGEST // len(signs)))
    assert time.process_time() - begun < 2
