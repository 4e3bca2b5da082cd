"""Issues with all that the API tells of them: in pages, and one by id or short id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from domain.assignees import list_ids, load_assignees
from domain.decisions import describe_resolution
from domain.errors import NotFoundError
from domain.ignoring import load_conditions
from domain.issue_queries import SORTS
from domain.issue_search import EVERYTHING, IssueSearch
from domain.issues import find_issue
from domain.paging import find_id
from domain.windows import Place, Window, beyond, cut, to_moment, to_number
from models import Author, Environment, IgnoreCondition, Issue, IssueEnvironment, Project


@dataclass(frozen=True)
class IssueFilter:
    """What a list of issues is narrowed to; what is None or empty narrows nothing."""

    search: IssueSearch = EVERYTHING
    project_ids: Sequence[int] | None = None
    environments: Sequence[str] = ()  # seen in any of these, by name
    seen_from: datetime | None = None
    seen_before: datetime | None = None
    ids: Sequence[int] | None = None


@dataclass(frozen=True)
class IssueRecord:
    """An issue, and what stands in other tables."""

    issue: Issue
    project: Project
    resolution: dict[str, Any] = field(default_factory=dict)  # of a resolved one, as JSON
    condition: IgnoreCondition | None = None  # of an ignored one
    assignee: Author | None = None
    assignee_id: str | None = None  # as clients know it


def list_issue_records(
    session: Session,
    organization_id: int,
    *,
    narrowed: IssueFilter,
    sort: str,
    place: Place | None,
    size: int,
) -> Window[IssueRecord]:
    """Issues, those seen last, first seen last, or most often first.

    A place holds that moment or number, and a row's id. Raises InvalidError for what is none.
    """
    column = SORTS[sort]
    query = narrow(select(Issue, Project), organization_id, narrowed)
    ascending = place is not None and place.is_backwards
    if place is not None:
        value = place.row_id if sort == "freq" else to_moment(place.value)
        here = (value, place.row_offset)
        query = query.where(beyond(column, Issue.id, here, ascending=ascending))
    order = (column, Issue.id) if ascending else (column.desc(), Issue.id.desc())
    found = [(i, p) for i, p in session.execute(query.order_by(*order).limit(size + 1))]

    def key(row: tuple[Issue, Project]) -> tuple[int, int]:
        value = getattr(row[0], column.key)
        return (value if sort == "freq" else to_number(value)), row[0].id

    window = cut(found, place, size, key)
    return Window(load_issue_records(session, window.rows), window.previous, window.following)


def narrow(
    query: Select[Issue, Project], organization_id: int, narrowed: IssueFilter
) -> Select[Issue, Project]:
    """The query with the filter's conditions."""
    query = query.join(Project, Project.id == Issue.project_id).where(
        Issue.organization_id == organization_id, *narrowed.search.conditions()
    )
    if narrowed.project_ids is not None:
        query = query.where(Issue.project_id.in_(narrowed.project_ids))
    if narrowed.ids is not None:
        query = query.where(Issue.id.in_(narrowed.ids))
    if narrowed.seen_from is not None:
        query = query.where(Issue.last_seen >= narrowed.seen_from)
    if narrowed.seen_before is not None:
        query = query.where(Issue.first_seen < narrowed.seen_before)
    if narrowed.environments:
        query = query.where(
            exists()
            .where(IssueEnvironment.issue_id == Issue.id)
            .where(IssueEnvironment.environment_id == Environment.id)
            .where(Environment.name.in_(narrowed.environments))
        )
    return query


def load_issue_records(
    session: Session, rows: Sequence[tuple[Issue, Project]]
) -> list[IssueRecord]:
    """The records of issues of one organization, in the same order."""
    issues = [issue for issue, _ in rows]
    resolutions = describe_resolution(session, issues)
    conditions = load_conditions(session, issues)
    assignees = load_assignees(session, issues)
    ids = list_ids(session, assignees.values())
    return [
        IssueRecord(
            issue,
            project,
            resolution=resolutions.get(issue.id, {}),
            condition=conditions.get(issue.id),
            assignee=(assignee := assignees.get(issue.assigned_to or "")),
            assignee_id=ids[assignee.id] if assignee else None,
        )
        for issue, project in rows
    ]


def get_issue_named(session: Session, organization_id: int, name: str) -> tuple[Issue, Project]:
    """The organization's issue of that id or short id; raises NotFoundError."""
    number = find_id(name)
    if number is None:
        found = find_issue(session, organization_id, name)
    else:
        row = session.execute(
            select(Issue, Project)
            .join(Project, Project.id == Issue.project_id)
            .where(Issue.organization_id == organization_id, Issue.id == number)
        ).one_or_none()
        found = (row[0], row[1]) if row else None
    if found is None:
        raise NotFoundError(f"no issue {name!r} in this organization")
    return found
