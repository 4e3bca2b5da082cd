"""Where a release stands among those of one project, by date of creation (sentry-api.md 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ScalarSelect, Select, select
from sqlalchemy.orm import Session

from domain.release_queries import ships_in
from domain.windows import beyond
from models import Release


@dataclass(frozen=True)
class Neighbours:
    """Versions; None: there is none."""

    next: str | None
    previous: str | None
    first: str | None
    last: str | None


def find_neighbours(session: Session, release: Release, project_id: int) -> Neighbours:
    """The releases around *release* in the project, in one statement."""
    here = (release.created_at, release.id)
    of_project = select(Release.version).where(
        Release.organization_id == release.organization_id, ships_in([project_id])
    )
    later = of_project.where(beyond(Release.created_at, Release.id, here, ascending=True))
    earlier = of_project.where(beyond(Release.created_at, Release.id, here, ascending=False))
    row = session.execute(
        select(_oldest(later), _newest(earlier), _oldest(of_project), _newest(of_project))
    ).one()
    return Neighbours(next=row[0], previous=row[1], first=row[2], last=row[3])


def _oldest(query: Select[str]) -> ScalarSelect[str]:
    return query.order_by(Release.created_at, Release.id).limit(1).scalar_subquery()


def _newest(query: Select[str]) -> ScalarSelect[str]:
    order = (Release.created_at.desc(), Release.id.desc())
    return query.order_by(*order).limit(1).scalar_subquery()
