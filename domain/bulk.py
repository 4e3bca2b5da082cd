"""Many rows in few statements, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Enum,
    Integer,
    String,
    Table,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Base
from models.base import UtcDateTime

T = TypeVar("T")

MANY = 50  # rows, from which on PostgreSQL is sent arrays
PLAIN = (Integer, String, Boolean, UtcDateTime)
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
    if dialect == "postgresql" and len(rows) >= MANY and _are_plain(table_of(model), rows[0]):
        return _insert_arrays(session, table_of(model), rows, returning)
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Into the table, past the ORM: half the time goes into what it would do with each row.
    statement = make(table_of(model)).on_conflict_do_nothing()
    if not returning:
        session.execute(statement, list(rows))
        return []
    return list(session.execute(statement.returning(*returning), list(rows)))


def _are_plain(table: Table, names: Iterable[str]) -> bool:
    """Whether these columns hold what an array of PostgreSQL can hold as well."""
    types = [table.c[name].type for name in names]
    return all(isinstance(kind, PLAIN) and not isinstance(kind, Enum) for kind in types)


def _insert_arrays(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], returning: Sequence[Any]
) -> list[Any]:
    """One statement with an array a column: no text of SQL a row, no message a row.

    The arrays are given where it is executed: of a statement with values in it SQLAlchemy keeps the
    first one of its kind, thousands of rows, for as long as the process lives.
    """
    names = list(rows[0])
    columns = [column(name, table.c[name].type) for name in names]
    arrays = [bindparam(f"all_{one.name}", type_=postgresql.ARRAY(one.type)) for one in columns]
    told = func.unnest(*arrays).table_valued(*columns, name="told").render_derived()
    statement = (
        postgresql.insert(table).from_select(names, select(*told.c)).on_conflict_do_nothing()
    )
    values = {f"all_{name}": [row[name] for row in rows] for name in names}
    if not returning:
        session.execute(statement, values)
        return []
    return list(session.execute(statement.returning(*returning), values))
