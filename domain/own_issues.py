"""Issues that go to those whose pull request or commit names them (sentry-api.md 8.2).

A rule only ever gives away an issue that is nobody's and of which no person has decided whose it
is; the timeline says so, and it can be undone for good (`domain/undoing.py`). Who opens a pull
request is asked for it; who commits has to wish so in their account.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.assignees import Assignee, find_assignee, load_members
from domain.assigning import ASSIGNED, assign
from domain.author_matching import is_certain
from domain.commits import CommitData
from domain.provenance import Why
from models import Activity, Author, Issue, Member, PullRequest, Repository, User

BY_PULL_REQUEST = "author-of-pull-request"
BY_COMMIT = "author-of-commit"

Gift = tuple[Assignee, str, dict[str, Any]]  # to whom, by which rule, and what the timeline says


def give_to_author(
    session: Session,
    repository: Repository,
    pull_request: PullRequest,
    issue_ids: Collection[int],
    *,
    why: Why,
) -> None:
    """Give issues that the pull request came to name to its author, a member by GitHub's login."""
    login = pull_request.author_login
    if not issue_ids or not login:
        return
    assignee = find_assignee(session, repository.organization_id, login)
    if assignee is None or assignee.member_id is None:
        return
    said = {"number": pull_request.number, "title": pull_request.title}
    gifts = dict.fromkeys(issue_ids, (assignee, BY_PULL_REQUEST, said))
    _give(session, repository, gifts, why)


def give_to_committers(
    session: Session,
    repository: Repository,
    named: Sequence[tuple[int, CommitData]],
    *,
    why: Why,
) -> None:
    """Give issues that commits came to name to the authors of these, if they wish so.

    *named*: row ids of issues with the commits; of several the first counts.
    """
    takers = _load_takers(session, repository, [commit for _, commit in named])
    gifts: dict[int, Gift] = {}
    for issue_id, commit in named:
        taker = takers.get(commit.author.email) if commit.author else None
        if taker is not None:
            gifts.setdefault(issue_id, (taker, BY_COMMIT, {"sha": commit.sha}))
    _give(session, repository, gifts, why)


def _load_takers(
    session: Session, repository: Repository, commits: Sequence[CommitData]
) -> dict[str, Assignee]:
    """By address, the members behind it who want issues that their commits name."""
    emails = {commit.author.email for commit in commits if commit.author is not None}
    if not emails:
        return {}
    rows = session.execute(
        select(Author.email, Author.member_id)
        .join(Member, Member.id == Author.member_id)
        .join(User, User.id == Member.user_id)
        .where(
            Author.organization_id == repository.organization_id,
            Author.email.in_(emails),
            is_certain(),
            Member.ended_at.is_(None),
            User.takes_issues.is_(True),
        )
    ).all()
    members = load_members(session, repository.organization_id, {row.member_id for row in rows})
    return {row.email: members[row.member_id] for row in rows}


def _give(session: Session, repository: Repository, gifts: dict[int, Gift], why: Why) -> None:
    if not gifts:
        return
    issues = session.scalars(
        select(Issue)
        .where(Issue.id.in_(gifts))
        .order_by(Issue.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    decided = _list_decided(session, [issue.id for issue in issues])
    for issue in issues:
        if issue.is_assigned or issue.id in decided:
            continue
        assignee, rule, said = gifts[issue.id]
        assign(session, issue, assignee, why=why, rule=rule, repository_id=repository.id, said=said)


def _list_decided(session: Session, issue_ids: Sequence[int]) -> set[int]:
    """Of which a person has decided whose they are, be it by undoing what a rule did."""
    decided = select(Activity.issue_id).where(
        Activity.issue_id.in_(issue_ids),
        Activity.kind == ASSIGNED,
        Activity.actor.is_not(None),
    )
    return {issue_id for issue_id in session.scalars(decided) if issue_id is not None}
