"""Making long work due: the row says so, a worker finds it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from models import Repository, Work, WorkKind


def find_work(session: Session, kind: WorkKind, subject_id: int) -> Work | None:
    return session.scalar(select(Work).where(Work.kind == kind, Work.subject_id == subject_id))


def make_due(
    session: Session, kind: WorkKind, *, subject_id: int, organization_id: int, at: datetime
) -> Work:
    """Have *kind* of work done on its subject, not before *at*; what was given up starts again.

    What a person paused stays so.
    """
    work = find_work(session, kind, subject_id)
    if work is None:
        row = {
            "kind": kind,
            "subject_id": subject_id,
            "organization_id": organization_id,
            "due_at": at,
            "attempts": 0,
            "progress": {},
        }
        insert_missing(session, Work, [row])
        work = find_work(session, kind, subject_id)
        if work is None:
            raise RuntimeError(f"work {kind} on {subject_id} was neither there nor could be added")
    if work.paused_at is not None:
        return work
    if work.failed_at is not None:
        work.failed_at, work.attempts, work.due_at = None, 0, None
    if work.due_at is None or work.due_at > at or work.claimed_until is not None:
        work.due_at = at
    session.flush()
    return work


def make_gaps_due(session: Session, repository: Repository, *, at: datetime) -> None:
    """Have what is missing of *repository* looked for on GitHub, those given up as well."""
    work = make_due(
        session,
        WorkKind.gaps,
        subject_id=repository.id,
        organization_id=repository.organization_id,
        at=at,
    )
    work.progress = {
        key: value
        for key, value in work.progress.items()
        if key not in ("given_up", "without_base")
    }
    session.flush()
