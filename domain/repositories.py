"""Which repositories count, and which projects they feed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.organizations import (
    SLUG_LENGTH,
    create_project,
    find_project,
    lock_organization,
    make_slug,
)
from domain.work import make_gaps_due, make_tips_due
from models import Project, Repository, RepositoryProject, Work, WorkKind


def find_repository(session: Session, organization_id: int, full_name: str) -> Repository | None:
    """The organization's repository of that `owner/name`, in any case, as GitHub reads names."""
    found = session.scalars(
        select(Repository)
        .where(
            Repository.organization_id == organization_id,
            func.lower(Repository.full_name) == full_name.lower(),
        )
        .order_by(Repository.is_accessible.desc(), Repository.id.desc())
    )
    return found.first()  # a name can be used again after its repository is gone: the one in use


def find_repository_by_github_id(
    session: Session, organization_id: int, github_id: int
) -> Repository | None:
    return session.scalar(
        select(Repository).where(
            Repository.organization_id == organization_id, Repository.github_id == github_id
        )
    )


def get_repository(session: Session, organization_id: int, full_name: str) -> Repository:
    """As `find_repository`; raises NotFoundError."""
    repository = find_repository(session, organization_id, full_name)
    if repository is None:
        raise NotFoundError(f"no repository {full_name!r} in this organization")
    return repository


def track_repository(
    session: Session,
    repository: Repository,
    *,
    now: datetime,
    projects: Sequence[Project] | None = None,
) -> None:
    """Let the repository's pushes and tags count, and feed exactly *projects* from it.

    Without *projects* it keeps those that it fed before, else feeds the project of its own slug,
    made if missing. Its history is imported unless it is known; what happened while a repository
    was not tracked is not known. Repeatable; flushes, does not commit.
    """
    verify_trackable(repository)
    if not repository.is_tracked:
        repository.is_tracked = True
        repository.history_known_at = None
        _unpause(session, repository)
    if projects is not None:
        feed_exactly(session, repository, projects)
    elif not _feeds_any(session, repository):
        feed_exactly(session, repository, [_own_project(session, repository, now=now)])
    if not repository.is_history_known:
        import_history(session, repository, now=now)
    session.flush()


def lock_repository(session: Session, repository: Repository) -> None:
    """One writer a repository at a time: lists are computed from what all others committed.

    SQLite has one writer anyway; PostgreSQL locks the row until the end of the transaction. Not
    for update of the key: rows that refer to it, a delivery's for one, hold a share of that, and
    two that wait for each other's share would wait for ever. What is loaded of it is read anew.
    """
    session.refresh(repository, with_for_update={"key_share": True})


def verify_trackable(repository: Repository) -> None:
    """Raise InvalidError for a repository whose pushes and tags can never count here."""
    if repository.github_id is None:
        raise InvalidError(
            f"{repository.full_name} is known from a client's list of commits alone; "
            "only repositories that GitHub shows to the App can be tracked."
        )
    if repository.moved_to_id is not None:
        raise InvalidError(f"{repository.full_name} counts in another organization.")


def untrack_repository(session: Session, repository: Repository) -> None:
    """Ignore the repository's pushes and tags from now on; its releases and projects stay."""
    repository.is_tracked = False
    work = _find_history_work(session, repository)
    if work is not None:
        work.due_at = work.paused_at = None
    session.flush()


def regain_repository(session: Session, repository: Repository, *, now: datetime) -> None:
    """GitHub shows the repository to us again: what was given up meanwhile goes on.

    What happened meanwhile was not told to us: tips and tags are compared with GitHub's.
    """
    repository.is_accessible, repository.lost_reason = True, None
    if not repository.is_tracked:
        return
    if repository.is_history_known:
        make_gaps_due(session, repository, at=now)
        make_tips_due(session, repository, at=now)
    else:
        resume_import(session, repository, now=now)


def resume_import(session: Session, repository: Repository, *, now: datetime) -> None:
    """Let an import that was given up go on where it stands; any other is left alone."""
    work = _find_history_work(session, repository)
    if work is not None and work.failed_at is not None:
        import_history(session, repository, now=now)


def _feeds_any(session: Session, repository: Repository) -> bool:
    return bool(
        session.scalar(select(exists().where(RepositoryProject.repository_id == repository.id)))
    )


def feed_exactly(session: Session, repository: Repository, projects: Sequence[Project]) -> None:
    """Have the repository feed *projects* and no others; what they take of it stays as it was."""
    wanted = {project.id for project in projects}
    fed = set(
        session.scalars(
            select(RepositoryProject.project_id).where(
                RepositoryProject.repository_id == repository.id
            )
        )
    )
    session.execute(
        delete(RepositoryProject).where(
            RepositoryProject.repository_id == repository.id,
            RepositoryProject.project_id.in_(fed - wanted),
        )
    )
    session.add_all(
        RepositoryProject(repository_id=repository.id, project_id=project_id)
        for project_id in sorted(wanted - fed)
    )
    session.flush()


def _own_project(session: Session, repository: Repository, *, now: datetime) -> Project:
    """The project named after the repository: one that no other repository feeds."""
    # Two repositories of one name, tracked at once, must not share a project.
    lock_organization(session, repository.organization_id)
    for slug in _own_slugs(repository.full_name):
        project = find_project(session, repository.organization_id, slug)
        if project is None:
            name = repository.full_name.rpartition("/")[2]
            return create_project(session, repository.organization_id, slug, name=name, now=now)
        if not _is_fed_by_another(session, project, repository):
            return project
    raise AssertionError("the candidates never end")


def _own_slugs(full_name: str) -> Iterator[str]:
    """Slugs for the repository's own project, the best first, without end."""
    owner, _, name = full_name.rpartition("/")
    own = make_slug(name)
    if own is not None:
        yield own
    long = make_slug(f"{owner}-{name}") or "project"
    yield long
    for number in count(2):
        suffix = f"-{number}"
        yield long[: SLUG_LENGTH - len(suffix)].rstrip("-_") + suffix


def _is_fed_by_another(session: Session, project: Project, repository: Repository) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    RepositoryProject.project_id == project.id,
                    RepositoryProject.repository_id != repository.id,
                )
            )
        )
    )


def _find_history_work(session: Session, repository: Repository) -> Work | None:
    return session.scalar(
        select(Work).where(Work.kind == WorkKind.history, Work.subject_id == repository.id)
    )


def _unpause(session: Session, repository: Repository) -> None:
    """A pause ends with the tracking that it belonged to."""
    work = _find_history_work(session, repository)
    if work is not None:
        work.paused_at = None


def import_history(session: Session, repository: Repository, *, now: datetime) -> None:
    """Make the import due, unless it is: an import under way goes on where it stands.

    One that a person paused waits for a person.
    """
    work = _find_history_work(session, repository)
    if work is None:
        work = Work(
            kind=WorkKind.history,
            subject_id=repository.id,
            organization_id=repository.organization_id,
            progress={},
        )
        session.add(work)
    elif work.paused_at is not None or (work.due_at is not None and work.failed_at is None):
        return
    elif work.failed_at is None:  # finished, or ended early: begin anew
        work.progress = {}
        work.started_at = work.finished_at = None
    work.due_at = now
    work.attempts = 0
    work.failed_at = work.reason = None
