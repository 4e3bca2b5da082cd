"""Who an issue is assigned to: a member, a team, or somebody whom commits name (sentry-api.md 8.1).

Whom commits name and who is a member is assigned as the member. Where nobody has signed in with
GitHub the authors of commits are all the people there are, so that they can be assigned as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import SQLCoreOperations

from domain.author_matching import is_certain
from domain.paging import find_id
from models import Author, IdentityKind, IdentityState, Issue, Member, MemberIdentity, Team, User

PERSON, TEAM, OF_TEAM = "user:", "team:", "#"
MOST_OFFERED = 200  # of each kind

Condition = ColumnElement[bool] | SQLCoreOperations[bool]


@dataclass(frozen=True, slots=True)
class Assignee:
    """Exactly one of a member, a team and an author's address (`author`).

    `id` is what `user:<id>` or `team:<id>` takes: a row's id, for an author the address.
    """

    id: str
    name: str
    email: str | None = None
    member_id: int | None = None
    team_id: int | None = None
    author: str | None = None

    @property
    def type(self) -> str:
        return "user" if self.team_id is None else "team"

    @property
    def key(self) -> str:
        """What `find_assignee` finds it by again."""
        return f"{self.type}:{self.id}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a form can offer."""

    members: list[Assignee]
    teams: list[Assignee]
    authors: list[Assignee]  # of commits, who are no members

    def __contains__(self, assignee: Assignee) -> bool:
        return assignee in (*self.members, *self.teams, *self.authors)

    def __bool__(self) -> bool:
        return bool(self.members or self.teams or self.authors)


def find_assignee(session: Session, organization_id: int, name: str) -> Assignee | None:
    """The organization's `user:<id>`, `team:<id>`, `#team`, e-mail address or login.

    None for whom there is not, and for a member whose access has ended.
    """
    wanted = name.strip().lower()
    if wanted.startswith((TEAM, OF_TEAM)):
        return _find_team(session, organization_id, wanted.removeprefix(TEAM).removeprefix(OF_TEAM))
    number = find_id(wanted.removeprefix(PERSON)) if wanted.startswith(PERSON) else None
    wanted = wanted.removeprefix(PERSON).strip()
    if number is not None:
        which: Condition = Member.id == number
    else:
        which = Member.id.in_(members_named(organization_id, wanted))
    members = _list_members(session, organization_id, which)
    if members or number is not None:
        return members[0] if members else None
    author = session.scalar(
        select(Author)
        .where(Author.organization_id == organization_id, is_named(wanted), _is_no_member())
        .order_by(Author.email != wanted, Author.id)
        .limit(1)
    )
    return _of_author(author) if author is not None else None


def load_assignees(session: Session, issues: Sequence[Issue]) -> dict[int, Assignee]:
    """Those of issues of one organization, by the issue's id; a statement for each kind there is."""
    if not issues:
        return {}
    organization_id = issues[0].organization_id
    members = {one.assigned_member_id for one in issues} - {None}
    teams = {one.assigned_team_id for one in issues} - {None}
    authors = {one.assigned_to for one in issues} - {None}
    by_member = load_members(session, organization_id, members)
    by_team: Mapping[int | None, Assignee] = {}
    by_author: Mapping[str | None, Assignee] = {}
    if teams:
        of_ids = select(Team).where(Team.organization_id == organization_id, Team.id.in_(teams))
        by_team = {team.id: _of_team(team) for team in session.scalars(of_ids)}
    if authors:
        named = select(Author).where(
            Author.organization_id == organization_id, Author.email.in_(authors)
        )
        by_author = {author.email: _of_author(author) for author in session.scalars(named)}
    return {
        issue.id: assignee
        for issue in issues
        if (
            assignee := by_team.get(issue.assigned_team_id)
            or by_member.get(issue.assigned_member_id)
            or by_author.get(issue.assigned_to)
        )
        is not None
    }


def load_members(
    session: Session, organization_id: int, member_ids: Collection[int | None]
) -> dict[int | None, Assignee]:
    """Of those ids, whether they still have access or not."""
    if not member_ids:
        return {}
    found = _list_members(session, organization_id, Member.id.in_(member_ids), with_ended=True)
    return {one.member_id: one for one in found}


def list_choice(session: Session, organization_id: int) -> Choice:
    """Members who have access, teams, and the people of commits, by name."""
    teams = session.scalars(
        select(Team)
        .where(Team.organization_id == organization_id)
        .order_by(func.lower(Team.name), Team.id)
        .limit(MOST_OFFERED)
    )
    authors = session.scalars(
        select(Author)
        .where(Author.organization_id == organization_id, _is_no_member())
        .order_by(func.lower(Author.name), Author.id)
        .limit(MOST_OFFERED)
    )
    return Choice(
        _list_members(session, organization_id),
        [_of_team(team) for team in teams],
        [_of_author(author) for author in authors],
    )


def members_named(
    organization_id: int | InstrumentedAttribute[int], name: str
) -> CompoundSelect[int]:
    """Ids of those who certainly have that address or login, themselves or as authors of commits."""
    by_identity = select(MemberIdentity.member_id).where(
        MemberIdentity.organization_id == organization_id,
        MemberIdentity.value == name,
        MemberIdentity.state != IdentityState.guessed,
    )
    by_commits = select(Author.member_id).where(
        Author.organization_id == organization_id, is_named(name), is_certain()
    )
    return by_identity.union(by_commits)


def is_named(name: str) -> ColumnElement[bool]:
    """Of authors: by their address or login, in lower case."""
    return or_(Author.email == name, func.lower(Author.login) == name)


def _is_no_member() -> ColumnElement[bool]:
    return and_(Author.is_bot.is_(False), or_(Author.member_id.is_(None), ~is_certain()))


def _list_members(
    session: Session,
    organization_id: int,
    which: Condition | None = None,
    *,
    with_ended: bool = False,
) -> list[Assignee]:
    """By name, with the first address that GitHub verified or an admin confirmed.

    Without a condition no more than a form offers.
    """
    email = (
        select(func.min(MemberIdentity.value))
        .where(
            MemberIdentity.member_id == Member.id,
            MemberIdentity.kind == IdentityKind.email,
            MemberIdentity.state != IdentityState.guessed,
        )
        .scalar_subquery()
    )
    query = (
        select(Member.id, Member.name, User.name.label("full_name"), email.label("email"))
        .outerjoin(User, User.id == Member.user_id)
        .where(Member.organization_id == organization_id)
        .order_by(func.lower(Member.name), Member.id)
    )
    query = query.where(which) if which is not None else query.limit(MOST_OFFERED)
    if not with_ended:
        query = query.where(Member.ended_at.is_(None))
    return [
        Assignee(str(row.id), row.full_name or row.name, row.email, member_id=row.id)
        for row in session.execute(query)
    ]


def _find_team(session: Session, organization_id: int, name: str) -> Assignee | None:
    """By its id or slug; the team of everybody has no row, and is none that could be assigned."""
    number = find_id(name)
    which = Team.slug == name if number is None else Team.id == number
    team = session.scalar(select(Team).where(Team.organization_id == organization_id, which))
    return _of_team(team) if team is not None else None


def _of_team(team: Team) -> Assignee:
    return Assignee(str(team.id), team.name, team_id=team.id)


def _of_author(author: Author) -> Assignee:
    name = author.name or author.login or author.email
    return Assignee(author.email, name, author.email, author=author.email)
