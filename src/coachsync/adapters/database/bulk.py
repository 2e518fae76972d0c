"""Many rows in one statement, handed to the driver as they are: preparing each row cost more than writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import Insert


def write_many(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an insert once for each row.

    All rows name the same columns and hold what the driver takes as it is: numbers, text, bytes, booleans. What is the
    same for all stands in the statement.
    """
    if not rows:
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    fixed = compiled.params
    names = compiled.positiontup or list(rows[0])
    connection.exec_driver_sql(str(compiled), [tuple(row.get(name, fixed[name]) for name in names) for row in rows])
