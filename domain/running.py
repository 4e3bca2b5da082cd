"""Which release runs where: read off deploys, by the moments when they were finished.

In one environment of one project the deploys follow each other; the last one says what runs there.
The order in which clients told of them makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from models import Deploy, DeployProject, Environment, Project, Release


@dataclass(frozen=True)
class Running:
    """A release that runs in an environment of a project, by the last deploy there."""

    project: str  # slug
    environment: str
    version: str
    release_id: int
    deployed_at: datetime


@dataclass(frozen=True)
class Stay:
    """For how long a release was, or is, in an environment of some of its projects."""

    environment: str
    projects: list[str]  # slugs, sorted
    since: datetime
    until: datetime | None  # when another release replaced it; None: it runs there


def list_running(
    session: Session, organization_id: int, *, project_ids: Sequence[int] | None = None
) -> list[Running]:
    """What runs in each environment of each project, or of *project_ids*, by slug, then environment."""
    query = (
        select(
            Project.slug,
            Environment.name,
            Release.version,
            Release.id,
            Deploy.finished_at.label("at"),
        )
        .join(DeployProject, DeployProject.deploy_id == Deploy.id)
        .join(Project, Project.id == DeployProject.project_id)
        .join(Environment, Environment.id == Deploy.environment_id)
        .join(Release, Release.id == Deploy.release_id)
        .where(Environment.organization_id == organization_id, _is_last())
        .order_by(Project.slug, Environment.name)
    )
    if project_ids is not None:
        query = query.where(Project.id.in_(project_ids))
    return [Running(*row) for row in session.execute(query)]


def list_environments_of_releases(
    session: Session, release_ids: Sequence[int]
) -> dict[int, list[str]]:
    """Names of the environments in which each of *release_ids*, at most a page, runs now, sorted."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for release_id, name in session.execute(
        select(Deploy.release_id, Environment.name)
        .join(DeployProject, DeployProject.deploy_id == Deploy.id)
        .join(Environment, Environment.id == Deploy.environment_id)
        .where(Deploy.release_id.in_(release_ids), _is_last())
        .distinct()
        .order_by(Environment.name)
    ):
        found[release_id].append(name)
    return found


def list_stays(session: Session, release_id: int) -> list[Stay]:
    """The release's last stay in each environment and project; where it runs first, the newest first.

    A repeated deploy prolongs a stay; one after another release's begins the next.
    """
    replaced_at = _replaced_at().label("replaced_at")
    rows = session.execute(
        select(Environment.name, Project.slug, Deploy.finished_at, replaced_at)
        .join(DeployProject, DeployProject.deploy_id == Deploy.id)
        .join(Project, Project.id == DeployProject.project_id)
        .join(Environment, Environment.id == Deploy.environment_id)
        .where(Deploy.release_id == release_id)
        .order_by(Deploy.finished_at, Deploy.id)
    ).all()
    last = {(row.name, row.slug): row.replaced_at for row in rows}  # that of the latest row
    began: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.replaced_at == last[row.name, row.slug]:
            began.setdefault((row.name, row.slug), row.finished_at)
    stays: defaultdict[tuple[str, datetime, datetime | None], list[str]] = defaultdict(list)
    for name, slug in sorted(last):
        stays[name, began[name, slug], last[name, slug]].append(slug)
    found = [Stay(name, slugs, since, until) for (name, since, until), slugs in stays.items()]
    found.sort(key=lambda stay: stay.since, reverse=True)
    return sorted(found, key=lambda stay: stay.until is not None)


def _is_last() -> ColumnElement[bool]:
    """No later deploy brought anything into this environment of this project."""
    later, also = aliased(Deploy), aliased(DeployProject)
    return ~(
        select(later.id)
        .join(also, also.deploy_id == later.id)
        .where(_is_after(later, also))
        .correlate(Deploy, DeployProject)
        .exists()
    )


def _replaced_at() -> ScalarSelect[datetime]:
    """When a deploy of another release came there, after this one."""
    later, also = aliased(Deploy), aliased(DeployProject)
    return (
        select(func.min(later.finished_at))
        .join(also, also.deploy_id == later.id)
        .where(_is_after(later, also), later.release_id != Deploy.release_id)
        .correlate(Deploy, DeployProject)
        .scalar_subquery()
    )


def _is_after(later: type[Deploy], also: type[DeployProject]) -> ColumnElement[bool]:
    return and_(
        later.environment_id == Deploy.environment_id,
        also.project_id == DeployProject.project_id,
        later.finished_at >= Deploy.finished_at,  # a range that an index has
        or_(later.finished_at > Deploy.finished_at, later.id > Deploy.id),
    )
