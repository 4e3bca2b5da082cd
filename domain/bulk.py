"""Many rows in few statements, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.row_arrays import are_worth_arrays, as_arrays, as_subquery
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
    if are_worth_arrays(dialect, rows):
        return _insert_arrays(session, table_of(model), rows, returning)
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Into the table, past the ORM: half the time goes into what it would do with each row.
    statement = make(table_of(model)).on_conflict_do_nothing()
    if not returning:
        session.execute(statement, list(rows))
        return []
    return list(session.execute(statement.returning(*returning), list(rows)))


def update_each(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set columns of many rows, each to values of its own; `id` in each of *rows* says of which.

    All of *rows* need the same keys. Past the ORM: what it has loaded keeps its old values.
    """
    if not rows:
        return
    table, names = table_of(model), [name for name in rows[0] if name != "id"]
    if are_worth_arrays(session.get_bind().dialect.name, rows):
        told = as_subquery(table, list(rows[0]))
        changed = update(table).where(table.c.id == told.c.id)
        changed = changed.values({name: told.c[name] for name in names})
        session.execute(changed, as_arrays(table, rows))
        return
    session.execute(
        update(table)
        .where(table.c.id == bindparam("new_id", type_=table.c.id.type))
        .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}),
        [{f"new_{name}": value for name, value in row.items()} for row in rows],
    )


def _insert_arrays(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], returning: Sequence[Any]
) -> list[Any]:
    """One statement with an array a column: no text of SQL a row, no message a row."""
    names, values = list(rows[0]), as_arrays(table, rows)
    told = as_subquery(table, names)
    statement = (
        postgresql.insert(table).from_select(names, select(*told.c)).on_conflict_do_nothing()
    )
    if not returning:
        session.execute(statement, values)
        return []
    return list(session.execute(statement.returning(*returning), values))
