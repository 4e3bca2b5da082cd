"""Empty databases to measure on: SQLite files, and PostgreSQL as the tests have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import event
from sqlalchemy.orm import Session

from models import Repository
from models.session import Database
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.factories import make_organization, make_project, make_repository

KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def empty_databases(kind: str) -> Iterator[Databases]:
    with TemporaryDirectory() as directory, ExitStack() as stack:
        path = Path(directory) / "databases"
        path.mkdir()
        made: Databases = (
            SqliteDatabases(path)
            if kind == "SQLite"
            else PostgresDatabases(path, worker="benchmarks", deletes=False)
        )
        stack.callback(made.close)
        yield made


@contextmanager
def empty_database(kind: str) -> Iterator[Database]:
    with empty_databases(kind) as databases:
        db = Database(databases.fresh())
        yield db
        db.close()


def add_repository(session: Session) -> Repository:
    """A tracked repository whose history is known to be empty, feeding one project."""
    from models import RepositoryProject, utcnow

    organization = make_organization(session)
    project = make_project(session, organization)
    repository = make_repository(session, organization, history_known_at=utcnow())
    session.add(RepositoryProject(repository_id=repository.id, project_id=project.id))
    session.flush()
    return repository


@contextmanager
def counting(db: Database) -> Iterator[list[str]]:
    """The statements sent meanwhile; an `executemany` is one."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)
