"""Releases that events name after a commit: they get it as their head (sentry-api.md 4.8).

An event's batch only makes the release, and work due: a head needs its repository locked and lists
computed, for which no event has to wait. The commit may as well come after the event.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.provenance import Why
from domain.stated_heads import StatedRef, set_refs
from domain.stray_commits import is_told_elsewhere
from domain.work import make_due
from models import (
    Commit,
    Head,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
    WorkKind,
)

RULE = "event-names-commit"
START = 7  # digits, the fewest that name a commit
MOST_SHAS = 50  # names of one batch that are looked up as the beginning of a sha
AT_ONCE = 20  # heads given in one transaction
_SHA = re.compile(r"[0-9a-fA-F]{7,40}|[0-9a-fA-F]{64}")
_FULL = (40, 64)  # digits of SHA-1 and SHA-256
Place = tuple[int, str]  # repository, full sha


def start_of_sha(name: str) -> str | None:
    """What `Release.sha_start` holds for that name; None if it cannot be the beginning of a sha."""
    return name[:START].lower() if _SHA.fullmatch(name) else None


def find_commits(
    session: Session, names: Collection[str], repository_ids: Select[int]
) -> dict[str, list[Place]]:
    """Where the commits are that *names* mean, of those that are a sha or the beginning of one.

    What begins several commits means none; one commit may be in several repositories.
    """
    begins = {name: name.lower() for name in sorted(names) if _SHA.fullmatch(name)}
    begins = dict(list(begins.items())[:MOST_SHAS])
    if not begins:
        return {}
    # A range, unlike LIKE, uses the index on both databases: `g` follows the last hex digit.
    ranges = (and_(Commit.sha >= start, Commit.sha < start + "g") for start in begins.values())
    rows = session.execute(
        select(Commit.repository_id, Commit.sha)
        .where(Commit.repository_id.in_(repository_ids), or_(*ranges))
        .order_by(Commit.repository_id, Commit.sha)
    ).all()
    found = {}
    for name, start in begins.items():
        places = [(row.repository_id, row.sha) for row in rows if row.sha.startswith(start)]
        shas = {sha for _, sha in places}
        if len(shas) == 1 and (len(start) not in _FULL or shas == {start}):
            found[name] = places
    return found


def repositories_of(project: Project) -> Select[int]:
    """Ids of the repositories that feed *project*."""
    return select(RepositoryProject.repository_id).where(RepositoryProject.project_id == project.id)


def make_heads_due(
    session: Session, organization_id: int, repository_ids: Iterable[int], *, now: datetime
) -> None:
    """Have the releases that wait for commits of these repositories get them as heads.

    The rows are locked before any release, and after the repositories.
    """
    for repository_id in sorted(set(repository_ids)):
        make_due(
            session,
            WorkKind.heads,
            subject_id=repository_id,
            organization_id=organization_id,
            at=now,
        )


def note_learnt(
    session: Session, repository: Repository, shas: Iterable[str], *, now: datetime
) -> None:
    """Commits came in: make work due if a release that events named waits for one of them.

    Or if a client has listed one of them, when it was not known yet whose it is.
    """
    new = set(shas)
    if is_told_elsewhere(session, repository, new):
        make_heads_due(session, repository.organization_id, [repository.id], now=now)
        return
    starts = sorted({sha[:START] for sha in new})
    for some in batches(starts):
        waiting = _waiting(repository).where(Release.sha_start.in_(some))
        if session.scalar(waiting.limit(1)) is not None:
            make_heads_due(session, repository.organization_id, [repository.id], now=now)
            return


def give_heads(session: Session, repository_id: int, *, why: Why, limit: int = AT_ONCE) -> bool:
    """Give releases that wait for commits of the repository their heads; whether more may wait."""
    repository = session.get(Repository, repository_id)
    if repository is None:
        return False
    waiting = session.scalars(
        _waiting(repository).where(_is_known(repository)).order_by(Release.id).limit(limit)
    ).all()
    if not waiting:
        return False
    places = {id_: _find_places(session, id_) for id_ in waiting}
    _lock_repositories(session, {id_ for some in places.values() for id_, _ in some})
    for release_id in waiting:
        _give_head(session, release_id, places[release_id], why)
    return len(waiting) == limit


def _waiting(repository: Repository) -> Select[int]:
    """Ids of releases that may be named after a commit of *repository*."""
    shipped = (
        exists()
        .where(ReleaseProject.release_id == Release.id)
        .where(ReleaseProject.project_id == RepositoryProject.project_id)
        .where(RepositoryProject.repository_id == repository.id)
    )
    return select(Release.id).where(
        Release.organization_id == repository.organization_id,
        Release.sha_start.is_not(None),
        shipped,
        ~exists().where(Head.release_id == Release.id),
    )


def _is_known(repository: Repository) -> ColumnElement[bool]:
    start = func.lower(Release.version)
    return exists().where(
        Commit.repository_id == repository.id, Commit.sha >= start, Commit.sha < start + "g"
    )


def _find_places(session: Session, release_id: int) -> list[Place]:
    name = session.get_one(Release, release_id).version
    feeding = (
        select(RepositoryProject.repository_id)
        .join(ReleaseProject, ReleaseProject.project_id == RepositoryProject.project_id)
        .where(ReleaseProject.release_id == release_id)
    )
    return find_commits(session, [name], feeding).get(name, [])


def _lock_repositories(session: Session, ids: Collection[int]) -> None:
    query = select(Repository).where(Repository.id.in_(ids)).order_by(Repository.id)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    session.scalars(locked).all()


def _give_head(session: Session, release_id: int, places: list[Place], why: Why) -> None:
    """Without *places*, the name begins several commits: it waits for none any more."""
    query = select(Release).where(Release.id == release_id).with_for_update(key_share=True)
    release = session.scalar(query.execution_options(populate_existing=True))
    if release is None:
        return
    session.execute(update(Release).where(Release.id == release_id).values(sha_start=None))
    if session.scalar(select(exists().where(Head.release_id == release_id))):
        return  # a client was faster
    refs = [StatedRef(id_, stated=sha, sha=sha) for id_, sha in places]
    if refs:
        set_refs(session, release, refs, why=why, rule=RULE)
