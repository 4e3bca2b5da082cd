"""Events for people: one with its neighbours, and where and when an issue was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from domain.event_counts import hour_of
from domain.event_data import EventData, parse_event
from domain.event_storage import unpack_event
from models import (
    Environment,
    Event,
    IssueEnvironment,
    IssueFingerprint,
    IssueHour,
    IssueRelease,
    Release,
)

DAYS = 14
SEEN = 20  # releases and environments that a page lists


@dataclass(frozen=True)
class ShownEvent:
    """An event of an issue, the release that it means, and the events beside it in time."""

    row: Event
    data: EventData
    release: str | None  # version of the release; None: the name means none that is known
    explanation: str | None  # why it is in this issue
    older: str | None  # event ids
    newer: str | None


@dataclass(frozen=True)
class Seen:
    """A release or an environment that an issue was seen in."""

    name: str
    first: datetime
    last: datetime
    count: int


def read_data(row: Event) -> EventData:
    """The event as it was normalised when it came."""
    return parse_event(unpack_event(row.data), now=row.received_at)


def find_event(session: Session, issue_id: int, event_id: str | None = None) -> ShownEvent | None:
    """The issue's event of that id, or its newest; None if it is not there, or not any more."""
    query = (
        select(Event, Release.version, IssueFingerprint.explanation)
        .outerjoin(Release, Release.id == Event.release_id)
        .outerjoin(
            IssueFingerprint,
            (IssueFingerprint.project_id == Event.project_id)
            & (IssueFingerprint.hash == Event.hash),
        )
        .where(Event.issue_id == issue_id)
    )
    if event_id is not None:
        query = query.where(Event.event_id == event_id.replace("-", "").lower())
    row = session.execute(query.order_by(*_newest_first()).limit(1)).first()
    if row is None:
        return None
    event, version, explanation = row
    return ShownEvent(
        row=event,
        data=read_data(event),
        release=version,
        explanation=explanation,
        older=_neighbour(session, event, is_newer=False),
        newer=_neighbour(session, event, is_newer=True),
    )


def _newest_first() -> tuple[ColumnElement[datetime], ColumnElement[int]]:
    return Event.happened_at.desc(), Event.id.desc()


def _neighbour(session: Session, event: Event, *, is_newer: bool) -> str | None:
    """The id of the event just before or after, in the order of time."""
    at, id_ = Event.happened_at, Event.id
    beyond = (at > event.happened_at) if is_newer else (at < event.happened_at)
    beside = (id_ > event.id) if is_newer else (id_ < event.id)
    order = (at, id_) if is_newer else _newest_first()
    return session.scalar(
        select(Event.event_id)
        .where(
            Event.issue_id == event.issue_id,
            or_(beyond, and_(at == event.happened_at, beside)),
        )
        .order_by(*order)
        .limit(1)
    )


def list_releases_seen(session: Session, issue_id: int) -> list[Seen]:
    """The releases that the issue was seen in last, at most twenty."""
    rows = session.execute(
        select(
            Release.version,
            IssueRelease.first_seen,
            IssueRelease.last_seen,
            IssueRelease.event_count,
        )
        .join(Release, Release.id == IssueRelease.release_id)
        .where(IssueRelease.issue_id == issue_id)
        .order_by(IssueRelease.last_seen.desc(), IssueRelease.release_id.desc())
        .limit(SEEN)
    )
    return [Seen(*row) for row in rows]


def list_environments_seen(session: Session, issue_id: int) -> list[Seen]:
    """The environments that the issue was seen in, by name, at most twenty."""
    rows = session.execute(
        select(
            Environment.name,
            IssueEnvironment.first_seen,
            IssueEnvironment.last_seen,
            IssueEnvironment.event_count,
        )
        .join(Environment, Environment.id == IssueEnvironment.environment_id)
        .where(IssueEnvironment.issue_id == issue_id)
        .order_by(Environment.name)
        .limit(SEEN)
    )
    return [Seen(*row) for row in rows]


def find_versions(session: Session, ids: Sequence[int | None]) -> dict[int | None, str]:
    """Versions of releases by row id."""
    wanted = [id_ for id_ in ids if id_ is not None]
    rows = session.execute(select(Release.id, Release.version).where(Release.id.in_(wanted)))
    return {row.id: row.version for row in rows}


def count_days(
    session: Session, issue_ids: Sequence[int], *, now: datetime, days: int = DAYS
) -> dict[int, list[tuple[date, int]]]:
    """Events a day (UTC) of each issue, over the last *days*, oldest first; 0 where there were none."""
    first_day = (now - timedelta(days=days - 1)).date()
    start = hour_of(now) // 24 - (days - 1)
    day = IssueHour.hour // 24
    rows = session.execute(
        select(IssueHour.issue_id, day, func.sum(IssueHour.event_count))
        .where(IssueHour.issue_id.in_(issue_ids), IssueHour.hour >= start * 24)
        .group_by(IssueHour.issue_id, day)
    )
    counts = {(issue_id, number): count for issue_id, number, count in rows}

    return {
        issue_id: [
            (first_day + timedelta(days=n), int(counts.get((issue_id, start + n), 0)))
            for n in range(days)
        ]
        for issue_id in issue_ids
    }
