"""Fixtures for all tests: a database with our tables, on SQLite or PostgreSQL, and what runs on it.

`pytest --database postgresql` runs the same tests on TEST_DATABASE_URL, or on a bundled server.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from config import GitHubSettings, Settings
from jobs import Runtime
from models.session import Database
from tests.clock import Clock
from tests.compiled import share_compiled
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.examples import be_second_database
from webapp import create_app
from webapp.context import shiplog

WEBHOOK_SECRET = "it is a secret to everybody"

share_compiled()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is imported, hence before `examples` is asked.

    How long an example takes says more of a busy machine than of what is tested.
    """
    unhurried = hypothesis.settings(
        deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.register_profile("unhurried", unhurried)
    hypothesis.settings.load_profile("unhurried")
    if config.getoption("--database") == "postgresql":
        be_second_database()


def pytest_report_header(config: pytest.Config) -> str:
    database = config.getoption("--database")
    if database == "postgresql":
        return "database: postgresql; tests that use none are left to the run on sqlite"
    return f"database: {database}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first, so that none is left for the end; on PostgreSQL, those that use it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if config.getoption("--database") == "postgresql":
        unconcerned = [item for item in items if "databases" not in _fixtures_of(item)]
        config.hook.pytest_deselected(items=unconcerned)
        items[:] = [item for item in items if "databases" in _fixtures_of(item)]


def _fixtures_of(item: pytest.Item) -> Sequence[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else ()


def pytest_collection_finish() -> None:
    """What was imported stays to the end: no collection of garbage has to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    made: Databases
    if request.config.getoption("--database") == "sqlite":
        made = SqliteDatabases(tmp_path_factory.mktemp("databases"))
    else:
        worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
        base = tmp_path_factory.getbasetemp()
        made = PostgresDatabases(base if worker == "main" else base.parent, worker=worker)
    yield made
    made.close()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A database with all tables and no rows, which this test has to itself."""
    return databases.fresh()


@pytest.fixture
def database(database_url: str, databases: Databases) -> Iterator[Database]:
    db = databases.opened
    assert db.url == make_url(database_url)
    yield db
    databases.give_back()


@pytest.fixture
def clock() -> Clock:
    """The time that the runtime's jobs see; tests move it."""
    return Clock()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        secret_keys=("a key for tests",),
        github=GitHubSettings(webhook_secrets=(WEBHOOK_SECRET,)),
    )


@pytest.fixture
def runtime(settings: Settings, database: Database, clock: Clock) -> Runtime:
    """What jobs are given. It has no queue: `jobs.drain(runtime)` works off what is due."""
    return Runtime(settings, database, now=clock)


@pytest.fixture
def app(runtime: Runtime) -> Iterator[Flask]:
    app = create_app(runtime)
    yield app
    shiplog(app).committer.close()
