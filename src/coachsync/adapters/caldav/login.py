"""Logging in to one account: the scheme that the server asks for, Basic (RFC 7617) or Digest (RFC 7616).

python-caldav reads the challenge and chooses; no credential goes out before it is asked for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from caldav.lib.auth import extract_auth_types, select_auth_type

if TYPE_CHECKING:
    from urllib.request import AbstractDigestAuthHandler

Scheme = Literal["basic", "digest"]

_HASHES: dict[str, Callable[[bytes], Any]] = {"MD5": hashlib.md5, "SHA": hashlib.sha1, "SHA-256": hashlib.sha256}


def offered(challenge: str) -> frozenset[str]:
    """The schemes that a WWW-Authenticate header names, in lower case."""
    return frozenset(extract_auth_types(challenge))


class Login:
    """A user name and a password, and how the server wants them. `scheme` is what was negotiated before, or None."""

    def __init__(self, username: str, password: str, scheme: Scheme | None) -> None:
        self.scheme = scheme
        self._username, self._password = username, password
        self._challenge: dict[str, str] = {}
        self._digest: AbstractDigestAuthHandler | None = None

    def header(self, method: str, url: str) -> bytes | None:
        """The Authorization for one request; None while the server has not said what it wants."""
        if self.scheme == "basic":
            return b"Basic " + base64.b64encode(f"{self._username}:{self._password}".encode())
        if self.scheme == "digest" and self._challenge:
            return self._digested(method, url)
        return None

    def challenged(self, challenge: str, *, secure: bool) -> bool:
        """Take in the challenge of a 401; whether the request may succeed when it is sent once more.

        A server that names no scheme gets Basic if the connection is `secure` (RFC 9110 demands the header; Yahoo
        leaves it out).
        """
        schemes = set(offered(challenge)) or ({"basic"} if secure else set())
        wanted: str | None = select_auth_type(
            schemes, has_username=bool(self._username), has_password=bool(self._password)
        )
        if wanted == "digest":
            self.scheme = "digest"
            return self._understood(challenge)
        if wanted != "basic" or self.scheme == "basic":
            return False
        self.scheme = "basic"
        return True

    def _understood(self, challenge: str) -> bool:
        from urllib.request import parse_http_list, parse_keqv_list

        listed = challenge[challenge.lower().index("digest") + len("digest") :]
        self._challenge = parse_keqv_list([item for item in parse_http_list(listed) if "=" in item])
        algorithm = self._challenge.get("algorithm", "MD5").upper()
        return {"realm", "nonce"} <= self._challenge.keys() and algorithm in _HASHES

    def _digested(self, method: str, url: str) -> bytes | None:
        from urllib.request import Request

        self._digest = self._digest or _digest(self._username, self._password)
        answer = self._digest.get_authorization(Request(url, method=method), self._challenge)  # noqa: S310
        return f"Digest {answer}".encode() if answer else None


def _digest(username: str, password: str) -> AbstractDigestAuthHandler:
    """The standard library's Digest, with SHA-256 and with names and passwords of any language."""
    from urllib.request import AbstractDigestAuthHandler, HTTPPasswordMgr

    class Known(HTTPPasswordMgr):
        def find_user_password(self, realm: str, authuri: str) -> tuple[str | None, str | None]:  # noqa: ARG002
            return username, password

    class Digest(AbstractDigestAuthHandler):
        def get_algorithm_impls(self, algorithm: str) -> Any:
            make = _HASHES[algorithm.upper()]

            def hashed(text: str) -> str:
                return str(make(text.encode()).hexdigest())

            return hashed, lambda secret, data: hashed(f"{secret}:{data}")

    return Digest(Known())
