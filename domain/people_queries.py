"""People for pages: members, and the authors of commits with who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, false, func, or_, select
from sqlalchemy.orm import Session

from domain.author_matching import NOBODY, is_certain
from domain.paging import Page, first_of, parse_id
from domain.people_identities import list_identities
from domain.teams import list_team_slugs
from models import Author, Commit, IdentityState, Member, MemberIdentity, User

AUTHORS_A_PAGE = 50
KINDS = ("unmatched", "guessed", "matched", "nobody", "bots")


@dataclass(frozen=True)
class PersonRow:
    """A member with the GitHub account behind it, what names it, and its teams' slugs."""

    member: Member
    user: User | None
    identities: list[MemberIdentity]
    teams: list[str]


@dataclass(frozen=True)
class AuthorRow:
    """An author of commits, how many those are, and who it is or may be."""

    author: Author
    commits: int
    member: Member | None


def list_people(session: Session, organization_id: int) -> list[PersonRow]:
    """All members by name, those without access last; in three statements."""
    found = session.execute(
        select(Member, User)
        .outerjoin(User, User.id == Member.user_id)
        .where(Member.organization_id == organization_id)
        .order_by(Member.ended_at.is_not(None), func.lower(Member.name), Member.id)
    ).all()
    identities: dict[int, list[MemberIdentity]] = {}
    for identity in list_identities(session, [member.id for member, _ in found]):
        identities.setdefault(identity.member_id, []).append(identity)
    teams = list_team_slugs(session, organization_id)
    return [
        PersonRow(member, user, identities.get(member.id, []), teams.get(member.id, []))
        for member, user in found
    ]


def list_authors(
    session: Session, organization_id: int, *, kind: str, text: str = "", after: str | None = None
) -> Page[AuthorRow]:
    """Authors of one of `KINDS`, by row id; *text* is looked for in address and name."""
    query = (
        select(Author, Member)
        .outerjoin(Member, Member.id == Author.member_id)
        .where(Author.organization_id == organization_id, _is(kind))
        .order_by(Author.id)
    )
    if text:
        query = query.where(
            or_(
                Author.email.contains(text.lower(), autoescape=True),
                func.lower(Author.name).contains(text.lower(), autoescape=True),
            )
        )
    if after:
        query = query.where(Author.id > parse_id(after))
    rows, last = first_of(session.execute(query.limit(AUTHORS_A_PAGE + 1)).all(), AUTHORS_A_PAGE)
    counts = _count_commits(session, [author.id for author, _ in rows])
    following = str(last[0].id) if last is not None else None
    return Page([AuthorRow(one, counts.get(one.id, 0), who) for one, who in rows], following)


def count_authors(session: Session, organization_id: int) -> dict[str, int]:
    """How many authors there are of each of `KINDS`."""
    counts = [func.sum(_as_number(_is(kind))) for kind in KINDS]
    row = session.execute(select(*counts).where(Author.organization_id == organization_id)).one()
    return {kind: int(number or 0) for kind, number in zip(KINDS, row, strict=True)}


def _as_number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _is(kind: str) -> ColumnElement[bool]:
    if kind == "bots":
        return Author.is_bot.is_(True)
    people = Author.is_bot.is_(False)
    if kind == "unmatched":
        return people & Author.matched_by.is_(None)
    if kind == "guessed":
        return people & (Author.matched_by == str(IdentityState.guessed))
    if kind == "nobody":
        return people & (Author.matched_by == NOBODY)
    if kind == "matched":
        return people & is_certain()
    return false()


def _count_commits(session: Session, author_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Commit.author_id, func.count())
        .where(Commit.author_id.in_(author_ids))
        .group_by(Commit.author_id)
    )
    return {author_id: number for author_id, number in rows if author_id is not None}
