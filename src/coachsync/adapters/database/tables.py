"""The tables. A `sealed`, `head`, `body` or `reading` column holds what `DeviceKey.seal` made; `key` names the key."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# How an account signs in and where its calendars live, so that a poll needs no discovery.
signins = Table(
    "signins",
    metadata,
    Column("account", String(40), primary_key=True),  # the account's name in the configuration
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# One source calendar of the configuration and the collection it was last bound to.
calendars = Table(
    "calendars",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("listed_at", BigInteger),  # last full listing, seconds since 1970
    Column("synced_at", BigInteger),  # last success
    Column("held", String(40)),  # code of the reason why disappearances wait for a person
)

_AGREED = Column("agreed", Boolean, nullable=False)  # part of the base: the server has, or had, this very version

# A copy of one calendar object. `place` is a blind index of its href, `uid` one of its iCalendar UID.
appointments = Table(
    "appointments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("calendar_id", ForeignKey("calendars.id", ondelete="CASCADE"), nullable=False),
    Column("place", LargeBinary(16), nullable=False),
    Column("uid", LargeBinary(16), nullable=False),
    _AGREED,
    Column("key", String(16), nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reading", LargeBinary),  # what the text says about time; None until somebody needs it
    Column("frame", String(120)),  # for which horizon, zone and addresses it was read
    Column("code", String(40)),  # why it is quarantined
    Column("traits", LargeBinary),  # whose it is and what else shares choose by; None until one does
    Column("traits_frame", String(120)),  # for which directory of clients, and which addresses
    UniqueConstraint("calendar_id", "place"),
    Index("ix_appointments_uid", "calendar_id", "uid"),
    Index("ix_appointments_standing", "calendar_id", "frame", "code"),
    # Few rows, asked for at every poll, and behind texts that a search would have to step over.
    Index("ix_appointments_strays", "calendar_id", sqlite_where=_AGREED.is_(False)),
)

# What the coach wants of an object and its server does not have yet. `place` and `uid` as for a copy.
edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("calendar_id", ForeignKey("calendars.id", ondelete="CASCADE"), nullable=False),
    Column("place", LargeBinary(16), nullable=False),
    Column("after", ForeignKey("edits.id", ondelete="SET NULL")),  # sent only once this one is
    Column("key", String(16), nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("body", LargeBinary),  # the text that is wanted; None: it is to be deleted
    Column("base", LargeBinary),  # the text that was edited; None: there was none
    UniqueConstraint("calendar_id", "place"),
)

# What was overwritten or deleted, kept for a while so that it can be brought back.
removed = Table(
    "removed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("origin", String(60), nullable=False),  # "calendar NAME" or "share NAME"
    Column("reason", String(40), nullable=False),
    Column("removed_at", BigInteger, nullable=False, index=True),
    Column("tag", LargeBinary(16), nullable=False),
    Column("key", String(16), nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# One share of the configuration and the target it is bound to.
shares = Table(
    "shares",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("published_at", BigInteger),  # last time that everything wanted was served
)

# The number that a share gives to a series, where it is meant to link its dates. `place`: a blind index of the series.
series = Table(
    "series",
    metadata,
    Column("share", String(40), primary_key=True),  # its name in the configuration
    Column("place", LargeBinary(16), primary_key=True),
    Column("number", Integer, nullable=False),
)

# The journal of a share: written before the object is, so that a run cut short knows what it may have left.
published = Table(
    "published",
    metadata,
    Column("tag", LargeBinary(16), primary_key=True),
    Column("share_id", ForeignKey("shares.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("live", Boolean, nullable=False),  # False: planned, the server may or may not have it
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# One client, sealed with the client's own key.
clients = Table(
    "clients",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Who pays for clients.
sponsors = Table(
    "sponsors",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# What shares call clients, or once did: a row stays when its share or its client goes, so that no name is given twice.
# `tag` is a blind index of the name as it is compared. Sealed with the device key, to be read without the client's.
pseudonyms = Table(
    "pseudonyms",
    metadata,
    Column("tag", LargeBinary(16), primary_key=True),
    Column("share", String(40), nullable=False),  # the share's name in the configuration
    Column("client", String(8), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# The coach's own word on whose an appointment is. `uid` is a blind index that is the same in every calendar.
assignments = Table(
    "assignments",
    metadata,
    Column("calendar", String(40), primary_key=True),
    Column("uid", LargeBinary(16), primary_key=True),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# What was begun with a file of the inbox, told of one, or kept in mind of one that stayed where it was. `tag` is the
# record that a file is sealed as, a blind index of where it lies, or nothing, for the key of these.
inbox = Table(
    "inbox",
    metadata,
    Column("tag", LargeBinary(16), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
