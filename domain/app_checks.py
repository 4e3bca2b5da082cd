"""When the App is asked about next, and what is wrong with it: one row for each App we ever were."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from models import AppCheck

MOST_TROUBLE = 1000  # characters


def next_check(session: Session, app_id: int) -> datetime | None:
    """When the App of that id is to be asked about; None if it never was to be."""
    return session.scalar(select(AppCheck.due_at).where(AppCheck.app_id == app_id))


def make_check_due(session: Session, app_id: int, *, now: datetime) -> None:
    """Have the App asked about at once."""
    insert_missing(session, AppCheck, [{"app_id": app_id, "due_at": now}])
    session.execute(
        update(AppCheck)
        .where(AppCheck.app_id == app_id, AppCheck.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def claim_check(session: Session, app_id: int, *, now: datetime, every: timedelta) -> bool:
    """Whether the caller is to do the check now; of several that ask at once, one is."""
    claimed = session.execute(
        update(AppCheck)
        .where(AppCheck.app_id == app_id, AppCheck.due_at <= now)
        .values(due_at=now + every)
        .returning(AppCheck.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


def claim_installations(session: Session, app_id: int, *, now: datetime, every: timedelta) -> bool:
    """Whether the installations are to be compared as well, which costs more."""
    claimed = session.execute(
        update(AppCheck)
        .where(
            AppCheck.app_id == app_id,
            or_(
                AppCheck.installations_at.is_(None),
                AppCheck.installations_at <= now - every,
            ),
        )
        .values(installations_at=now)
        .returning(AppCheck.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


def record_trouble(session: Session, app_id: int, trouble: str | None, *, now: datetime) -> None:
    """Say what is wrong with the App, or that nothing is (any more)."""
    check = session.scalar(select(AppCheck).where(AppCheck.app_id == app_id).with_for_update())
    if check is None:
        return
    if trouble is None:
        check.trouble = check.trouble_since = None
    else:
        check.trouble_since = check.trouble_since or now
        check.trouble = trouble[:MOST_TROUBLE]
    session.flush()
