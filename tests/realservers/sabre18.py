"""sabre/dav 1.8 of Debian's php-sabre-dav: no sync-collection, Digest authentication, no scheduling."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from realservers.ground import ground
from realservers.realserver import DOMAIN, Letters, RealServer
from servers import PASSWORD, free_port

NEEDS = {
    "usr/bin/php": "php-cli",
    "usr/share/php/Sabre/CalDAV/Plugin.php": "php-sabre-dav",
    "usr/share/php/Sabre/VObject/Component.php": "php-sabre-vobject",
    "usr/lib/php/*/pdo_sqlite.so": "php-sqlite3",
}


@contextmanager
def sabre18() -> Iterator[RealServer]:
    with ground("www-data") as place:
        place.make("data", "letters")
        sendmail = place.fill("sendmail", 0o755)
        script = place.fill("sabre18.php")
        schema = place.fill("sabre18.sql")
        database = place.folder / "data" / "db.sqlite"
        place.run("php", "-r", f"(new PDO('sqlite:{database}'))->exec(file_get_contents('{schema}'));")
        port = free_port()
        command = ["php", "-d", "output_buffering=0", "-d", f"sendmail_path={sendmail} -t -i"]
        command += ["-S", f"127.0.0.1:{port}", str(script)]
        with place.running(command, port, PHP_CLI_SERVER_WORKERS="2"):
            letters = Letters(folder=place.folder / "letters")
            url = f"http://127.0.0.1:{port}/"
            yield RealServer(
                "sabre18", url, "calendars/{user}/", lambda user: _admit(database, user), letters, database
            )


def _admit(database: Path, user: str) -> None:
    digest = hashlib.md5(f"{user}:SabreDAV:{PASSWORD}".encode()).hexdigest()
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("INSERT INTO users (username, digesta1) VALUES (?, ?)", (user, digest))
        connection.execute(
            "INSERT INTO principals (uri, email, displayname) VALUES (?, ?, ?)",
            (f"principals/{user}", f"{user}@{DOMAIN}", user.title()),
        )
