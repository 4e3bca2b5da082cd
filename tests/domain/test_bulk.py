"""Many rows in few statements: what is written, and that none of it stays behind in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import MANY, insert_missing
from models import Commit, CommitFile
from models.session import Database
from tests.factories import make_commit, make_organization, make_repository


class Path(str):
    """A text that can be watched: plain ones take no weak references."""


def add_commit(session: Session) -> Commit:
    repository = make_repository(session, make_organization(session))
    return make_commit(session, repository)


def make_rows(commit: Commit, size: int) -> list[dict[str, Any]]:
    return [
        {"commit_id": commit.id, "path": Path(f"src/{number}.py"), "type": "M"}
        for number in range(size)
    ]


@pytest.mark.parametrize("size", [MANY - 1, MANY, 3 * MANY])
@pytest.mark.parametrize("returning", [(), (CommitFile.path,)])
def test_rows_that_are_there_are_passed_over(
    session: Session, size: int, returning: Sequence[Any]
) -> None:
    rows = make_rows(add_commit(session), size)
    insert_missing(session, CommitFile, rows[:10])

    told = insert_missing(session, CommitFile, [*rows, *rows[-5:]], returning=returning)

    assert sorted(row.path for row in told) == sorted(row["path"] for row in rows[10:] if returning)
    assert session.scalars(select(CommitFile.path).order_by(CommitFile.id)).all() == [
        row["path"] for row in rows
    ]


@pytest.mark.parametrize("returning", [(), (CommitFile.path,)])
def test_no_statement_keeps_its_rows(database_url: str, returning: Sequence[Any]) -> None:
    """An engine keeps each statement that it compiled: one of its own meets this one first."""
    with closing(Database(database_url)) as db:
        with db.transaction() as session:
            rows = make_rows(add_commit(session), MANY)
            watched = [weakref.ref(row["path"]) for row in rows]
            insert_missing(session, CommitFile, rows, returning=returning)
        del rows
        gc.collect()

        assert not any(path() for path in watched)
