"""One plain-text mail by SMTP (RFC 5321), and the login tried without one. The only importer of smtplib.

Each call is one connection with one time limit. Certificates are verified. No message of an error holds an address or
a word of the server: both may name people.
"""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path

from coachsync.adapters.tls import trusting
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from coachsync.loopback import is_loopback
from coachsync.phrases import say

_READY = 220  # RFC 5321 section 4.3.2
_US = "[127.0.0.1]"  # what EHLO and the greeting of TLS would otherwise say: the name of the coach's machine
_FIRST_REPLY, _FOR_GOOD, _LAST_REPLY = 200, 500, 599  # RFC 5321 section 4.2.1: from 500 it will be the same tomorrow
_OK, _GO_ON = 235, 334
_LOGIN_REFUSED = frozenset({530, 534, 535, 538})  # RFC 4954 section 6


class Security(StrEnum):
    """How the connection is secured."""

    STARTTLS = "starttls"
    TLS = "tls"  # from the first byte
    NONE = "none"  # this machine only


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in; without a user name nobody logs in. `timeout` is for everything together, in seconds."""

    host: str = field(repr=False)
    port: int
    security: Security
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address. `message_id` stands in angle brackets and says nothing about the machine."""

    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    subject: str
    text: str
    date: datetime
    message_id: str = field(repr=False)


def send(server: MailServer, letter: Letter) -> None:
    """Hand the letter in. Raises Refused (login), Temporary (may pass), Misconfigured, CoachsyncError (not taken)."""
    message = _message(letter)
    with _session(server) as session:
        session.send_message(message, from_addr=letter.sender, to_addrs=[letter.recipient])


def try_login(server: MailServer) -> None:
    """Connect and log in, and send nothing. Raises as `send` does."""
    with _session(server) as session:
        session.noop()


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"coachsync <{letter.sender}>"
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = letter.date
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    return message


@contextmanager
def _session(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection, secured and logged in; cut when the time is up, however slowly the server drips."""
    if server.security is Security.NONE and not is_loopback(server.host.lower()):
        raise Misconfigured("no-tls", say("Mail would travel unencrypted."), say('Use security = "starttls" or "tls".'))
    context = None if server.security is Security.NONE else trusting(server.ca_file)
    session: smtplib.SMTP | None = None
    cut = threading.Event()
    try:
        session = _client(server, context)
        with _limit(session, server.timeout, cut):
            _greeted(session.connect(server.host, server.port))
            session.ehlo()
            if server.security is Security.STARTTLS:
                session.starttls(context=context)
                session.ehlo()
            if server.username:
                _log_in(session, server.username, server.password)
            yield session
            with suppress(smtplib.SMTPException, OSError):  # taken is taken, whatever the server says of the farewell
                session.quit()
    except (smtplib.SMTPException, OSError) as problem:
        raise _too_slow() if cut.is_set() else _failure(problem) from None
    finally:
        if session is not None:
            session.close()


def _client(server: MailServer, context: ssl.SSLContext | None) -> smtplib.SMTP:
    """Not connected yet: given a host, smtplib would wait for the greeting before any limit of ours holds."""
    if server.security is Security.TLS:
        session: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=_US, timeout=server.timeout, context=context)
    else:
        session = smtplib.SMTP(local_hostname=_US, timeout=server.timeout)
    session._host = server.host  # type: ignore[attr-defined]  # what STARTTLS and TLS hold the certificate to
    return session


def _greeted(answer: tuple[int, bytes]) -> None:
    if answer[0] != _READY:
        raise smtplib.SMTPConnectError(*answer)


@contextmanager
def _limit(session: smtplib.SMTP, seconds: float, cut: threading.Event) -> Iterator[None]:
    """The time limit of a socket is for one answer; this one is for all of them."""

    def end() -> None:
        cut.set()
        with suppress(OSError):
            if session.sock is not None:
                session.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _log_in(session: smtplib.SMTP, username: str, password: str) -> None:
    """One attempt: smtplib's own login tries every mechanism with the same password, which can lock an account, and
    knows no password outside ASCII (RFC 4616 has UTF-8)."""
    offered = session.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        code, _ = session.docmd("AUTH", f"PLAIN {_coded(f'{chr(0)}{username}{chr(0)}{password}')}")
    elif "LOGIN" in offered:
        code, _ = session.docmd("AUTH", f"LOGIN {_coded(username)}")
        if code == _GO_ON:
            code, _ = session.docmd(_coded(password))
    else:
        raise Refused(
            "mail-login-unknown",
            say("The mail server offers no login with a password."),
            say("Check host, port and security; some providers want another port for programs."),
        )
    if code != _OK:
        raise smtplib.SMTPAuthenticationError(code, "")


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _failure(problem: Exception) -> CoachsyncError:
    """What an exception of smtplib, or of the connection under it, means to us."""
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return Temporary(
            "starttls-not-offered",
            say("The mail server offers no encryption, and nothing is sent without."),
            say('Check host and port, or try security = "tls" with port 465.'),
        )
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in problem.recipients.values()), _FOR_GOOD)
        return _answered(code)
    if isinstance(problem, smtplib.SMTPResponseException):
        return _answered(problem.smtp_code)
    return _unreachable([problem, problem.__context__, problem.__cause__])


def _unreachable(causes: list[BaseException | None]) -> Temporary:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Temporary("host-unknown", say("The mail server's name is not known."), say("Check host."))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Temporary(
            "certificate-not-trusted",
            say("The mail server's certificate is not trusted, or is not for this host."),
            say("If the server has a certificate authority of its own, name its file in ca_file."),
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Temporary(
            "tls-failed",
            say("No encrypted connection to the mail server could be made."),
            say('Port 465 usually goes with security = "tls", port 587 with "starttls".'),
        )
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _too_slow()
    return Temporary(
        "no-connection",
        say("The mail server cannot be reached."),
        say("Try again later, or check that the mail server works."),
    )


def _too_slow() -> Temporary:
    return Temporary(
        "timeout",
        say("The mail server did not answer in time."),
        say("Check host, port and security, or try again later."),
    )


def _answered(code: int) -> CoachsyncError:
    """What a reply with this number means to us."""
    if code in _LOGIN_REFUSED:
        return Refused(
            "mail-login-refused",
            say("The mail server does not accept the user name and password."),
            say("Many providers want an app password here: make one in the settings of your mail account."),
        )
    if not _FIRST_REPLY <= code <= _LAST_REPLY:
        return Temporary("no-mail-server", say("What answers there is no mail server."), say("Check host and port."))
    if code < _FOR_GOOD:
        return Temporary(
            "mail-put-off", say("The mail server takes no mail now ({reply}).", reply=code), say("Try again later.")
        )
    return CoachsyncError(
        "mail-not-taken",
        say("The mail server does not take the mail ({reply}).", reply=code),
        say("Check mail and sender: many servers take mail only from the address of the login."),
    )
