"""Cyrus of Debian's cyrus-imapd and cyrus-caldav; invitations leave it through a sendmail of ours."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager

from realservers.ground import Ground, ground
from realservers.realserver import Letters, RealServer
from servers import PASSWORD, free_port

NEEDS = {
    "usr/lib/cyrus/bin/master": "cyrus-imapd",
    "usr/lib/cyrus/bin/httpd": "cyrus-caldav",
    "usr/sbin/saslpasswd2": "sasl2-bin",
}


@contextmanager
def cyrus() -> Iterator[RealServer]:
    with ground("cyrus") as place:
        port, imap = free_port(), free_port()
        place.make("lib", "spool", "run", "run/proc", "run/lock", "letters")
        place.fill("sendmail", 0o755)
        place.fill("imapd.conf", USER=place.runs_as)
        place.fill("cyrus.conf", PORT=port, IMAPPORT=imap)
        folder = place.folder
        command = ["/usr/lib/cyrus/bin/master", "-C", f"{folder}/imapd.conf", "-M", f"{folder}/cyrus.conf"]
        command += ["-p", f"{folder}/run/master.pid", "-D"]
        with place.running(command, port):
            letters = Letters(folder=folder / "letters")
            yield RealServer(
                "cyrus",
                f"http://127.0.0.1:{port}/",
                "dav/calendars/user/{user}/",
                lambda user: _admit(place, imap, user),
                letters,
            )


def _admit(place: Ground, imap: int, user: str) -> None:
    """A password, and one login over IMAP: it makes the INBOX without which Cyrus has no calendars."""
    place.run("saslpasswd2", "-p", "-c", "-f", f"{place.folder}/sasldb2", "-u", "127.0.0.1", user, said=PASSWORD)
    with imaplib.IMAP4("127.0.0.1", imap) as connection:
        connection.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
