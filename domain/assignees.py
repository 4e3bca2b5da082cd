"""Who an issue is assigned to: somebody whom commits name, for lack of an account of their own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from domain.paging import find_id
from models import Author, Issue

PERSON = "user:"


def find_assignee(session: Session, organization_id: int, name: str) -> Author | None:
    """The organization's person of that e-mail address, login or `user:<id>`; no team is one."""
    is_person = name.startswith(PERSON)
    wanted = name.removeprefix(PERSON).strip().lower()
    number = find_id(wanted) if is_person else None
    is_number = Author.id == number if number is not None else false()
    return session.scalar(
        select(Author)
        .where(
            Author.organization_id == organization_id,
            or_(Author.email == wanted, func.lower(Author.login) == wanted, is_number),
        )
        .order_by(Author.email != wanted, Author.id)
        .limit(1)
    )


def load_assignees(session: Session, issues: Sequence[Issue]) -> dict[str, Author]:
    """Those of issues of one organization, by e-mail address."""
    emails = {issue.assigned_to for issue in issues if issue.assigned_to is not None}
    if not emails:
        return {}
    organization_id = issues[0].organization_id
    rows = session.scalars(
        select(Author).where(Author.organization_id == organization_id, Author.email.in_(emails))
    )
    return {author.email: author for author in rows}


def list_assignees(session: Session, organization_id: int, *, limit: int = 200) -> list[Author]:
    """People that a form can offer, by name."""
    return list(
        session.scalars(
            select(Author)
            .where(Author.organization_id == organization_id, Author.is_bot.is_(False))
            .order_by(func.lower(Author.name), Author.id)
            .limit(limit)
        )
    )
