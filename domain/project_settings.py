"""Projects and their keys as people set them up; each change leaves a line in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.audit import KEY_CREATED, KEY_DELETED, PROJECT_CREATED, record_event, record_setting
from domain.errors import InvalidError, NotFoundError
from domain.organizations import (
    NAME_LENGTH,
    PLATFORM_LENGTH,
    create_project,
    lock_organization,
)
from domain.project_keys import NAME_LENGTH as KEY_NAME_LENGTH
from domain.project_keys import create_key, list_keys
from domain.provenance import Why
from domain.text import clean_text
from models import Event, Issue, Project, ProjectKey, Repository, RepositoryProject

MOST_KEYS = 50
LAST_KEY = "A project keeps one key: make another first, or deactivate this one."


@dataclass(frozen=True)
class ProjectRow:
    """A project, with the names of the repositories that feed it."""

    project: Project
    repositories: list[str]
    issues: int
    last_event_at: datetime | None


def list_project_rows(session: Session, organization_id: int) -> list[ProjectRow]:
    """The organization's projects by slug."""
    issues = (
        select(func.count()).select_from(Issue).where(Issue.project_id == Project.id)
    ).scalar_subquery()
    last_event = (
        select(func.max(Event.happened_at)).where(Event.project_id == Project.id)
    ).scalar_subquery()
    rows = session.execute(
        select(Project, issues, last_event)
        .where(Project.organization_id == organization_id)
        .order_by(Project.slug)
    ).all()
    feeding = _list_feeding(session, organization_id)
    return [ProjectRow(project, feeding.get(project.id, []), *told) for project, *told in rows]


def list_repositories_feeding(session: Session, project: Project) -> list[str]:
    """Names of the repositories whose releases are the project's."""
    return _list_feeding(session, project.organization_id).get(project.id, [])


def add_project(
    session: Session,
    organization_id: int,
    slug: str,
    *,
    name: str = "",
    platform: str | None = None,
    why: Why,
) -> Project:
    """A new project with a key; raises AlreadyExistsError or InvalidError."""
    project = create_project(
        session,
        organization_id,
        slug,
        name=_clean_name(name or slug),
        platform=_clean_platform(platform),
        now=why.now,
    )
    data = {"name": project.name, "platform": project.platform}
    record_event(
        session,
        why,
        PROJECT_CREATED,
        organization_id=organization_id,
        subject=project.slug,
        data=data,
    )
    return project


def change_project(
    session: Session, project: Project, *, name: str, platform: str | None, why: Why
) -> None:
    """Set name and platform; the slug is in addresses and issue ids, and stays. InvalidError."""
    name, platform = _clean_name(name), _clean_platform(platform)
    lock_organization(session, project.organization_id)
    session.refresh(project)
    for setting, before, after in (
        ("name", project.name, name),
        ("platform", project.platform, platform),
    ):
        record_setting(
            session,
            why,
            setting,
            organization_id=project.organization_id,
            before=before,
            after=after,
            subject=f"project {project.slug}",
        )
    project.name, project.platform = name, platform
    session.flush()


def get_key(session: Session, project: Project, key_id: int) -> ProjectKey:
    """The project's key of that row id; raises NotFoundError."""
    key = session.scalar(
        select(ProjectKey).where(ProjectKey.project_id == project.id, ProjectKey.id == key_id)
    )
    if key is None:
        raise NotFoundError(f"no key {key_id} of the project {project.slug!r}")
    return key


def add_key(session: Session, project: Project, *, name: str = "", why: Why) -> ProjectKey:
    """Another key of the project, by default named after its digits; raises InvalidError."""
    lock_organization(session, project.organization_id)
    if len(list_keys(session, project.id)) >= MOST_KEYS:
        raise InvalidError(f"A project has at most {MOST_KEYS} keys: delete one that is not used.")
    key = create_key(session, project.id, name=_clean_key_name(name) or None, now=why.now)
    _record(session, project, key, KEY_CREATED, why)
    return key


def rename_key(session: Session, project: Project, key_id: int, *, name: str, why: Why) -> None:
    """Call a key *name*; raises InvalidError or NotFoundError."""
    lock_organization(session, project.organization_id)
    key, name = get_key(session, project, key_id), _clean_key_name(name)
    if not name:
        raise InvalidError(f"A key's name has 1 to {KEY_NAME_LENGTH} characters.")
    record_setting(
        session,
        why,
        "name",
        organization_id=project.organization_id,
        before=key.name,
        after=name,
        subject=_describe(project, key),
    )
    key.name = name
    session.flush()


def switch_key(
    session: Session, project: Project, key_id: int, *, is_active: bool, why: Why
) -> None:
    """Let events with the key be taken, or be refused; raises NotFoundError."""
    lock_organization(session, project.organization_id)
    key = get_key(session, project, key_id)
    record_setting(
        session,
        why,
        "takes events",
        organization_id=project.organization_id,
        before=key.is_active,
        after=is_active,
        subject=_describe(project, key),
    )
    key.is_active = is_active
    session.flush()


def delete_key(session: Session, project: Project, key_id: int, *, why: Why) -> None:
    """Remove a key for good; raises NotFoundError, or InvalidError for the project's only one."""
    lock_organization(session, project.organization_id)
    key = get_key(session, project, key_id)
    if len(list_keys(session, project.id)) == 1:
        raise InvalidError(LAST_KEY)
    _record(session, project, key, KEY_DELETED, why)
    session.delete(key)
    session.flush()


def _list_feeding(session: Session, organization_id: int) -> dict[int, list[str]]:
    rows = session.execute(
        select(RepositoryProject.project_id, Repository.full_name)
        .join(Repository, Repository.id == RepositoryProject.repository_id)
        .where(Repository.organization_id == organization_id, Repository.is_tracked.is_(True))
        .order_by(Repository.full_name)
    )
    feeding: dict[int, list[str]] = {}
    for project_id, name in rows:
        feeding.setdefault(project_id, []).append(name)
    return feeding


def _record(session: Session, project: Project, key: ProjectKey, kind: str, why: Why) -> None:
    record_event(
        session,
        why,
        kind,
        organization_id=project.organization_id,
        subject=_describe(project, key),
    )


def _describe(project: Project, key: ProjectKey) -> str:
    """Names may be the same; the first digits, which are no secret, tell keys apart."""
    return f"project {project.slug}, key {key.name} ({key.public_key[:8]})"


def _clean_name(text: str) -> str:
    name = clean_text(text).strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidError(f"A name has 1 to {NAME_LENGTH} characters.")
    return name


def _clean_key_name(text: str) -> str:
    name = clean_text(text).strip()
    if len(name) > KEY_NAME_LENGTH:
        raise InvalidError(f"A key's name has 1 to {KEY_NAME_LENGTH} characters.")
    return name


def _clean_platform(text: str | None) -> str | None:
    platform = clean_text(text or "").strip()
    if len(platform) > PLATFORM_LENGTH:
        raise InvalidError(f"A platform has at most {PLATFORM_LENGTH} characters.")
    return platform or None
