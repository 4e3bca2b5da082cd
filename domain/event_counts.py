"""What is counted of events for good: added up in the database, so that any order gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain.bulk import table_of
from domain.row_arrays import are_worth_arrays, as_arrays, as_subquery
from models import Base

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hour_of(moment: datetime) -> int:
    """Hours from 1970 to *moment*, whole ones."""
    return int((moment - _EPOCH).total_seconds() // 3600)


def add_counts(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add *rows* to the counters of the same primary key, or make these.

    Rows hold the key, `event_count` and, where the table has them, `first_seen` and `last_seen`.
    In the order of their keys, so that two workers never wait for each other in a circle.
    """
    if not rows:
        return
    table = table_of(model)
    keys = [column.name for column in table.primary_key]
    rows = sorted(rows, key=lambda row: [row[key] for key in keys])
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    new = insert.excluded
    values: dict[str, Any] = {"event_count": table.c.event_count + new.event_count}
    if "first_seen" in table.c:
        first, last = table.c.first_seen, table.c.last_seen
        values["first_seen"] = case((new.first_seen < first, new.first_seen), else_=first)
        values["last_seen"] = case((new.last_seen > last, new.last_seen), else_=last)
    given: Any = rows
    if are_worth_arrays(dialect, rows):
        names = list(rows[0])
        insert = insert.from_select(names, select(*as_subquery(table, names).c))
        given = as_arrays(table, rows)
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=values), given)
