"""Names that people accept for a release, within a project (interface.md, aliases).

A version counts first, then a tag, then what was accepted. Where a release was made by nothing but
events of that name, these events are moved to the right one and it goes: `domain.alias_moves`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.errors import InvalidError, NotFoundError
from domain.provenance import Why, record_activity
from domain.release_facts import is_stated
from domain.releases import find_release
from domain.work import make_due
from models import Head, Project, Release, ReleaseAlias, ReleaseProject, WorkKind

LONGEST_NAME = 200  # of a release that an event names
OWN_COMMITS = "“{}” is a release with commits of its own: only the SDK's option can be changed"


@dataclass(frozen=True)
class AcceptedAlias:
    """An alias for people: slug of the project, the name, and the version that it stands for."""

    id: int
    project: str
    name: str
    version: str
    actor: str | None
    created_at: datetime


def find_aliased(session: Session, project: Project, names: Collection[str]) -> dict[str, int]:
    """Ids of the releases that *names* stand for in the project, of those that were accepted."""
    if not names:
        return {}
    rows = session.execute(
        select(ReleaseAlias.name, ReleaseAlias.release_id).where(
            ReleaseAlias.project_id == project.id, ReleaseAlias.name.in_(names)
        )
    )
    return dict(rows.all())


def find_releases_by_alias(
    session: Session, organization_id: int, name: str, *, project_ids: Sequence[int] | None = None
) -> list[Release]:
    """The releases that the name was accepted for, in any project or in those, by version."""
    accepted = select(ReleaseAlias.release_id).where(
        ReleaseAlias.organization_id == organization_id, ReleaseAlias.name == name
    )
    if project_ids is not None:
        accepted = accepted.where(ReleaseAlias.project_id.in_(project_ids))
    query = select(Release).where(
        Release.organization_id == organization_id, Release.id.in_(accepted)
    )
    return list(session.scalars(query.order_by(Release.version)))


def find_without_head(session: Session, release_ids: Collection[int]) -> set[int]:
    """Those of the releases that know no commit."""
    if not release_ids:
        return set()
    headless = ~exists().where(Head.release_id == Release.id)
    return set(session.scalars(select(Release.id).where(Release.id.in_(release_ids), headless)))


def list_aliases(session: Session, organization_id: int) -> list[AcceptedAlias]:
    """Those of the organization, the newest first."""
    rows = session.execute(
        select(ReleaseAlias, Project.slug, Release.version)
        .join(Project, Project.id == ReleaseAlias.project_id)
        .join(Release, Release.id == ReleaseAlias.release_id)
        .where(ReleaseAlias.organization_id == organization_id)
        .order_by(ReleaseAlias.created_at.desc(), ReleaseAlias.id.desc())
    )
    return [
        AcceptedAlias(alias.id, slug, alias.name, version, alias.actor, alias.created_at)
        for alias, slug, version in rows
    ]


def accept_alias(
    session: Session, project: Project, name: str, version: str, *, why: Why
) -> ReleaseAlias:
    """Let *name* stand for the project's release of that version; its events are moved by a job.

    Accepted anew it stands for the release named last. Raises NotFoundError if the project has no
    such release, InvalidError if the name cannot stand for it. Repeatable.
    """
    release = _get_target(session, project, version)
    _verify_name(session, project, name, release)
    row = {
        "organization_id": project.organization_id,
        "project_id": project.id,
        "name": name,
        "release_id": release.id,
        "actor": why.actor,
        "created_at": why.now,
    }
    is_new = bool(insert_missing(session, ReleaseAlias, [row], returning=(ReleaseAlias.id,)))
    alias = session.scalars(
        select(ReleaseAlias)
        .where(ReleaseAlias.project_id == project.id, ReleaseAlias.name == name)
        .with_for_update()
    ).one()
    if is_new or alias.release_id != release.id:
        alias.release_id, alias.actor = release.id, why.actor
        _record(session, project, alias, "alias_accepted", why)
    make_due(
        session,
        WorkKind.aliases,
        subject_id=alias.id,
        organization_id=project.organization_id,
        at=why.now,
    )
    return alias


def remove_alias(session: Session, organization_id: int, alias_id: int, *, why: Why) -> None:
    """The name stands for nothing from now on; events that were moved stay. NotFoundError."""
    query = select(ReleaseAlias).where(
        ReleaseAlias.organization_id == organization_id, ReleaseAlias.id == alias_id
    )
    alias = session.scalar(query.with_for_update())
    if alias is None:
        raise NotFoundError("no such alias in this organization")
    _record(session, session.get_one(Project, alias.project_id), alias, "alias_removed", why)
    session.delete(alias)
    session.flush()


def _get_target(session: Session, project: Project, version: str) -> Release:
    release = find_release(session, project.organization_id, version)
    ships = exists().where(ReleaseProject.project_id == project.id)
    if release is None or not session.scalar(
        select(ships.where(ReleaseProject.release_id == release.id))
    ):
        raise NotFoundError(f"no release {version!r} in the project {project.slug}")
    is_known = session.scalar(select(is_stated()).where(Release.id == release.id))
    if find_without_head(session, {release.id}) and not is_known:
        raise InvalidError(f"nothing but events knows of “{version}”")
    return release


def _verify_name(session: Session, project: Project, name: str, release: Release) -> None:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidError(f"a name has 1 to {LONGEST_NAME} characters")
    if name == release.version:
        raise InvalidError(f"“{name}” is the release's own name")
    namesake = find_release(session, project.organization_id, name)
    if namesake is not None and not find_without_head(session, {namesake.id}):
        raise InvalidError(OWN_COMMITS.format(name))


def _record(session: Session, project: Project, alias: ReleaseAlias, kind: str, why: Why) -> None:
    record_activity(
        session,
        why,
        kind,
        organization_id=project.organization_id,
        release_id=alias.release_id,
        data={"name": alias.name, "project": project.slug},
    )
    session.flush()
