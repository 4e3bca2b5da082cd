"""Finding releases: in pages, by version, by tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from domain.errors import AmbiguousError, NotFoundError
from domain.paging import Moment, Page, first_of, parse_moment
from domain.release_aliases import find_releases_by_alias
from domain.release_facts import ReleaseFacts, load_facts, moment_of_release
from domain.release_search import EVERYTHING, ReleaseSearch, conditions_of
from domain.windows import beyond
from models import (
    Deploy,
    DeployProject,
    Environment,
    Head,
    Project,
    Release,
    ReleaseProject,
    ReleaseStatus,
    Repository,
    Tag,
)


@dataclass(frozen=True)
class ReleaseFilter:
    """What a list of releases is narrowed to; an empty text narrows nothing."""

    repository: str = ""  # owner/name
    project: str = ""  # slug
    text: str = ""  # part of the version, or of a tag
    project_ids: Sequence[int] | None = None  # any of these; None: of all projects
    environments: Sequence[str] = ()  # deployed to any of these, by name; none narrows nothing
    status: ReleaseStatus | None = None  # None: open and archived ones
    created_from: datetime | None = None
    created_before: datetime | None = None
    search: ReleaseSearch = EVERYTHING


def list_releases(
    session: Session,
    organization_id: int,
    *,
    narrowed: ReleaseFilter,
    after: str | None = None,
    size: int = 50,
) -> Page[ReleaseFacts]:
    """Releases, newest first. Raises InvalidError for a cursor that is none."""
    query = narrow(select(Release), organization_id, narrowed)
    moment = moment_of_release()
    if after:
        place = parse_moment(after)
        query = query.where(beyond(moment, Release.id, (place.at, place.id), ascending=False))
    query = query.order_by(moment.desc(), Release.id.desc()).limit(size + 1)
    releases, last = first_of(session.scalars(query).all(), size)
    facts = load_facts(session, releases, [release.id for release in releases])
    following = str(Moment(facts[-1].moment, last.id)) if last is not None else None
    return Page(facts, following)


def find_releases(
    session: Session, organization_id: int, name: str, *, project_id: int | None = None
) -> list[Release]:
    """The release of that exact version; else those that have a tag of that name, by version.

    Where no tag has it, those that the name was accepted for. With *project_id*, of those that
    ship in that project.
    """
    of_organization = select(Release).where(Release.organization_id == organization_id)
    if project_id is not None:
        of_organization = of_organization.where(ships_in([project_id]))
    exact = session.scalar(of_organization.where(Release.version == name))
    if exact is not None:
        return [exact]
    tagged = of_organization.where(_has_tag(Tag.name == name)).order_by(Release.version)
    return list(session.scalars(tagged)) or find_releases_by_alias(
        session,
        organization_id,
        name,
        project_ids=None if project_id is None else [project_id],
    )


def get_release(
    session: Session, organization_id: int, name: str, *, project_id: int | None = None
) -> Release:
    """The one release of that version or tag; raises NotFoundError or AmbiguousError."""
    found = find_releases(session, organization_id, name, project_id=project_id)
    if not found:
        raise NotFoundError(f"no release {name!r} in this organization")
    if len(found) > 1:
        versions = ", ".join(release.version for release in found)
        raise AmbiguousError(f"{name!r} is the tag of several releases: {versions}")
    return found[0]


def narrow(
    query: Select[Release], organization_id: int, narrowed: ReleaseFilter
) -> Select[Release]:
    """*query* of the organization's releases with the conditions of *narrowed*."""
    query = query.where(Release.organization_id == organization_id)
    if narrowed.environments:
        query = query.where(_was_deployed_to(narrowed.environments, narrowed.project_ids))
    if narrowed.status is not None:
        query = query.where(Release.status == narrowed.status)
    if narrowed.created_from is not None:
        query = query.where(Release.created_at >= narrowed.created_from)
    if narrowed.created_before is not None:
        query = query.where(Release.created_at < narrowed.created_before)
    query = query.where(
        *conditions_of(
            narrowed.search, organization_id=organization_id, project_ids=narrowed.project_ids
        )
    )
    if narrowed.project_ids is not None:
        query = query.where(ships_in(narrowed.project_ids))
    if narrowed.repository:
        query = query.where(
            exists()
            .where(Head.release_id == Release.id)
            .where(Head.repository_id == Repository.id)
            .where(Repository.organization_id == Release.organization_id)
            .where(Repository.full_name == narrowed.repository)
        )
    if narrowed.project:
        query = query.where(
            exists()
            .where(ReleaseProject.release_id == Release.id)
            .where(ReleaseProject.project_id == Project.id)
            .where(Project.slug == narrowed.project)
        )
    if narrowed.text:
        query = query.where(
            or_(
                Release.version.icontains(narrowed.text, autoescape=True),
                _has_tag(Tag.name.icontains(narrowed.text, autoescape=True)),
            )
        )
    return query


def ships_in(project_ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether a `Release` ships in one of the projects."""
    return (
        exists()
        .where(ReleaseProject.release_id == Release.id)
        .where(ReleaseProject.project_id.in_(project_ids))
    )


def _was_deployed_to(
    environments: Sequence[str], project_ids: Sequence[int] | None
) -> ColumnElement[bool]:
    deployed = (
        exists()
        .where(Deploy.release_id == Release.id)
        .where(Environment.id == Deploy.environment_id)
        .where(Environment.name.in_(environments))
    )
    if project_ids is None:
        return deployed
    return deployed.where(DeployProject.deploy_id == Deploy.id).where(
        DeployProject.project_id.in_(project_ids)
    )


def _has_tag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        exists().where(Head.release_id == Release.id).where(Head.tag_id == Tag.id).where(condition)
    )
