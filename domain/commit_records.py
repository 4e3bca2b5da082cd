"""Commits with what programs are told of them, in a few statements for any number of commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from domain.release_contents import listed
from domain.windows import BEFORE_TIME, Place, Window, beyond, cut, to_moment, to_number
from models import (
    Author,
    Commit,
    CommitFile,
    Head,
    PullRequest,
    Release,
    ReleaseCommit,
    Repository,
)
from models.base import UtcDateTime
from models.commit import UNDATED


@dataclass(frozen=True)
class CommitRecord:
    """A commit, its repository and author, and the pull request that it is the merge of."""

    commit: Commit
    repository: Repository
    author: Author | None
    pull_request: PullRequest | None
    releases: list[Release]  # that hold it, newest first; empty unless asked for


@dataclass(frozen=True)
class FileRecord:
    """A path that a commit touched."""

    file: CommitFile
    commit: Commit
    author: Author | None
    repository: Repository


def load_commit_records(
    session: Session, commit_ids: Sequence[int], *, with_releases: bool = False
) -> list[CommitRecord]:
    """Records of *commit_ids*, at most a page of them, in their order."""
    if not commit_ids:
        return []
    rows = {
        commit.id: (commit, repository, author)
        for commit, repository, author in session.execute(
            select(Commit, Repository, Author)
            .join(Repository, Repository.id == Commit.repository_id)
            .outerjoin(Author, Author.id == Commit.author_id)
            .where(Commit.id.in_(commit_ids))
        )
    }
    pulls = _list_pull_requests(session, [row[0] for row in rows.values()])
    releases = _list_releases(session, commit_ids) if with_releases else defaultdict(list)
    return [
        CommitRecord(
            commit=commit,
            repository=repository,
            author=author,
            pull_request=pulls.get((commit.repository_id, commit.sha)),
            releases=releases[commit.id],
        )
        for commit, repository, author in (rows[id_] for id_ in commit_ids if id_ in rows)
    ]


def list_commits_of_release(
    session: Session, release_id: int, *, place: Place | None, size: int
) -> Window[CommitRecord]:
    """The release's commits, hidden ones apart, in the stored order: by position, newest first.

    One that stands in the lists of several heads is shown where it comes first. A place holds a
    position and a head's id.
    """
    position, head_id = ReleaseCommit.position, ReleaseCommit.head_id
    query = (
        select(position, head_id, ReleaseCommit.commit_id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(ReleaseCommit.release_id == release_id, Commit.is_hidden.is_(False))
        .limit(size + 1)
    )
    heads = select(func.count()).where(Head.release_id == release_id)
    if session.scalar(heads) != 1:
        query = query.where(~_comes_before())
    ascending = place is None or not place.is_backwards
    if place is not None:
        here = (place.row_id, place.row_offset)
        query = query.where(beyond(position, head_id, here, ascending=ascending))
    order = (position, head_id) if ascending else (position.desc(), head_id.desc())
    window = cut(
        session.execute(query.order_by(*order)).all(), place, size, lambda row: (row[0], row[1])
    )
    ids = [row[2] for row in window.rows]
    records = load_commit_records(session, ids, with_releases=True)
    return Window(records, window.previous, window.following)


def list_commits_of_repository(
    session: Session, repository_id: int, *, place: Place | None, size: int
) -> Window[CommitRecord]:
    """All commits that are known of the repository, newest first; those without a date last.

    A place holds a moment and a row's id.
    """
    undated = literal_column(UNDATED, UtcDateTime())
    moment: ColumnElement[datetime] = func.coalesce(Commit.committed_at, undated)
    query = (
        select(Commit.id, Commit.committed_at)
        .where(Commit.repository_id == repository_id)
        .limit(size + 1)
    )
    ascending = place is not None and place.is_backwards
    if place is not None:
        at = undated if place.value == BEFORE_TIME else to_moment(place.value)
        here = (at, place.row_offset)
        query = query.where(beyond(moment, Commit.id, here, ascending=ascending))
    order = (moment, Commit.id) if ascending else (moment.desc(), Commit.id.desc())
    window = cut(
        session.execute(query.order_by(*order)).all(),
        place,
        size,
        lambda row: (to_number(row[1]) if row[1] else BEFORE_TIME, row[0]),
    )
    records = load_commit_records(session, [row[0] for row in window.rows])
    return Window(records, window.previous, window.following)


def list_files_of_release(
    session: Session,
    release_id: int,
    *,
    repository_id: int | None = None,
    place: Place | None,
    size: int,
) -> Window[FileRecord]:
    """Paths that the release's commits touched, by path. A place holds a row's id."""
    of_release = listed(release_id)
    if repository_id is not None:
        of_release = of_release.where(Commit.repository_id == repository_id)
    query = select(CommitFile.id).where(CommitFile.commit_id.in_(of_release)).limit(size + 1)
    ascending = place is None or not place.is_backwards
    if place is not None:
        path = session.scalar(
            select(CommitFile.path).where(
                CommitFile.id == place.row_id, CommitFile.commit_id.in_(listed(release_id))
            )
        )
        if path is None:  # no longer a file of this release
            return Window([], None, None)
        here = (path, place.row_id)
        query = query.where(beyond(CommitFile.path, CommitFile.id, here, ascending=ascending))
    path_order, id_order = CommitFile.path, CommitFile.id
    query = query.order_by(
        path_order if ascending else path_order.desc(), id_order if ascending else id_order.desc()
    )
    window = cut(session.scalars(query).all(), place, size, lambda id_: (id_, 0))
    records = _load_file_records(session, window.rows)
    return Window(records, window.previous, window.following)


def _load_file_records(session: Session, ids: Sequence[int]) -> list[FileRecord]:
    """Apart from the search: a page is cut out of all files of a release, but only it is shown."""
    rows = {
        row[0].id: FileRecord(row[0], row[1], row[2], row[3])
        for row in session.execute(
            select(CommitFile, Commit, Author, Repository)
            .join(Commit, Commit.id == CommitFile.commit_id)
            .join(Repository, Repository.id == Commit.repository_id)
            .outerjoin(Author, Author.id == Commit.author_id)
            .where(CommitFile.id.in_(ids))
        )
    }
    return [rows[id_] for id_ in ids]


def _comes_before() -> ColumnElement[bool]:
    """The same commit stands nearer to the top, in the list of another head of the release."""
    also = aliased(ReleaseCommit)
    return (
        exists()
        .where(also.release_id == ReleaseCommit.release_id)
        .where(also.commit_id == ReleaseCommit.commit_id)
        .where(
            tuple_(also.position, also.head_id)
            < tuple_(ReleaseCommit.position, ReleaseCommit.head_id)
        )
    )


def _list_pull_requests(
    session: Session, commits: Sequence[Commit]
) -> dict[tuple[int, str], PullRequest]:
    """Merged pull requests, by repository and the commit that merging made."""
    found = session.scalars(
        select(PullRequest)
        .where(
            PullRequest.repository_id.in_({commit.repository_id for commit in commits}),
            PullRequest.merge_sha.in_({commit.sha for commit in commits}),
        )
        .order_by(PullRequest.number)
    )
    return {(pull.repository_id, pull.merge_sha): pull for pull in found if pull.merge_sha}


def _list_releases(session: Session, commit_ids: Sequence[int]) -> defaultdict[int, list[Release]]:
    found: defaultdict[int, list[Release]] = defaultdict(list)
    for commit_id, release in session.execute(
        select(ReleaseCommit.commit_id, Release)
        .join(Release, Release.id == ReleaseCommit.release_id)
        .where(ReleaseCommit.commit_id.in_(commit_ids))
        .order_by(func.coalesce(Release.released_at, Release.created_at).desc(), Release.id.desc())
    ):
        if release not in found[commit_id]:
            found[commit_id].append(release)
    return found
