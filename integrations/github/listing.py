"""The repositories that an installation shows us, made ours."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.installations import lock_takers
from domain.provenance import Why
from domain.work import find_work, make_tips_due, resume_failed
from integrations.github.fields import Fields
from integrations.github.payloads import RepositoryPayload, parse_repository
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.sync import lose_access, record_repository
from models import Installation, Repository, WorkKind


def list_repositories(some: Slice) -> WorkOutcome:
    """List all of them, track the new ones if the setting says so, and mark those gone.

    Work on them that was given up, while the installation gave no answer, is taken up again, and
    those that were pushed to since their tips were compared are compared once more.
    """
    listed: list[RepositoryPayload] = []
    for page in some.client.pages("/installation/repositories"):
        listed += [parse_repository(fields) for fields in Fields(page).objects("repositories")]
    with some.db.transaction() as session:
        installation = session.get_one(Installation, some.subject_id)
        lock_takers(session, installation)
        now = some.now()
        # Else it gets no answer.
        installation.deleted_at = installation.suspended_at = None
        installation.deleted_by_login = installation.suspended_by_login = None
        shown = [
            record_repository(session, installation, payload, now=now).id for payload in listed
        ]
        _lose_others(session, installation, set(shown), now=now)
        resume_failed(session, shown, at=now)
        for payload, repository_id in zip(listed, shown, strict=True):
            _compare_if_pushed(session, repository_id, payload.pushed_at, now=now)
    return WorkOutcome()


def _lose_others(
    session: Session, installation: Installation, shown: Collection[int], *, now: datetime
) -> None:
    known = session.scalars(
        select(Repository)
        .where(Repository.installation_id == installation.id, Repository.moved_to_id.is_(None))
        .order_by(Repository.id)
    )
    for repository in list(known):
        if repository.id not in shown:
            why = Why(now=now, source="listing")
            lose_access(session, repository, why, reason="the installation does not show it")


def _compare_if_pushed(
    session: Session, repository_id: int, pushed_at: datetime | None, *, now: datetime
) -> None:
    """Pushes may have got lost, and of more than three tags at once nobody is told (github.md 2)."""
    repository = session.get_one(Repository, repository_id)
    if not repository.is_tracked or not repository.is_history_known or pushed_at is None:
        return
    seen = [
        work.progress["pushed_at"]
        for kind in (WorkKind.history, WorkKind.tips)
        if (work := find_work(session, kind, repository.id)) and "pushed_at" in work.progress
    ]
    if not seen or max(map(datetime.fromisoformat, seen)) < pushed_at:
        work = make_tips_due(session, repository, at=now)
        work.progress = {**work.progress, "pushed_at": pushed_at.isoformat()}
