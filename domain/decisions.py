"""What people decide of issues: fixed now, by a release or a commit, open again, or ignored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.provenance import Why, record_activity
from domain.release_facts import moment_of_release
from domain.release_queries import ships_in
from models import Issue, IssueStatus, Release, Repository, Resolution

BY_PERSON = "person"
IN_NEXT = "next"
NO_RELEASE = "No release data present in the system to form a basis for 'Next Release'"


def resolve_now(session: Session, issue: Issue, *, why: Why) -> None:
    """It counts as fixed everywhere, whatever release it is."""
    _end(session, issue, why)
    _resolve(session, issue, why, "resolved")


def resolve_in_release(session: Session, issue: Issue, release: Release, *, why: Why) -> None:
    """It counts as fixed in that release, and in all that contain it."""
    _end(session, issue, why)
    _add(session, issue, release, why, decided_by=BY_PERSON)
    _resolve(session, issue, why, "resolved_in_release", version=release.version)


def resolve_in_next_release(session: Session, issue: Issue, *, why: Why) -> None:
    """It counts as fixed in what comes after the project's newest release.

    Raises InvalidError when the project has none.
    """
    newest = session.scalar(
        select(Release)
        .where(Release.organization_id == issue.organization_id, ships_in([issue.project_id]))
        .order_by(moment_of_release().desc(), Release.id.desc())
        .limit(1)
    )
    if newest is None:
        raise InvalidError(NO_RELEASE)
    _end(session, issue, why)
    _add(session, issue, newest, why, decided_by=IN_NEXT)
    _resolve(session, issue, why, "resolved_in_next_release", after=newest.version)


def resolve_in_commit(
    session: Session, issue: Issue, repository: Repository, sha: str, *, why: Why
) -> None:
    """It counts as fixed by that commit."""
    _end(session, issue, why)
    _resolve(session, issue, why, "resolved_in_commit", sha=sha, repository=repository.full_name)


def unresolve(session: Session, issue: Issue, *, why: Why) -> None:
    """It is open."""
    _end(session, issue, why)
    issue.status = IssueStatus.unresolved
    _note(session, issue, why, "unresolved")


def ignore(session: Session, issue: Issue, *, why: Why) -> None:
    """It is out of sight; until when is said with `domain.ignoring.set_condition`."""
    _end(session, issue, why)
    issue.status = IssueStatus.ignored
    _note(session, issue, why, "ignored")


def describe_resolution(session: Session, issues: Sequence[Issue]) -> dict[int, dict[str, Any]]:
    """`statusDetails` (sentry-api.md 8.1) of those issues that are resolved, by row id."""
    ids = [issue.id for issue in issues if issue.is_resolved]
    found: dict[int, dict[str, Any]] = {id_: {} for id_ in ids}
    if ids:
        for record in session.scalars(
            select(Resolution)
            .where(Resolution.issue_id.in_(ids), Resolution.ended_at.is_(None))
            .order_by(Resolution.created_at.desc(), Resolution.id.desc())
        ):
            is_next = record.decided_by == IN_NEXT
            said = {"inNextRelease": True} if is_next else {"inRelease": record.release_version}
            found[record.issue_id] = {**said, "actor": None}
    return found


def _end(session: Session, issue: Issue, why: Why) -> None:
    for record in session.scalars(
        select(Resolution).where(Resolution.issue_id == issue.id, Resolution.ended_at.is_(None))
    ):
        record.ended_at, record.ended_reason = why.now, "a person decided otherwise"


def _add(session: Session, issue: Issue, release: Release, why: Why, *, decided_by: str) -> None:
    session.add(
        Resolution(
            issue_id=issue.id,
            release_id=release.id,
            release_version=release.version,
            decided_by=decided_by,
            created_at=why.now,
        )
    )


def _resolve(session: Session, issue: Issue, why: Why, kind: str, **data: Any) -> None:
    issue.status = IssueStatus.resolved
    _note(session, issue, why, kind, **data)


def _note(session: Session, issue: Issue, why: Why, kind: str, **data: Any) -> None:
    ids: dict[str, Any] = {"organization_id": issue.organization_id, "issue_id": issue.id}
    record_activity(session, why, kind, **ids, data=data)
    session.flush()
