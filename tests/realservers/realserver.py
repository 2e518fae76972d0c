"""One calendar server under test: its accounts, and all that it has mailed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from accounts import Account
from mailsink import MailSink
from servers import PASSWORD

DOMAIN = "example.test"


@dataclass
class Letters:
    """What a server has mailed: to an SMTP sink, or through a `sendmail` that makes files. `asked` is how many of these
    a test has asked for: at the end of a run there must be no others."""

    folder: Path | None = None
    sink: MailSink | None = None
    asked: int = 0

    def taken(self) -> list[EmailMessage]:
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns) if self.folder else ()
        texts = [file.read_bytes() for file in files] + [one.content for one in (self.sink.taken if self.sink else ())]
        return [message_from_bytes(text, _class=EmailMessage, policy=default) for text in texts]  # type: ignore[arg-type]


@dataclass
class RealAccount(Account):
    """An account on one of these servers, with its calendar address and all that its server has mailed since a test
    asked for the account."""

    address: str
    letters: Letters
    earlier: int

    def messages(self) -> list[EmailMessage]:
        return self.letters.taken()[self.earlier :]


@dataclass
class RealServer:
    """`url` is its root, `home` the path of a user's calendars below that, `admit` makes a user with PASSWORD. `data`
    is its database, where that is a file."""

    name: str
    url: str
    home: str
    admit: Callable[[str], None]
    letters: Letters
    data: Path | None = None
    known: set[str] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def account(self, username: str = "") -> RealAccount:
        """The user of this name, made when it is first asked for; without a name one that no other test has."""
        username = username or f"coach{next(self.numbers)}"
        if username not in self.known:
            self.admit(username)
            self.known.add(username)
        home = self.url + self.home.format(user=username)
        address, earlier = f"mailto:{username}@{DOMAIN}", len(self.letters.taken())
        return RealAccount(self.url, username, PASSWORD, home, address, self.letters, earlier)
