"""Many rows as one parameter a column: what PostgreSQL takes quickest.

A parameter a value makes a statement of thousands of names, which the driver takes apart and the
server plans anew for each number of rows. An array a column makes the same short statement for any
number. They are sent in binary: in text, bytes would be doubled into hex digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import (
    JSON,
    ColumnElement,
    Enum,
    LargeBinary,
    String,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import Subquery
from sqlalchemy.types import TypeEngine, UserDefinedType

from models.arrays import array_type

_LEAST = 10  # rows; with fewer it is not worth the trouble


def are_worth_arrays(dialect: str, rows: Sequence[object]) -> bool:
    """Whether so many rows are better sent as arrays, on the database of that name."""
    return dialect == "postgresql" and len(rows) >= _LEAST


def is_one_of(
    session: Session, wanted: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """`wanted IN (values)`, for hundreds of values."""
    if session.get_bind().dialect.name != "postgresql":
        return wanted.in_(values)
    return wanted == any_(literal(list(values), _Array(_sent_as(wanted.type))))


def as_subquery(table: Table, names: Sequence[str]) -> Subquery:
    """Rows of *table*, of those columns, as something to select from; in PostgreSQL alone.

    Their values are given where the statement is executed: of a statement with values in it
    SQLAlchemy keeps the first one of its kind, thousands of rows, for as long as the process lives.
    """
    kinds = {name: table.c[name].type for name in names}
    arrays = [bindparam(f"all_{name}", type_=_Array(_sent_as(kinds[name]))) for name in names]
    columns = [column(name, _sent_as(kind)) for name, kind in kinds.items()]
    sent = func.unnest(*arrays).table_valued(*columns, name="sent").render_derived()
    found = [
        cast(sent.c[name], kind).label(name) if isinstance(kind, JSON) else sent.c[name]
        for name, kind in kinds.items()
    ]
    return select(*found).subquery("told")


def as_arrays(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters of a statement with `as_subquery`; all *rows* need the same keys."""
    return {
        f"all_{name}": _plain(table.c[name].type, [row[name] for row in rows]) for name in rows[0]
    }


def _plain(kind: TypeEngine[Any], values: list[Any]) -> list[Any]:
    if isinstance(kind, JSON):  # there is no array of JSON that holds dictionaries
        return [None if value is None else json.dumps(value) for value in values]
    return values


def _sent_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """A text longer than its column must be refused, as ever; a cast would cut it."""
    is_text = isinstance(kind, JSON) or (isinstance(kind, String) and not isinstance(kind, Enum))
    return Text() if is_text else kind


class _Binary(list[Any]):
    """A list that the driver sends as a binary array."""


psycopg.adapters.register_dumper(_Binary, ListBinaryDumper)


class _Array(UserDefinedType[Any]):
    """Values of one column."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item

    def get_col_spec(self, **_options: object) -> str:
        return array_type(self.item)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        process = self.item.dialect_impl(dialect).bind_processor(dialect)
        if process is None or isinstance(self.item, LargeBinary):
            return _Binary
        return lambda values: _Binary(map(process, values))
