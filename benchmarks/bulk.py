"""Writing a release (commits, files, authors, list): in bulk, against one row at a time by the ORM.

The reference does what comes naturally: look whether the row is there, else add it, in a savepoint,
so that a rival's row is no error. It writes the smaller release; rates are compared for the larger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.databases import KINDS, add_repository, counting, empty_databases
from benchmarks.figures import Figure
from domain.commits import CommitData, record_commits
from domain.identity import AuthorKey
from domain.provenance import Why
from domain.release_lists import Changes, store_list
from models import Author, Base, Commit, CommitFile, Head, Release, ReleaseCommit, Repository
from models.session import Database
from tests.databases import Databases
from tests.factories import NOW, make_sha

Write = Callable[[Session, Repository, Head, Sequence[CommitData]], None]
RowT = TypeVar("RowT", bound=Base)
GOALS = {"SQLite": 20, "PostgreSQL": 10}


def run(small: int = 1_000, large: int = 10_000, kinds: Sequence[str] = KINDS) -> list[Figure]:
    figures = []
    for kind in kinds:
        with empty_databases(kind) as databases:
            reference, reference_statements = measure(databases, small, one_row_at_a_time)
            for size in (small, large):
                seconds, statements = measure(databases, size, in_bulk)
                ratio = (reference / small) / (seconds / size)
                figures.append(
                    Figure(
                        f"{kind}: write a release of {size:,} commits",
                        f"{seconds:.2f} s, {statements} statements",
                        f"{reference:.1f} s, {reference_statements} statements for {small:,}",
                        ratio,
                        f"at least {GOALS[kind]}x",
                        ratio >= GOALS[kind],
                    )
                )
    return figures


def measure(databases: Databases, size: int, write: Write) -> tuple[float, int]:
    """Seconds and statements for one transaction that writes *size* new commits."""
    db = Database(databases.fresh())
    commits = make_commits(size)
    with db.transaction() as session:
        repository = add_repository(session)
        head = add_head(session, repository, commits[-1].sha)
        warm_up = make_commits(3)
    with db.transaction() as session:
        write(session, repository, add_head(session, repository, warm_up[-1].sha), warm_up)
    with counting(db) as statements:
        began = time.perf_counter()
        with db.transaction() as session:
            write(session, repository, session.merge(head), commits)
        seconds = time.perf_counter() - began
    db.close()
    return seconds, len(statements)


def make_commits(size: int) -> list[CommitData]:
    """Commits of five files each, by fifty people."""
    commits: list[CommitData] = []
    for number in range(size):
        person = number % 50
        at = NOW + timedelta(seconds=number)
        commits.append(
            CommitData(
                make_sha(),
                f"Change number {number}\n\nAnd why it was needed.",
                AuthorKey(f"person{person}@acme.example", f"Person {person}"),
                authored_at=at,
                committed_at=at,
                parents=(commits[-1].sha,) if commits else (),
                files=tuple((f"src/part{number % 97}/file{n}.py", "M") for n in range(5)),
            )
        )
    return commits


def add_head(session: Session, repository: Repository, sha: str) -> Head:
    release = Release(
        organization_id=repository.organization_id, version=f"web@{sha}", created_at=NOW
    )
    session.add(release)
    session.flush()
    head = Head(
        release_id=release.id,
        repository_id=repository.id,
        name=sha,
        line="",
        sha=sha,
        made_at=NOW,
    )
    session.add(head)
    session.flush()
    return head


def in_bulk(
    session: Session, repository: Repository, head: Head, commits: Sequence[CommitData]
) -> None:
    """As the product does it."""
    recorded = record_commits(session, repository, commits)
    newest_first = [recorded.ids[commit.sha] for commit in reversed(commits)]
    store_list(session, head, newest_first, changes=Changes(), why=Why(NOW))


def one_row_at_a_time(
    session: Session, repository: Repository, head: Head, commits: Sequence[CommitData]
) -> None:
    for position, data in enumerate(reversed(commits)):
        who = data.author or AuthorKey("nobody@acme.example", "Nobody")
        author = find_or_add(
            session,
            Author(organization_id=repository.organization_id, email=who.email, name=who.name),
            "organization_id",
            "email",
        )
        commit = find_or_add(
            session,
            Commit(
                repository_id=repository.id,
                sha=data.sha,
                message=data.message,
                author_id=author.id,
                authored_at=data.authored_at,
                committed_at=data.committed_at,
                parents=" ".join(data.parents or ()),
            ),
            "repository_id",
            "sha",
        )
        for path, kind in data.files or ():
            row = CommitFile(commit_id=commit.id, path=path, type=kind)
            find_or_add(session, row, "commit_id", "path")
        listed = ReleaseCommit(
            head_id=head.id, commit_id=commit.id, release_id=head.release_id, position=position
        )
        find_or_add(session, listed, "head_id", "commit_id")


def find_or_add(session: Session, row: RowT, *key: str) -> RowT:
    table = type(row)
    query = select(table).filter_by(**{name: getattr(row, name) for name in key})
    found = session.scalars(query).first()
    if found is not None:
        return found
    with session.begin_nested():
        session.add(row)
    return row
