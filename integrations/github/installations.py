"""The App's installations compared with GitHub's list: what its deliveries may have failed to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.provenance import Why
from domain.work import find_work
from integrations.github.client import GitHubApp
from integrations.github.fields import Fields
from integrations.github.payloads import InstallationPayload, parse_installation
from integrations.github.sync import (
    close_installation,
    describe_installation,
    list_repositories_later,
    record_installation,
)
from models import Installation, WorkKind
from models.session import Database

ON_ITS_WAY = timedelta(minutes=5)  # a delivery that says so comes first


def sync_installations(
    db: Database, github: GitHubApp, *, now: datetime, listed_before: datetime
) -> int:
    """Make ours equal theirs, in one call a hundred; how many installations work.

    Those whose repositories were last listed before *listed_before* are listed again.
    """
    shown: list[tuple[InstallationPayload, datetime | None]] = []
    answer = github.ask("GET", "/app/installations", per_page=100)
    while True:
        rows = [Fields(item) for item in answer.data]
        shown += [(parse_installation(row), row.moment("created_at")) for row in rows]
        if answer.next_page is None:
            break
        answer = github.ask("GET", answer.next_page)
    for payload, created_at in shown:
        with db.transaction() as session:
            _sync_one(session, payload, created_at, now=now, listed_before=listed_before)
    _close_others(db, [payload.id for payload, _ in shown], now=now)
    return sum(payload.suspended_at is None for payload, _ in shown)


def _sync_one(
    session: Session,
    payload: InstallationPayload,
    created_at: datetime | None,
    *,
    now: datetime,
    listed_before: datetime,
) -> None:
    known = session.scalar(select(Installation).where(Installation.github_id == payload.id))
    if known is None and created_at is not None and now - created_at < ON_ITS_WAY:
        return
    installation = record_installation(session, payload.id, payload.account, now=now)
    describe_installation(installation, payload)
    if payload.suspended_at is not None:
        if installation.suspended_at is None:
            why = Why(now=now, source="github")
            close_installation(
                session, installation, how="suspended", by=payload.suspended_by, why=why
            )
            installation.suspended_at = payload.suspended_at
        return
    if not installation.is_working or _was_listed_before(session, installation, listed_before):
        list_repositories_later(session, installation, at=now)  # says itself that it works


def _was_listed_before(session: Session, installation: Installation, moment: datetime) -> bool:
    work = find_work(session, WorkKind.repositories, installation.id)
    if work is None or work.failed_at is not None:
        return True
    return work.due_at is None and (work.finished_at is None or work.finished_at < moment)


def _close_others(db: Database, shown: Sequence[int], *, now: datetime) -> None:
    """Those that GitHub lists no more were uninstalled, although no delivery said so."""
    with db.transaction() as session:
        gone = session.scalars(
            select(Installation)
            .where(Installation.deleted_at.is_(None), Installation.created_at < now - ON_ITS_WAY)
            .order_by(Installation.id)
        )
        for installation in list(gone):
            if installation.github_id not in shown:
                why = Why(now=now, source="github")
                close_installation(session, installation, how="uninstalled", by=None, why=why)
