"""A page of a list as the list grows a hundredfold: the first one, and one near its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.databases import KINDS, empty_database
from benchmarks.figures import Figure
from domain.commit_records import list_commits_of_repository
from domain.release_queries import ReleaseFilter
from domain.release_records import list_release_records
from domain.windows import Place, to_number
from models import Commit, Release, ReleaseStatus
from models.session import Database
from tests.large import Large, fill

PAGE = 100
ROUNDS = 15
GROWS_AT_MOST = 3.0
OPEN = ReleaseFilter(status=ReleaseStatus.open)
Read = Callable[[Session, Large, Place | None], int]


def run(sizes: Sequence[int] = (1_000, 100_000), kinds: Sequence[str] = KINDS) -> list[Figure]:
    figures = []
    for kind in kinds:
        small, large = (measure(kind, size) for size in sizes)
        for what, seconds in large.items():
            ratio = seconds / small[what]
            figures.append(
                Figure(
                    f"{kind}: {what} of {sizes[1]:,}",
                    f"{seconds * 1000:.1f} ms",
                    f"of {sizes[0]:,}: {small[what] * 1000:.1f} ms",
                    ratio,
                    f"hardly grows: under {GROWS_AT_MOST:.0f}x",
                    ratio < GROWS_AT_MOST,
                )
            )
    return figures


def measure(kind: str, size: int) -> dict[str, float]:
    """Median seconds of each page, by what it is."""
    with empty_database(kind) as db:
        with Session(db.engine, expire_on_commit=False) as session:
            large = fill(session, releases=size, list_size=PAGE)
        with db.reading() as session:
            late_release, late_commit = find_late(session, size)
        return {
            "first page of releases": seconds_of(db, large, None, read_releases),
            "late page of releases": seconds_of(db, large, late_release, read_releases),
            "first page of commits": seconds_of(db, large, None, read_commits),
            "late page of commits": seconds_of(db, large, late_commit, read_commits),
        }


def find_late(session: Session, size: int) -> tuple[Place, Place]:
    """Places so far from the beginning that one page follows."""
    offset = size - PAGE - size // 50
    release = session.scalars(select(Release).order_by(Release.id).offset(offset).limit(1)).one()
    commit = session.scalars(
        select(Commit)
        .where(Commit.committed_at.is_not(None))
        .order_by(Commit.id)
        .offset(offset)
        .limit(1)
    ).one()
    if release.released_at is None or commit.committed_at is None:
        raise ValueError("rows to begin at have dates")
    return (
        Place(to_number(release.released_at), release.id),
        Place(to_number(commit.committed_at), commit.id),
    )


def seconds_of(db: Database, large: Large, place: Place | None, read: Read) -> float:
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with db.reading() as session:
            read(session, large, place)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def read_releases(session: Session, large: Large, place: Place | None) -> int:
    window = list_release_records(
        session, large.organization.id, narrowed=OPEN, place=place, size=PAGE
    )
    return len(window.rows)


def read_commits(session: Session, large: Large, place: Place | None) -> int:
    return len(
        list_commits_of_repository(session, large.repository.id, place=place, size=PAGE).rows
    )
