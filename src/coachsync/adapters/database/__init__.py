"""Local state in SQLite through SQLAlchemy Core: the only importer of SQLAlchemy and Alembic.

Everything that comes from a calendar is sealed with the device key before it is stored; in clear stand only the names
that the coach gave in the configuration, codes, counts and times of our own work.
"""

from coachsync.adapters.database.appointments import Copies, Copy, Endpoint, Standing, StoredReading
from coachsync.adapters.database.clients import Clients
from coachsync.adapters.database.edits import Edit, Edits
from coachsync.adapters.database.engine import Database, open_database
from coachsync.adapters.database.inbox import Begun, InboxJournal
from coachsync.adapters.database.shares import Entry, Share, Shares
from coachsync.adapters.database.signin import SignIn, SignIns

__all__ = [
    "Begun",
    "Clients",
    "Copies",
    "Copy",
    "Database",
    "Edit",
    "Edits",
    "Endpoint",
    "Entry",
    "InboxJournal",
    "Share",
    "Shares",
    "SignIn",
    "SignIns",
    "Standing",
    "StoredReading",
    "open_database",
]
