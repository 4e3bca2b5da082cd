"""The migrations: from nothing to the tables in the code, on both databases, once and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import text

from config import Settings
from jobs import Runtime
from models import Base
from models.revisions import head, is_current
from models.schema import differences
from models.session import Database
from webapp import create_app


@pytest.fixture
def empty(database: Database) -> Iterator[Database]:
    """A database without tables; on PostgreSQL the next test needs them again."""
    Base.metadata.drop_all(database.engine)
    yield database
    with database.transaction() as session:
        session.execute(text("DROP TABLE IF EXISTS alembic_version"))
    Base.metadata.create_all(database.engine)


@pytest.fixture
def flask(settings: Settings, empty: Database) -> FlaskCliRunner:
    return create_app(Runtime(settings, empty)).test_cli_runner()


def test_upgrade_and_again(flask: FlaskCliRunner, empty: Database) -> None:
    assert not is_current(empty)
    for _ in range(2):
        result = flask.invoke(args=["db", "upgrade"])
        assert result.exit_code == 0, result.output
        assert result.output == f"schema is at {head()}\n"
        assert is_current(empty)


def test_upgrade_as_json(flask: FlaskCliRunner) -> None:
    assert flask.invoke(args=["db", "upgrade", "--json"]).output == f'{{"revision": "{head()}"}}\n'


def test_the_migrations_make_the_tables_of_the_code() -> None:
    assert differences() == []


def test_a_database_that_cannot_be_used_is_one_line(settings: Settings, tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/none/x.db")
    runner = create_app(Runtime(settings, db)).test_cli_runner()
    result = runner.invoke(args=["db", "upgrade"])

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: DATABASE_URL: ")
    assert result.stderr.count("\n") == 1


def test_postgresql_does_not_compress_bodies(
    request: pytest.FixtureRequest, flask: FlaskCliRunner, empty: Database
) -> None:
    """Neither where the migrations made the tables, nor where the models do."""
    if request.config.getoption("--database") != "postgresql":
        pytest.skip("SQLite never does")
    flask.invoke(args=["db", "upgrade"])
    assert storage_of_bodies(empty) == ["e", "e"]
    Base.metadata.drop_all(empty.engine)
    Base.metadata.create_all(empty.engine)
    assert storage_of_bodies(empty) == ["e", "e"]


def storage_of_bodies(db: Database) -> list[str]:
    of_bodies = text(
        "SELECT attstorage FROM pg_attribute WHERE attrelid IN ('event'::regclass,"
        " 'received_event'::regclass) AND attname IN ('body', 'data')"
    )
    with db.reading() as session:
        return [str(kind) for kind in session.scalars(of_bodies)]
