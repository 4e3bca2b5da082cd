"""The audit log: what was done to the organization itself, newest first.

Its lines are the activities of no issue and of no release; those have timelines of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from domain.activities import TimelineEntry
from domain.paging import Page, first_of, parse_id
from models import Activity, Delivery, Repository

MOST_CHOICES = 500  # people and kinds to choose from


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to show; empty: everything. *subject* is part of a subject's or a repository's name."""

    person: str = ""
    kind: str = ""
    subject: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.person:
            conditions.append(Activity.actor == self.person)
        if self.kind:
            conditions.append(Activity.kind == self.kind)
        if self.subject:
            named = Activity.data["subject"].as_string()
            setting = Activity.data["setting"].as_string()
            conditions.append(
                or_(
                    *(
                        column.icontains(self.subject, autoescape=True)
                        for column in (named, setting, Repository.full_name)
                    )
                )
            )
        return conditions


@dataclass(frozen=True, slots=True)
class Choices:
    """Who and what the log speaks of, for choosing."""

    people: list[str]
    kinds: list[str]


def list_audit_lines(
    session: Session,
    organization_id: int,
    narrowed: AuditFilter,
    *,
    after: str | None = None,
    size: int = 50,
) -> Page[TimelineEntry]:
    """Lines that match, newest first. Raises InvalidError for a cursor that is none."""
    query = (
        select(Activity, Delivery.guid, Repository.full_name)
        .outerjoin(
            Delivery,
            (Delivery.id == Activity.delivery_id)
            & (Delivery.organization_id == Activity.organization_id),
        )
        .outerjoin(Repository, Repository.id == Activity.repository_id)
        .where(*_of_organization(organization_id), *narrowed.conditions())
        .order_by(Activity.id.desc())
        .limit(size + 1)
    )
    if after:
        query = query.where(Activity.id < parse_id(after))
    found, last = first_of(session.execute(query).all(), size)
    rows = [
        TimelineEntry(
            id=activity.id,
            kind=activity.kind,
            data=activity.data,
            rule=activity.rule,
            actor=activity.actor,
            matched_text=activity.matched_text,
            delivery_guid=guid,
            created_at=activity.created_at,
            repository=repository,
        )
        for activity, guid, repository in found
    ]
    return Page(rows, str(last[0].id) if last else None)


def list_choices(session: Session, organization_id: int) -> Choices:
    """The people and kinds that occur, each by name."""
    people, kinds = (
        session.scalars(
            select(column)
            .where(*_of_organization(organization_id), column.is_not(None))
            .distinct()
            .order_by(column)
            .limit(MOST_CHOICES)
        ).all()
        for column in (Activity.actor, Activity.kind)
    )
    return Choices([name for name in people if name], [kind for kind in kinds if kind])


def _of_organization(organization_id: int) -> list[ColumnElement[bool]]:
    """In the words of the index `ix_activity_audit`, which keeps these lines alone."""
    return [
        Activity.organization_id == organization_id,
        Activity.issue_id.is_(None),
        Activity.release_id.is_(None),
    ]
