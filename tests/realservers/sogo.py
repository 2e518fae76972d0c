"""SOGo of Debian's sogo, with memcached, PostgreSQL and mail about appointments switched on.

As its manual wants it, a web server stands before it: by itself it closes connections without saying so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from signal import SIGKILL

from mailsink import MailSink
from realservers.ground import ground
from realservers.postgres import NEEDS as DATABASE
from realservers.postgres import Postgres
from realservers.realserver import DOMAIN, Letters, RealServer
from servers import PASSWORD, Recorder, free_port

# Given as arguments, which have the last word: what stands in /etc/sogo stays as it is and without effect.
_SETTINGS = {
    "WOUseWatchDog": "YES",
    "WONoDetach": "YES",
    "WOWorkersCount": "2",
    "SOGoLanguage": "English",
    "SOGoTimeZone": "Europe/Berlin",
    "SOGoMailDomain": DOMAIN,
    "SOGoMailingMechanism": "smtp",
    "SOGoAppointmentSendEMailNotifications": "YES",
    "SOGoFoldersSendEMailNotifications": "NO",
    "SOGoACLsSendEMailNotifications": "NO",
    "SOGoMaximumRequestsPerMinute": "0",
}
NEEDS = {**DATABASE, "usr/sbin/sogod": "sogo", "usr/bin/memcached": "memcached"}
_TABLE = """
CREATE TABLE sogo_users (
  c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text
)
"""
_START = '. /usr/share/GNUstep/Makefiles/GNUstep.sh; exec /usr/sbin/sogod "$@"'


@contextmanager
def sogo(database: Postgres) -> Iterator[RealServer]:
    database.sql("postgres", "CREATE ROLE sogo LOGIN", "CREATE DATABASE sogo OWNER sogo")
    database.sql("sogo", _TABLE, "GRANT SELECT ON sogo_users TO sogo")
    with ground("sogo") as place, closing(MailSink()) as sink:
        port, memory = free_port(), free_port()
        settings = {
            "WOPort": f"127.0.0.1:{port}",
            "WOLogFile": f"{place.folder}/sogo.log",
            "WOPidFile": f"{place.folder}/sogo.pid",
            **_stores(f"postgresql://sogo@127.0.0.1:{database.port}/sogo"),
            "SOGoMemcachedHost": f"127.0.0.1:{memory}",
            "SOGoSMTPServer": f"smtp://127.0.0.1:{sink.port}",
            **_SETTINGS,
        }
        arguments = [part for key, value in settings.items() for part in (f"-{key}", value)]
        with (
            place.running(["memcached", "-l", "127.0.0.1", "-p", str(memory), "-U", "0"], memory),
            place.running(["sh", "-c", _START, "sogod", *arguments], port, farewell=SIGKILL),
            closing(Recorder(f"http://127.0.0.1:{port}/")) as web,
        ):
            letters, url = Letters(sink=sink), f"{web.url}SOGo/dav/"
            yield RealServer("sogo", url, "{user}/Calendar/", lambda user: _admit(database, user), letters)


def _stores(base: str) -> dict[str, str]:
    """Where it keeps what it knows, and who its users are."""
    source = f'type = sql; id = directory; viewURL = "{base}/sogo_users"; canAuthenticate = YES; isAddressBook = YES'
    return {
        "SOGoProfileURL": f"{base}/sogo_user_profile",
        "OCSFolderInfoURL": f"{base}/sogo_folder_info",
        "OCSSessionsFolderURL": f"{base}/sogo_sessions_folder",
        "OCSAdminURL": f"{base}/sogo_admin",
        "SOGoUserSources": f'( {{ {source}; userPasswordAlgorithm = md5; displayName = "Directory"; }} )',
    }


def _admit(database: Postgres, user: str) -> None:
    digest = hashlib.md5(PASSWORD.encode()).hexdigest()
    database.sql(
        "sogo", f"INSERT INTO sogo_users VALUES ('{user}', '{user}', '{digest}', '{user.title()}', '{user}@{DOMAIN}')"
    )
