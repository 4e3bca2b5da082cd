"""Repositories for people: what is tracked, what it feeds, how far its import is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Project, Repository, RepositoryProject, Work, WorkKind


@dataclass(frozen=True)
class ImportProgress:
    """How far the import of a history is; counts are None until they are known."""

    phase: str | None
    commits: int | None
    expected_commits: int | None
    tags: int | None
    is_running: bool
    has_failed: bool
    due_at: datetime | None
    reason: str | None  # of a delay, or of giving up


@dataclass(frozen=True)
class RepositoryRow:
    """A repository, the slugs of the projects that it feeds, and its import if there was one."""

    repository: Repository
    projects: list[str]
    progress: ImportProgress | None


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
        work.subject_id: work
        for work in session.scalars(
            select(Work).where(
                Work.organization_id == organization_id, Work.kind == WorkKind.history
            )
        )
    }
    return [
        RepositoryRow(
            repository=repository,
            projects=projects[repository.id],
            progress=_progress(works.get(repository.id)),
        )
        for repository in repositories
    ]


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


def list_project_slugs(session: Session, organization_id: int) -> list[str]:
    """Slugs, for choosing one."""
    return list(
        session.scalars(
            select(Project.slug)
            .where(Project.organization_id == organization_id)
            .order_by(Project.slug)
        )
    )


def _progress(work: Work | None) -> ImportProgress | None:
    if work is None:
        return None
    told: dict[str, Any] = work.progress
    return ImportProgress(
        phase=told.get("phase"),
        commits=told.get("commits"),
        expected_commits=told.get("expected_commits"),
        tags=told.get("tags"),
        is_running=work.due_at is not None and work.failed_at is None,
        has_failed=work.failed_at is not None,
        due_at=work.due_at,
        reason=work.reason,
    )
