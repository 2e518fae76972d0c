"""DAViCal of Debian's davical, with scheduling and its mail switched on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from realservers.ground import ground
from realservers.postgres import NEEDS as DATABASE
from realservers.postgres import Postgres
from realservers.realserver import DOMAIN, Letters, RealServer
from servers import PASSWORD, free_port

NEEDS = {
    **DATABASE,
    "usr/bin/php": "php-cli",
    "usr/share/davical/htdocs/caldav.php": "davical",
    "usr/lib/php/*/pdo_pgsql.so": "php-pgsql",
}
_INCLUDED = "/usr/share/davical/inc:/usr/share/awl/inc:/usr/share/php"
_USER = """
INSERT INTO usr (user_no, active, email_ok, username, password, fullname, email)
  VALUES (nextval('usr_user_no_seq'), true, current_date, '{user}', '**{password}', '{name}', '{user}@{domain}');
INSERT INTO principal (type_id, user_no, displayname, default_privileges)
  SELECT 1, user_no, '{name}', privilege_to_bits(ARRAY['schedule-deliver', 'schedule-send', 'read-free-busy'])
  FROM usr WHERE username = '{user}';
"""


@contextmanager
def davical(database: Postgres) -> Iterator[RealServer]:
    options = f"--dbhost 127.0.0.1 --dbport {database.port}"
    script = "/usr/share/davical/dba/create-database.sh"
    database.ground.run(script, "davical", "admin-password", **database.environment, DBAOPTS=options)
    with ground("www-data") as place:
        place.make("letters")
        sendmail = place.fill("sendmail", 0o755)
        port = free_port()
        place.fill("davical-conf.php", PGPORT=database.port)
        script = place.fill("davical.php")
        command = ["php", "-d", f"include_path={_INCLUDED}", "-d", f"sendmail_path={sendmail} -t -i"]
        command += ["-S", f"127.0.0.1:{port}", "-t", "/usr/share/davical/htdocs", str(script)]
        with place.running(command, port, PHP_CLI_SERVER_WORKERS="2"):
            letters = Letters(folder=place.folder / "letters")
            url = f"http://127.0.0.1:{port}/"
            yield RealServer("davical", url, "caldav.php/{user}/", lambda user: _admit(database, user), letters)


def _admit(database: Postgres, user: str) -> None:
    database.sql("davical", _USER.format(user=user, password=PASSWORD, name=user.title(), domain=DOMAIN))
