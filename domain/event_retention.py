"""Old events are removed; issues, and what was counted of their events, stay.

Removed are events that came long ago, and those of an issue beyond its newest ones. The newest
event of an issue always stays, so that its page has one to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.event_counts import hour_of
from models import Event, Issue, IssueHour

KEPT_FOR = timedelta(days=90)  # after they came
KEPT_OF_ISSUE = 1000
AT_ONCE = 200  # events removed in one transaction
ISSUES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are kept after they came, and how many of an issue."""

    age: timedelta = KEPT_FOR
    of_issue: int = KEPT_OF_ISSUE


@dataclass(frozen=True, slots=True)
class Old:
    """What is not kept any longer: row ids of events, else counts, each by issue and hour."""

    event_ids: Sequence[int] = ()
    hours: Sequence[tuple[int, int]] = ()

    def __len__(self) -> int:
        return len(self.event_ids) + len(self.hours)


def find_old(
    session: Session, retention: Retention, *, now: datetime, at_once: int = AT_ONCE
) -> Old:
    """At most *at_once* rows that are not kept any longer; only reads, which takes a while."""
    before = now - retention.age
    ids = _list_old(session, before, at_once) or _list_surplus(session, retention.of_issue, at_once)
    return Old(ids) if ids else Old(hours=_list_hours(session, hour_of(before), at_once))


def remove_old(session: Session, old: Old) -> None:
    """Whoever else found the same may have removed it by now. Flushes, does not commit."""
    if old.event_ids:
        session.execute(delete(Event).where(Event.id.in_(old.event_ids)))
    if old.hours:  # each issue in each of the hours: all of them are old
        issue_ids, hours = zip(*old.hours, strict=True)
        session.execute(
            delete(IssueHour).where(IssueHour.hour.in_(hours), IssueHour.issue_id.in_(issue_ids))
        )


def _list_old(session: Session, before: datetime, limit: int) -> list[int]:
    """Those that came *before*, the newest of each issue apart."""
    newer = aliased(Event)
    is_newer = or_(
        newer.happened_at > Event.happened_at,
        and_(newer.happened_at == Event.happened_at, newer.id > Event.id),
    )
    return list(
        session.scalars(
            select(Event.id)
            .where(
                Event.received_at < before,
                exists().where(newer.issue_id == Event.issue_id, is_newer),
            )
            .order_by(Event.received_at)
            .limit(limit)
        )
    )


def _list_surplus(session: Session, most: int, limit: int) -> list[int]:
    """Those beyond the *most* newest of some issues."""
    beyond = (
        select(Event.id)
        .where(Event.issue_id == Issue.id)
        .order_by(Event.happened_at, Event.id)
        .offset(most)
        .limit(1)
        .correlate(Issue)
    )
    issue_ids = session.scalars(
        select(Issue.id)
        .where(Issue.event_count > most, beyond.scalar_subquery().is_not(None))
        .order_by(Issue.id)
        .limit(ISSUES_AT_ONCE)
    ).all()
    if not issue_ids:
        return []
    rank = func.row_number().over(
        partition_by=Event.issue_id, order_by=(Event.happened_at.desc(), Event.id.desc())
    )
    ranked = select(Event.id, rank.label("rank")).where(Event.issue_id.in_(issue_ids)).subquery()
    return list(session.scalars(select(ranked.c.id).where(ranked.c.rank > most).limit(limit)))


def _list_hours(session: Session, before: int, limit: int) -> list[tuple[int, int]]:
    """Counts by the hour serve pages that show some weeks; totals are kept elsewhere."""
    rows = session.execute(
        select(IssueHour.issue_id, IssueHour.hour).where(IssueHour.hour < before).limit(limit)
    )
    return [(issue_id, hour) for issue_id, hour in rows]
