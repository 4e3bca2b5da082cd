"""Issues for people: lists, what names an issue, and where it is fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.issue_search import IssueSearch
from domain.paging import Moment, Page, first_of, parse_count, parse_moment
from domain.short_ids import format_short_id
from domain.windows import beyond
from models import (
    Commit,
    Delivery,
    Issue,
    IssueLink,
    IssueStatus,
    Project,
    PullRequest,
    Repository,
    Resolution,
)

SORTS: dict[str, InstrumentedAttribute[Any]] = {  # by their names in the API (8.1)
    "date": Issue.last_seen,
    "new": Issue.first_seen,
    "freq": Issue.event_count,
}


@dataclass(frozen=True)
class IssueRow:
    """A line of the list; `fixed_in` holds versions."""

    id: int
    short_id: str
    title: str
    culprit: str
    level: str
    project: str
    status: IssueStatus
    first_seen: datetime
    last_seen: datetime
    event_count: int
    user_count: int
    fixed_in: list[str]
    is_bookmarked: bool


@dataclass(frozen=True)
class ResolvedIssue:
    """An issue in the list of what a release fixed."""

    id: int
    short_id: str
    title: str


@dataclass(frozen=True)
class Link:
    """A commit or a pull request that names the issue."""

    repository: str
    sha: str | None
    subject: str | None  # None: the commit itself is not known
    pull_request: int | None
    matched_text: str
    delivery_guid: str | None
    created_at: datetime
    ended_reason: str | None
    has_ended: bool


@dataclass(frozen=True)
class Fix:
    """How the issue counts, or counted, as fixed; without a version, after the base or at once."""

    version: str
    base_version: str | None
    is_release_known: bool
    repository: str | None
    sha: str | None
    decided_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_reason: str | None


def list_issues(
    session: Session,
    organization_id: int,
    *,
    search: IssueSearch,
    project_ids: Sequence[int] | None = None,
    sort: str = "date",
    after: str | None = None,
    size: int = 50,
) -> Page[IssueRow]:
    """Issues of the projects (None: of all), those seen last, first seen last, or most often first.

    Raises InvalidError for a cursor that is none.
    """
    column = SORTS[sort]
    query = (
        select(Issue, Project.slug)
        .join(Project, Project.id == Issue.project_id)
        .where(Issue.organization_id == organization_id, *search.conditions())
        .order_by(column.desc(), Issue.id.desc())
        .limit(size + 1)
    )
    if project_ids is not None:
        query = query.where(Issue.project_id.in_(project_ids))
    if after:
        place: datetime | int
        place, row_id = parse_count(after) if sort == "freq" else parse_moment(after).key
        query = query.where(beyond(column, Issue.id, (place, row_id), ascending=False))
    found, last = first_of(session.execute(query).all(), size)
    fixed_in = list_fixed_in(session, [issue.id for issue, _ in found])
    rows = [_issue_row(issue, slug, fixed_in[issue.id]) for issue, slug in found]
    return Page(rows, _cursor(last[0], sort) if last else None)


def _cursor(issue: Issue, sort: str) -> str:
    if sort == "freq":
        return f"{issue.event_count}-{issue.id}"
    return str(Moment(issue.last_seen if sort == "date" else issue.first_seen, issue.id))


def _issue_row(issue: Issue, slug: str, fixed_in: list[str]) -> IssueRow:
    return IssueRow(
        id=issue.id,
        short_id=format_short_id(slug, issue.number),
        title=issue.title,
        culprit=issue.culprit,
        level=issue.level,
        project=slug,
        status=issue.status,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        event_count=issue.event_count,
        user_count=issue.user_count,
        fixed_in=fixed_in,
        is_bookmarked=issue.is_bookmarked,
    )


def list_fixed_in(session: Session, issue_ids: Sequence[int]) -> defaultdict[int, list[str]]:
    """The versions in which each issue counts as fixed, by its id."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for issue_id, version in session.execute(
        select(Resolution.issue_id, Resolution.release_version)
        .where(Resolution.issue_id.in_(issue_ids), Resolution.ended_at.is_(None))
        .order_by(Resolution.created_at, Resolution.id)
    ):
        if version not in found[issue_id]:
            found[issue_id].append(version)
    return found


def list_resolved_in(session: Session, release_id: int) -> list[ResolvedIssue]:
    """Issues that count as fixed in the release, by short id."""
    rows = session.execute(
        select(Issue.id, Project.slug, Issue.number, Issue.title)
        .join(Project, Project.id == Issue.project_id)
        .join(Resolution, Resolution.issue_id == Issue.id)
        .where(Resolution.release_id == release_id, Resolution.ended_at.is_(None))
        .distinct()
        .order_by(Project.slug, Issue.number)
    )
    return [ResolvedIssue(id_, format_short_id(slug, n), title) for id_, slug, n, title in rows]


def list_fixes(session: Session, issue_id: int) -> list[Fix]:
    """Those that hold first, then those that ended; the newest first."""
    rows = session.execute(
        select(Resolution, Commit.sha, Repository.full_name)
        .outerjoin(Commit, Commit.id == Resolution.commit_id)
        .outerjoin(Repository, Repository.id == Commit.repository_id)
        .where(Resolution.issue_id == issue_id)
        .order_by(Resolution.ended_at.is_not(None), Resolution.created_at.desc(), Resolution.id)
    )
    return [
        Fix(
            version=resolution.release_version,
            base_version=resolution.base_version,
            is_release_known=resolution.release_id is not None,
            repository=repository,
            sha=sha,
            decided_by=resolution.decided_by,
            created_at=resolution.created_at,
            ended_at=resolution.ended_at,
            ended_reason=resolution.ended_reason,
        )
        for resolution, sha, repository in rows
    ]


def list_links(session: Session, issue_id: int) -> list[Link]:
    """What names the issue, the newest first."""
    rows = session.execute(
        select(IssueLink, Repository.full_name, Commit.message, PullRequest, Delivery.guid)
        .join(Repository, Repository.id == IssueLink.repository_id)
        .outerjoin(
            Commit,
            (Commit.repository_id == IssueLink.repository_id) & (Commit.sha == IssueLink.sha),
        )
        .outerjoin(PullRequest, PullRequest.id == IssueLink.pull_request_id)
        .outerjoin(
            Delivery,
            (Delivery.id == IssueLink.delivery_id)
            & (Delivery.organization_id == Repository.organization_id),
        )
        .where(IssueLink.issue_id == issue_id)
        .order_by(IssueLink.created_at.desc(), IssueLink.id.desc())
        .limit(200)
    )
    return [
        Link(
            repository=repository,
            sha=link.sha,
            subject=pull.title if pull else message and message.strip().partition("\n")[0],
            pull_request=pull.number if pull else None,
            matched_text=link.matched_text,
            delivery_guid=guid,
            created_at=link.created_at,
            ended_reason=link.ended_reason,
            has_ended=link.ended_at is not None,
        )
        for link, repository, message, pull, guid in rows
    ]
