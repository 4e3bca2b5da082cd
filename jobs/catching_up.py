"""Catching up with GitHub at once, for an operator: lost deliveries, then branches and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.app_checks import claim_check, make_check_due
from domain.errors import InvalidError
from domain.work import find_work, make_tips_due
from integrations.github.client import GitHubApp
from integrations.github.errors import GitHubError
from integrations.github.installations import sync_installations
from integrations.github.recovery import Recovered, recover_deliveries
from integrations.github.sync import list_repositories_later
from jobs.recovery import EVERY, INSTALLATIONS_EVERY, note_failure, note_success
from jobs.runtime import Runtime
from jobs.tasks import drain
from models import Installation, InstallationShare, Repository, Work, WorkKind


@dataclass(frozen=True)
class CaughtUp:
    """What was done; *different* counts the branches and tags that were not as we had them."""

    deliveries: Recovered
    repositories: int
    different: int
    troubles: list[str]  # "owner/name: why", of what could not be compared


def catch_up(runtime: Runtime, organization_id: int | None = None) -> CaughtUp:
    """Get what was lost, compare all that is tracked, and work off what that brings; in this process.

    Of one organization, or of all. Raises InvalidError without an App, and GitHub's errors.
    """
    github = runtime.github
    if github is None:
        raise InvalidError("no GitHub App is set up: neither GITHUB_APP_ID nor a registration")
    with runtime.db.transaction() as session:
        make_check_due(session, github.app_id, now=runtime.now())
        claim_check(session, github.app_id, now=runtime.now(), every=EVERY)
    try:
        recovered = _ask(runtime, github, organization_id)
    except GitHubError as error:
        note_failure(runtime, github, error)
        raise
    note_success(runtime, github)
    began_at, before = runtime.now(), _count_found(runtime, organization_id)
    drain(runtime)  # installations and deliveries first: they may bring repositories
    with runtime.db.transaction() as session:
        compared = _compare_all(session, organization_id, runtime, began_at)
    drain(runtime)
    different = _count_found(runtime, organization_id) - before
    return CaughtUp(recovered, len(compared), different, _list_troubles(runtime, compared))


def _ask(runtime: Runtime, github: GitHubApp, organization_id: int | None) -> Recovered:
    now = runtime.now()
    listed_before = now - INSTALLATIONS_EVERY
    sync_installations(runtime.db, github, now=now, listed_before=listed_before)
    with runtime.db.transaction() as session:
        installations = _list_working(session, organization_id)
        for installation in installations:
            list_repositories_later(session, installation, at=now)
        ids = None if organization_id is None else [each.github_id for each in installations]
    return recover_deliveries(runtime.db, github, now=now, installation_ids=ids)


def _list_working(session: Session, organization_id: int | None) -> Sequence[Installation]:
    query = select(Installation).where(
        Installation.deleted_at.is_(None), Installation.suspended_at.is_(None)
    )
    if organization_id is not None:
        shared = select(InstallationShare.installation_id).where(
            InstallationShare.organization_id == organization_id
        )
        query = query.where(
            or_(Installation.organization_id == organization_id, Installation.id.in_(shared))
        )
    return session.scalars(query.order_by(Installation.id)).all()


def _compare_all(
    session: Session, organization_id: int | None, runtime: Runtime, began_at: datetime
) -> list[int]:
    """Have those compared that the listing did not have compared since *began_at*; ids of all."""
    query = select(Repository).where(
        Repository.is_tracked.is_(True),
        Repository.is_accessible.is_(True),
        Repository.history_known_at.is_not(None),
    )
    if organization_id is not None:
        query = query.where(Repository.organization_id == organization_id)
    repositories = session.scalars(query.order_by(Repository.id)).all()
    for repository in repositories:
        work = find_work(session, WorkKind.tips, repository.id)
        if work is None or work.finished_at is None or work.finished_at < began_at:
            make_tips_due(session, repository, at=runtime.now())
    return [repository.id for repository in repositories]


def _count_found(runtime: Runtime, organization_id: int | None) -> int:
    """How many branches and tags were ever found to be different."""
    query = select(Work.progress).where(Work.kind == WorkKind.tips)
    if organization_id is not None:
        query = query.where(Work.organization_id == organization_id)
    with runtime.db.reading() as session:
        return sum(int(progress.get("found", 0)) for progress in session.scalars(query))


def _list_troubles(runtime: Runtime, compared: Sequence[int]) -> list[str]:
    with runtime.db.reading() as session:
        rows = session.execute(
            select(Repository.full_name, Work.reason)
            .join(Work, Repository.id == Work.subject_id)
            .where(
                Work.kind == WorkKind.tips,
                Work.reason.is_not(None),
                Repository.id.in_(compared),
            )
            .order_by(Repository.full_name)
        )
        return [f"{name}: {reason}" for name, reason in rows]
