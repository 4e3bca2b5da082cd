"""What people decide about an issue: that it is fixed, and where; that it is not; that it may wait.

Source: sentry-api.md 8.3, OURS 20. A decision ends what was said before; nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.provenance import Why, record_activity
from domain.release_facts import moment_of_release
from domain.resolution import sync_issues
from domain.sightings import Shipped, follows_semver, load_shipped
from domain.versions import find_order
from models import (
    Commit,
    Issue,
    IssueLink,
    IssueRelease,
    IssueStatus,
    Release,
    ReleaseProject,
    ReleaseStatus,
    Repository,
    Resolution,
    ResolutionKind,
)

BY_PERSON = "person"
NO_RELEASES = "No release data present in the system to form a basis for 'Next Release'"
MOST_COMPARED = 1_000  # releases among which the greatest version is looked for


def resolve_now(session: Session, issue: Issue, *, why: Why) -> None:
    """Fixed as of now, whatever runs where: any later event takes it back."""
    _resolve(session, issue, Resolution(kind=ResolutionKind.now, release_version=""), why)


def resolve_in_release(session: Session, issue: Issue, release: Release, *, why: Why) -> None:
    """Fixed in *release* and in what descends from it."""
    _resolve(session, issue, _in_release(load_shipped(session, release)), why)


def resolve_in_next_release(session: Session, issue: Issue, *, why: Why) -> None:
    """Fixed in what comes after the releases that are known. Raises InvalidError without any."""
    newest = find_newest_release(session, issue.project_id)
    if newest is None:
        raise InvalidError(NO_RELEASES)
    if follows_semver(session, issue.project_id):
        base = _greatest(session, issue.project_id) or newest
        _resolve(session, issue, _beyond(session, ResolutionKind.after, base), why)
        return
    seen = _last_seen_in(session, issue) or newest
    if _moment(newest) > _moment(seen):
        resolve_in_release(session, issue, newest, why=why)
        return
    _resolve(session, issue, _beyond(session, ResolutionKind.next, seen), why)


def resolve_in_commit(
    session: Session, issue: Issue, repository: Repository, sha: str, *, why: Why
) -> None:
    """Fixed by that commit: in the first release that contains it, once there is one."""
    commit_id = session.scalar(
        select(Commit.id).where(Commit.repository_id == repository.id, Commit.sha == sha)
    )
    record = Resolution(kind=ResolutionKind.commit, release_version="", commit_id=commit_id)
    if not _is_said(session, issue, record):
        _link(session, issue, repository, sha, why)
    _resolve(session, issue, record, why)
    sync_issues(session, [issue.id], why=why)


def unresolve(session: Session, issue: Issue, *, why: Why) -> None:
    """Not fixed after all, and no longer ignored: what commits claimed so far counts no more."""
    _reopen(session, issue, IssueStatus.unresolved, why)


def ignore(session: Session, issue: Issue, *, why: Why) -> None:
    """To be left alone; what commits claimed so far counts no more."""
    _reopen(session, issue, IssueStatus.ignored, why)


def describe_resolution(session: Session, issues: Sequence[Issue]) -> dict[int, dict[str, Any]]:
    """`statusDetails` (sentry-api.md 8.1) of those issues that are resolved, by row id."""
    ids = [issue.id for issue in issues if issue.is_resolved]
    found: dict[int, dict[str, Any]] = {id_: {} for id_ in ids}
    query = (
        select(Resolution, Commit.sha, Repository.full_name)
        .outerjoin(Commit, Commit.id == Resolution.commit_id)
        .outerjoin(Repository, Repository.id == Commit.repository_id)
        .where(Resolution.issue_id.in_(ids), Resolution.ended_at.is_(None))
        .order_by(Resolution.id)
    )
    for record, sha, repository in session.execute(query) if ids else ():
        found[record.issue_id] = _details(record, sha, repository)
    return found


def _details(record: Resolution, sha: str | None, repository: str | None) -> dict[str, Any]:
    actor = {"name": record.actor} if record.actor else None
    if record.release_version:
        return {"inRelease": record.release_version, "actor": actor}
    if record.kind in (ResolutionKind.next, ResolutionKind.after):
        return {"inNextRelease": True, "actor": actor}
    if record.kind == ResolutionKind.commit and sha is not None:
        return {"inCommit": {"commit": sha, "repository": repository}}
    return {}


def find_newest_release(session: Session, project_id: int) -> Release | None:
    """The project's newest release by date."""
    return session.scalar(_of_project(project_id).limit(1))


