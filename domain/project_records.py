"""Projects with what the API tells of them besides: their teams, and since when errors come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Issue, Project, Team, TeamProject


@dataclass(frozen=True)
class ProjectRecord:
    """A project, the teams that look after it by slug, and when its first event happened."""

    project: Project
    teams: list[Team] = field(default_factory=list)
    first_event: datetime | None = None


def load_project_records(session: Session, projects: Sequence[Project]) -> list[ProjectRecord]:
    """Records of *projects*, at most a page of them, in their order; in two statements."""
    ids = [project.id for project in projects]
    earliest = (
        select(Issue.first_seen)
        .where(Issue.project_id == Project.id, Issue.event_count > 0)
        .order_by(Issue.first_seen, Issue.id)
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Project.id, earliest.label("first_event")).where(Project.id.in_(ids))
    )
    first_events = {row.id: row.first_event for row in rows}
    teams: defaultdict[int, list[Team]] = defaultdict(list)
    for project_id, team in session.execute(
        select(TeamProject.project_id, Team)
        .join(Team, Team.id == TeamProject.team_id)
        .where(TeamProject.project_id.in_(ids))
        .order_by(Team.slug)
    ):
        teams[project_id].append(team)
    return [ProjectRecord(one, teams[one.id], first_events[one.id]) for one in projects]
