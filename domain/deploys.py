"""Deploys: a release was put into an environment (sentry-api.md 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.errors import InvalidError, NotFoundError
from domain.paging import find_id
from domain.provenance import Why, record_activity
from domain.windows import Place, Window, beyond, cut, to_moment, to_number
from models import Deploy, DeployProject, Environment, Project, Release, ReleaseProject

ENVIRONMENT_LENGTH = NAME_LENGTH = 64
_RESERVED = {"", ".", "..", "none"}
# Slashes, and all that ends a line; NUL is ours: PostgreSQL would refuse it.
_FORBIDDEN = re.compile("[/\\\\\r\n\v\f\x00\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True)
class DeployData:
    """What a client says of a deploy; without `projects` it is of all that the release ships in."""

    environment: str
    finished_at: datetime
    started_at: datetime | None = None
    name: str | None = None
    url: str | None = None
    projects: Sequence[str] | None = None  # slugs or ids


@dataclass(frozen=True)
class DeployRecord:
    """A deploy, and the name of its environment."""

    deploy: Deploy
    environment: str


def is_environment_name(name: str) -> bool:
    """Whether an environment may have that name; its length is another matter."""
    return name not in _RESERVED and _FORBIDDEN.search(name) is None


def create_deploy(
    session: Session, release: Release, data: DeployData, *, why: Why
) -> DeployRecord:
    """A new deploy of *release*, which becomes its last one; its environment is made if missing.

    Raises InvalidError if one of the projects is none of the release's, NotFoundError if the
    release is gone. Two deploys at once are both counted. Flushes, does not commit.
    """
    release = _lock(session, release.id)
    projects = _choose(_list_projects(session, release.id), data.projects, release.version)
    environment = _get_environment(session, release.organization_id, data.environment, now=why.now)
    deploy = Deploy(
        release_id=release.id,
        environment_id=environment.id,
        name=data.name,
        url=data.url,
        started_at=data.started_at,
        finished_at=data.finished_at,
        created_at=why.now,
    )
    session.add(deploy)
    session.flush()
    session.add_all(DeployProject(deploy_id=deploy.id, project_id=one.id) for one in projects)
    release.deploy_count += 1
    release.last_deploy_id = deploy.id
    record_activity(
        session,
        why,
        "deployed",
        organization_id=release.organization_id,
        release_id=release.id,
        data={
            "environment": environment.name,
            "name": deploy.name,
            "projects": [project.slug for project in projects],
        },
    )
    session.flush()
    return DeployRecord(deploy, environment.name)


def list_last_deploys(
    session: Session, release_id: int, *, place: Place | None, size: int
) -> Window[DeployRecord]:
    """The release's last deploy of each project into each environment, the last finished first.

    A place holds the moment when a deploy was finished, and its id.
    """
    nth = func.row_number().over(
        partition_by=(Deploy.environment_id, DeployProject.project_id),
        order_by=(Deploy.finished_at.desc(), Deploy.id.desc()),
    )
    ranked = (
        select(Deploy.id, nth.label("nth"))
        .outerjoin(DeployProject, DeployProject.deploy_id == Deploy.id)
        .where(Deploy.release_id == release_id)
        .subquery()
    )
    query = _with_environment().where(Deploy.id.in_(select(ranked.c.id).where(ranked.c.nth == 1)))
    ascending = place is not None and place.is_backwards
    if place is not None:
        here = (to_moment(place.value), place.row_offset)
        query = query.where(beyond(Deploy.finished_at, Deploy.id, here, ascending=ascending))
    finished_at, number = Deploy.finished_at, Deploy.id
    order = (finished_at, number) if ascending else (finished_at.desc(), number.desc())
    found = session.execute(query.order_by(*order).limit(size + 1)).all()
    window = cut(found, place, size, lambda row: (to_number(row[0].finished_at), row[0].id))
    records = [DeployRecord(row[0], row[1]) for row in window.rows]
    return Window(records, window.previous, window.following)


def load_deploys(session: Session, deploy_ids: Sequence[int]) -> dict[int, DeployRecord]:
    """The deploys of *deploy_ids*, at most a page of them, by id."""
    found = session.execute(_with_environment().where(Deploy.id.in_(deploy_ids)))
    return {deploy.id: DeployRecord(deploy, environment) for deploy, environment in found}


def _with_environment() -> Select[Deploy, str]:
    return select(Deploy, Environment.name).join(
        Environment, Environment.id == Deploy.environment_id
    )


def _lock(session: Session, release_id: int) -> Release:
    """The release as it is now, until the transaction ends."""
    query = select(Release).where(Release.id == release_id).with_for_update(key_share=True)
    release = session.scalar(query.execution_options(populate_existing=True))
    if release is None:
        raise NotFoundError("the release is gone")
    return release


def _list_projects(session: Session, release_id: int) -> list[Project]:
    """The projects that the release ships in, by slug."""
    return list(
        session.scalars(
            select(Project)
            .join(ReleaseProject, ReleaseProject.project_id == Project.id)
            .where(ReleaseProject.release_id == release_id)
            .order_by(Project.slug)
        )
    )


def _choose(
    projects: Sequence[Project], names: Sequence[str] | None, version: str
) -> Sequence[Project]:
    if names is None:
        return projects
    wanted = {name: find_id(name) for name in names}
    unknown = wanted.keys() - {
        name
        for name, number in wanted.items()
        if any(project.slug == name or project.id == number for project in projects)
    }
    if unknown:
        told = ", ".join(name for name in wanted if name in unknown)
        raise InvalidError(f"Invalid projects ({told}) for release {version}")
    return [one for one in projects if one.slug in wanted or one.id in wanted.values()]


def _get_environment(
    session: Session, organization_id: int, name: str, *, now: datetime
) -> Environment:
    """The organization's environment of that name, made if missing."""
    row = {"organization_id": organization_id, "name": name, "created_at": now}
    insert_missing(session, Environment, [row])
    return session.scalars(
        select(Environment).where(
            Environment.organization_id == organization_id, Environment.name == name
        )
    ).one()
