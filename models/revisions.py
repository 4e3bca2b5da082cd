"""Which revision of the schema this code knows, and which one a database has.

Without Alembic: a server asks both whenever it is asked whether it is ready, and migrates never.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import inspect, text

from models.session import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(db: Database) -> bool:
    """Whether *db* is at the newest revision that this code knows."""
    with db.reading() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return False
        return bool(session.scalar(text("SELECT version_num FROM alembic_version")) == head())


@lru_cache
def head() -> str:
    """The newest revision: revisions are numbered, and so are their files."""
    names = [path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    return max(names, default="no revision").partition("_")[0]
