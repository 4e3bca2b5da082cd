"""A connection outside the pool for what must survive a power cut before it is acknowledged.

The engine's SQLite connections use synchronous=NORMAL: safe against kill -9, but a power cut may
lose the last commits. Nobody sends a webhook again that was answered 202, so this one uses FULL;
with group commit that costs little. It is a bare driver connection because SQLAlchemy would cost
more than the insert itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import psycopg

from models.session import Database

LOCK_WAIT_SECONDS = 4
STORAGE_ERRORS = (sqlite3.Error, psycopg.Error, OSError)


class DurableWriter(Protocol):
    """One open connection; SQL is written with `?` for parameters, whatever the database."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def close(self) -> None:
        """Forget what was not committed, and the connection."""

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...] | None]:
        """Run *sql* once a row; the first row that each run returns, if any."""

    def moment(self, moment: datetime) -> Any:
        """*moment* as the tables keep it."""


def open_durable(database: Database) -> DurableWriter:
    return SqliteWriter(database) if database.is_sqlite else PostgresWriter(database)


class SqliteWriter:
    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(
            str(database.url.database),
            timeout=LOCK_WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...] | None]:
        return [self._connection.execute(sql, row).fetchone() for row in rows]

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # SQLAlchemy's own form


class PostgresWriter:
    def __init__(self, database: Database) -> None:
        self._connection = psycopg.connect(
            database.driver_url,
            connect_timeout=LOCK_WAIT_SECONDS,
            autocommit=True,
            options=f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c statement_timeout=8s",
        )

    def begin(self) -> None:
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...] | None]:
        query = _psycopg_form(sql)
        with self._connection.pipeline():  # one round trip for all of them
            cursors = [self._connection.cursor(binary=True).execute(query, row) for row in rows]
        return [cursor.fetchone() if cursor.description else None for cursor in cursors]

    def moment(self, moment: datetime) -> datetime:
        return moment


@lru_cache
def _psycopg_form(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()
