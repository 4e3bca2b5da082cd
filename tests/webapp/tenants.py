"""An organization with one of everything."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Issue,
    Organization,
    Project,
    Release,
    ReleaseAlias,
    Repository,
)
from tests.factories import (
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
    mark: str  # a word that is in every page of this tenant, and in no other's


def furnish(session: Session, organization: Organization, *, mark: str = "xyzzy") -> Tenant:
    """Fill *organization*: a tracked repository, a release `web@1.0.0` that fixes `WEB-1`, ..."""
    project = make_project(session, organization, "web")
    repository = make_repository(
        session, organization, f"{organization.slug}/{mark}", is_tracked=True
    )
    author = make_author(session, organization, name=f"Ana {mark}")
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
        organization, project, repository, release, issue, delivery, alias, event.event_id, mark
    )
