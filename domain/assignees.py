"""Who an issue is assigned to: somebody whom commits name, for lack of an account of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from domain.paging import find_id
from models import Author, IdentityState, Issue, Member

PERSON = "user:"
AUTHOR = "author-"  # begins the id of somebody who has no account: accounts have numbers


def find_assignee(session: Session, organization_id: int, name: str) -> Author | None:
    """The organization's person of that e-mail address, login or `user:<id>`; no team is one.

    An id is that of a member's account, or what `list_ids` says of one who has none.
    """
    is_person = name.startswith(PERSON)
    wanted = name.removeprefix(PERSON).strip().lower()
    has_id = _has_id(wanted) if is_person else false()
    return session.scalar(
        select(Author)
        .where(
            Author.organization_id == organization_id,
            or_(Author.email == wanted, func.lower(Author.login) == wanted, has_id),
        )
        .order_by(Author.email != wanted, Author.id)
        .limit(1)
    )


def _has_id(wanted: str) -> ColumnElement[bool]:
    if wanted.startswith(AUTHOR):
        number = find_id(wanted.removeprefix(AUTHOR))
        return Author.id == number if number is not None else false()
    number = find_id(wanted)
    if number is None:
        return false()
    members = select(Member.id).where(
        Member.organization_id == Author.organization_id,
        Member.user_id == number,
        Member.ended_at.is_(None),
    )
    return and_(Author.member_id.in_(members), Author.matched_by != IdentityState.guessed)


def list_ids(session: Session, authors: Collection[Author]) -> dict[int, str]:
    """The ids that clients know authors by, by row id: of their accounts, as `/members/` has them."""
    sure = [one for one in authors if one.matched_by != IdentityState.guessed]
    members = {one.member_id for one in sure if one.member_id is not None}
    query = select(Member.id, Member.user_id).where(
        Member.id.in_(members), Member.user_id.is_not(None), Member.ended_at.is_(None)
    )
    users = {row.id: row.user_id for row in session.execute(query)} if members else {}
    ids = {one.id: f"{AUTHOR}{one.id}" for one in authors}
    return ids | {one.id: str(users[one.member_id]) for one in sure if one.member_id in users}


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
