"""Teams: named groups of members, and the projects that they look after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.assigning import give_up_issues
from domain.audit import record_setting
from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.organizations import NAME_LENGTH, SLUG_RULE, is_slug, lock_organization, make_slug
from domain.provenance import Why
from domain.text import clean_text
from models import Member, Organization, Project, Team, TeamMember, TeamProject


@dataclass
class TeamRow:
    """A team, its members by name and the slugs of its projects."""

    team: Team
    members: list[Member] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)


def list_teams(session: Session, organization_id: int) -> list[TeamRow]:
    """The organization's teams by slug, in three statements."""
    teams = session.scalars(
        select(Team).where(Team.organization_id == organization_id).order_by(Team.slug)
    ).all()
    rows = {team.id: TeamRow(team) for team in teams}
    for team_id, member in session.execute(
        select(TeamMember.team_id, Member)
        .join(Member, Member.id == TeamMember.member_id)
        .where(Member.organization_id == organization_id)
        .order_by(func.lower(Member.name), Member.id)
    ):
        rows[team_id].members.append(member)
    for team_id, project in session.execute(
        select(TeamProject.team_id, Project)
        .join(Project, Project.id == TeamProject.project_id)
        .where(Project.organization_id == organization_id)
        .order_by(Project.slug)
    ):
        rows[team_id].projects.append(project)
    return list(rows.values())


def list_team_slugs(session: Session, organization_id: int) -> dict[int, list[str]]:
    """The slugs of each member's teams, by the member's id."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for member_id, slug in session.execute(
        select(TeamMember.member_id, Team.slug)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.organization_id == organization_id)
        .order_by(Team.slug)
    ):
        found[member_id].append(slug)
    return found


def get_team(session: Session, organization_id: int, slug: str) -> Team:
    """The organization's team of that slug; raises NotFoundError."""
    team = session.scalar(
        select(Team).where(Team.organization_id == organization_id, Team.slug == slug)
    )
    if team is None:
        raise NotFoundError(f"no team {slug!r} in this organization")
    return team


def create_team(session: Session, organization_id: int, name: str, *, why: Why) -> Team:
    """A new team; its slug is made of the name. Raises AlreadyExistsError or InvalidError."""
    name = _verify_name(name)
    slug = make_slug(name)
    if slug is None or not is_slug(slug):
        raise InvalidError(f"No slug can be made of that name: {SLUG_RULE}.")
    organization = lock_organization(session, organization_id)
    if slug == organization.slug:
        raise AlreadyExistsError("That is the team of everybody in the organization.")
    taken = select(Team.id).where(Team.organization_id == organization_id, Team.slug == slug)
    if session.scalar(taken) is not None:
        raise AlreadyExistsError(f"There is a team {slug!r} already.")
    team = Team(organization_id=organization_id, slug=slug, name=name, created_at=why.now)
    session.add(team)
    session.flush()
    _note(session, team, "team", before=None, after=name, why=why)
    return team


def change_team(
    session: Session,
    team: Team,
    *,
    name: str,
    member_ids: Collection[int],
    project_ids: Collection[int],
    why: Why,
) -> None:
    """Let *team* have exactly these members and projects of its organization."""
    name = _verify_name(name)
    organization = _hold(session, team)
    before = next(row for row in list_teams(session, organization.id) if row.team.id == team.id)
    members = _choose_members(session, organization, member_ids)
    projects = _choose_projects(session, organization, project_ids)
    _note(session, team, "name", before=team.name, after=name, why=why)
    team.name = name
    _note(
        session,
        team,
        "members",
        before=[member.name for member in before.members],
        after=[member.name for member in members],
        why=why,
    )
    _note(
        session,
        team,
        "projects",
        before=[project.slug for project in before.projects],
        after=[project.slug for project in projects],
        why=why,
    )
    session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    session.execute(delete(TeamProject).where(TeamProject.team_id == team.id))
    session.add_all(TeamMember(team_id=team.id, member_id=member.id) for member in members)
    session.add_all(TeamProject(team_id=team.id, project_id=project.id) for project in projects)
    session.flush()


def delete_team(session: Session, team: Team, *, why: Why) -> None:
    """Its issues are nobody's afterwards, and say why."""
    _hold(session, team)
    _note(session, team, "team", before=team.name, after=None, why=why)
    give_up_issues(session, team, why=why)
    session.delete(team)
    session.flush()


def _hold(session: Session, team: Team) -> Organization:
    """Lock the team's organization, and read the team as it is by now; raises NotFoundError."""
    organization = lock_organization(session, team.organization_id)
    if session.get(Team, team.id, populate_existing=True) is None:
        raise NotFoundError("no such team")
    return organization


def _choose_members(
    session: Session, organization: Organization, ids: Collection[int]
) -> list[Member]:
    found = session.scalars(
        select(Member)
        .where(Member.organization_id == organization.id, Member.id.in_(ids))
        .order_by(func.lower(Member.name), Member.id)
    ).all()
    if len(found) != len(set(ids)):
        raise InvalidError("One of the members is not of this organization.")
    return list(found)


def _choose_projects(
    session: Session, organization: Organization, ids: Collection[int]
) -> list[Project]:
    found = session.scalars(
        select(Project)
        .where(Project.organization_id == organization.id, Project.id.in_(ids))
        .order_by(Project.slug)
    ).all()
    if len(found) != len(set(ids)):
        raise InvalidError("One of the projects is not of this organization.")
    return list(found)


def _verify_name(name: str) -> str:
    name = clean_text(name).strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidError(f"A name has 1 to {NAME_LENGTH} characters.")
    return name


def _note(
    session: Session, team: Team, setting: str, *, before: object, after: object, why: Why
) -> None:
    record_setting(
        session,
        why,
        setting,
        organization_id=team.organization_id,
        before=before,
        after=after,
        subject=f"team {team.slug}",
    )
