"""Timelines: what happened to an issue or a release, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Activity, Delivery

SHOWN = 200


@dataclass(frozen=True)
class TimelineEntry:
    """One line: what, who decided, and what brought it about."""

    kind: str
    data: dict[str, Any]
    rule: str | None  # the rule that decided; None: a person did
    actor: str | None
    matched_text: str | None
    delivery_guid: str | None
    created_at: datetime

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


def _list_timeline(session: Session, condition: ColumnElement[bool]) -> list[TimelineEntry]:
    rows = session.execute(
        select(Activity, Delivery.guid)
        .outerjoin(
            Delivery,
            (Delivery.id == Activity.delivery_id)
            & (Delivery.organization_id == Activity.organization_id),
        )
        .where(condition)
        .order_by(Activity.created_at.desc(), Activity.id.desc())
        .limit(SHOWN)
    )
    return [
        TimelineEntry(
            kind=activity.kind,
            data=activity.data,
            rule=activity.rule,
            actor=activity.actor,
            matched_text=activity.matched_text,
            delivery_guid=guid,
            created_at=activity.created_at,
        )
        for activity, guid in rows
    ]
