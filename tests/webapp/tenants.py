"""An organization with one of everything."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.people import write_down
from domain.provenance import Why
from models import (
    Author,
    Delivery,
    DeliveryState,
    Installation,
    Issue,
    Member,
    Organization,
    Project,
    Release,
    ReleaseAlias,
    Repository,
    Team,
)
from tests.factories import (
    NOW,
    make_activity,
    make_alias,
    make_author,
    make_commit,
    make_delivery,
    make_event_row,
    make_issue,
    make_link,
    make_project,
    make_release,
    make_repository,
    make_resolution,
)


@dataclass(frozen=True)
class Tenant:
    organization: Organization
    project: Project
    repository: Repository
    release: Release
    issue: Issue
    delivery: Delivery
    alias: ReleaseAlias
    event_id: str  # of the issue
    member: Member
    author: Author
    team: Team
    installation: Installation
    mark: str  # a word that is in every page of this tenant, and in no other's


def furnish(session: Session, organization: Organization, *, mark: str = "xyzzy") -> Tenant:
    """Fill *organization*: a tracked repository, a release `web@1.0.0` that fixes `WEB-1`, ..."""
    project = make_project(session, organization, "web")
    repository = make_repository(
        session, organization, f"{organization.slug}/{mark}", is_tracked=True
    )
    author = make_author(session, organization, name=f"Ana {mark}")
    member = write_down(session, organization.id, f"Bea {mark}", why=Why(NOW, actor=mark))
    team = Team(organization_id=organization.id, slug="web", name=f"Team {mark}", created_at=NOW)
    number = session.scalar(select(func.count()).select_from(Installation)) or 0
    installation = Installation(
        organization_id=organization.id,
        github_id=9000 + number,
        account_id=8000 + number,
        account_login=f"{organization.slug}-{mark}",
        created_at=NOW,
    )
    session.add_all([team, installation])
    session.flush()
    commit = make_commit(session, repository, message=f"Fixes WEB-1: {mark}", author_id=author.id)
    release = make_release(
        session,
        repository,
        project,
        "web@1.0.0",
        tag="v1.0.0",
        commits=[commit, make_commit(session, repository)],
    )
    delivery = make_delivery(
        session,
        organization,
        repository_id=repository.id,
        state=DeliveryState.failed,
        reason=f"no answer about {mark}",
    )
    issue = make_issue(session, project, title=f"Broken {mark}")
    make_link(session, issue, commit, delivery_id=delivery.id)
    make_resolution(session, issue, release, commit)
    event = make_event_row(session, issue)
    for subject in ({"issue_id": issue.id}, {"release_id": release.id}):
        make_activity(session, organization, delivery_id=delivery.id, rule="a rule", **subject)
    alias = make_alias(session, project, release, mark)
    session.commit()
    return Tenant(
        organization=organization,
        project=project,
        repository=repository,
        release=release,
        issue=issue,
        delivery=delivery,
        alias=alias,
        event_id=event.event_id,
        member=member,
        author=author,
        team=team,
        installation=installation,
        mark=mark,
    )
