"""What a release costs as the history, and the line of versions that it joins, grow tenfold."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from sqlalchemy import update
from sqlalchemy.orm import Session

from benchmarks.databases import add_repository, counting, empty_database
from benchmarks.figures import Figure
from domain.bulk import insert_missing
from domain.commits import CommitData, record_commits, record_span
from domain.graph_store import StoredGraph
from domain.membership import refresh
from domain.provenance import Why
from domain.releases import sync_release_of
from domain.tag_updates import Move
from models import Head, Release, Repository, Tag
from models.session import Database
from tests.factories import NOW, make_sha

RELEASE = 20  # commits
ROUNDS = 7
WHY = Why(NOW)
GROWS_AT_MOST = 2.0  # times the cost, for ten times the size


def run(
    histories: Sequence[int] = (1_000, 10_000, 100_000),
    lines: Sequence[int] = (100, 1_000, 5_000),
    recomputed: Sequence[int] = (200, 2_000),
) -> list[Figure]:
    figures = grown(
        "history of {:,} commits", [(size, size, max(1, size // 500)) for size in histories]
    )
    figures += grown("line of {:,} tags", [(size, 2 * size, size) for size in lines])
    return figures + recomputation(recomputed)


def grown(name: str, sizes: Sequence[tuple[int, int, int]]) -> list[Figure]:
    """A release at each of *sizes* (the one that grows, commits, tags) against the first."""
    measured = [measure(commits, tags) for _, commits, tags in sizes]
    first, figures = measured[0], []
    for (size, _, _), (seconds, statements) in zip(sizes[1:], measured[1:], strict=True):
        ratio = seconds / first[0]
        figures.append(
            Figure(
                f"new(T), {name.format(size)}",
                f"{seconds * 1000:.1f} ms, {statements} statements",
                f"{name.format(sizes[0][0])}: {first[0] * 1000:.1f} ms, {first[1]} statements",
                ratio,
                f"hardly grows: under {GROWS_AT_MOST:.0f}x",
                ratio < GROWS_AT_MOST,
            )
        )
    return figures


def measure(commits: int, tags: int) -> tuple[float, int]:
    """Median seconds and statements of a release of RELEASE commits on top of what is there."""
    seconds, statements = [], []
    with empty_database("SQLite") as db:
        repository, tip = fill(db, commits, tags)
        for number in range(ROUNDS):
            tip = push(db, repository, tip, number)
            with counting(db) as seen, db.transaction() as session:
                began = time.perf_counter()
                tag = add_tag(session, repository, f"v9.{number}.0", tip, tags + 10 + number)
                session.flush()
                head = sync_release_of(session, repository, tag, move=Move(), why=WHY)
                refresh(session, repository, why=WHY)
                seconds.append(time.perf_counter() - began)
                statements.append(len(seen))
                if head is None or head.commit_count != RELEASE:
                    sys.exit(f"a release of {RELEASE} commits was listed with others")
    return median(seconds), round(median(statements))


def recomputation(sizes: Sequence[int]) -> list[Figure]:
    """All lists of a line again, as after an import, for each list."""
    small, large = (recompute(size) for size in sizes)
    ratio = large / small
    return [
        Figure(
            f"each list of a line of {sizes[1]:,} tags, all recomputed",
            f"{large * 1000:.1f} ms",
            f"line of {sizes[0]:,} tags: {small * 1000:.1f} ms",
            ratio,
            f"hardly grows: under {GROWS_AT_MOST:.0f}x",
            ratio < GROWS_AT_MOST,
        )
    ]


def recompute(tags: int) -> float:
    with empty_database("SQLite") as db:
        repository, _ = fill(db, 4 * tags, tags)
        with db.transaction() as session:
            session.execute(update(Head).values(is_stale=True))
        began, finished = time.perf_counter(), False
        while not finished:
            with db.transaction() as session:
                finished = refresh(session, repository, why=WHY).is_finished
        return (time.perf_counter() - began) / tags


def fill(db: Database, commits: int, tags: int) -> tuple[Repository, str]:
    """A straight history known in full, with *tags* releases along it; the repository and tip."""
    shas: list[str] = []
    with db.transaction() as session:
        repository = add_repository(session)
        data = []
        for number in range(commits):
            at = NOW + timedelta(seconds=number)
            parents = (shas[-1],) if shas else ()
            shas.append(make_sha())
            data.append(CommitData(shas[-1], "Change", None, None, at, at, parents))
        record_commits(session, repository, data)
        StoredGraph(session, repository.id).close([shas[-1]])
        add_line(session, repository, [shas[(n + 1) * commits // tags - 1] for n in range(tags)])
    return repository, shas[-1]


def add_line(session: Session, repository: Repository, shas: Sequence[str]) -> None:
    """A tag, release and head on each of *shas*, with lists that are taken for computed."""
    names = [f"v1.{number}.0" for number in range(len(shas))]
    tags = [
        add_tag(session, repository, name, sha, number)
        for number, (name, sha) in enumerate(zip(names, shas, strict=True))
    ]
    session.flush()
    releases = [
        {
            "organization_id": repository.organization_id,
            "version": name,
            "created_at": NOW,
            "commit_count": 0,
            "hidden_count": 0,
            "author_count": 0,
            "list_state": "complete",
        }
        for name in names
    ]
    release_ids = dict(
        tuple(row)
        for row in insert_missing(
            session, Release, releases, returning=(Release.version, Release.id)
        )
    )
    session.add_all(
        Head(
            release_id=release_ids[tag.name],
            repository_id=repository.id,
            tag_id=tag.id,
            name=tag.name,
            line="",
            sha=tag.sha,
            made_at=tag.made_at,
            is_stale=False,
            state="complete",
            excluded=[],
        )
        for tag in tags
    )
    session.flush()


def add_tag(session: Session, repository: Repository, name: str, sha: str, number: int) -> Tag:
    tag = Tag(
        repository_id=repository.id,
        name=name,
        sha=sha,
        object_sha=sha,
        made_at=NOW + timedelta(days=number),
        is_made_exact=True,
    )
    session.add(tag)
    return tag


def push(db: Database, repository: Repository, before: str, number: int) -> str:
    """Push RELEASE commits onto *before*; the new tip."""
    at = NOW + timedelta(days=10_000 + number)
    commits = [CommitData(make_sha(), "Change", None, None, at, at) for _ in range(RELEASE)]
    shas = [commit.sha for commit in commits]
    with db.transaction() as session:
        record_commits(session, repository, commits)
        record_span(
            session, repository, before=before, after=shas[-1], listed=shas, is_complete=True
        )
    return shas[-1]
