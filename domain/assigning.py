"""Assigning issues: what a person asks for, and what sentry-api.md 8.2 does by itself.

What a rule assigns says so in the timeline and can be undone. A rule only ever gives an issue to
somebody that is nobody's and of which no person has decided whose it is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from domain.assignees import PERSON, Assignee, find_assignee
from domain.provenance import Why, record_activity
from models import Activity, Issue, PullRequest, Repository, Team

ASSIGNED = "assigned"
BY_PULL_REQUEST = "author-of-pull-request"


def assign(
    session: Session,
    issue: Issue,
    assignee: Assignee | None,
    *,
    why: Why,
    rule: str | None = None,
    repository_id: int | None = None,
    **more: object,
) -> None:
    """Give *issue*, which is locked, to *assignee* or to nobody; repeatable.

    *more* is said in the timeline besides. Flushes nothing.
    """
    wanted = (
        assignee.author if assignee else None,
        assignee.member_id if assignee else None,
        assignee.team_id if assignee else None,
    )
    if wanted == (issue.assigned_to, issue.assigned_member_id, issue.assigned_team_id):
        return
    issue.assigned_to, issue.assigned_member_id, issue.assigned_team_id = wanted
    told: dict[str, Any] = {"to": None}
    if assignee is not None:
        told = {"to": assignee.author or assignee.name, "key": assignee.key}
    record_activity(
        session,
        why,
        ASSIGNED,
        organization_id=issue.organization_id,
        issue_id=issue.id,
        repository_id=repository_id,
        rule=rule,
        data={**told, **more},
    )


def assign_nobody(issue: Issue) -> None:
    issue.assigned_to = issue.assigned_member_id = issue.assigned_team_id = None


def find_undoable_assignment(session: Session, issue: Issue) -> Activity | None:
    """The newest line on whose the issue is, if a rule wrote it and it holds."""
    newest = session.scalar(
        select(Activity)
        .where(Activity.issue_id == issue.id, Activity.kind == ASSIGNED)
        .order_by(Activity.id.desc())
        .limit(1)
    )
    if newest is None or newest.rule is None:
        return None
    holds = newest.data.get("key") == f"{PERSON}{issue.assigned_member_id}"
    return newest if holds else None


def is_nobodys(issue: Issue) -> bool:
    return (issue.assigned_to, issue.assigned_member_id, issue.assigned_team_id) == (None,) * 3


def assign_to_author(
    session: Session,
    repository: Repository,
    pull_request: PullRequest,
    issue_ids: Collection[int],
    *,
    why: Why,
) -> None:
    """Give issues that the pull request came to name to its author, a member by GitHub's login.

    Only those that are nobody's and of which nobody ever decided whose they are.
    """
    login = pull_request.author_login
    if not issue_ids or not login:
        return
    assignee = find_assignee(session, repository.organization_id, login)
    if assignee is None or assignee.member_id is None:
        return
    decided = select(Activity.issue_id).where(
        Activity.issue_id.in_(issue_ids),
        Activity.kind.in_((ASSIGNED, "undone")),
        Activity.actor.is_not(None),
    )
    issues = session.scalars(
        select(Issue)
        .where(Issue.id.in_(issue_ids))
        .order_by(Issue.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    taken = set(session.scalars(decided))
    for issue in issues:
        if is_nobodys(issue) and issue.id not in taken:
            assign(
                session,
                issue,
                assignee,
                why=why,
                rule=BY_PULL_REQUEST,
                repository_id=repository.id,
                number=pull_request.number,
                title=pull_request.title,
            )


def give_up_issues(session: Session, team: Team, *, why: Why) -> None:
    """Say of the issues of a team that is about to be deleted why they are nobody's, at once."""
    session.execute(
        insert(Activity).from_select(
            ["organization_id", "issue_id", "kind", "data", "actor", "created_at"],
            select(
                Issue.organization_id,
                Issue.id,
                literal(ASSIGNED),
                literal({"source": why.source, "to": None, "team": team.name}, Activity.data.type),
                literal(why.actor),
                literal(why.now, Activity.created_at.type),
            ).where(Issue.assigned_team_id == team.id),
        )
    )
