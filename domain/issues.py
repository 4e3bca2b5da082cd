"""Issues: writing one down, and finding it by its short id."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.short_ids import format_short_id, parse_short_id
from domain.text import clean_text
from models import Issue, IssueStatus, Project

MOST_ISSUES = 2**31 - 1  # of a project: what the column holds


def create_issue(session: Session, project: Project, title: str, *, now: datetime) -> Issue:
    """The project's next issue, unresolved.

    The counter's row is locked until the transaction ends: of two at once, one waits for the
    other, and no number is given twice. Raises InvalidError for a blank title.
    """
    title = " ".join(clean_text(title).split())
    if not title:
        raise InvalidError("an issue needs a title")
    number = session.scalar(
        update(Project)
        .where(Project.id == project.id)
        .values(last_issue_number=Project.last_issue_number + 1)
        .returning(Project.last_issue_number)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        raise NotFoundError(f"no project {project.slug!r}")
    session.refresh(project, ["last_issue_number"])
    issue = Issue(
        organization_id=project.organization_id,
        project_id=project.id,
        number=number,
        title=title,
        status=IssueStatus.unresolved,
        created_at=now,
    )
    session.add(issue)
    session.flush()
    return issue


def find_issue(
    session: Session, organization_id: int, short_id: str
) -> tuple[Issue, Project] | None:
    """The organization's issue of that short id, in any spelling that names it, and its project."""
    parsed = parse_short_id(short_id)
    if parsed is None or parsed[1] > MOST_ISSUES:
        return None
    slug, number = parsed
    row = session.execute(
        select(Issue, Project)
        .join(Project, Project.id == Issue.project_id)
        .where(
            Project.organization_id == organization_id,
            Project.slug == slug,
            Issue.number == number,
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def get_issue(session: Session, organization_id: int, short_id: str) -> tuple[Issue, Project]:
    """As `find_issue`; raises NotFoundError."""
    found = find_issue(session, organization_id, short_id)
    if found is None:
        raise NotFoundError(f"no issue {short_id!r} in this organization")
    return found


def short_id_of(issue: Issue, project: Project) -> str:
    """The display form, `WEB-7`."""
    return format_short_id(project.slug, issue.number)
