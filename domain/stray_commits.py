"""Commits that a client listed before their repository knew them: they come home.

`sentry-cli --local` names the remote, `origin`, and nothing else. A commit that the graph of one
tracked repository of the release's projects knows is listed there (sentry-api.md 15, OURS 11); one
that comes in after the list has to end up in the same place.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased

from domain.bulk import batches
from domain.provenance import Why
from domain.stated_commits import StatedCommit
from domain.stated_releases import Statement, change_release
from models import (
    Commit,
    Head,
    HeadOrigin,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
    RepositoryProject,
)


def is_told_elsewhere(session: Session, repository: Repository, shas: Collection[str]) -> bool:
    """Whether a client said of one of *shas* that it is where GitHub is not: perhaps it strays.

    Each push asks this, so it is no more than a look at an index.
    """
    query = (
        select(Commit.id)
        .join(Repository, Repository.id == Commit.repository_id)
        .where(
            Repository.organization_id == repository.organization_id,
            Repository.github_id.is_(None),
        )
        .limit(1)
    )
    return any(
        session.scalar(query.where(Commit.sha.in_(some))) is not None
        for some in batches(sorted(shas))
    )


def bring_home(session: Session, repository_id: int, *, why: Why) -> bool:
    """State the list of one release again, now that more is known; whether one came home.

    Takes the locks of a request, so the caller holds none.
    """
    repository = session.get(Repository, repository_id)
    if repository is None or not repository.is_tracked:
        return False
    release_id = session.scalar(_strays(repository).order_by(ReleaseCommit.release_id).limit(1))
    if release_id is None:
        return False
    release = _lock(session, release_id)
    if release is None:
        return False  # deleted in this moment
    said = Statement(commits=_read_list(session, release_id))
    change_release(
        session,
        release.organization_id,
        release.version,
        said,
        project=None,
        hosts=(),  # no message is read again
        why=why,
    )
    # Whatever would keep it away although it belongs here must not be tried without end.
    still = _strays(repository).where(ReleaseCommit.release_id == release_id)
    return session.scalar(still.limit(1)) is None


def _lock(session: Session, release_id: int) -> Release | None:
    """The release, after all repositories that its list may be in, so that no client changes it."""
    feeding = (
        select(RepositoryProject.repository_id)
        .join(ReleaseProject, ReleaseProject.project_id == RepositoryProject.project_id)
        .where(ReleaseProject.release_id == release_id)
    )
    listing = select(Head.repository_id).where(Head.release_id == release_id)
    places = (
        select(Repository)
        .where(Repository.id.in_(feeding.union(listing)))
        .order_by(Repository.id)
        .with_for_update(key_share=True)
    )
    session.scalars(places.execution_options(populate_existing=True)).all()
    query = select(Release).where(Release.id == release_id).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def _read_list(session: Session, release_id: int) -> list[StatedCommit]:
    """In its order: nothing is said of the commits but where they were said to be."""
    query = (
        select(Commit.sha, Repository.full_name)
        .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
        .join(Repository, Repository.id == Commit.repository_id)
        .where(ReleaseCommit.release_id == release_id)
        .order_by(ReleaseCommit.position, ReleaseCommit.head_id)
    )
    return [StatedCommit(sha, repository=name) for sha, name in session.execute(query)]


def _strays(repository: Repository) -> Select[int]:
    """Ids of releases whose client's list has commits of *repository* where GitHub is not."""
    place, own = aliased(Repository), aliased(Commit)
    return (
        select(ReleaseCommit.release_id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .join(place, place.id == Commit.repository_id)
        .join(Head, Head.id == ReleaseCommit.head_id)
        .where(
            place.organization_id == repository.organization_id,
            place.github_id.is_(None),
            Head.origin == HeadOrigin.commits,
            _is_shipped(repository),
            exists().where(
                own.repository_id == repository.id,
                own.sha == Commit.sha,
                own.is_stated.is_(False),
            ),
            ~_is_elsewhere(repository),
        )
    )


def _is_shipped(repository: Repository) -> ColumnElement[bool]:
    return exists().where(
        ReleaseProject.release_id == ReleaseCommit.release_id,
        ReleaseProject.project_id == RepositoryProject.project_id,
        RepositoryProject.repository_id == repository.id,
    )


def _is_elsewhere(repository: Repository) -> ColumnElement[bool]:
    """Whether another repository has a claim to the commit, as a fork has: it stays where it is."""
    other, rival = aliased(Repository), aliased(Commit)
    return exists().where(
        rival.sha == Commit.sha,
        rival.is_stated.is_(False),
        rival.repository_id == other.id,
        other.id != repository.id,
        other.organization_id == repository.organization_id,
        other.is_tracked.is_(True),
        RepositoryProject.repository_id == other.id,
        RepositoryProject.project_id == ReleaseProject.project_id,
        ReleaseProject.release_id == ReleaseCommit.release_id,
    )
