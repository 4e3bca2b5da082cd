"""Whose issues a search means: the part of sentry-api.md 8.1 that stands behind `assigned:`."""

from __future__ import annotations

from sqlalchemy import and_, false, or_, select

from domain.assignees import OF_TEAM, Condition, is_named, members_named
from domain.author_matching import is_certain
from models import Author, Issue, Team

ME, NOBODY = "me", "none"


def is_assigned_to(name: str, me: int | None) -> Condition:
    """The condition for issues of that assignee: an e-mail address, login, `#team`, `me` or `none`.

    *me* is the row id of the member who asks; None for a token, which belongs to nobody.
    """
    if name == NOBODY:
        return and_(
            Issue.assigned_to.is_(None),
            Issue.assigned_member_id.is_(None),
            Issue.assigned_team_id.is_(None),
        )
    if name.startswith(OF_TEAM):
        return Issue.assigned_team_id.in_(
            select(Team.id).where(
                Team.organization_id == Issue.organization_id, Team.slug == name[len(OF_TEAM) :]
            )
        )
    if name == ME:
        if me is None:
            return false()
        theirs = select(Author.email).where(
            Author.organization_id == Issue.organization_id, Author.member_id == me, is_certain()
        )
        return or_(Issue.assigned_member_id == me, Issue.assigned_to.in_(theirs))
    named = select(Author.email).where(
        Author.organization_id == Issue.organization_id, is_named(name)
    )
    of_member = Issue.assigned_member_id.in_(members_named(Issue.organization_id, name))
    return or_(of_member, Issue.assigned_to.in_(named))
