"""The schema and its revisions: Alembic, configured here instead of in an ini file."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings, filterwarnings

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from models.base import Base
from models.revisions import MIGRATIONS, head
from models.session import Database

ADVISORY_LOCK = 0x5348_4950_0002


def upgrade(db: Database, *, lock_file: Path) -> str:
    """Bring *db* to the newest revision, one process at a time; the revision's id."""
    with _alone(db, lock_file), db.migrating() as connection:
        command.upgrade(_config(connection), "head")
    return head()


def differences() -> list[str]:
    """What the tables in the code have and the migrations do not make, and the reverse."""
    with _migrated_scratch() as db, db.migrating() as connection, _expressions_unread():
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [repr(difference) for difference in compare_metadata(context, Base.metadata)]
        return found + _differing_indexes(connection)


def write_revision(message: str, *, rev_id: str) -> str:
    """Write the migration that leads from the newest revision to the tables in the code; its path."""
    with _migrated_scratch() as db, db.migrating() as connection, _expressions_unread():
        script = command.revision(_config(connection), message, autogenerate=True, rev_id=rev_id)
    head.cache_clear()
    if script is None or isinstance(script, list):
        raise RuntimeError("alembic wrote no single revision")
    return str(script.path)


def _differing_indexes(migrated: Connection) -> list[str]:
    """Alembic passes over indexes of expressions; they are also what a table loses when it is copied."""
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    scratch = create_engine("sqlite://")
    with scratch.begin() as connection:
        Base.metadata.create_all(connection)
        wanted = {tuple(row) for row in connection.execute(query)}
    scratch.dispose()
    there = {tuple(row) for row in migrated.execute(query)}
    return [f"index {name}: {sql}" for name, sql in sorted(wanted ^ there)]


@contextmanager
def _expressions_unread() -> Iterator[None]:
    """Without the warnings that indexes of expressions are passed over."""
    with catch_warnings():
        filterwarnings("ignore", ".*expression-based index")
        yield


@contextmanager
def _migrated_scratch() -> Iterator[Database]:
    """An empty SQLite database at the newest revision."""
    with TemporaryDirectory() as directory:
        db = Database(f"sqlite:///{directory}/scratch.db")
        upgrade(db, lock_file=Path(directory) / "lock")
        yield db
        db.close()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection  # env.py takes it from there
    return config


@contextmanager
def _alone(db: Database, lock_file: Path) -> Iterator[None]:
    """Wait until no other process upgrades. The lock goes with the process, however it ends."""
    if db.is_sqlite:
        with lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    else:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
            yield
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
