"""A small SMTP server on loopback: STARTTLS, TLS, AUTH PLAIN and LOGIN; answers and accidents as a test says."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

HANG, DRIP, CUT = "hang", "drip", "cut"  # accidents in place of an answer


@dataclass
class Taken:
    """One mail as it came: the envelope, the text, and whether the connection was encrypted and logged in."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    login: str

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, _class=EmailMessage, policy=default)  # type: ignore[arg-type]


@dataclass
class MailSink:
    """`answers` gives, by verb (also `GREETING`, `DATA-END`), what is said instead of yes: a reply or an accident."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    users: dict[str, str] = field(default_factory=dict)
    mechanisms: str = "PLAIN LOGIN"
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # every command, as it came
    connections: int = 0

    def __post_init__(self) -> None:
        handler = type("Handler", (_Session,), {"sink": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def verbs(self) -> list[str]:
        return [line.partition(" ")[0].upper() for line in self.lines]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or distrusts a certificate, is what these tests are about."""


class _Session(socketserver.StreamRequestHandler):
    sink: MailSink
    timeout = 30

    def setup(self) -> None:
        self.encrypted, self.login, self.sender = False, "", ""
        self.recipients: list[str] = []
        self.sink.connections += 1
        if self.sink.implicit:
            self._encrypt()
        super().setup()

    def _encrypt(self) -> None:
        assert self.sink.tls is not None
        self.request = self.sink.tls.wrap_socket(self.request, server_side=True)
        self.encrypted = True

    def finish(self) -> None:
        super().finish()
        self.request.close()  # after TLS it is another socket than the server's own

    def handle(self) -> None:
        if not self.say("GREETING", "220 sink ready"):
            return
        while line := self.rfile.readline(4096):
            text = line.decode("ascii").rstrip("\r\n")
            self.sink.lines.append(text)
            verb = text.partition(" ")[0].upper()
            if not getattr(self, f"on_{verb.lower()}", self.unknown)(text) or verb == "QUIT":
                return

    def say(self, verb: str, usual: str) -> bool:
        """Whether the conversation goes on."""
        said = self.sink.answers.get(verb, usual)
        if said == CUT:
            return False
        if said == HANG:
            self.sink.ended.wait(30)
            return False
        while said == DRIP:
            self.wfile.write(b"250-still\r\n")
            if self.sink.ended.wait(0.05):
                return False
        self.wfile.write(f"{said}\r\n".encode())
        return said[:3] != "421"

    def unknown(self, text: str) -> bool:
        return self.say("UNKNOWN", "500 what?")

    def on_ehlo(self, text: str) -> bool:
        offered = ["sink", "8BITMIME"]
        if self.sink.tls and not self.encrypted:
            offered.append("STARTTLS")
        if self.sink.users:
            offered.append(f"AUTH {self.sink.mechanisms}")
        lines = [f"250-{line}" for line in offered[:-1]] + [f"250 {offered[-1]}"]
        return self.say("EHLO", "\r\n".join(lines))

    def on_starttls(self, text: str) -> bool:
        if not self.say("STARTTLS", "220 go"):
            return False
        if "STARTTLS" in self.sink.answers:
            return True
        self._encrypt()
        super().setup()
        return True

    def on_auth(self, text: str) -> bool:
        words = text.split(" ")
        if words[1] == "PLAIN":
            _, name, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            name = base64.b64decode(words[2]).decode()
            self.say("PASSWORD", "334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.rfile.readline(4096)).decode()
        if self.sink.users.get(name) != password:
            return self.say("AUTH", "535 5.7.8 no")
        self.login = name
        return self.say("AUTH", "235 welcome")

    def on_mail(self, text: str) -> bool:
        if self.sink.users and not self.login:
            return self.say("MAIL", "530 5.7.0 who are you?")
        self.sender = text.partition("<")[2].partition(">")[0]
        return self.say("MAIL", "250 ok")

    def on_rcpt(self, text: str) -> bool:
        self.recipients.append(text.partition("<")[2].partition(">")[0])
        return self.say("RCPT", "250 ok")

    def on_data(self, text: str) -> bool:
        if not self.say("DATA", "354 go on"):
            return False
        if "DATA" in self.sink.answers:
            return True
        content = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        answer = self.sink.answers.get("DATA-END", "250 taken")
        if answer.startswith("2"):
            taken = Taken(self.sender, self.recipients, content, self.encrypted, self.login)
            self.sink.taken.append(taken)
        return self.say("DATA-END", "250 taken")

    def on_noop(self, text: str) -> bool:
        return self.say("NOOP", "250 ok")

    def on_rset(self, text: str) -> bool:
        return self.say("RSET", "250 ok")

    def on_quit(self, text: str) -> bool:
        return self.say("QUIT", "221 bye")
