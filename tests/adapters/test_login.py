"""What a server asks for and what it is given: Basic, Digest, and challenges that name several or none."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from coachsync.adapters.caldav.login import Login, Scheme

URL = "https://dav.example/alice/coaching/?a=1"
USER, PASSWORD = "Ζωή", "pässword"


def login(scheme: Scheme | None = None) -> Login:
    return Login(USER, PASSWORD, scheme)


def fields(header: bytes | None) -> dict[str, str]:
    assert header is not None
    return {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\w+))', header.decode())}


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    assert login().header("GET", URL) is None
    assert login("digest").header("GET", URL) is None


def test_basic_is_sent_in_the_encoding_of_its_rfc() -> None:
    asked = login()

    assert asked.challenged('Basic realm="x", charset="UTF-8"', secure=False)

    assert asked.header("GET", URL) == b"Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode())


@pytest.mark.parametrize(
    ("algorithm", "make"), [("MD5", hashlib.md5), ("SHA-256", hashlib.sha256), (None, hashlib.md5)]
)
def test_digest_is_what_its_rfc_computes(algorithm: str | None, make: type) -> None:
    asked, named = login(), f", algorithm={algorithm}" if algorithm else ""

    assert asked.challenged(f'Digest realm="r", nonce="n", qop="auth,auth-int", opaque="o"{named}', secure=False)

    def digest(text: str) -> str:
        return str(make(text.encode()).hexdigest())

    given = fields(asked.header("REPORT", URL))
    secret, what = digest(f"{USER}:r:{PASSWORD}"), digest("REPORT:/alice/coaching/?a=1")
    assert given["response"] == digest(f"{secret}:n:00000001:{given['cnonce']}:auth:{what}")
    assert (given["username"], given["uri"], given["opaque"]) == (USER, "/alice/coaching/?a=1", "o")
    assert PASSWORD not in str(given)
    assert fields(asked.header("REPORT", URL))["nc"] == "00000002"


@pytest.mark.parametrize(
    "challenge", ['Basic realm="x", Digest realm="r", nonce="n"', 'Digest realm="r", nonce="n", Basic realm="x"']
)
def test_digest_is_preferred_whatever_stands_first(challenge: str) -> None:
    asked = login()

    assert asked.challenged(challenge, secure=True)

    assert asked.scheme == "digest"
    assert fields(asked.header("GET", URL))["nonce"] == "n"


@pytest.mark.parametrize(
    "challenge", ['Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=MD4', "Bearer", "Negotiate"]
)
def test_what_cannot_be_answered_is_not_asked_again(challenge: str) -> None:
    assert not login().challenged(challenge, secure=True)


def test_a_password_that_was_sent_and_refused_is_not_sent_again() -> None:
    assert not login("basic").challenged('Basic realm="x"', secure=True)


def test_a_server_that_names_no_scheme_gets_basic_over_tls_only() -> None:
    assert login().challenged("", secure=True)
    assert not login().challenged("", secure=False)


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="r", nonce="n"', ""])
def test_who_has_no_user_name_sends_nothing(challenge: str) -> None:
    """A server is tried so, to see whether it is one, before a coach has typed a login."""
    nobody = Login("", "", None)

    assert not nobody.challenged(challenge, secure=True)

    assert nobody.header("GET", URL) is None
