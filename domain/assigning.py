"""Assigning issues: what a person asks for, and what becomes of it; rules are in `own_issues`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from domain.assignees import PERSON, Assignee
from domain.provenance import Why, record_activity
from models import Activity, Issue, Team

ASSIGNED = "assigned"


def assign(
    session: Session,
    issue: Issue,
    assignee: Assignee | None,
    *,
    why: Why,
    rule: str | None = None,
    repository_id: int | None = None,
    said: Mapping[str, Any] | None = None,
) -> None:
    """Give *issue*, which is locked, to *assignee* or to nobody; repeatable.

    The timeline tells *said* besides. Flushes nothing.
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
        data={**told, **(said or {})},
    )


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
