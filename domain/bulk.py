"""Many rows in few statements, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Base

T = TypeVar("T")

BATCH = 500  # values in one IN (…); SQLite takes 32,766 parameters, PostgreSQL 65,535


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """*items* in slices of at most *size*."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def table_of(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def insert_missing(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[InstrumentedAttribute[Any] | ColumnElement[Any]] = (),
) -> list[Any]:
    """Insert those of *rows* that break no unique key; return what *returning* asks of them.

    All rows need the same keys. Rows that exist already, or twice in *rows*, are passed over
    without a word: that is what makes every handler repeatable.
    """
    if not rows:
        return []
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Without this, rows are cut into a statement for each run of the same columns without a value.
    statement = make(model).on_conflict_do_nothing().execution_options(render_nulls=True)
    if not returning:
        session.execute(statement, list(rows))
        return []
    return list(session.execute(statement.returning(*returning), list(rows)))
