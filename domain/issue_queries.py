"""Issues for people: lists, what names an issue, and where it is fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.paging import Page, first_of, parse_id
from domain.short_ids import format_short_id
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


@dataclass(frozen=True)
class IssueRow:
    """A line of the list; `fixed_in` holds versions."""

    short_id: str
    title: str
    project: str
    status: IssueStatus
    created_at: datetime
    fixed_in: list[str]


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
    """How the issue counts, or counted, as fixed."""

    version: str
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
    status: IssueStatus | None = None,
    after: str | None = None,
    size: int = 50,
) -> Page[IssueRow]:
    """Issues, newest first. Raises InvalidError for a cursor that is none."""
    query = (
        select(Issue, Project.slug)
        .join(Project, Project.id == Issue.project_id)
        .where(Issue.organization_id == organization_id)
        .order_by(Issue.id.desc())
        .limit(size + 1)
    )
    if status is not None:
        query = query.where(Issue.status == status)
    if after:
        query = query.where(Issue.id < parse_id(after))
    found, last = first_of(session.execute(query).all(), size)
    fixed_in = list_fixed_in(session, [issue.id for issue, _ in found])
    rows = [
        IssueRow(
            short_id=format_short_id(slug, issue.number),
            title=issue.title,
            project=slug,
            status=issue.status,
            created_at=issue.created_at,
            fixed_in=fixed_in[issue.id],
        )
        for issue, slug in found
    ]
    return Page(rows, str(last[0].id) if last else None)


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
