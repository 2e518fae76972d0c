"""The readings of a line: each encoding, one in another, and nothing that never ends."""

from __future__ import annotations

import base64
import quopri
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachsync import contentline
from coachsync.redaction.decodings import AS_WRITTEN, readings

SECRET = "Zoé Zelphania"


def how(line: str, secret: str = SECRET) -> str | None:
    return next((how for how, text in readings(line) if secret in text), None)


def every(octet: str, secret: str = SECRET, encoding: str = "utf-8") -> str:
    """The secret with every octet written in the same way."""
    return "".join(octet.format(number) for number in secret.encode(encoding))


def coded(secret: str = SECRET, encoding: str = "utf-8") -> str:
    return base64.b64encode(secret.encode(encoding)).decode()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"SUMMARY:{SECRET}", AS_WRITTEN),
        (contentline.decode(f"SUMMARY:{SECRET}".encode("latin-1")), "in another character set"),
        (r"X:Zo\u00e9 Zelphania", "as code points"),
        (r"X:Zo\xe9 Zelphania", "as code points"),
        ("X:" + "".join(f"\\u{ord(sign):04X}" for sign in SECRET), "as code points"),
        ("X;VALUE=DATE;COUNT=10;CN=Zo=C3=A9 Zelphania:x", "quoted-printable"),
        ("X:Zo&eacute; Zelphania", "as HTML"),
        ("X:Zo&#233; Zelphania", "as HTML"),
        ("X:" + quote(SECRET), "percent-encoded"),
        ("X:" + every("%{:02x}"), "percent-encoded"),
        ("X:" + every("%{:02X}", encoding="cp1252"), "percent-encoded"),
        ("X:" + quopri.encodestring(SECRET.encode()).decode(), "quoted-printable"),
        ("X:" + every("={:02X}"), "quoted-printable"),
        ("X:" + every("={:02X}", encoding="cp1252"), "quoted-printable"),
        ("X:Zo=C3=A9 Zelph=\r\nania", "quoted-printable"),
        (f"X:=?utf-8?B?{coded()}?=", "as RFC 2047 encodes headers"),
        (f"X:=?UTF-8?q?{every('={:02X}')}?=", "as RFC 2047 encodes headers"),
        ("X:=?utf-8?Q?Zo=C3=A9_Zelp?= =?utf-8?Q?hania?=", "as RFC 2047 encodes headers"),
        ("X:" + coded(), "base64"),
        ("X:" + coded(encoding="cp1252"), "base64"),
        ("X:AB" + coded(), "base64"),
        ("X-" + coded("Note: " + SECRET).rstrip("=") + ":x", "base64"),
        (f"X:/somelongsegment_{coded('Note ' + SECRET + '.').rstrip('=')}/anotherlongsegment", "base64"),
        ("X:" + SECRET.encode().hex(), "hexadecimal"),
        ("X:" + SECRET.encode().hex().upper(), "hexadecimal"),
        ("X:" + quote(coded()).replace("=", "%3D"), "base64"),
        ("X:" + every("%{:02x}", coded()), "base64 in percent-encoded"),
        ("X:" + coded(quote(SECRET)), "percent-encoded in base64"),
        ("X:" + quote(quote(SECRET)), "percent-encoded in percent-encoded"),
    ],
)
def test_a_text_is_read_in_every_encoding(line: str, expected: str) -> None:
    assert how(line) == expected


@pytest.mark.parametrize(
    ("line", "secret", "expected"),
    [
        (r"X:first\nZelphania", "\nZelphania", "escaped"),
        (r"X:Zel\,phania", "Zel,phania", "escaped"),
        ('X;A="b^nZelphania":c', "\nZelphania", "as RFC 6868 encodes parameters"),
        ("X;A=Zel^'phania:c", 'Zel"phania', "as RFC 6868 encodes parameters"),
        ("X:" + base64.b64encode("Zelphania".encode("utf-16-le")).decode(), "Zelphania", "base64"),
        ("X:" + "Zelphania".encode("utf-16-be").hex(), "Zelphania", "hexadecimal"),
    ],
)
def test_escapes_and_wide_characters_are_read(line: str, secret: str, expected: str) -> None:
    assert how(line, secret) == expected


@pytest.mark.parametrize(
    "line",
    [
        "UID:3f2a9b1c-7d54-4e0b-9a63-5c1d8e2f4a70",
        "DTSTART;VALUE=DATE:20260105",
        "RRULE:FREQ=WEEKLY;COUNT=10;INTERVAL=20;BYDAY=FR",
        "ATTENDEE;PARTSTAT=ACCEPTED:x",
    ],
)
def test_a_number_and_a_rule_are_not_taken_for_text(line: str) -> None:
    assert [how for how, _ in readings(line, 16)] == [AS_WRITTEN]


def test_the_shortest_coded_run_can_be_set() -> None:
    line = f"X:{coded('Zelphania')}"
    assert how(line, "Zelphania") == "base64"
    assert "Zelphania" not in [text for _, text in readings(line, 16)]


EVERYTHING = r"\, ^n &lt; %41 =42 \u0043 =?utf-8?Q?D?= "  # three steps of eight, in any order: more than 48 texts


@given(st.text(max_size=200) | st.just(EVERYTHING) | st.text("%=?&;\\^u+/_-ABab09BQ", max_size=200))
def test_malformed_input_ends_and_every_reading_comes_once(line: str) -> None:
    found = [text for _, text in readings(line)]
    assert found[0] == line
    assert len(found) == len(set(found)) <= 48


@pytest.mark.parametrize(
    "piece",
    [
        "%",
        "%25",
        "%2525",
        "=",
        "=3D",
        "=?",
        "=?a?b?",
        "&amp;",
        "&",
        "\\",
        "\\u",
        "^",
        "QUJD",
        "4142",
        "\udcff",
        "é",
        EVERYTHING,
    ],
)
def test_a_long_line_is_read_in_bounded_time(piece: str) -> None:
    line = "=41%41 " + piece * (200_000 // len(piece))
    began = time.process_time()
    total = sum(len(text) for _, text in readings(line))
    assert total <= 7 * len(line) + (1 << 18)
    assert time.process_time() - began < 5
