"""Mail handed in to a real SMTP server: what it says, what it does not say, and what can go wrong."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certificates import Authority
from coachsync.adapters.mail import Letter, MailServer, Security, send, try_login
from coachsync.errors import CoachsyncError, Misconfigured, Refused, Temporary
from mailsink import CUT, DRIP, HANG, MailSink

USER, PASSWORD = "me@practice.example", "pässwörd \u20ac"
LETTER = Letter(
    sender="coachsync@practice.example",
    recipient="me@practice.example",
    subject="coachsync : 2 choses demandent votre attention",
    text="À voir : le partage est trop ancien.\n.\nFin\n" + "x" * 2000 + "\n",
    date=datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC),
    message_id="<0123abcd@practice.example>",
)

Start = Callable[..., MailSink]


@pytest.fixture
def sink() -> Iterator[Start]:
    with ExitStack() as started:
        yield lambda **settings: started.enter_context(closing(MailSink(**settings)))


def plain(sink: MailSink, **more: object) -> MailServer:
    return replace(MailServer("127.0.0.1", sink.port, Security.NONE, timeout=10), **more)


def encrypted(sink: MailSink, authority: Authority, **more: object) -> MailServer:
    security = Security.TLS if sink.implicit else Security.STARTTLS
    return replace(plain(sink, security=security, ca_file=authority.file), **more)


def fails(
    server: MailServer, attempt: Callable[[MailServer], None] = lambda server: send(server, LETTER)
) -> CoachsyncError:
    """The error of an attempt, which says no address and nothing the server said."""
    with pytest.raises(CoachsyncError) as caught:
        attempt(server)
    said = f"{caught.value.message} {caught.value.hint} {caught.value.aside}"
    assert not [word for word in ("example", "pässw", "127.0.0.1", "secret-words") if word in said]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.message
    assert caught.value.hint
    return caught.value


# ------------------------------------------------------------------------------------------------------- what is sent


def test_letter_arrives_as_it_was_written(sink: Start) -> None:
    server = sink()
    send(plain(server), LETTER)
    (taken,) = server.taken
    assert (taken.sender, taken.recipients) == ("coachsync@practice.example", ["me@practice.example"])
    message = taken.message
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"] == LETTER.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert (message["From"], message["To"]) == ("coachsync <coachsync@practice.example>", "me@practice.example")
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == LETTER.text
    assert server.verbs()[-1] == "QUIT"


def test_every_line_is_short_and_in_ascii(sink: Start) -> None:
    server = sink()
    send(plain(server), LETTER)
    content = server.taken[0].content
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("security", Security)
def test_p12_nothing_names_the_machine(
    sink: Start, authority: Authority, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda *_: "alices-laptop.home.example")
    monkeypatch.setattr(socket, "gethostname", lambda: "alices-laptop")
    server = sink(tls=authority.context("127.0.0.1"), implicit=security is Security.TLS)
    send(plain(server, security=security, ca_file=authority.file), LETTER)
    greetings = [line for line in server.lines if line.lower().startswith(("ehlo", "helo"))]
    assert set(greetings) == {"ehlo [127.0.0.1]"}
    assert b"alices-laptop" not in server.taken[0].content


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN CRAM-MD5", "LOGIN"])
def test_encrypted_and_logged_in(sink: Start, authority: Authority, implicit: bool, mechanisms: str) -> None:
    tls = authority.context("127.0.0.1")
    server = sink(tls=tls, implicit=implicit, users={USER: PASSWORD}, mechanisms=mechanisms)
    send(encrypted(server, authority, username=USER, password=PASSWORD), LETTER)
    (taken,) = server.taken
    assert (taken.encrypted, taken.login) == (True, USER)


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_login_is_tried_without_a_mail(sink: Start, authority: Authority, implicit: bool) -> None:
    server = sink(tls=authority.context("127.0.0.1"), implicit=implicit, users={USER: PASSWORD})
    try_login(encrypted(server, authority, username=USER, password=PASSWORD))
    assert not {"MAIL", "RCPT", "DATA"} & set(server.verbs())
    assert "AUTH" in server.verbs()


def test_what_was_taken_is_sent_however_the_farewell_goes(sink: Start) -> None:
    for farewell in (CUT, "500 secret-words"):
        server = sink(answers={"QUIT": farewell})
        send(plain(server), LETTER)
        assert len(server.taken) == 1


# -------------------------------------------------------------------------------------------------- who is spoken to


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_no_word_for_a_server_whose_certificate_is_unknown(sink: Start, authority: Authority, implicit: bool) -> None:
    server = sink(tls=authority.context("127.0.0.1"), implicit=implicit, users={USER: PASSWORD})
    error = fails(encrypted(server, authority, ca_file=None, username=USER, password=PASSWORD))
    assert (error.code, error.exit_code) == ("certificate-not-trusted", 75)
    assert not {"AUTH", "MAIL"} & set(server.verbs())


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_no_word_for_a_server_with_another_name(sink: Start, authority: Authority, implicit: bool) -> None:
    server = sink(tls=authority.context("mail.example"), implicit=implicit, users={USER: PASSWORD})
    error = fails(encrypted(server, authority, username=USER, password=PASSWORD))
    assert error.code == "certificate-not-trusted"
    assert not {"AUTH", "MAIL"} & set(server.verbs())


def test_no_word_without_encryption_where_it_is_asked_for(sink: Start, authority: Authority) -> None:
    server = sink(users={USER: PASSWORD})
    error = fails(encrypted(server, authority, username=USER, password=PASSWORD))
    assert (error.code, error.exit_code) == ("starttls-not-offered", 75)
    assert not {"AUTH", "MAIL"} & set(server.verbs())


def test_refused_encryption_is_not_done_without(sink: Start, authority: Authority) -> None:
    server = sink(tls=authority.context("127.0.0.1"), users={USER: PASSWORD}, answers={"STARTTLS": "454 secret-words"})
    error = fails(encrypted(server, authority, username=USER, password=PASSWORD))
    assert error.code == "mail-put-off"
    assert not {"AUTH", "MAIL"} & set(server.verbs())


def test_mixed_up_ports_are_recognised(sink: Start, authority: Authority) -> None:
    tls = authority.context("127.0.0.1")
    implicit = encrypted(sink(tls=tls), authority, security=Security.TLS)
    assert fails(implicit).code == "tls-failed"
    starttls = encrypted(sink(tls=tls, implicit=True), authority, security=Security.STARTTLS, timeout=0.5)
    assert fails(starttls).exit_code == 75


@pytest.mark.parametrize("host", ["mail.example", "192.0.2.1", "127.0.0.1.example"])
def test_plain_connections_stay_on_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("it connected"))
    error = fails(MailServer(host, 25, Security.NONE))
    assert (error.code, type(error)) == ("no-tls", Misconfigured)


@pytest.mark.parametrize(("content", "code"), [(None, "ca-file-missing"), ("nonsense", "ca-file-unusable")])
def test_certificate_file_that_cannot_be_is_told(tmp_path: Path, content: str | None, code: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    error = fails(MailServer("127.0.0.1", 1, Security.TLS, ca_file=file))
    assert (error.code, error.exit_code) == (code, 78)


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN CRAM-MD5", "LOGIN"])
def test_wrong_password_is_tried_once(sink: Start, mechanisms: str) -> None:
    server = sink(users={USER: "other"}, mechanisms=mechanisms)
    error = fails(plain(server, username=USER, password=PASSWORD), try_login)
    assert (error.code, type(error)) == ("mail-login-refused", Refused)
    assert server.verbs().count("AUTH") == 1


def test_server_that_wants_a_login_and_gets_none(sink: Start) -> None:
    assert fails(plain(sink(users={USER: PASSWORD}))).code == "mail-login-refused"


def test_login_that_nobody_knows_here(sink: Start) -> None:
    server = sink(users={USER: PASSWORD}, mechanisms="XOAUTH2")
    error = fails(plain(server, username=USER, password=PASSWORD))
    assert (error.code, type(error)) == ("mail-login-unknown", Refused)


@pytest.mark.parametrize("verb", ["GREETING", "MAIL", "RCPT", "DATA", "DATA-END"])
@pytest.mark.parametrize(
    ("reply", "code", "kind"),
    [
        ("451 4.7.1 secret-words", "mail-put-off", Temporary),
        ("421 4.3.2 secret-words", "mail-put-off", Temporary),
        ("554 5.7.1 secret-words me@practice.example", "mail-not-taken", CoachsyncError),
    ],
)
def test_server_says_no(sink: Start, verb: str, reply: str, code: str, kind: type) -> None:
    server = sink(answers={verb: reply})
    error = fails(plain(server))
    assert (error.code, type(error)) == (code, kind)
    assert reply[:3] in error.message
    assert server.taken == []


def test_login_that_is_put_off_is_not_refused(sink: Start) -> None:
    server = sink(users={USER: PASSWORD}, answers={"AUTH": "454 4.7.0 secret-words"})
    assert fails(plain(server, username=USER, password=PASSWORD)).code == "mail-put-off"


# ------------------------------------------------------------------------------------------------------ accidents


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA-END"])
def test_connection_that_is_cut_may_be_tried_again(sink: Start, verb: str) -> None:
    error = fails(plain(sink(answers={verb: CUT})))
    assert (error.code, error.exit_code) == ("no-connection", 75)


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "DATA-END"])
def test_server_that_hangs_is_left(sink: Start, verb: str) -> None:
    started = time.monotonic()
    error = fails(plain(sink(answers={verb: HANG}), timeout=0.3))
    assert (error.code, error.exit_code) == ("timeout", 75)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "DATA-END"])
def test_server_that_drips_is_left(sink: Start, verb: str) -> None:
    started = time.monotonic()
    assert fails(plain(sink(answers={verb: DRIP}), timeout=0.4)).code == "timeout"
    assert time.monotonic() - started < 10


def test_encrypted_server_that_drips_is_left(sink: Start, authority: Authority) -> None:
    server = sink(tls=authority.context("127.0.0.1"), implicit=True, answers={"MAIL": DRIP})
    assert fails(encrypted(server, authority, timeout=0.4)).code == "timeout"


def test_server_that_talks_nonsense(sink: Start) -> None:
    for nonsense in ("hello secret-words", "25", "", "-99"):
        assert fails(plain(sink(answers={"MAIL": nonsense}))).code == "no-mail-server"
    assert fails(plain(sink(answers={"MAIL": "250" + "x" * 9000}))).exit_code in {1, 75}


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = fails(MailServer("127.0.0.1", taken.getsockname()[1], Security.NONE, timeout=5))
    assert (error.code, error.exit_code) == ("no-connection", 75)


def test_name_that_does_not_exist() -> None:
    error = fails(MailServer("no-such-host.invalid", 587, Security.STARTTLS, timeout=5))
    assert (error.code, error.exit_code) == ("host-unknown", 75)


def test_no_connection_is_left_open(sink: Start) -> None:
    server = sink(answers={"RCPT": "550 no"})
    for _ in range(3):
        fails(plain(server))
    assert server.connections == 3  # an unclosed socket would be a warning, and a warning is an error here


def test_p12_representation_shows_no_address_and_no_password() -> None:
    server = MailServer("mail.example", 587, Security.STARTTLS, USER, PASSWORD)
    assert not re.search("example|pässw", repr(server) + repr(replace(LETTER, subject="", text="")))


def test_a_greeting_that_drips_in_is_bounded_like_everything_else(sink: Start) -> None:
    server = sink(answers={"GREETING": DRIP})
    begun = time.monotonic()
    error = fails(replace(plain(server), timeout=1))
    assert error.code in ("mail-too-slow", "timeout")
    assert time.monotonic() - begun < 5