def _of_project(project_id: int) -> Select[Release]:
    return (
        select(Release)
        .join(ReleaseProject, ReleaseProject.release_id == Release.id)
        .where(ReleaseProject.project_id == project_id, Release.status == ReleaseStatus.open)
        .order_by(moment_of_release().desc(), Release.id.desc())
    )


def _greatest(session: Session, project_id: int) -> Release | None:
    """The release with the greatest version among the newest ones."""
    found = [
        (order, release)
        for release in session.scalars(_of_project(project_id).limit(MOST_COMPARED))
        if (order := find_order(release.version)) is not None
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _last_seen_in(session: Session, issue: Issue) -> Release | None:
    return session.scalar(
        select(Release)
        .join(IssueRelease, IssueRelease.release_id == Release.id)
        .where(IssueRelease.issue_id == issue.id)
        .order_by(moment_of_release().desc(), Release.id.desc())
        .limit(1)
    )


def _moment(release: Release) -> datetime:
    return release.released_at or release.created_at


def _in_release(shipped: Shipped) -> Resolution:
    return Resolution(
        kind=ResolutionKind.release,
        release_id=shipped.release_id,
        release_version=shipped.version,
        heads=[list(place) for place in shipped.heads],
        named_at=shipped.at,
    )


def _beyond(session: Session, kind: ResolutionKind, base: Release) -> Resolution:
    shipped = load_shipped(session, base)
    return Resolution(
        kind=kind,
        release_version="",
        base_id=base.id,
        base_version=base.version,
        base_heads=[list(place) for place in shipped.heads],
        base_at=shipped.at,
    )


def _resolve(session: Session, issue: Issue, record: Resolution, why: Why) -> None:
    if _is_said(session, issue, record):
        return
    end_records(session, issue, why, "decided anew")
    record.issue_id, record.decided_by = issue.id, BY_PERSON
    record.created_at, record.actor = why.now, why.actor
    session.add(record)
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.resolved, None, False
    _record(
        session,
        issue,
        "resolved",
        why,
        {"how": str(record.kind), "version": record.release_version or record.base_version},
    )
    session.flush()


def _is_said(session: Session, issue: Issue, record: Resolution) -> bool:
    """Whether the same decision holds already."""
    held = find_record(session, issue)
    return (
        held is not None
        and issue.status == IssueStatus.resolved
        and held.decided_by == BY_PERSON
        and (held.kind, held.release_version, held.base_version, held.commit_id)
        == (record.kind, record.release_version, record.base_version, record.commit_id)
    )


def find_record(session: Session, issue: Issue) -> Resolution | None:
    """The resolution that holds."""
    return session.scalar(
        select(Resolution).where(Resolution.issue_id == issue.id, Resolution.ended_at.is_(None))
    )


def _reopen(session: Session, issue: Issue, status: IssueStatus, why: Why) -> None:
    if issue.status == status:
        return
    end_records(session, issue, why, f"marked {status} by a person")
    session.execute(
        update(IssueLink)
        .where(IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None))
        .values(ended_at=why.now, ended_reason=f"the issue was marked {status} by a person")
    )
    issue.status, issue.substatus = status, None
    issue.is_inbox = status == IssueStatus.unresolved
    _record(session, issue, str(status), why, {})
    session.flush()


def end_records(session: Session, issue: Issue, why: Why, reason: str) -> None:
    """No resolution of the issue holds any more; flushes."""
    for record in session.scalars(
        select(Resolution).where(Resolution.issue_id == issue.id, Resolution.ended_at.is_(None))
    ):
        record.ended_at, record.ended_reason = why.now, reason
    session.flush()


def _link(session: Session, issue: Issue, repository: Repository, sha: str, why: Why) -> None:
    link = session.scalar(
        select(IssueLink).where(
            IssueLink.issue_id == issue.id,
            IssueLink.repository_id == repository.id,
            IssueLink.sha == sha,
        )
    )
    if link is None:
        link = IssueLink(
            issue_id=issue.id,
            repository_id=repository.id,
            sha=sha,
            matched_text="",
            created_at=why.now,
        )
        session.add(link)
    link.ended_at = link.ended_reason = None
    session.flush()


def _record(session: Session, issue: Issue, kind: str, why: Why, data: dict[str, object]) -> None:
    record_activity(
        session,
        why,
        kind,
        organization_id=issue.organization_id,
        issue_id=issue.id,
        data={name: value for name, value in data.items() if value},
    )
