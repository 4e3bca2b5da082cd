"""Repositories for people: what is tracked, what it feeds, how far work on it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from domain.import_pace import measure_pace
from models import Installation, Project, Repository, RepositoryProject, Work, WorkKind


@dataclass(frozen=True)
class Progress:
    """How far long work is, such as the import of a history; counts are None until known.

    *share* is from 0 to 1, *seconds_left* an estimate of the work left, waiting apart.
    """

    phase: str | None
    commits: int | None
    expected_commits: int | None
    tags: int | None
    is_running: bool
    has_failed: bool
    due_at: datetime | None
    reason: str | None  # of a delay, or of giving up
    is_paused: bool = False
    share: float | None = None
    seconds_left: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Running, paused or given up: there is something to say beside "done"."""
        return self.is_running or self.is_paused or self.has_failed


@dataclass(frozen=True)
class RepositoryRow:
    """A repository, the slugs of the projects that it feeds, and the work on it, if there was any."""

    repository: Repository
    projects: list[str]
    progress: Progress | None  # of its import
    gaps: Progress | None  # of asking GitHub for what no push brought


def list_repositories(session: Session, organization_id: int) -> list[RepositoryRow]:
    """The organization's repositories by name, tracked or not, in three statements."""
    repositories = session.scalars(
        select(Repository)
        .where(Repository.organization_id == organization_id)
        .order_by(func.lower(Repository.full_name), Repository.id)
    ).all()
    projects: defaultdict[int, list[str]] = defaultdict(list)
    for repository_id, slug in session.execute(
        select(RepositoryProject.repository_id, Project.slug)
        .join(Project, Project.id == RepositoryProject.project_id)
        .where(Project.organization_id == organization_id)
        .order_by(Project.slug)
    ):
        projects[repository_id].append(slug)
    works = {
        (work.kind, work.subject_id): work
        for work in session.scalars(
            select(Work).where(
                Work.organization_id == organization_id,
                Work.kind.in_((WorkKind.history, WorkKind.gaps)),
            )
        )
    }
    return [
        RepositoryRow(
            repository=repository,
            projects=projects[repository.id],
            progress=progress_of(works.get((WorkKind.history, repository.id))),
            gaps=progress_of(works.get((WorkKind.gaps, repository.id))),
        )
        for repository in repositories
    ]


def find_installation(
    session: Session, organization_id: int, installation_id: int
) -> Installation | None:
    """The organization's installation of that row id, which the API calls an integration."""
    return session.scalar(
        select(Installation).where(
            Installation.organization_id == organization_id, Installation.id == installation_id
        )
    )


def is_being_listed(session: Session, installation_id: int) -> bool:
    """Whether GitHub is still to be asked which repositories the installation shows."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Work.kind == WorkKind.repositories,
                    Work.subject_id == installation_id,
                    or_(Work.due_at.is_not(None), Work.failed_at.is_not(None)),
                )
            )
        )
    )


def list_listings(session: Session, organization_id: int) -> list[tuple[str, Progress]]:
    """Accounts whose repositories are being asked for, or could not be, with how far that is."""
    rows = session.execute(
        select(Installation.account_login, Work)
        .join(Work, (Work.kind == WorkKind.repositories) & (Work.subject_id == Installation.id))
        .where(
            Installation.organization_id == organization_id,
            Installation.deleted_at.is_(None),
            or_(Work.due_at.is_not(None), Work.failed_at.is_not(None)),
        )
        .order_by(Installation.account_login)
    )
    return [(login, progress) for login, work in rows if (progress := progress_of(work))]


def list_repository_names(session: Session, organization_id: int) -> list[str]:
    """Full names, for choosing one."""
    return list(
        session.scalars(
            select(Repository.full_name)
            .where(Repository.organization_id == organization_id)
            .distinct()
            .order_by(Repository.full_name)
        )
    )


def find_repository_by_id(
    session: Session, organization_id: int, repository_id: int
) -> Repository | None:
    return session.scalar(
        select(Repository).where(
            Repository.organization_id == organization_id, Repository.id == repository_id
        )
    )


def list_named(
    session: Session,
    organization_id: int,
    *,
    text: str = "",
    is_active: bool = True,
    installation_id: int | None = None,
) -> list[Repository]:
    """Repositories by name: those tracked and accessible, or all others; *text* is part of the name."""
    active = and_(Repository.is_tracked.is_(True), Repository.is_accessible.is_(True))
    query = (
        select(Repository)
        .where(Repository.organization_id == organization_id, active if is_active else not_(active))
        .order_by(func.lower(Repository.full_name), Repository.id)
    )
    if text:
        query = query.where(Repository.full_name.icontains(text, autoescape=True))
    if installation_id is not None:
        query = query.where(Repository.installation_id == installation_id)
    return list(session.scalars(query))


def list_project_slugs(session: Session, organization_id: int) -> list[str]:
    """Slugs, for choosing one."""
    return list(
        session.scalars(
            select(Project.slug)
            .where(Project.organization_id == organization_id)
            .order_by(Project.slug)
        )
    )


def find_progress(session: Session, repository: Repository) -> Progress | None:
    """How far the import of the repository's history is; None if there never was one."""
    return progress_of(
        session.scalar(
            select(Work).where(Work.kind == WorkKind.history, Work.subject_id == repository.id)
        )
    )


def progress_of(work: Work | None) -> Progress | None:
    """How far *work* is, for people."""
    if work is None:
        return None
    told: dict[str, Any] = work.progress
    pace = measure_pace(told) if work.kind == WorkKind.history else None
    return Progress(
        phase=told.get("phase"),
        commits=told.get("commits"),
        expected_commits=told.get("expected_commits"),
        tags=told.get("tags"),
        is_running=work.due_at is not None and work.failed_at is None and work.paused_at is None,
        has_failed=work.failed_at is not None,
        due_at=work.due_at,
        reason=work.reason,
        is_paused=work.paused_at is not None,
        share=pace.share if pace else None,
        seconds_left=pace.seconds_left if pace else None,
    )
