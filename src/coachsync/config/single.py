"""One value checked by itself, by the rules that it will meet in the file."""

from __future__ import annotations

from collections.abc import Mapping

from coachsync.config import schema, share_schema, wording
from coachsync.config.faults import Fault
from coachsync.config.table import Table

_TABLES: Mapping[str, type[Table]] = {
    "practice": schema.Practice,
    "accounts": schema.Account,
    "calendars": schema.Calendar,
    "shares": share_schema.Share,
    "to": share_schema.Target,
}


def fault(section: str, key: str, value: object) -> Fault | None:
    """What is wrong with a value under this key of a section (`to` is where a share goes), None when it is fine.

    What is missing beside it does not count.
    """
    told = schema.check(_TABLES[section], {key: value})
    errors = told if isinstance(told, list) else []
    return next(iter(wording.faults([e for e in errors if e["loc"][:1] == (key,)], {key: value})), None)


def name_fault(value: str) -> Fault | None:
    """What is wrong with a name that stands in the place of NAME in [shares.NAME], None when it is fine."""
    told = schema.check(schema.Document, {"shares": {value: {}}})
    errors = told if isinstance(told, list) else []
    return next(iter(wording.faults([e for e in errors if e["loc"][-1:] == ("[key]",)], {})), None)
