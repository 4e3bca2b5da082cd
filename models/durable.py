"""A connection outside the pool for what must survive a power cut before it is acknowledged.

The engine's SQLite connections use synchronous=NORMAL: safe against kill -9, but a power cut may
lose the last commits. Nobody sends a webhook again that was answered 202, so this one uses FULL;
with group commit that costs little. It is a bare driver connection because SQLAlchemy would cost
more than the insert itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import psycopg

from models.arrays import array_type
from models.base import Base
from models.session import Database

LOCK_WAIT_SECONDS = 4  # for writers of other processes
TURN_SECONDS = 7.0  # for those of this one, who pass the turn on in order
STORAGE_ERRORS = (sqlite3.Error, psycopg.Error, OSError)  # TimeoutError is an OSError
Rows = Sequence[Sequence[Any]]
LARGE = 1024 * 1024  # bytes


class DurableWriter(Protocol):
    """One open connection. Parameters are `?` in SQL, whatever the database."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def close(self) -> None:
        """Forget what was not committed, and the connection."""

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Rows, *, unique: int = 1
    ) -> list[bool]:
        """Insert each row unless the table has its first *unique* columns; whether each was new."""

    def execute_each(self, sql: str, rows: Rows) -> None:
        """Run *sql* once a row."""

    def moment(self, moment: datetime) -> Any:
        """*moment* as the tables keep it."""


def open_durable(database: Database) -> DurableWriter:
    return SqliteWriter(database) if database.is_sqlite else PostgresWriter(database)


class SqliteWriter:
    def __init__(self, database: Database) -> None:
        self._database, self._turn = database, ExitStack()
        self._connection = sqlite3.connect(
            str(database.url.database),
            timeout=LOCK_WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=0,  # a kept statement would keep the bodies last bound to it
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        self._turn.enter_context(self._database.turn(TURN_SECONDS))
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")
        self._turn.close()

    def close(self) -> None:
        self._connection.close()
        self._turn.close()

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Rows, *, unique: int = 1
    ) -> list[bool]:
        # One statement for all rows: after each step the driver waits for the interpreter's lock
        # again, behind every busy request thread, which takes far longer than an insert.
        execute = self._connection.execute
        one = _insert(table, tuple(columns), unique)
        if len(rows) == 1:
            return [execute(one, rows[0]).rowcount == 1]
        execute("SAVEPOINT all_rows")
        statement = _insert(table, tuple(columns), unique, rows=len(rows))
        if execute(statement, [value for row in rows for value in row]).rowcount == len(rows):
            return [True] * len(rows)
        execute("ROLLBACK TO all_rows")  # some are known: one by one, to learn which
        return [execute(one, row).rowcount == 1 for row in rows]

    def execute_each(self, sql: str, rows: Rows) -> None:
        self._connection.executemany(sql, rows)

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # SQLAlchemy's own form


class PostgresWriter:
    def __init__(self, database: Database) -> None:
        self._connection = psycopg.connect(
            database.driver_url,
            connect_timeout=LOCK_WAIT_SECONDS,
            autocommit=True,
            options=f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c statement_timeout={LOCK_WAIT_SECONDS}s",
        )

    def begin(self) -> None:
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Rows, *, unique: int = 1
    ) -> list[bool]:
        if _size_of(rows) > LARGE:
            return self._insert_one_by_one(table, columns, rows, unique)
        # An array a column: the driver takes as long for one row's values as for a hundred's.
        sql = _insert_arrays(table, tuple(columns), unique)
        new = set(
            self._connection.execute(
                sql, [list(values) for values in zip(*rows, strict=True)]
            ).fetchall()
        )
        are_new = []
        for row in rows:
            key = tuple(row[:unique])
            are_new.append(key in new)
            new.discard(key)  # the same again in these rows is not new
        return are_new

    def _insert_one_by_one(
        self, table: str, columns: Sequence[str], rows: Rows, unique: int
    ) -> list[bool]:
        """For large rows: the driver would hold all of them several times, and keep the room."""
        one = _insert(table, tuple(columns), unique).replace("?", "%s").encode()
        with self._connection.pipeline():  # one round trip for all of them
            cursors = [self._cursor().execute(one, row) for row in rows]
        return [cursor.rowcount == 1 for cursor in cursors]

    def execute_each(self, sql: str, rows: Rows) -> None:
        self._cursor().executemany(sql.replace("?", "%s").encode(), rows)

    def moment(self, moment: datetime) -> datetime:
        return moment

    def _cursor(self) -> psycopg.Cursor[Any]:
        return self._connection.cursor(binary=True)


def _size_of(rows: Rows) -> int:
    """Bytes of their bodies, which are as they were received: of several pieces, a bytearray."""
    return sum(len(value) for row in rows for value in row if isinstance(value, bytes | bytearray))


@lru_cache
def _insert_arrays(table: str, columns: tuple[str, ...], unique: int) -> bytes:
    """An insert of the rows in arrays, one a column; what it returns are the keys of new ones."""
    key = ", ".join(columns[:unique])
    types = Base.metadata.tables[table].c
    arrays = [f"%b::{array_type(types[column].type)}" for column in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 (names from our code)
        f"SELECT * FROM unnest({', '.join(arrays)}) "
        f"ON CONFLICT ({key}) DO NOTHING RETURNING {key}"
    ).encode()


@lru_cache
def _insert(table: str, columns: tuple[str, ...], unique: int, *, rows: int = 1) -> str:
    """An insert of so many rows, each unless the values of its first *unique* columns are there."""
    row = f"({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)} "  # noqa: S608 (names from our code)
        f"ON CONFLICT ({', '.join(columns[:unique])}) DO NOTHING"
    )
