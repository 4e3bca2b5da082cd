"""What a person asks to be done to issues, checked as a whole and applied together (8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.assignees import Assignee, find_assignee
from domain.assigning import assign
from domain.decisions import (
    find_newest_release,
    ignore,
    resolve_in_commit,
    resolve_in_next_release,
    resolve_in_release,
    resolve_now,
    unresolve,
)
from domain.errors import FieldsInvalidError, InvalidError
from domain.ignoring import IgnoreUntil, set_condition
from domain.issue_records import IssueFilter, narrow
from domain.provenance import Why
from domain.release_queries import find_releases, ships_in
from domain.stated_commits import find_repositories_by_name
from models import Commit, Issue, IssueStatus, Project, Release, Repository

MOST = 1000  # issues in one request (sentry-api.md 14)
LATEST = "latest"
SEVERAL_PROJECTS = "Cannot set resolved for multiple projects."
NO_SUCH_RELEASE = "Unable to find a release with the given version."
NO_SUCH_REPOSITORY = "Unable to find the given repository."
NO_SUCH_COMMIT = "Unable to find the given commit."
NO_MEMBER = "Cannot assign to non-team member"


@dataclass(frozen=True, slots=True)
class InRelease:
    version: str  # or a tag, or `latest`


@dataclass(frozen=True, slots=True)
class InNextRelease:
    pass


@dataclass(frozen=True, slots=True)
class InCommit:
    repository: str  # its full name
    sha: str


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str | None  # as `find_assignee` takes it; None: nobody


@dataclass(frozen=True, slots=True)
class IssueChange:
    """What is None stays as it is. A `resolution` says how a resolved issue counts as fixed."""

    status: IssueStatus | None = None
    resolution: InRelease | InNextRelease | InCommit | None = None  # None: now
    until: IgnoreUntil | None = None  # of an ignored issue; None: for good
    assignment: Assignment | None = None
    is_bookmarked: bool | None = None
    is_inbox: bool | None = None


@dataclass(frozen=True)
class Applied:
    """The issues that were meant, and the change with what its names turned out to be."""

    issues: list[Issue]
    change: IssueChange
    release: Release | None = None
    repository: Repository | None = None
    assignee: Assignee | None = None


def lock_issues(
    session: Session, organization_id: int, narrowed: IssueFilter, *, limit: int = MOST
) -> list[Issue]:
    """The issues that match, as they are until the transaction ends; those seen last, in order of id."""
    matching = (
        narrow(select(Issue, Project), organization_id, narrowed)
        .with_only_columns(Issue.id)
        .order_by(Issue.last_seen.desc(), Issue.id.desc())
        .limit(limit)
    )
    ids = session.scalars(matching).all()
    query = select(Issue).where(Issue.id.in_(ids)).order_by(Issue.id)
    return list(
        session.scalars(
            query.with_for_update(key_share=True).execution_options(populate_existing=True)
        )
    )


def change_issues(
    session: Session, issues: Sequence[Issue], change: IssueChange, *, why: Why
) -> Applied:
    """Apply *change* to issues of one organization, which are locked; flushes, does not commit.

    Everything that the change names is looked up first: raises InvalidError or FieldsInvalidError
    before anything is changed. An issue that is as asked for already gets no line in its timeline.
    """
    applied = _look_up(session, list(issues), change)
    for issue in issues:
        _change_status(session, issue, applied, why)
        if change.assignment is not None:
            assign(session, issue, applied.assignee, why=why)
        if change.is_bookmarked is not None:
            issue.is_bookmarked = change.is_bookmarked
        if change.is_inbox is not None:
            issue.is_inbox = change.is_inbox
    session.flush()
    return applied


def is_as_asked(issue: Issue, change: IssueChange) -> bool:
    """Whether the states that *change* asks for are there already; ignoring begins anew each time."""
    asked = (
        (change.status, issue.status),
        (change.is_bookmarked, issue.is_bookmarked),
        (change.is_inbox, issue.is_inbox),
    )
    if change.status == IssueStatus.ignored or change.assignment is not None:
        return False
    return all(wanted is None or wanted == held for wanted, held in asked)


def _look_up(session: Session, issues: list[Issue], change: IssueChange) -> Applied:
    if not issues:
        return Applied(issues, change)
    organization_id = issues[0].organization_id
    release = repository = assignee = None
    match change.resolution:
        case InRelease(version):
            release = _find_release(session, organization_id, _only_project(issues), version)
        case InNextRelease():
            _require_release(session, _only_project(issues))
        case InCommit(name, sha):
            repository = _find_repository(session, organization_id, name, sha)
    if change.assignment is not None and change.assignment.name is not None:
        assignee = find_assignee(session, organization_id, change.assignment.name)
        if assignee is None:
            raise FieldsInvalidError({"assignedTo": [NO_MEMBER]})
    return Applied(issues, change, release, repository, assignee)


def _only_project(issues: Sequence[Issue]) -> int:
    projects = {issue.project_id for issue in issues}
    if len(projects) > 1:
        raise InvalidError(SEVERAL_PROJECTS)
    return projects.pop()


def _find_release(session: Session, organization_id: int, project_id: int, name: str) -> Release:
    """The project's release of that version or tag; of several of one tag none is meant."""
    if name == LATEST:
        newest = find_newest_release(session, project_id)
        found = [newest] if newest is not None else []
    else:
        found = find_releases(session, organization_id, name, project_id=project_id)
    if len(found) != 1:
        raise FieldsInvalidError({"statusDetails": {"inRelease": [NO_SUCH_RELEASE]}})
    return found[0]


def _require_release(session: Session, project_id: int) -> None:
    if session.scalar(select(Release.id).where(ships_in([project_id])).limit(1)) is None:
        words = "No release data present in the system to form a basis for 'Next Release'"
        raise FieldsInvalidError({"statusDetails": {"inNextRelease": [words]}})


def _find_repository(session: Session, organization_id: int, name: str, sha: str) -> Repository:
    """The repository of the commit; both have to be known."""
    found = find_repositories_by_name(session, organization_id, [name]).get(name.lower())
    if found is None:
        raise _refusal("repository", NO_SUCH_REPOSITORY)
    known = select(Commit.id).where(Commit.repository_id == found, Commit.sha == sha)
    if session.scalar(known) is None:
        raise _refusal("commit", NO_SUCH_COMMIT)
    return session.get_one(Repository, found)


def _refusal(field: str, words: str) -> FieldsInvalidError:
    return FieldsInvalidError({"statusDetails": {"inCommit": {field: [words]}}})


def _change_status(session: Session, issue: Issue, applied: Applied, why: Why) -> None:
    """Issues that are resolved already stay as they are resolved (8.1)."""
    status = applied.change.status
    if status is None or (status == issue.status and status != IssueStatus.ignored):
        return
    if status == IssueStatus.unresolved:
        unresolve(session, issue, why=why)
        return
    if status == IssueStatus.ignored:
        ignore(session, issue, why=why)
        set_condition(session, issue, applied.change.until, now=why.now)
    else:
        _resolve(session, issue, applied, why)
    issue.is_inbox = False


def _resolve(session: Session, issue: Issue, applied: Applied, why: Why) -> None:
    resolution = applied.change.resolution
    if applied.release is not None:
        resolve_in_release(session, issue, applied.release, why=why)
    elif isinstance(resolution, InCommit) and applied.repository is not None:
        resolve_in_commit(session, issue, applied.repository, resolution.sha, why=why)
    elif isinstance(resolution, InNextRelease):
        resolve_in_next_release(session, issue, why=why)
    else:
        resolve_now(session, issue, why=why)
