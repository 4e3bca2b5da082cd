"""Settings of one repository: whether it counts, which tags and pushes do, and whom it feeds.

Each change is a line of the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.branch_rules import parse_tracked_branches
from domain.errors import InvalidError, NotFoundError
from domain.organizations import create_project, find_project, lock_organization
from domain.path_scopes import set_path_globs, verify_globs
from domain.provenance import Why
from domain.repositories import feed_exactly, track_repository, untrack_repository
from domain.tag_rules import parse_tag_pattern
from domain.text import clean_text
from domain.version_templates import parse_version_template
from domain.work import make_due, make_gaps_due
from models import Project, Repository, RepositoryProject, WorkKind


@dataclass(frozen=True)
class Rules:
    """Which tags make releases and under which names, and which branches' pushes count."""

    tag_pattern: str | None
    version_template: str | None
    tracked_branches: list[str] | None


def rules_of(repository: Repository) -> Rules:
    """Those that the repository has."""
    return Rules(repository.tag_pattern, repository.version_template, repository.tracked_branches)


def parse_rules(*, tag_pattern: str, version_template: str, tracked_branches: str) -> Rules:
    """Rules as people wrote them; raises InvalidError with what is wrong and the remedy."""
    return Rules(
        parse_tag_pattern(tag_pattern),
        parse_version_template(version_template),
        parse_tracked_branches(tracked_branches),
    )


def change_rules(session: Session, repository: Repository, rules: Rules, *, why: Why) -> None:
    """Save *rules*. Tags that are there follow in the background; releases keep their names."""
    before = rules_of(repository)
    for name, old, new in (
        ("tags that make releases", before.tag_pattern, rules.tag_pattern),
        ("version template", before.version_template, rules.version_template),
        ("tracked branches", before.tracked_branches, rules.tracked_branches),
    ):
        _record(session, repository, name, old, new, why)
    repository.tag_pattern = rules.tag_pattern
    repository.version_template = rules.version_template
    repository.tracked_branches = rules.tracked_branches
    if before.tag_pattern != rules.tag_pattern:
        make_due(
            session,
            WorkKind.tags,
            subject_id=repository.id,
            organization_id=repository.organization_id,
            at=why.now,
        )
    session.flush()


def set_tracked(session: Session, repository: Repository, *, tracked: bool, why: Why) -> None:
    """Let the repository's pushes and tags count, or no longer. Raises InvalidError. Repeatable."""
    before = repository.is_tracked
    if tracked and not before:
        track_repository(session, repository, now=why.now)
    elif before and not tracked:
        untrack_repository(session, repository)
    record_tracking(session, repository, before, why=why)


def record_tracking(session: Session, repository: Repository, before: bool, *, why: Why) -> None:
    """Add the line of the audit log, if whether it is tracked has changed."""
    _record(session, repository, "tracked", before, repository.is_tracked, why)


def set_several_tracked(
    session: Session, organization_id: int, ids: Sequence[int], *, tracked: bool, why: Why
) -> list[str]:
    """As `set_tracked`, for those of the organization; names of what was changed."""
    lock_organization(session, organization_id)
    query = select(Repository).where(
        Repository.organization_id == organization_id, Repository.id.in_(ids)
    )
    repositories = list(session.scalars(query.order_by(Repository.id)))
    if len(repositories) < len(set(ids)):
        raise NotFoundError("no such repository in this organization")
    changed = [one for one in repositories if one.is_tracked != tracked]
    for repository in changed:
        set_tracked(session, repository, tracked=tracked, why=why)
    return [repository.full_name for repository in changed]


def change_feeding(
    session: Session,
    repository: Repository,
    *,
    slugs: Sequence[str],
    new_slug: str,
    paths: Mapping[str, str],
    why: Why,
) -> None:
    """Feed exactly the projects *slugs*, and a new one if named, each with its path globs.

    *paths* holds what people wrote, by slug. Raises InvalidError or AlreadyExistsError. Releases
    that exist stay in the projects that they are in.
    """
    organization_id = repository.organization_id
    lock_organization(session, organization_id)
    projects = [_get_project(session, organization_id, slug) for slug in dict.fromkeys(slugs)]
    if new_slug:
        projects.append(create_project(session, organization_id, new_slug, now=why.now))
    if not projects:
        raise InvalidError(
            "A repository feeds at least one project. To have it feed none, stop tracking it."
        )
    before = list_fed(session, repository)
    feed_exactly(session, repository, projects)
    after = sorted(project.slug for project in projects)
    _record(session, repository, "projects", [slug for slug, _ in before], after, why)
    known = dict(before)
    for project in projects:
        globs = verify_globs(clean_text(paths.get(project.slug, "")).splitlines()) or None
        if globs == known.get(project.slug):
            continue
        name = f"paths for {project.slug}"
        _record(session, repository, name, known.get(project.slug), globs, why)
        set_path_globs(session, repository, project.id, globs or [])
        make_gaps_due(session, repository, at=why.now)  # lists by these paths, in the background
    session.flush()


def list_fed(session: Session, repository: Repository) -> list[tuple[str, list[str] | None]]:
    """Slugs of the projects that the repository feeds, with their path globs."""
    rows = session.execute(
        select(Project.slug, RepositoryProject.path_globs)
        .join(RepositoryProject, RepositoryProject.project_id == Project.id)
        .where(RepositoryProject.repository_id == repository.id)
        .order_by(Project.slug)
    )
    return [(slug, globs) for slug, globs in rows]


def _get_project(session: Session, organization_id: int, slug: str) -> Project:
    project = find_project(session, organization_id, slug)
    if project is None:
        raise InvalidError(f"There is no project {slug!r} any more: choose another one.")
    return project


def _record(
    session: Session, repository: Repository, name: str, before: object, after: object, why: Why
) -> None:
    record_setting(
        session,
        why,
        name,
        organization_id=repository.organization_id,
        before=before,
        after=after,
        subject=repository.full_name,
        repository_id=repository.id,
    )
