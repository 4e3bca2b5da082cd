"""Where a fix is at home: the releases of all lines that list it, or a cherry-pick of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.fixes import Member, is_settled, list_related
from models import (
    Commit,
    Head,
    Issue,
    IssueLink,
    PullRequest,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
)

Fixes = dict[Member, dict[int, int]]  # to the issues that they fix, with their projects


@dataclass(frozen=True, slots=True)
class Home:
    """The first release of its line that lists this commit, which fixes the issue."""

    version: str
    repository: str
    sha: str
    made_at: datetime


def list_homes(session: Session, issue_ids: Collection[int]) -> dict[int, list[Home]]:
    """Homes of the issues' fixes, the earliest first, in a few statements for any number of issues.

    Only complete lists of the issue's own project count. A fix that any commit reverts is left
    out: whether it still holds is the matter of `domain/resolution.py`.
    """
    fixes = _list_fixes(session, issue_ids)
    for origin, picks in list_related(session, fixes, "picked").items():
        for pick in picks:
            fixes.setdefault(pick, {}).update(fixes[origin])
    for reverted in list_related(session, fixes, "reverts"):
        del fixes[reverted]
    return _list_homes_of(session, fixes)


def _list_fixes(session: Session, issue_ids: Collection[int]) -> Fixes:
    fixes: Fixes = {}
    for some in batches(sorted(issue_ids)):
        query = (
            select(
                Issue.id,
                Issue.project_id,
                IssueLink.repository_id,
                func.coalesce(IssueLink.sha, PullRequest.merge_sha),
            )
            .join(IssueLink, IssueLink.issue_id == Issue.id)
            .outerjoin(PullRequest, PullRequest.id == IssueLink.pull_request_id)
            .where(Issue.id.in_(some), IssueLink.ended_at.is_(None))
        )
        for issue_id, project_id, repository_id, sha in session.execute(query):
            if sha:
                fixes.setdefault(Member(repository_id, sha), {})[issue_id] = project_id
    return fixes


def _list_homes_of(session: Session, fixes: Fixes) -> dict[int, list[Home]]:
    homes: defaultdict[int, list[Home]] = defaultdict(list)
    lines: set[tuple[int, Member, str]] = set()
    for some in batches(sorted({member.sha for member in fixes})):
        for head, version, repository, sha, project_id in session.execute(_listing(some)):
            member = Member(head.repository_id, sha)
            for issue_id, project_of_issue in fixes.get(member, {}).items():
                first = (issue_id, member, head.line)
                if project_of_issue == project_id and first not in lines:
                    lines.add(first)
                    homes[issue_id].append(Home(version, repository, sha, head.made_at))
    return {issue_id: sorted(found, key=_age) for issue_id, found in homes.items()}


def _listing(shas: Sequence[str]) -> Select[Head, str, str, str, int]:
    """Complete lists that hold any of these commits, the earliest first, once for each project."""
    return (
        select(Head, Release.version, Repository.full_name, Commit.sha, ReleaseProject.project_id)
        .join(ReleaseCommit, ReleaseCommit.head_id == Head.id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .join(Release, Release.id == Head.release_id)
        .join(Repository, Repository.id == Head.repository_id)
        .join(ReleaseProject, ReleaseProject.release_id == Head.release_id)
        .where(
            Commit.sha.in_(shas),
            Commit.is_hidden.is_(False),
            is_settled(),
        )
        .order_by(Head.made_at, Head.name, Head.id)
    )


def _age(home: Home) -> tuple[datetime, str]:
    return home.made_at, home.version
