"""Engine and transactions, alike on SQLite and PostgreSQL.

SQLite runs in WAL mode. A writing transaction begins IMMEDIATE, so that two writers queue instead
of failing on a lock upgrade; a reading one begins deferred, so that readers never wait for writers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from models.turns import Turns

TURN_SECONDS = 60.0
SQLITE_PRAGMAS = (
    "PRAGMA page_size=8192",  # of a new file: a delivery's body takes half as many pages
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
)


def normalise_url(url: str) -> str:
    """*url* with the driver that we ship: `postgres://` and `postgresql://` mean psycopg 3."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _on_sqlite_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # SQLAlchemy, not the driver, says BEGIN
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("shiplog_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Database:
    """One engine a process. Make it after a fork, never before."""

    def __init__(self, url: str, *, echo: bool = False, pool_size: int = 10) -> None:
        self.url = make_url(normalise_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Parameters stay out of error messages: they hold what people wrote, and secrets.
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 30,
            "hide_parameters": True,
        }
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
        self.engine = create_engine(self.url, echo=echo, **options)
        self._turns = Turns()
        if self.is_sqlite:
            event.listen(self.engine, "connect", _on_sqlite_connect)
            event.listen(self.engine, "begin", _on_sqlite_begin)
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(shiplog_reading=True, **snapshot)

    @contextmanager
    def transaction(self, *, within: float = TURN_SECONDS) -> Iterator[Session]:
        """A writing transaction: committed at the end, rolled back on any exception.

        TimeoutError if other threads keep it from beginning *within* that many seconds (SQLite).
        One inside of another, in one thread, would wait for itself: on SQLite it raises
        TimeoutError after a while.
        """
        with (
            self.turn(within),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def turn(self, timeout: float) -> Iterator[None]:
        """The right to write, of this process's threads; PostgreSQL's rows need none."""
        if not self.is_sqlite:
            yield
            return
        if not self._turns.take(timeout):
            raise TimeoutError("another thread is writing to the database")
        try:
            yield
        finally:
            self._turns.pass_on()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot to read from; whatever was changed in it is forgotten.

        What was loaded stays readable afterwards: closing, unlike a rollback, expires nothing.
        """
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """One transaction for changes of the schema; foreign keys are not enforced in it.

        SQLite alters a table by copying and dropping it, which must not cascade.
        """
        with self.engine.connect() as connection:
            if self.is_sqlite:  # the pragma does nothing inside a transaction
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                yield connection
            if self.is_sqlite:
                connection.detach()  # never back into the pool like this

    @property
    def driver_url(self) -> str:
        """The URL as libpq knows it, password included, for connections outside the pool."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def close(self) -> None:
        self.engine.dispose()
