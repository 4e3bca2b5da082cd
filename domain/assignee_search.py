"""Whose issues a search means: the part of sentry-api.md 8.1 that stands behind `assigned:`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

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
        teams = select(Team.id).where(
            Team.organization_id == Issue.organization_id, Team.slug == name[len(OF_TEAM) :]
        )
        return _is_among(Issue.assigned_team_id, teams)
    if name == ME:
        if me is None:
            return false()
        theirs = select(Author.email).where(
            Author.organization_id == Issue.organization_id, Author.member_id == me, is_certain()
        )
        return or_(_is_among(Issue.assigned_member_id, [me]), _is_among(Issue.assigned_to, theirs))
    named = select(Author.email).where(
        Author.organization_id == Issue.organization_id, is_named(name)
    )
    members = members_named(Issue.organization_id, name)
    return or_(_is_among(Issue.assigned_member_id, members), _is_among(Issue.assigned_to, named))


def _is_among(column: InstrumentedAttribute[Any], values: Any) -> ColumnElement[bool]:
    """False where there is none: to be among others would be null then, and so its contrary."""
    return and_(column.is_not(None), column.in_(values))
