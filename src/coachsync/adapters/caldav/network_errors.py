"""What went wrong between us and a server, told from an exception without repeating its text, which names URLs."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from coachsync.errors import Temporary
from coachsync.phrases import say

_CUT = {"ChunkedEncodingError", "ContentDecodingError", "IncompleteRead", "DecodeError"}


def network_error(problem: BaseException) -> Temporary:
    """The error for an exception raised while a request was under way."""
    causes = list(_causes(problem))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Temporary(
            "host-unknown", say("The server's host name cannot be resolved."), say("Check the account's url.")
        )
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Temporary(
            "certificate-not-trusted",
            say("The server's certificate is not trusted, or is not for this host."),
            say("If the server has a certificate authority of its own, name its file in the account's ca_file."),
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Temporary(
            "tls-failed",
            say("No encrypted connection (TLS) could be made."),
            say("Check the account's url and ca_file."),
        )
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes[:2]):
        return Temporary(
            "timeout", say("The server did not answer in time."), say("Raise the account's timeout if it is slow.")
        )
    if any(type(cause).__name__ in _CUT for cause in causes):
        return truncated()
    return Temporary("no-connection", say("The server cannot be reached."), say("It is tried again later."))


def truncated() -> Temporary:
    """An answer that ends too early: it says nothing about what it does not show."""
    return Temporary("answer-truncated", say("The server's answer is cut short."), say("It is asked again later."))


def lost(problem: BaseException) -> bool:
    """Whether the server closed the connection without a word, as it may do with one kept open: worth one more try."""
    return any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in _causes(problem))


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The exception and everything it came from, outermost first, each once."""
    seen: list[BaseException] = []
    waiting = [problem]
    while waiting:
        cause = waiting.pop(0)
        if any(cause is known for known in seen):
            continue
        seen.append(cause)
        yield cause
        linked = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(link for link in linked if isinstance(link, BaseException))
