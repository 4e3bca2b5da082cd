"""The stored graph: closed in slices and with little kept it says what it says otherwise."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.commits import CommitData, record_commits
from domain.graph import new_commits
from domain.graph_store import StoredGraph, close_some
from models import Commit, Repository
from models.session import Database
from tests.factories import NOW, make_organization, make_repository
from tests.lists.plans import explaining

COMMITS = 400


def sha(number: int) -> str:
    return f"{number:040x}"


@pytest.fixture
def repository(session: Session) -> Repository:
    """A history with merges, listed newest first."""
    chance = random.Random(7)  # noqa: S311
    repository = make_repository(session, make_organization(session), "acme/web")
    commits = [
        CommitData(
            sha(number),
            f"Change {number}",
            committed_at=NOW,
            parents=tuple(
                sha(max(number - step, 1))
                for step in chance.sample(range(1, 9), chance.choice([1, 1, 2]))
            )
            if number > 1
            else (),
        )
        for number in range(COMMITS, 0, -1)
    ]
    record_commits(session, repository, commits)
    return repository


def ranks(session: Session) -> dict[str, tuple[int | None, int | None]]:
    rows = session.execute(select(Commit.sha, Commit.rank, Commit.floor))
    return {row.sha: (row.rank, row.floor) for row in rows}


@pytest.mark.parametrize("limit", [1, 30, COMMITS])
def test_closed_in_slices_as_at_once(session: Session, repository: Repository, limit: int) -> None:
    below, slices = None, 0
    while True:
        below = close_some(session, repository.id, below=below, limit=limit)
        slices += 1
        if below is None:
            break
    assert slices == COMMITS // limit + 1
    session.expire_all()
    found = ranks(session)
    assert all(rank is not None for rank, _ in found.values())
    expected = _longest_ways(session)
    assert {name: rank for name, (rank, _) in found.items()} == expected


def _longest_ways(session: Session) -> dict[str, int]:
    """The rank by its definition: one more than the greatest of the parents'."""
    found: dict[str, int] = {}
    rows = session.execute(select(Commit.sha, Commit.parents).order_by(Commit.id.desc()))
    for row in rows:
        found[row.sha] = max((found[one] for one in row.parents.split()), default=0) + 1
    return found


def test_what_cannot_be_closed_is_passed_over(session: Session, repository: Repository) -> None:
    orphan = CommitData(sha(9_001), "Above a gap", committed_at=NOW, parents=(sha(9_000),))
    record_commits(session, repository, [orphan])
    below = None
    for _ in range(COMMITS):
        below = close_some(session, repository.id, below=below, limit=50)
        if below is None:
            break
    found = ranks(session)
    assert found[sha(9_001)][0] is None
    assert sum(rank is None for rank, _ in found.values()) == 1


def test_little_is_kept_and_the_answer_is_the_same(
    session: Session, repository: Repository
) -> None:
    StoredGraph(session, repository.id).close([sha(COMMITS)])
    roomy = StoredGraph(session, repository.id)
    narrow = StoredGraph(session, repository.id, most_kept=10)
    for base in (1, 150, 395):
        wanted = new_commits(roomy, sha(COMMITS), excluded=[sha(base)], marked=())
        found = new_commits(narrow, sha(COMMITS), excluded=[sha(base)], marked=())
        assert set(found.shas) == set(wanted.shas)
    asked = StoredGraph(session, repository.id, most_kept=10)
    for number in range(50):  # names that nobody knows are kept as well
        assert asked.nodes([sha(9_000 + number)]) == {}
        assert asked.kept <= 11


def test_what_lies_around_a_commit_is_read_without_the_rest(
    database: Database, session: Session, repository: Repository
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL knows how many rows a repository has")
    with explaining(database, '"commit".id >=') as plans:
        StoredGraph(session, repository.id).nodes([sha(COMMITS // 2)])
    assert "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plans.only()
