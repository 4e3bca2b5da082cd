"""Ignored issues, and what opens them again: time, or how many events and people they befall.

`ignoreDuration`, `ignoreCount` and the like of sentry-api.md 8.1. An issue that is ignored without
a condition stays so until a person decides otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.orm import Session

from domain.provenance import Why, record_activity
from models import Event, IgnoreCondition, Issue, IssueStatus

RULE = "ignoring-ends"


@dataclass(frozen=True, slots=True)
class IgnoreUntil:
    """The conditions, any of which ends it; windows are in minutes, None: without bound."""

    at: datetime | None = None
    event_count: int | None = None
    event_window: int | None = None
    user_count: int | None = None
    user_window: int | None = None


def set_condition(
    session: Session, issue: Issue, until: IgnoreUntil | None, *, now: datetime
) -> None:
    """What will open the issue again, in place of what was said before; None: nothing will."""
    session.execute(delete(IgnoreCondition).where(IgnoreCondition.issue_id == issue.id))
    if until is not None:
        session.add(
            IgnoreCondition(
                issue_id=issue.id,
                created_at=now,
                until=until.at,
                event_count=until.event_count,
                event_window=until.event_window,
                events_before=issue.event_count,
                user_count=until.user_count,
                user_window=until.user_window,
                users_before=issue.user_count,
                users_since=now,
            )
        )
    session.flush()


def load_conditions(session: Session, issues: Sequence[Issue]) -> dict[int, IgnoreCondition]:
    """By the row id of those issues that are ignored, and under a condition."""
    ids = [issue.id for issue in issues if issue.status == IssueStatus.ignored]
    if not ids:
        return {}
    rows = session.scalars(select(IgnoreCondition).where(IgnoreCondition.issue_id.in_(ids)))
    return {row.issue_id: row for row in rows}


def is_ignoring_over(now: datetime) -> ColumnElement[bool]:
    """Whether some issue was to be ignored until a moment that has come."""
    return exists().where(_has_come(now))


def open_expired(session: Session, *, now: datetime, limit: int) -> int:
    """Open the issues whose time has come, at most *limit*; how many conditions ended."""
    due = (
        select(IgnoreCondition.issue_id)
        .where(_has_come(now))
        .order_by(IgnoreCondition.issue_id)
        .limit(limit)
    )
    ids = session.scalars(due).all()
    issues = session.scalars(
        select(Issue).where(Issue.id.in_(ids)).order_by(Issue.id).with_for_update(key_share=True)
    ).all()
    for issue in issues:
        if issue.status == IssueStatus.ignored:
            _open(session, issue, "the time is over", now)
    session.execute(delete(IgnoreCondition).where(IgnoreCondition.issue_id.in_(ids)))
    session.flush()
    return len(ids)


def open_after_events(session: Session, users_before: Mapping[int, int], *, now: datetime) -> None:
    """Open those ignored issues that new events reached the limit of.

    *users_before* is how many people each ignored issue with new events had befallen before these
    were counted, by its row id. The issues are locked.
    """
    if not users_before:
        return
    rows = session.execute(
        select(IgnoreCondition, Issue)
        .join(Issue, Issue.id == IgnoreCondition.issue_id)
        .where(IgnoreCondition.issue_id.in_(users_before))
        .order_by(Issue.id)
        .execution_options(populate_existing=True)
    ).all()
    for condition, issue in rows:
        _begin_window(condition, users_before[issue.id], now)
        reason = _reason(session, condition, issue, now)
        if reason is not None and issue.status == IssueStatus.ignored:
            session.delete(condition)
            _open(session, issue, reason, now)
    session.flush()


def _has_come(now: datetime) -> ColumnElement[bool]:
    return and_(IgnoreCondition.until.is_not(None), IgnoreCondition.until <= now)


def _begin_window(condition: IgnoreCondition, users_before: int, now: datetime) -> None:
    """People are counted from the first event after the last window ended: when each came first is not kept."""
    window = condition.user_window
    if window is not None and now >= condition.users_since + timedelta(minutes=window):
        condition.users_before, condition.users_since = users_before, now


def _reason(
    session: Session, condition: IgnoreCondition, issue: Issue, now: datetime
) -> str | None:
    """Why the issue is to be open; None if it is not."""
    if condition.until is not None and condition.until <= now:
        return "the time is over"
    most = condition.event_count
    if most is not None and _count_events(session, condition, issue, most, now) >= most:
        return f"{most} more events"
    people = condition.user_count
    if people is not None and issue.user_count - condition.users_before >= people:
        return f"{people} more people"
    return None


def _count_events(
    session: Session, condition: IgnoreCondition, issue: Issue, most: int, now: datetime
) -> int:
    """Events since it is ignored, in the last window alone if there is one; at most *most* of these."""
    if condition.event_window is None:
        return issue.event_count - condition.events_before
    since = max(condition.created_at, now - timedelta(minutes=condition.event_window))
    recent = (
        select(Event.id)
        .where(Event.issue_id == issue.id, Event.happened_at > since)
        .limit(most)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(recent)) or 0


def _open(session: Session, issue: Issue, reason: str, now: datetime) -> None:
    issue.status, issue.is_inbox = IssueStatus.unresolved, True
    record_activity(
        session,
        Why(now, source="event"),
        "ignoring_ended",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        rule=RULE,
        data={"reason": reason},
    )
