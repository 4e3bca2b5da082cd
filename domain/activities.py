"""Timelines: what happened to issues, releases and repositories, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from domain.short_ids import format_short_id
from models import Activity, Delivery, Issue, Project, Release, Repository

SHOWN = 200


@dataclass(frozen=True)
class TimelineEntry:
    """One line: what, of which things, who decided, and what brought it about."""

    id: int
    kind: str
    data: dict[str, Any]
    rule: str | None  # the rule that decided; None: a person did
    actor: str | None
    matched_text: str | None
    delivery_guid: str | None
    created_at: datetime
    repository: str | None = None  # its full name
    release: str | None = None  # its version
    issue: str | None = None  # its short id

    @property
    def is_automatic(self) -> bool:
        return self.rule is not None


def list_timeline_of_issue(session: Session, issue_id: int) -> list[TimelineEntry]:
    """Newest first, the last 200."""
    return _list_timeline(session, Activity.issue_id == issue_id)


def list_timeline_of_release(session: Session, release_id: int) -> list[TimelineEntry]:
    """Newest first, the last 200; what the release did to issues is in their timelines."""
    return _list_timeline(
        session, (Activity.release_id == release_id) & Activity.issue_id.is_(None)
    )


def list_timeline_of_delivery(session: Session, delivery_id: int) -> list[TimelineEntry]:
    """All that one delivery brought about, newest first, the last 200."""
    return _list_timeline(session, Activity.delivery_id == delivery_id)


def list_timeline_of_repositories(session: Session, organization_id: int) -> list[TimelineEntry]:
    """What happened to the organization's repositories themselves, newest first, the last 200."""
    return _list_timeline(
        session,
        (Activity.organization_id == organization_id)
        & Activity.repository_id.is_not(None)
        & Activity.issue_id.is_(None)
        & Activity.release_id.is_(None),
    )


def list_timeline_of_repository(session: Session, repository: Repository) -> list[TimelineEntry]:
    """What happened to one repository itself, newest first, the last 200."""
    return _list_timeline(
        session,
        (Activity.organization_id == repository.organization_id)
        & (Activity.repository_id == repository.id)
        & Activity.issue_id.is_(None)
        & Activity.release_id.is_(None),
    )


def _list_timeline(session: Session, condition: ColumnElement[bool]) -> list[TimelineEntry]:
    rows = session.execute(
        select(
            Activity,
            Delivery.guid,
            Repository.full_name,
            Release.version,
            Project.slug,
            Issue.number,
        )
        .outerjoin(
            Delivery,
            (Delivery.id == Activity.delivery_id)
            & (Delivery.organization_id == Activity.organization_id),
        )
        .outerjoin(Repository, Repository.id == Activity.repository_id)
        .outerjoin(Release, Release.id == Activity.release_id)
        .outerjoin(Issue, Issue.id == Activity.issue_id)
        .outerjoin(Project, Project.id == Issue.project_id)
        .where(condition)
        .order_by(Activity.created_at.desc(), Activity.id.desc())
        .limit(SHOWN)
    )
    return [_entry(row) for row in rows]


def _entry(row: Row[Activity, str, str, str, str, int]) -> TimelineEntry:
    activity, guid, repository, release, slug, number = row
    return TimelineEntry(
        id=activity.id,
        kind=activity.kind,
        data=activity.data,
        rule=activity.rule,
        actor=activity.actor,
        matched_text=activity.matched_text,
        delivery_guid=guid,
        created_at=activity.created_at,
        repository=repository,
        release=release,
        issue=format_short_id(slug, number) if slug else None,
    )
